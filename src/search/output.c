#include "search/output.h"

#include <math.h>

output_part output_all(const dm_model *m)
{
    return (output_part){ { m->embedding, m->output_bias }, NULL, tokenizer_unk(m->vocab) };
}

output_part output_for(const dm_model *m, const int32_t *source, int n_source, arena *a)
{
    if (!m->shortlist) return output_all(m);
    int32_t *ids;
    const int n = shortlist_choose(m->shortlist, source, n_source, a, &ids);
    if (a->failed) return output_all(m);
    output_part o = { .layer = { .w = matrix_pick(&m->embedding, ids, n, a) }, .ids = ids };
    float *bias = arena_take(a, (size_t)o.layer.w.n, sizeof *bias);
    for (int c = 0; bias && c < o.layer.w.n; c++) bias[c] = c < n ? m->output_bias[ids[c]] : -INFINITY;
    o.layer.bias = bias;
    o.unk = output_column(&o, tokenizer_unk(m->vocab));
    return o;
}

int output_column(const output_part *o, int32_t id)
{
    if (!o->ids) return id;
    int lo = 0, hi = o->layer.w.out;
    while (lo < hi) {
        const int mid = lo + (hi - lo) / 2;
        if (o->ids[mid] == id) return mid;
        if (o->ids[mid] < id) lo = mid + 1; else hi = mid;
    }
    return -1;
}
