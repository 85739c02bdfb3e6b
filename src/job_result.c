/* job_result.c - from finished sentences to dm_sentence and dm_result. */
#include <string.h>

#include "job_internal.h"

char *job_decode(const dm_job *job, const int32_t *ids, int n, arena *a, dm_token *tokens, size_t *size)
{
    const tokenizer *vocab = job->model->vocab;
    char *text = arena_take(a, tokenizer_decode_bound(vocab, ids, (size_t)n) + 1, 1);
    if (!text) return NULL;
    *size = tokenizer_decode(vocab, ids, (size_t)n, text, tokens);
    text[*size] = 0;
    return text;
}

static void *keep(arena *a, const void *from, size_t count, size_t size)
{
    void *copy = arena_take(a, count, size);
    if (copy) memcpy(copy, from, count * size);
    return copy;
}

/* step rows (T, layers, heads, stride) -> (layers, heads, T, columns); rows may be shorter than columns,
 * the rest stays 0. */
static dm_attention by_head(arena *a, const float *steps, int layers, int heads, int rows, int columns,
                            int stride, int triangular)
{
    dm_attention out = { .layers = layers, .heads = heads, .rows = rows, .cols = columns };
    float *w = arena_take(a, (size_t)layers * (size_t)heads * (size_t)rows * (size_t)columns, sizeof *w);
    out.weights = w;
    for (int lh = 0; w && lh < layers * heads; lh++)
        for (int t = 0; t < rows; t++)
            memcpy(w + ((size_t)lh * (size_t)rows + (size_t)t) * (size_t)columns,
                   steps + ((size_t)t * (size_t)(layers * heads) + (size_t)lh) * (size_t)stride,
                   sizeof *w * (size_t)(triangular ? t + 1 : columns));
    return out;
}

dm_status job_finish_piece(dm_job *job, int piece, const search_item *item, float *encoder_self)
{
    arena *a = &job->results;
    const job_piece *p = &job->pieces[piece];
    const job_text *text = &job->texts[p->text];
    dm_sentence *out = &text->sentences[piece - text->first];
    const attention_shape shape = search_attention_shape(job->search);

    out->source = p->tokens;
    out->n_source = p->n;
    out->n_target = item->n;
    out->score = item->log_prob / (float)item->n;
    out->cut = item->cut;
    dm_token *target = arena_take(a, (size_t)item->n, sizeof *target);
    for (int i = 0; target && i < item->n; i++) target[i].id = item->ids[i];
    out->target = target;
    if (shape.cross) out->alignment = keep(a, item->alignment, (size_t)item->n * (size_t)p->n, sizeof(float));
    if (item->cross) out->cross = by_head(a, item->cross, shape.cross, shape.heads, item->n, p->n, p->n, 0);
    if (item->self) out->decoder_self = by_head(a, item->self, shape.self, shape.heads, item->n, item->n, item->limit, 1);
    if (encoder_self)
        out->encoder_self = (dm_attention){ encoder_self, shape.encoder, shape.heads, p->n, p->n };
    return a->failed ? DM_ERR_MEMORY : DM_OK;
}

typedef struct { char *bytes; size_t size; } writer;

static void put(writer *w, const char *bytes, size_t size)
{
    memcpy(w->bytes + w->size, bytes, size);
    w->size += size;
}

static size_t result_bound(const dm_job *job, const job_text *t)
{
    size_t bound = t->source.size + 1;                /* white space that is copied, and a NUL */
    for (int i = 0; i < t->n; i++)
        for (int j = 0; j < t->sentences[i].n_target; j++)
            bound += tokenizer_decode_bound(job->model->vocab, &t->sentences[i].target[j].id, 1);
    return bound;
}

/* Decodes one sentence at the end of w and places its tokens there. */
static dm_status put_sentence(dm_job *job, writer *w, const dm_sentence *s)
{
    arena *a = &job->scratch;
    arena_free(a);
    int32_t *ids = arena_take(a, (size_t)s->n_target, sizeof *ids);
    if (!ids) return DM_ERR_MEMORY;
    for (int i = 0; i < s->n_target; i++) ids[i] = s->target[i].id;
    dm_token *target = (dm_token *)s->target;         /* ours: allocated in job_finish_piece */
    size_t size;
    char *text = job_decode(job, ids, s->n_target, a, target, &size);
    if (!text) return DM_ERR_MEMORY;
    for (int i = 0; i < s->n_target; i++) {
        target[i].begin += (uint32_t)w->size;
        target[i].end += (uint32_t)w->size;
    }
    for (size_t i = 0; i < size; i++)                 /* byte pieces could spell a line end */
        if ((unsigned char)text[i] < ' ') text[i] = ' ';
    put(w, text, size);
    return DM_OK;
}

dm_status job_finish_text(dm_job *job, job_text *t)
{
    const char *source = t->source.bytes;
    writer w = { arena_take(&job->results, result_bound(job, t), 1), 0 };
    if (!w.bytes) return DM_ERR_MEMORY;
    size_t at = 0;
    double score = 0, tokens = 0;
    for (int i = 0; i < t->n; i++) {
        const job_piece *p = &job->pieces[t->first + i];
        put(&w, source + at, p->begin - at);
        at = p->end;
        const dm_status s = put_sentence(job, &w, &t->sentences[i]);
        if (s) return s;
        score += (double)t->sentences[i].score * t->sentences[i].n_target;
        tokens += t->sentences[i].n_target;
    }
    put(&w, source + at, t->source.size - at);
    t->result = (dm_result){ .source = t->source, .text = w.bytes, .text_size = w.size,
                             .sentences = t->sentences, .n_sentences = t->n,
                             .score = tokens > 0 ? (float)(score / tokens) : 0 };
    return DM_OK;
}

/* Target ids of a piece that are known so far: all, those of the running batch, or none. The ids are
 * copied to the partial arena. */
static int32_t *known_ids(dm_job *job, int piece, int *n)
{
    const job_piece *p = &job->pieces[piece];
    const job_text *t = &job->texts[p->text];
    const dm_sentence *done = &t->sentences[piece - t->first];
    const int running = job->running && piece < job->first + job->batch.n;
    const search_item *item = running ? &job->items[piece - job->first] : NULL;
    *n = piece < job->first ? done->n_target : running ? item->n : 0;
    int32_t *ids = arena_take(&job->partial, (size_t)*n, sizeof *ids);
    for (int i = 0; ids && i < *n; i++) ids[i] = piece < job->first ? done->target[i].id : item->ids[i];
    return ids;
}

/* Whether a piece is still being decoded: what follows it in the text waits. */
static int is_growing(const dm_job *job, int piece)
{
    const int i = piece - job->first;
    return job->running && i >= 0 && i < job->batch.n && !job->items[i].done;
}

/* Writes what is known of a text to w; with w->bytes NULL only counts the room that it needs. */
static void put_known(dm_job *job, const job_text *t, writer *w)
{
    size_t at = 0;
    for (int p = t->first, n; p < t->first + t->n; p++) {
        const int32_t *ids = known_ids(job, p, &n);
        if (!n || !ids) return;
        const size_t gap = job->pieces[p].begin - at;
        if (w->bytes) {
            put(w, t->source.bytes + at, gap);
            w->size += tokenizer_decode(job->model->vocab, ids, (size_t)n, w->bytes + w->size, NULL);
        } else {
            w->size += gap + tokenizer_decode_bound(job->model->vocab, ids, (size_t)n);
        }
        if (is_growing(job, p)) return;
        at = job->pieces[p].end;
    }
}

dm_status dm_job_partial(dm_job *job, int i, dm_text *out)
{
    *out = (dm_text){ "", 0 };
    if (i < 0 || i >= job->n_texts) return DM_ERR_ARGUMENT;
    const job_text *t = &job->texts[i];
    if (t->result.text) {
        *out = (dm_text){ t->result.text, t->result.text_size };
        return DM_OK;
    }
    arena_free(&job->partial);
    writer w = { NULL, 0 };
    put_known(job, t, &w);
    w = (writer){ arena_take(&job->partial, w.size + 1, 1), 0 };
    if (w.bytes) put_known(job, t, &w);
    if (job->partial.failed) return DM_ERR_MEMORY;
    *out = (dm_text){ w.bytes, w.size };
    return DM_OK;
}
