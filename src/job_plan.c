/* job_plan.c - from texts to pieces of at most as many tokens as the model takes, and to batches. */
#include <string.h>

#include "job_internal.h"
#include "text/caps.h"
#include "text/foreign.h"
#include "text/sentence.h"

/* A sentence of more bytes is tokenised in parts, which bounds the tokeniser's scratch memory. */
enum { PLAN_SPAN_BYTES = 8192 };

static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static job_piece *piece_new(dm_job *job)
{
    if (job->n_pieces == job->room_pieces) {
        const int room = job->room_pieces ? 2 * job->room_pieces : 64;
        job_piece *more = arena_take(&job->memory, (size_t)room, sizeof *more);
        if (!more) return NULL;
        if (job->n_pieces) memcpy(more, job->pieces, sizeof *more * (size_t)job->n_pieces);
        job->pieces = more;
        job->room_pieces = room;
    }
    return &job->pieces[job->n_pieces++];
}

/* Tokens [0, n) of a span, ranges relative to `base`, become one piece. */
static dm_status add_piece(dm_job *job, int text, const dm_token *tokens, int n, size_t base, int shouts)
{
    const char *bytes = job->texts[text].source.bytes;
    job_piece *p = piece_new(job);
    dm_token *copy = arena_take(&job->memory, (size_t)n + 1, sizeof *copy);
    if (!p || !copy) return DM_ERR_MEMORY;
    for (int i = 0; i < n; i++) {
        copy[i] = tokens[i];
        copy[i].begin += (uint32_t)base;
        copy[i].end += (uint32_t)base;
    }
    while (copy[0].begin < copy[0].end && is_space(bytes[copy[0].begin])) copy[0].begin++;
    const uint32_t end = copy[n - 1].end;
    copy[n] = (dm_token){ tokenizer_eos(job->model->vocab), end, end };
    *p = (job_piece){ copy[0].begin, end, copy, n + 1, text, shouts };
    job->all_tokens += (size_t)n + 1;
    return DM_OK;
}

/* Where to cut at most `most` of n tokens: after a comma or the like in the second half, else before a
 * word, else between characters. */
static int cut_point(const char *text, const dm_token *t, int n, int most)
{
    if (n <= most) return n;
    int word = 0, character = 0;
    for (int i = most; i > most / 2; i--) {
        if (t[i - 1].begin == t[i - 1].end) continue;           /* inside a character's byte pieces */
        if (!character) character = i;
        if (t[i].begin == t[i].end || !is_space(text[t[i].begin])) continue;
        if (!word) word = i;
        if (memchr(",;:)-", text[t[i - 1].end - 1], 5)) return i;
    }
    return word ? word : character ? character : most;
}

static dm_status add_span(dm_job *job, int index, size_t begin, size_t end)
{
    const char *text = job->texts[index].source.bytes + begin;
    const tokenizer *vocab = job->model->vocab;
    const size_t size = end - begin;
    const int shouts = caps_shouts(text, size);
    arena *a = &job->scratch;
    arena_free(a);
    dm_token *encoded = arena_take(a, tokenizer_bound(vocab, size), sizeof *encoded);
    dm_token *tokens = arena_take(a, tokenizer_bound(vocab, size), sizeof *tokens);
    void *scratch = arena_take(a, tokenizer_scratch(vocab, size), 1);
    char *quiet = shouts ? arena_take(a, size, 1) : NULL;
    if (a->failed) return DM_ERR_MEMORY;
    if (quiet) caps_lower(quiet, text, size);
    const int n_encoded = (int)tokenizer_encode(vocab, quiet ? quiet : text, size, encoded, scratch);
    const int n = foreign_hide(vocab, text, size, encoded, n_encoded, tokens);
    for (int at = 0; at < n;) {
        const int take = cut_point(text, tokens + at, n - at, job->model->cfg.longest - 1);
        const dm_status s = add_piece(job, index, tokens + at, take, begin, shouts);
        if (s) return s;
        at += take;
    }
    return DM_OK;
}

/* End of a part of at most PLAN_SPAN_BYTES bytes: at white space if there is some in its second half,
 * never inside a UTF-8 sequence. */
static size_t part_end(const char *text, size_t begin, size_t end)
{
    if (end - begin <= PLAN_SPAN_BYTES) return end;
    size_t at = begin + PLAN_SPAN_BYTES;
    for (size_t i = at; i > begin + PLAN_SPAN_BYTES / 2; i--)
        if (is_space(text[i])) return i;
    while (((unsigned char)text[at] & 0xC0) == 0x80 && at > begin + PLAN_SPAN_BYTES - 4) at--;
    return at;
}

/* The next sentence, as sentence_next gives it; all that is left of the text where it is not to be split. */
static size_t next_span(const dm_job *job, const dm_text *text, size_t at, sentence_span *out)
{
    at = sentence_next(text->bytes, text->size, at, out);
    while (job->options.no_split && at < text->size) {
        sentence_span more;
        at = sentence_next(text->bytes, text->size, at, &more);
        if (more.begin < more.end) out->end = more.end;
    }
    return at;
}

static dm_status plan_text(dm_job *job, int index)
{
    job_text *t = &job->texts[index];
    const char *text = t->source.bytes;
    const size_t size = t->source.size;
    t->first = job->n_pieces;
    sentence_span span;
    for (size_t at = 0; at < size;) {
        at = next_span(job, &t->source, at, &span);
        for (size_t begin = span.begin; begin < span.end;) {
            const size_t end = part_end(text, begin, span.end);
            const dm_status s = add_span(job, index, begin, end);
            if (s) return s;
            begin = end;
        }
    }
    t->n = job->n_pieces - t->first;
    t->sentences = arena_take(&job->results, (size_t)t->n, sizeof *t->sentences);
    return t->sentences ? DM_OK : DM_ERR_MEMORY;
}

dm_status job_plan(dm_job *job)
{
    for (int i = 0; i < job->n_texts; i++) {
        const dm_status s = plan_text(job, i);
        if (s) return s;
    }
    arena_free(&job->scratch);
    return DM_OK;
}

int job_batch_size(const dm_job *job, int first)
{
    const int most = job->options.batch_tokens / job->options.beam, room = JOB_BATCH_ROWS / job->options.beam;
    int n = 0, tokens = 0;
    while (first + n < job->n_pieces && n < room) {
        tokens += job->pieces[first + n].n;
        if (n && tokens > most) break;
        n++;
    }
    return n;
}

int job_target_limit(const dm_job *job, int n_source)
{
    const int limit = job->options.max_factor * n_source + JOB_TARGET_EXTRA;
    return limit < JOB_TARGET_TOKENS ? limit : JOB_TARGET_TOKENS;
}
