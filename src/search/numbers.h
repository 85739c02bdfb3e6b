/* numbers.h - the digits of the source's numbers come out as they are.
 *
 * A model spells a long number piece by piece and loses its place: 5,000,000 as 5.00.000, 1962 as 1960. So a number
 * that begins while the alignment points to one of the source (text/number_forms.h) may only go on as that one may be
 * written, to its last digit and no further. Models without an alignment have no such rule. */
#ifndef DM_NUMBERS_H
#define DM_NUMBERS_H

#include "arena.h"
#include "search/output.h"
#include "text/number_forms.h"

/* A number of the source, pieces [begin, end). */
typedef struct { int begin, end; number_forms forms; } source_number;

/* A column whose piece has digits or begins with a mark of numbers; what it spells, U+2581 included. */
typedef struct { int column; const char *text; int size; } number_column;

/* The numbers of one sentence. */
typedef struct {
    const tokenizer *vocab;           /* borrowed, as the output */
    const output_part *output;
    const source_number *numbers;
    int n;
    const number_column *columns;
    int n_columns;
    float *kept;                      /* (n_columns) of one number_mask */
} number_plan;

/* Where one hypothesis stands; starts as zeros, and is copied by `=`. */
typedef struct {
    unsigned char place;              /* of numbers.c */
    unsigned char forms, at;          /* inside a number: bit f: form f is still possible; bytes of it that are there */
    short number;
} number_state;

/* output has the source's pieces (n). DM_ERR_MEMORY where a has no room for the plan. */
dm_status number_plan_new(number_plan *plan, const tokenizer *vocab, const output_part *output, const int32_t *source, int n,
                          arena *a);

/* logits of the next piece, one for each column of the output: what would change a number becomes -INFINITY.
 * alignment (n): where the model looks in this step. */
void number_mask(const number_plan *plan, const number_state *s, const float *alignment, float *logits);
/* Notes the piece that was taken. */
void number_take(const number_plan *plan, number_state *s, int32_t id, const float *alignment);

#endif
