/** One head as a small picture: a pixel for each cell, in the colour that the canvas inherits.  Knows weights and a
 *  canvas; the picker of the controls and the grid of all heads draw with it. */

/** @param {HTMLCanvasElement} canvas in the page, for its colour @param {number[][]} weights row x column */
export function drawThumbnail(canvas, weights) {
  const width = canvas.width = Math.max(1, weights[0]?.length ?? 0), height = canvas.height = Math.max(1, weights.length);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const image = context.createImageData(width, height);
  weights.forEach((row, r) => row.forEach((weight, c) => { image.data[4 * (r * width + c) + 3] = 255 * shade(weight); }));
  context.putImageData(image, 0, 0);
  context.globalCompositeOperation = 'source-in';   // what is there keeps its strength, and takes the colour
  context.fillStyle = getComputedStyle(canvas).color;
  context.fillRect(0, 0, width, height);
}

/** How strongly a weight is painted: small ones are lifted, so that they can be told from none.  @param {number} weight */
export const shade = (weight) => Math.max(0, Math.min(1, weight)) ** 0.75;
