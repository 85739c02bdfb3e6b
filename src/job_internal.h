/* job_internal.h - a translation job: texts -> sentences -> batches -> texts. Used by job*.c only. */
#ifndef DM_JOB_INTERNAL_H
#define DM_JOB_INTERNAL_H

#include "arena.h"
#include "search/search.h"

enum {
    JOB_TARGET_EXTRA = 8,          /* target limit = max_factor * source + this, at most ... */
    JOB_TARGET_TOKENS = 510,       /* ... this */
    JOB_BATCH_ROWS = 32,           /* hypotheses of a batch: its sentences times the beam */
    JOB_BATCH_TOKENS = 512,        /* default of dm_options.batch_tokens: one layer of it is one slice, and stays below 20 ms */
    JOB_ATTENTION_TOKENS = 160     /* source tokens of a batch that keeps every attention: weights are many */
};

/* A sentence, or a part of one that was too long. Bytes [begin, end) of the text; what lies between
 * two pieces is white space and is copied. */
typedef struct {
    size_t begin, end;
    dm_token *tokens;         /* (n), end-of-sentence included, ranges in the text */
    int n;
    int text;                 /* index of the text that it belongs to */
    int shouts;               /* in capitals: the tokens are of small letters, the translation is raised */
} job_piece;

typedef struct {
    dm_text source;           /* copy in the arena */
    int first, n;             /* pieces */
    dm_sentence *sentences;   /* (n) filled as pieces finish */
    dm_result result;         /* when the whole text is done */
} job_text;

struct dm_job {
    dm_model *model;
    const dm_kernels *kernels;
    dm_options options;
    arena memory;             /* the plan, the search's state, the workspace of a batch */
    arena results;            /* finished sentences and texts */
    arena scratch;            /* one span while planning, the items of one batch, one sentence while finishing */
    arena partial;            /* the last answer of dm_job_partial */
    job_text *texts;
    int n_texts;
    job_piece *pieces;        /* of all texts, in order */
    int n_pieces, room_pieces;
    size_t all_tokens, done_tokens;
    /* the batch at hand: pieces [first, first + batch.n) */
    search *search;
    search_item *items;
    int32_t *ids;
    int *offset, *limit;
    float **encoder_self;
    batch batch;
    int first, running;
    dm_status failed;
};

/* job_plan.c */
/* Splits and tokenises every text; DM_ERR_MEMORY or DM_OK. */
dm_status job_plan(dm_job *job);
/* Pieces from `first` on that make the next batch; a wider beam leaves room for fewer. */
int job_batch_size(const dm_job *job, int first);
int job_target_limit(const dm_job *job, int n_source);

/* job_result.c */
/* A finished item -> the dm_sentence of its piece. */
dm_status job_finish_piece(dm_job *job, int piece, const search_item *item, float *encoder_self);
/* All sentences of a text -> its result. */
dm_status job_finish_text(dm_job *job, job_text *text);

#endif
