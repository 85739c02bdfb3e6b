/* positions.h - sinusoidal position embeddings, with the same bits on every machine. */
#ifndef DM_POSITIONS_H
#define DM_POSITIONS_H

/* table (n, d) <- PE(p)[i] = sin(p*f_i), PE(p)[d/2 + i] = cos(p*f_i), f_i = 10000^(-i/(d/2 - 1)), i < d/2:
 * sines first, divisor d/2 - 1 (Marian; docs/marian.md 2.2). d is even and at least 4. */
void positions_fill(float *table, int n, int d);

#endif
