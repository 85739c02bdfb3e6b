/* candidates.h - the best ways to go on from the rows of one sentence: top k by log-probability.
 *
 * Knows logits, not hypotheses. Deterministic: of equals the lower row comes first, then the lower column. */
#ifndef DM_CANDIDATES_H
#define DM_CANDIDATES_H

/* The token of logit `column` after row `row`; log_prob of the whole hypothesis. */
typedef struct { float log_prob; int row, column; } candidate;

/* A row's distribution: logits (n), of which `skip` does not count; `log_sum` is argmax's, `top` the largest
 * logit, so that log p(i) = logits[i] - top - log_sum. log_prob is the hypothesis's so far. */
typedef struct { const float *logits; int n, skip, row; float top, log_sum, log_prob; } candidate_row;

/* Puts the row's tokens in their places among the best `most` (best first, n of them so far); returns the new n.
 * Rows are offered in order. What is not above -INFINITY is no candidate: padding, NaN. */
int candidates_add(candidate *best, int n, int most, const candidate_row *r);

#endif
