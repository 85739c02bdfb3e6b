/* copy.h - byte pieces copy characters of the source, and nothing else.
 *
 * A character that the vocabulary does not know (an emoji, a foreign script) reaches the model as byte
 * pieces, which training hardly ever saw: left alone it would spell broken UTF-8 or another character.
 * So byte pieces may only spell what the source spells in byte pieces, each occurrence once, and characters in a row
 * together: flags, families and skin colours are made of several.
 * Printable ASCII is free: it is whole in one byte, and what of it the vocabulary lacks (Q, say) was learnt. */
#ifndef DM_COPY_H
#define DM_COPY_H

#include "arena.h"
#include "search/output.h"

enum { COPY_MAX_RUNS = 64 };          /* of one sentence that are told apart */

/* Characters in a row of the source in byte pieces: ids source[begin .. begin + n). */
typedef struct { int begin, n; } copy_run;

/* The byte pieces of one sentence. */
typedef struct {
    const output_part *output;        /* borrowed: where logits come from */
    const int32_t *source;            /* borrowed */
    copy_run *runs;
    int n;
    const int *copied;                /* (n_copied) columns of the byte pieces that only copies may use */
    int n_copied;
} copy_plan;

/* What one hypothesis has copied; starts as zeros, and is copied by `=`. */
typedef struct {
    uint64_t used;                    /* bit r: run r is copied already */
    int run, next;                    /* next > 0: inside run `run`, whose piece `next` comes next */
} copy_state;

/* output has the source's pieces. DM_ERR_MEMORY where a has no room for the plan. */
dm_status copy_plan_new(copy_plan *plan, const tokenizer *vocab, const output_part *output, const int32_t *source, int n,
                        arena *a);

/* The piece that must come now, inside a run; -1: free choice. */
int32_t copy_forced(const copy_plan *plan, const copy_state *s);
/* logits of the next piece, one for each column of the output: what may not come becomes -INFINITY. Inside a
 * run that is all but copy_forced, elsewhere the byte pieces that are no ASCII and begin no run left to copy. */
void copy_mask(const copy_plan *plan, const copy_state *s, float *logits);
/* Notes the piece that was taken. alignment (n_source) or NULL: of several runs that begin with the
 * same byte, the one that the model looks at most is meant. */
void copy_take(const copy_plan *plan, copy_state *s, int32_t id, const float *alignment);

#endif
