#include "nn/positions.h"

/* libm's sin and exp differ between C libraries in the last bit, so that the table is made from
 * additions and products of doubles only: f_i by repeated multiplication, sin and cos of p*f_i by
 * the addition theorem. Errors stay below 1e-12, so that the floats are right but for ties. */

/* Taylor series; x in [-10, 1]. */
static double series_exp(double x)
{
    double term = 1, sum = 1;
    for (int i = 1; i < 64; i++) sum += term *= x / i;
    return sum;
}

/* sin (first = x) or cos (first = 1) by their Taylor series; 0 <= x <= 1. */
static double series_trig(double x, double first, int n)
{
    double term = first, sum = first;
    for (; n < 24; n += 2) sum += term *= -x * x / ((n + 1) * (n + 2));
    return sum;
}

void positions_fill(float *table, int n, int d)
{
    const int half = d / 2;
    const double log_10000 = 9.210340371976184;
    const double ratio = series_exp(-log_10000 / (half - 1));
    double f = 1;
    for (int i = 0; i < half; i++, f *= ratio) {
        const double sin_f = series_trig(f, f, 1), cos_f = series_trig(f, 1, 0);
        double s = 0, c = 1;                      /* sin and cos of p*f */
        for (int p = 0; p < n; p++) {
            table[p * d + i] = (float)s;
            table[p * d + half + i] = (float)c;
            const double next = s * cos_f + c * sin_f;
            c = c * cos_f - s * sin_f;
            s = next;
        }
    }
}
