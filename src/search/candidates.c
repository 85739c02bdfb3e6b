#include "search/candidates.h"

#include <math.h>

/* Moves the last of n to its place behind its equals. */
static void sift(candidate *best, int n)
{
    const candidate last = best[n - 1];
    int at = n - 1;
    for (; at > 0 && last.log_prob > best[at - 1].log_prob; at--) best[at] = best[at - 1];
    best[at] = last;
}

int candidates_add(candidate *best, int n, int most, const candidate_row *r)
{
    float floor = n == most ? best[n - 1].log_prob : -INFINITY;     /* to be exceeded */
    if (!(r->log_prob - r->log_sum > floor)) return n;
    for (int i = 0; i < r->n; i++) {
        const float log_prob = r->log_prob + ((r->logits[i] - r->top) - r->log_sum);
        if (!(log_prob > floor) || i == r->skip) continue;
        n += n < most;
        best[n - 1] = (candidate){ log_prob, r->row, i };
        sift(best, n);
        if (n == most) floor = best[n - 1].log_prob;
    }
    return n;
}
