/* wasm.c - what JavaScript calls (web/engine.js does, and nothing else).
 *
 * Pointers and sizes are numbers to the caller. A call that can fail returns 0 or a status; the words
 * are then at dm_wasm_reason(). */
#include <emscripten/emscripten.h>
#include <stdlib.h>

#include "dolmetsch.h"
#include "json.h"
#include "nn/kernels.h"

#define EXPORT EMSCRIPTEN_KEEPALIVE
/* The prototypes are JavaScript's. */
#pragma clang diagnostic ignored "-Wmissing-prototypes"

/* The last failure, since a wasm call returns one number; and the kernels that came after the core. */
static dm_error reason;
static dm_status status;
static size_t answer_size;
static dm_kernels relaxed;

/* 64-byte aligned, as models must be; 0 when memory ran out. */
EXPORT void *dm_wasm_alloc(size_t size) { return aligned_alloc(64, (size + 63) / 64 * 64); }
EXPORT void dm_wasm_free(void *at) { free(at); }

EXPORT dm_status dm_wasm_status(void) { return status; }
EXPORT const char *dm_wasm_status_name(dm_status s) { return dm_status_name(s); }
EXPORT const char *dm_wasm_reason(void) { return reason.text; }
/* Bytes of the text that the last dm_wasm_partial or dm_wasm_json returned. */
EXPORT size_t dm_wasm_size(void) { return answer_size; }

EXPORT dm_model *dm_wasm_open(const void *bytes, size_t size)
{
    dm_model *model;
    status = dm_model_open(bytes, size, &model, &reason);
    return model;
}
EXPORT void dm_wasm_close(dm_model *model) { dm_model_close(model); }
EXPORT const char *dm_wasm_architecture(const dm_model *model) { return dm_model_architecture(model); }

/* The function of a kernel set (kernels.h) that web/kernels.js compares and replaces. */
typedef void (*linear_function)(float *, const uint8_t *, const float *, const int32_t *, int, const weights_matrix *,
                                const float *, int, uint16_t *);
/* `linear` of the set of that name, as a place in the function table; 0 if there is no such set. */
EXPORT linear_function dm_wasm_linear(const char *name)
{
    const dm_kernels *kernels = kernels_find(name);
    return kernels ? kernels->linear : NULL;
}
/* From now on jobs run on the set "relaxed", unless they name another: the fastest set with this `linear`. */
EXPORT void dm_wasm_use_relaxed(linear_function linear)
{
    relaxed = *kernels_find(NULL);
    relaxed.name = "relaxed";
    relaxed.linear = linear;
}

/* texts: n pairs of address and size, 32-bit each, as dm_text is in wasm. kernels may be 0. */
EXPORT dm_job *dm_wasm_job(dm_model *model, const dm_text *texts, int n, int attention, const char *kernels, int beam, int nbest,
                           int no_split, int no_shortlist)
{
    const dm_options options = {
        .attention = attention, .kernels = kernels, .beam = beam, .nbest = nbest, .no_split = no_split,
        .no_shortlist = no_shortlist,
        .extra_kernels = relaxed.name ? &relaxed : NULL
    };
    dm_job *job;
    status = dm_job_new(model, texts, n, &options, &job, &reason);
    return job;
}
EXPORT dm_status dm_wasm_run(dm_job *job, int budget) { return dm_job_run(job, budget); }
EXPORT float dm_wasm_progress(const dm_job *job) { return dm_job_progress(job); }
EXPORT const char *dm_wasm_kernels(const dm_job *job) { return dm_job_kernels(job); }
EXPORT void dm_wasm_job_free(dm_job *job) { dm_job_free(job); }

/* Text so far, owned by the job; 0 on failure. */
EXPORT const char *dm_wasm_partial(dm_job *job, int i)
{
    dm_text text;
    status = dm_job_partial(job, i, &text);
    answer_size = text.size;
    return status ? NULL : text.bytes;
}

/* The plain text of a result, owned by the job; 0 on failure. */
EXPORT const char *dm_wasm_text(const dm_job *job, int i)
{
    dm_result result;
    status = dm_job_result(job, i, &result);
    answer_size = result.text_size;
    return result.text;
}

/* The result as JSON (json.h), to be freed by the caller; 0 on failure. */
EXPORT char *dm_wasm_json(const dm_job *job, int i)
{
    dm_result result;
    status = dm_job_result(job, i, &result);
    char *text = status ? NULL : json_result(&result, &answer_size);
    if (!status && !text) status = DM_ERR_MEMORY;
    return text;
}
