/* job_result.c - from finished sentences to dm_sentence and dm_result. */
#include <string.h>

#include "job_internal.h"
#include "text/caps.h"
#include "text/foreign.h"

/* A path of `n` nodes through what the search kept. */
typedef struct { int *nodes, n; } path;

static path path_of(const search_item *item, const hypothesis *h, arena *a)
{
    const path p = { arena_take(a, (size_t)h->n, sizeof *p.nodes), h->n };
    if (p.nodes) search_nodes(item, h, p.nodes);
    return p;
}

static dm_token *path_tokens(const search_item *item, const path *p, arena *a)
{
    dm_token *tokens = arena_take(a, (size_t)p->n, sizeof *tokens);
    for (int t = 0; tokens && t < p->n; t++) tokens[t].id = item->ids[p->nodes[t]];
    return tokens;
}

static float *path_alignment(const search_item *item, const path *p, arena *a)
{
    const size_t n = (size_t)item->n_source;
    float *rows = arena_take(a, (size_t)p->n * n, sizeof *rows);
    for (int t = 0; rows && t < p->n; t++)
        memcpy(rows + (size_t)t * n, item->alignment + (size_t)p->nodes[t] * n, sizeof *rows * n);
    return rows;
}

/* rows by node (layers, heads, stride) -> (layers, heads, T, columns); rows may be shorter than columns,
 * the rest stays 0. */
static dm_attention by_head(arena *a, const float *rows, const path *p, int layers, int heads, int columns,
                            int stride, int triangular)
{
    dm_attention out = { .layers = layers, .heads = heads, .rows = p->n, .cols = columns };
    float *w = arena_take(a, (size_t)layers * (size_t)heads * (size_t)p->n * (size_t)columns, sizeof *w);
    out.weights = w;
    for (int lh = 0; w && lh < layers * heads; lh++)
        for (int t = 0; t < p->n; t++)
            memcpy(w + ((size_t)lh * (size_t)p->n + (size_t)t) * (size_t)columns,
                   rows + ((size_t)p->nodes[t] * (size_t)(layers * heads) + (size_t)lh) * (size_t)stride,
                   sizeof *w * (size_t)(triangular ? t + 1 : columns));
    return out;
}

/* Room for what `decode` writes. */
static size_t decode_bound(const dm_job *job, const job_piece *p, const int32_t *ids, int n)
{
    return tokenizer_decode_bound(job->model->vocab, ids, (size_t)n) + (p->end - p->begin);
}

/* ids of a piece's translation -> UTF-8 at out; returns its size. Byte pieces could spell a line end: control characters
 * become spaces. What shouts in the source does so here, and foreign words are back. tokens may be NULL. */
static size_t decode(const dm_job *job, const job_piece *p, const int32_t *ids, int n, char *out, dm_token *tokens)
{
    const size_t size = tokenizer_decode(job->model->vocab, ids, (size_t)n, out, tokens);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)out[i] < ' ') out[i] = ' ';
    if (p->shouts) caps_raise(out, size);
    foreign_words words;
    foreign_find(&words, job->model->vocab, job->texts[p->text].source.bytes, p->tokens, p->n);
    return foreign_show(&words, out, size, tokens, n);
}

/* The tokens' ids -> decoded in a, NUL-terminated; the tokens get their ranges in it. */
static char *decode_tokens(dm_job *job, const job_piece *p, dm_token *tokens, int n, arena *a, size_t *size)
{
    int32_t *ids = arena_take(&job->scratch, (size_t)n, sizeof *ids);
    if (!ids) return NULL;
    for (int i = 0; i < n; i++) ids[i] = tokens[i].id;
    char *text = arena_take(a, decode_bound(job, p, ids, n) + 1, 1);
    if (!text) return NULL;
    *size = decode(job, p, ids, n, text, tokens);
    text[*size] = 0;
    return text;
}

static dm_status finish_alternative(dm_job *job, const job_piece *piece, const search_item *item, const hypothesis *h,
                                    dm_alternative *out)
{
    arena *a = &job->results;
    const path p = path_of(item, h, &job->scratch);
    dm_token *target = p.nodes ? path_tokens(item, &p, a) : NULL;
    size_t size;
    char *text = target ? decode_tokens(job, piece, target, p.n, a, &size) : NULL;
    if (!text) return DM_ERR_MEMORY;
    *out = (dm_alternative){ .text = text, .text_size = size, .target = target, .n_target = p.n,
                             .score = h->score, .cut = h->cut };
    if (search_attention_shape(job->search).cross) out->alignment = path_alignment(item, &p, a);
    return a->failed ? DM_ERR_MEMORY : DM_OK;
}

static dm_status finish_alternatives(dm_job *job, const job_piece *piece, const search_item *item, dm_sentence *out)
{
    const int most = item->n_found < job->options.nbest ? item->n_found : job->options.nbest;
    dm_alternative *all = arena_take(&job->results, (size_t)most - 1, sizeof *all);
    if (!all) return DM_ERR_MEMORY;
    for (int i = 1; i < most; i++) {
        const dm_status s = finish_alternative(job, piece, item, &item->found[i], &all[i - 1]);
        if (s) return s;
    }
    out->alternatives = all;
    out->n_alternatives = most - 1;
    return DM_OK;
}

dm_status job_finish_piece(dm_job *job, int piece, const search_item *item, float *encoder_self)
{
    arena *a = &job->results;
    const job_piece *p = &job->pieces[piece];
    const job_text *text = &job->texts[p->text];
    dm_sentence *out = &text->sentences[piece - text->first];
    const attention_shape shape = search_attention_shape(job->search);
    const hypothesis *best = &item->found[0];
    const path found = path_of(item, best, &job->scratch);

    if (!found.nodes) return DM_ERR_MEMORY;
    out->source = p->tokens;
    out->n_source = p->n;
    out->n_target = best->n;
    out->score = best->score;
    out->cut = best->cut;
    out->target = path_tokens(item, &found, a);
    if (shape.cross) out->alignment = path_alignment(item, &found, a);
    if (item->cross) out->cross = by_head(a, item->cross, &found, shape.cross, shape.heads, p->n, p->n, 0);
    if (item->self) out->decoder_self = by_head(a, item->self, &found, shape.self, shape.heads, best->n, item->limit, 1);
    if (encoder_self)
        out->encoder_self = (dm_attention){ encoder_self, shape.encoder, shape.heads, p->n, p->n };
    if (job->options.nbest > 1) {
        const dm_status s = finish_alternatives(job, p, item, out);
        if (s) return s;
    }
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
    size_t bound = 2 * t->source.size + 1;            /* white space and foreign words that are copied, and a NUL */
    for (int i = 0; i < t->n; i++)
        for (int j = 0; j < t->sentences[i].n_target; j++)
            bound += tokenizer_decode_bound(job->model->vocab, &t->sentences[i].target[j].id, 1);
    return bound;
}

/* Decodes one sentence at the end of w and places its tokens there. */
static dm_status put_sentence(dm_job *job, writer *w, const dm_sentence *s, const job_piece *p)
{
    arena_free(&job->scratch);
    dm_token *target = (dm_token *)s->target;         /* ours: allocated in job_finish_piece */
    size_t size;
    const char *text = decode_tokens(job, p, target, s->n_target, &job->scratch, &size);
    if (!text) return DM_ERR_MEMORY;
    for (int i = 0; i < s->n_target; i++) {
        target[i].begin += (uint32_t)w->size;
        target[i].end += (uint32_t)w->size;
    }
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
        const dm_status s = put_sentence(job, &w, &t->sentences[i], p);
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

/* Target ids of a piece that are known so far: all, the best of the running batch, or none. The ids are
 * copied to the partial arena. */
static int32_t *known_ids(dm_job *job, int piece, int *n)
{
    arena *a = &job->partial;
    const job_text *t = &job->texts[job->pieces[piece].text];
    const dm_sentence *done = piece < job->first ? &t->sentences[piece - t->first] : NULL;
    const int running = !done && job->running && piece < job->first + job->batch.n;
    const search_item *item = running ? &job->items[piece - job->first] : NULL;
    *n = done ? done->n_target : item ? item->best.n : 0;
    int32_t *ids = arena_take(a, (size_t)*n, sizeof *ids);
    const path p = item ? path_of(item, &item->best, a) : (path){ NULL, 0 };
    if (!ids || (item && !p.nodes)) return NULL;
    for (int i = 0; i < *n; i++) ids[i] = done ? done->target[i].id : item->ids[p.nodes[i]];
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
            w->size += decode(job, &job->pieces[p], ids, n, w->bytes + w->size, NULL);
        } else {
            w->size += gap + decode_bound(job, &job->pieces[p], ids, n);
        }
        if (is_growing(job, p)) return;
        at = job->pieces[p].end;
    }
}

dm_status dm_job_partial(dm_job *job, int i, dm_text *out)
{
    *out = (dm_text){ "", 0 };
    if (job->failed) return job->failed;              /* what the batch had is gone */
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
