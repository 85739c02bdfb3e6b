/* dolmetsch.h - translate text with a small neural model, offline, in one thread.
 *
 *     dm_error why;
 *     dm_model *model;
 *     if (dm_model_open(bytes, size, &model, &why)) die(why.text);       borrows bytes
 *     dm_job *job;
 *     dm_text text = { "Good morning.", 13 };
 *     if (dm_job_new(model, &text, 1, NULL, &job, &why)) die(why.text);  copies text
 *     dm_status s;
 *     while ((s = dm_job_run(job, 64)) == DM_MORE) { abort, draw, answer messages }
 *     dm_result r;
 *     if (s == DM_OK) { dm_job_result(job, 0, &r); fwrite(r.text, 1, r.text_size, stdout); }
 *     dm_job_free(job);
 *     dm_model_close(model);
 *
 * The library never prints, exits or writes a global.  It allocates in dm_model_open, in
 * dm_job_new, in dm_job_run where a batch starts (what its search keeps) and where it ends
 * (its translations), and in dm_job_partial; running out of memory is a status.  A model
 * may be shared by any number of jobs of one thread. */
#ifndef DOLMETSCH_H
#define DOLMETSCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dm_model dm_model;
typedef struct dm_job dm_job;

typedef enum {
    DM_OK = 0,
    DM_MORE,           /* dm_job_run: more work is left, call again                */
    DM_ERR_MEMORY,     /* an allocation failed; nothing else has changed, but for a
                          job whose dm_job_run says so: it is lost                 */
    DM_ERR_FORMAT,     /* not a model file, or a damaged one                       */
    DM_ERR_VERSION,    /* a model file that this build does not know               */
    DM_ERR_ARGUMENT    /* an option, index or name that the call does not accept   */
} dm_status;

/* Why a call failed, in words, naming the tensor, field or option. Empty on success. */
typedef struct { char text[192]; } dm_error;

/* UTF-8, any bytes, NUL included; an invalid byte counts as one U+FFFD. */
typedef struct { const char *bytes; size_t size; } dm_text;

/* Zero means "default" for every field. */
typedef struct {
    int max_factor;    /* a sentence of n source tokens is cut after max_factor * n + 8 tokens, 510 at most; 3 */
    int beam;          /* hypotheses followed side by side, up to 32; 1, greedy search */
    int nbest;         /* translations of each sentence, up to beam: dm_alternative; 1 */
    float normalize;   /* hypotheses are ranked by log-probability / length^normalize; 1, the mean, as
                          Marian does; below 0 by log-probability, which favours short ones */
    int batch_tokens;  /* source tokens decoded together, with a beam its share of them; 512, and at most 160 with
                          attention: that is kept for all of them                    */
    int attention;     /* non-zero keeps every attention of every layer and head     */
    int no_shortlist;  /* non-zero scores the whole vocabulary at every step; else, where the model has a
                          shortlist, the tokens that those of the sentence may become            */
    int no_split;      /* non-zero takes each text as one sentence, line ends and all; what
                          is longer than the model takes (127 tokens at most) is still split */
    const char *kernels; /* "ref"; "simd128" and, natively, "relaxed" where the processor's kind has them; NULL takes the
                          fastest                                                    */
    const struct dm_kernels *extra_kernels; /* a set that this build cannot hold (src/nn/kernels.h),
                          known by its name and taken to be the fastest; outlives the job */
} dm_options;

/* One token and its bytes [begin, end) in the text that it belongs to; the end-of-sentence
 * token has an empty range at the end of its sentence. */
typedef struct { int32_t id; uint32_t begin, end; } dm_token;

/* One kind of attention of one sentence: weights (layers, heads, rows, cols), each row a
 * distribution over cols. Rows and columns count tokens, end-of-sentence included. */
typedef struct { const float *weights; int layers, heads, rows, cols; } dm_attention;

/* What else a sentence may be in the target language. */
typedef struct {
    const char *text;  size_t text_size;  /* of this sentence alone; UTF-8, NUL-terminated */
    const dm_token *target;  int n_target;  /* with ranges in text                    */
    const float *alignment;           /* (n_target, n_source)                        */
    float score;
    int cut;
} dm_alternative;

typedef struct {
    const dm_token *source, *target;  /* each ends with the end-of-sentence token    */
    int n_source, n_target;
    const float *alignment;           /* (n_target, n_source): each row sums to 1    */
    float score;                      /* log-probability / n_target^normalize: their mean, unless asked otherwise */
    int cut;                          /* 1: stopped by the length limit or as a loop */
    const dm_alternative *alternatives;  /* the next best, best first, those that were cut last; NULL for nbest 1 */
    int n_alternatives;               /* nbest - 1, or fewer where there are no more */
    dm_attention encoder_self, decoder_self, cross;  /* empty unless asked for       */
} dm_sentence;

typedef struct {
    dm_text source;                             /* the job's copy of the input        */
    const char *text;  size_t text_size;        /* UTF-8, NUL-terminated              */
    const dm_sentence *sentences;  int n_sentences;
    float score;                                /* mean of the sentences, by tokens   */
} dm_result;

/* Reads a model from `bytes`, 64-byte aligned, which must outlive it.
 * On failure *out is NULL and *why says what was wrong. why may be NULL. */
dm_status dm_model_open(const void *bytes, size_t size, dm_model **out, dm_error *why);
/* For bytes that nothing has compared with a hash: are the model's weights those that were written? DM_ERR_FORMAT, and *why
 * names the tensor, where a column does not add up to the sum that the file has of it. Reads every weight: 1.3 ms for
 * 11 MB. */
dm_status dm_model_check(const dm_model *model, dm_error *why);
void dm_model_close(dm_model *model);           /* NULL is fine; jobs must be freed first */
const char *dm_model_architecture(const dm_model *model);

/* A job translates n texts together. The texts are copied; options may be NULL. */
dm_status dm_job_new(dm_model *model, const dm_text *texts, int n, const dm_options *options,
                     dm_job **out, dm_error *why);
/* Does `budget` pieces of work, each bounded: the start of a batch, a part of its encoding (one layer; of a recurrent
 * reader eight words), or one decoder step of all its rows, of which the last finishes the batch.
 * DM_MORE, DM_OK when every text is done, or an error, after which only dm_job_free helps. */
dm_status dm_job_run(dm_job *job, int budget);
/* Share of the source tokens that are translated, 0 to 1. */
float dm_job_progress(const dm_job *job);
/* The i-th translation; owned by the job. DM_ERR_ARGUMENT before DM_OK or for a wrong i. */
dm_status dm_job_result(const dm_job *job, int i, dm_result *out);
/* The i-th translation as far as it is known: up to the end of the first sentence that is not finished.
 * Valid until the next call on the job. */
dm_status dm_job_partial(dm_job *job, int i, dm_text *out);
/* The kernel set that the job runs on: "ref", "simd128", "relaxed", or the extra one's name. */
const char *dm_job_kernels(const dm_job *job);
void dm_job_free(dm_job *job);                  /* NULL is fine; at any time, also half-way */

const char *dm_status_name(dm_status status);   /* "DM_ERR_FORMAT"; never NULL */

#ifdef __cplusplus
}
#endif
#endif
