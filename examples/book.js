/** The book's own script: its themes.  The translator needs nothing of this. */
const theme = /** @type {HTMLButtonElement} */ (document.getElementById('theme'));

theme.addEventListener('click', () => {
  const dark = document.documentElement.classList.toggle('coal');
  theme.setAttribute('aria-pressed', String(dark));
});
