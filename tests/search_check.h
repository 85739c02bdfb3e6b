/* search_check.h - runs the search over a few sentences, with buffers of its own for every one. */
#ifndef DM_SEARCH_CHECK_H
#define DM_SEARCH_CHECK_H

#include "search/search.h"

enum { CHECK_SENTENCES = 8 };

/* n sentences: ids (all of them), offset (n + 1), limit (n). */
typedef struct { const int32_t *ids; int offset[CHECK_SENTENCES + 1], limit[CHECK_SENTENCES], n; } sentences;

static inline void check_item(search_item *it, const dm_model *m, const sentences *in, int i, int beam, attention_shape shape,
                              arena *a)
{
    const size_t s = (size_t)(in->offset[i + 1] - in->offset[i]), t = (size_t)in->limit[i], nodes = t * (size_t)beam;
    const size_t heads = (size_t)shape.heads;
    *it = (search_item){ .n_source = (int)s, .limit = (int)t, .output = output_for(m, in->ids + in->offset[i], (int)s, a) };
    it->ids = arena_take(a, nodes, sizeof *it->ids);
    it->before = arena_take(a, nodes, sizeof *it->before);
    it->found = arena_take(a, (size_t)beam, sizeof *it->found);
    it->alignment = arena_take(a, nodes * s, sizeof(float));
    if (shape.cross) it->cross = arena_take(a, nodes * (size_t)shape.cross * heads * s, sizeof(float));
    if (shape.self) it->self = arena_take(a, nodes * (size_t)shape.self * heads * t, sizeof(float));
}

/* -> items (in->n), in memory of a */
static inline search_item *check_search(const dm_model *m, const dm_kernels *k, const sentences *in, int beam,
                                        float normalize, arena *a)
{
    batch_limits lim = { .sentences = in->n, .source_tokens = in->offset[in->n], .beams = beam };
    for (int i = 0; i < in->n; i++) {
        const int s = in->offset[i + 1] - in->offset[i], t = in->limit[i];
        lim.target_tokens += t;
        if (s > lim.longest_source) lim.longest_source = s;
        if (t > lim.longest_target) lim.longest_target = t;
    }
    search *s = search_new(m, k, &lim, normalize, a);
    search_item *items = arena_take(a, (size_t)in->n, sizeof *items);
    for (int i = 0; i < in->n; i++) check_item(&items[i], m, in, i, beam, search_attention_shape(s), a);
    const batch b = { in->ids, in->offset, in->limit, in->n, NULL };
    search_start(s, &b, items);
    while (search_run(s)) { }
    return items;
}

/* One sentence of them. */
static inline sentences only(const sentences *in, int i)
{
    return (sentences){ in->ids + in->offset[i], { 0, in->offset[i + 1] - in->offset[i] }, { in->limit[i] }, 1 };
}

#endif
