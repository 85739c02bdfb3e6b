/* job.c - the public job API: a translation in slices. */
#include <stdlib.h>
#include <string.h>

#include "job_internal.h"
#include "reason.h"
#include "stage.h"

/* The options of the search; returns what is wrong with them, or NULL. */
static const char *set_beam(dm_options *o)
{
    if (!o->beam) o->beam = 1;
    if (!o->nbest) o->nbest = 1;
    if (o->beam < 0 || o->beam > JOB_BATCH_ROWS) return "beam must be from 1 to 32, or 0 for the default";
    if (o->nbest < 0 || o->nbest > o->beam) return "nbest must be from 1 to beam, or 0 for the default";
    if (!(o->normalize <= 10)) return "normalize must be at most 10, or 0 for the default";
    o->normalize = o->normalize < 0 ? 0 : o->normalize > 0 ? o->normalize : 1;
    return NULL;
}

/* Defaults in place of zeros; DM_ERR_ARGUMENT for what makes no sense. */
static dm_status set_options(dm_job *job, const dm_options *options, dm_error *why)
{
    dm_options *o = &job->options;
    if (options) *o = *options;
    if (o->max_factor < 0 || o->max_factor > 100)
        return refuse(why, DM_ERR_ARGUMENT, "max_factor must be from 1 to 100, or 0 for the default");
    if (o->batch_tokens < 0 || o->batch_tokens > 1 << 16)
        return refuse(why, DM_ERR_ARGUMENT, "batch_tokens must be from 1 to 65536, or 0 for the default");
    const char *words = set_beam(o);
    if (words) return refuse(why, DM_ERR_ARGUMENT, "%s", words);
    const dm_kernels *extra = o->extra_kernels;
    job->kernels = extra && (!o->kernels || !strcmp(o->kernels, extra->name)) ? extra : kernels_find(o->kernels);
    if (!job->kernels) return refuse(why, DM_ERR_ARGUMENT, "there are no kernels \"%.40s\" in this build", o->kernels);
    if (!o->max_factor) o->max_factor = 3;
    if (!o->batch_tokens) o->batch_tokens = JOB_BATCH_TOKENS;
    if (o->attention && o->batch_tokens > JOB_ATTENTION_TOKENS) o->batch_tokens = JOB_ATTENTION_TOKENS;
    o->kernels = NULL;        /* the caller's string need not live on */
    return DM_OK;
}

static dm_status copy_texts(dm_job *job, const dm_text *texts, int n)
{
    job->n_texts = n;
    job->texts = arena_take(&job->memory, (size_t)n, sizeof *job->texts);
    for (int i = 0; job->texts && i < n; i++) {
        char *copy = arena_take(&job->memory, texts[i].size, 1);
        if (!copy) return DM_ERR_MEMORY;
        if (texts[i].size) memcpy(copy, texts[i].bytes, texts[i].size);
        job->texts[i].source = (dm_text){ copy, texts[i].size };
    }
    return job->texts ? DM_OK : DM_ERR_MEMORY;
}

/* The limits that hold for every batch of the plan. */
static batch_limits limits_of(const dm_job *job)
{
    batch_limits lim = { .beams = job->options.beam };
    for (int first = 0, n; first < job->n_pieces; first += n) {
        n = job_batch_size(job, first);
        int source = 0, target = 0;
        for (int i = first; i < first + n; i++) {
            const int s = job->pieces[i].n, t = job_target_limit(job, s);
            source += s;
            target += t;
            if (s > lim.longest_source) lim.longest_source = s;
            if (t > lim.longest_target) lim.longest_target = t;
        }
        if (n > lim.sentences) lim.sentences = n;
        if (source > lim.source_tokens) lim.source_tokens = source;
        if (target > lim.target_tokens) lim.target_tokens = target;
    }
    return lim;
}

/* Everything that one batch at a time needs. */
static dm_status new_workspace(dm_job *job)
{
    arena *a = &job->memory;
    const batch_limits lim = limits_of(job);
    if (!lim.sentences) return DM_OK;
    job->search = search_new(job->model, job->kernels, &lim, job->options.normalize, a);
    const size_t n = (size_t)lim.sentences;
    job->items = arena_take(a, n, sizeof *job->items);
    job->ids = arena_take(a, (size_t)lim.source_tokens, sizeof *job->ids);
    job->offset = arena_take(a, n + 1, sizeof *job->offset);
    job->limit = arena_take(a, n, sizeof *job->limit);
    job->encoder_self = arena_take(a, n, sizeof *job->encoder_self);
    return a->failed || !job->search ? DM_ERR_MEMORY : DM_OK;
}

static dm_status fill_job(dm_job *job, const dm_text *texts, int n)
{
    dm_status s;
    if ((s = copy_texts(job, texts, n)) || (s = job_plan(job)) || (s = new_workspace(job))) return s;
    for (int i = 0; i < n; i++)                       /* nothing to translate: white space comes back as it is */
        if (!job->texts[i].n && (s = job_finish_text(job, &job->texts[i]))) return s;
    return DM_OK;
}

dm_status dm_job_new(dm_model *model, const dm_text *texts, int n, const dm_options *options,
                     dm_job **out, dm_error *why)
{
    if (why) why->text[0] = 0;
    *out = NULL;
    if (n < 0) return refuse(why, DM_ERR_ARGUMENT, "the number of texts is negative");
    for (int i = 0; i < n; i++)
        if (texts[i].size > INT32_MAX / 4)
            return refuse(why, DM_ERR_ARGUMENT, "a text is longer than 512 MiB");
    dm_job *job = calloc(1, sizeof *job);
    if (!job) return refuse(why, DM_ERR_MEMORY, "out of memory");
    stage_enter(STAGE_TOKENISE);
    job->model = model;
    arena_init(&job->memory, 1 << 14);
    arena_init(&job->results, 1 << 14);
    arena_init(&job->scratch, 1 << 12);
    arena_init(&job->partial, 1 << 12);
    dm_status s = set_options(job, options, why);
    if (!s && (s = fill_job(job, texts, n))) refuse(why, s, "out of memory");
    stage_enter(STAGE_NONE);
    if (s) dm_job_free(job);
    else *out = job;
    return s;
}

void dm_job_free(dm_job *job)
{
    if (!job) return;
    arena_free(&job->memory);
    arena_free(&job->results);
    arena_free(&job->scratch);
    arena_free(&job->partial);
    free(job);
}

/* The buffers of an item live until the batch is done; `scratch` is theirs then. */
static dm_status new_item(dm_job *job, int i)
{
    arena *a = &job->scratch;
    search_item *it = &job->items[i];
    const job_piece *p = &job->pieces[job->first + i];
    const size_t t = (size_t)job->limit[i], s = (size_t)p->n, beam = (size_t)job->options.beam, nodes = t * beam;
    const attention_shape shape = search_attention_shape(job->search);
    const size_t heads = (size_t)shape.heads;
    *it = (search_item){ .n_source = p->n, .limit = job->limit[i] };
    it->ids = arena_take(a, nodes, sizeof *it->ids);
    it->before = arena_take(a, nodes, sizeof *it->before);
    it->alignment = arena_take(a, nodes * s, sizeof(float));
    it->found = arena_take(a, beam, sizeof *it->found);
    const int32_t *source = job->ids + job->offset[i];
    it->output = job->options.no_shortlist ? output_all(job->model) : output_for(job->model, source, p->n, a);
    if (a->failed) return DM_ERR_MEMORY;
    dm_status status = copy_plan_new(&it->copy, job->model->vocab, &it->output, source, p->n, a);
    if (!status) status = number_plan_new(&it->numbers, job->model->vocab, &it->output, source, p->n, a);
    if (status) return status;
    if (job->options.attention) {
        const size_t encoder = (size_t)shape.encoder * heads, self = (size_t)shape.self * heads;
        const size_t cross = (size_t)shape.cross * heads;
        job->encoder_self[i] = encoder ? arena_take(&job->results, encoder * s * s, sizeof(float)) : NULL;
        if (cross) it->cross = arena_take(a, nodes * cross * s, sizeof(float));
        if (self) it->self = arena_take(a, nodes * self * t, sizeof(float));
    }
    return a->failed || job->results.failed ? DM_ERR_MEMORY : DM_OK;
}

static dm_status start_batch(dm_job *job)
{
    const int n = job_batch_size(job, job->first);
    int at = 0;
    for (int i = 0; i < n; i++) {
        const job_piece *p = &job->pieces[job->first + i];
        job->offset[i] = at;
        job->limit[i] = job_target_limit(job, p->n);
        for (int j = 0; j < p->n; j++) job->ids[at++] = p->tokens[j].id;
        const dm_status s = new_item(job, i);
        if (s) return s;
    }
    job->offset[n] = at;
    job->batch = (batch){ job->ids, job->offset, job->limit, n, job->options.attention ? job->encoder_self : NULL };
    search_start(job->search, &job->batch, job->items);
    job->running = 1;
    return DM_OK;
}

/* Stores the batch's sentences, and the texts that they complete. */
static dm_status finish_batch(dm_job *job)
{
    stage_enter(STAGE_TEXT);
    for (int i = 0; i < job->batch.n; i++) {
        const int piece = job->first + i;
        const dm_status s = job_finish_piece(job, piece, &job->items[i], job->options.attention ? job->encoder_self[i] : NULL);
        if (s) return s;
        job->done_tokens += (size_t)job->pieces[piece].n;
    }
    const int end = job->first + job->batch.n;
    for (int i = 0; i < job->n_texts; i++) {
        job_text *t = &job->texts[i];
        const int last = t->first + t->n - 1;
        const dm_status s = t->n && last >= job->first && last < end ? job_finish_text(job, t) : DM_OK;
        if (s) return s;
    }
    arena_free(&job->scratch);
    job->first = end;
    job->running = 0;
    return DM_OK;
}

dm_status dm_job_run(dm_job *job, int budget)
{
    while (!job->failed && job->first < job->n_pieces) {
        if (budget-- <= 0) break;
        if (!job->running) job->failed = start_batch(job);
        else if (!search_run(job->search)) job->failed = finish_batch(job);
    }
    stage_enter(STAGE_NONE);
    return job->failed ? job->failed : job->first < job->n_pieces ? DM_MORE : DM_OK;
}

float dm_job_progress(const dm_job *job)
{
    return job->all_tokens ? (float)job->done_tokens / (float)job->all_tokens : 1;
}

dm_status dm_job_result(const dm_job *job, int i, dm_result *out)
{
    *out = (dm_result){ 0 };
    if (job->failed || job->first < job->n_pieces || i < 0 || i >= job->n_texts) return DM_ERR_ARGUMENT;
    *out = job->texts[i].result;
    return DM_OK;
}

const char *dm_job_kernels(const dm_job *job) { return job->kernels->name; }
