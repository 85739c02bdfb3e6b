#include "search/copy.h"

#include <math.h>

/* Whether a byte (or -1) may only come as a copy. */
static int is_copied(int byte) { return (byte >= 0 && byte < 0x20) || byte > 0x7E; }

/* Which columns of the output only copies may use. */
static dm_status find_copied(copy_plan *plan, const tokenizer *vocab, arena *a)
{
    const int32_t *ids = tokenizer_byte_ids(vocab);
    int *columns = arena_take(a, 256, sizeof *columns);
    if (!columns) return DM_ERR_MEMORY;
    for (int b = 0; ids && b < 256; b++) {
        const int column = is_copied(b) ? output_column(plan->output, ids[b]) : -1;
        if (column >= 0) columns[plan->n_copied++] = column;
    }
    plan->copied = columns;
    return DM_OK;
}

dm_status copy_plan_new(copy_plan *plan, const tokenizer *vocab, const output_part *output, const int32_t *source, int n,
                        arena *a)
{
    *plan = (copy_plan){ .output = output, .source = source };
    int bytes = 0;
    for (int i = 0; i < n; i++) bytes += is_copied(tokenizer_byte(vocab, source[i]));
    plan->runs = arena_take(a, (size_t)bytes, sizeof *plan->runs);
    if (!plan->runs) return DM_ERR_MEMORY;
    for (int i = 0; bytes && i < n && plan->n < COPY_MAX_RUNS;) {
        int length = 0;
        while (i + length < n && is_copied(tokenizer_byte(vocab, source[i + length]))) length++;
        if (length) plan->runs[plan->n++] = (copy_run){ i, length };
        i += length ? length : 1;
    }
    return find_copied(plan, vocab, a);
}

int32_t copy_forced(const copy_plan *plan, const copy_state *s)
{
    return s->next ? plan->source[plan->runs[s->run].begin + s->next] : -1;
}

static int is_open(const copy_state *s, int run) { return !(s->used >> run & 1); }

static void allow_only(int column, float *logits, int n)
{
    const float kept = logits[column];
    for (int i = 0; i < n; i++) logits[i] = -INFINITY;
    logits[column] = kept;
}

/* The column of run r's first piece. */
static int lead_column(const copy_plan *plan, int r)
{
    return output_column(plan->output, plan->source[plan->runs[r].begin]);
}

void copy_mask(const copy_plan *plan, const copy_state *s, float *logits)
{
    const int32_t forced = copy_forced(plan, s);
    if (forced >= 0) {
        allow_only(output_column(plan->output, forced), logits, plan->output->layer.w.n);
        return;
    }
    float kept[COPY_MAX_RUNS];
    for (int r = 0; r < plan->n; r++) kept[r] = logits[lead_column(plan, r)];
    for (int i = 0; i < plan->n_copied; i++) logits[plan->copied[i]] = -INFINITY;
    for (int r = 0; r < plan->n; r++)
        if (is_open(s, r)) logits[lead_column(plan, r)] = kept[r];
}

void copy_take(const copy_plan *plan, copy_state *s, int32_t id, const float *alignment)
{
    if (!s->next) {
        int best = -1;
        for (int r = 0; r < plan->n; r++) {
            const int at = plan->runs[r].begin;
            if (plan->source[at] != id || !is_open(s, r)) continue;
            if (best < 0 || (alignment && alignment[at] > alignment[plan->runs[best].begin])) best = r;
        }
        if (best < 0) return;
        s->run = best;
        s->used |= (uint64_t)1 << best;
    }
    s->next = (s->next + 1) % plan->runs[s->run].n;
}
