/* binder.h - finds the weights of an architecture in the model file, by name and exact shape. */
#ifndef DM_BINDER_H
#define DM_BINDER_H

#include "model/weights.h"
#include "nn/layers.h"

/* Names are prefix + "_" + part. The first failure sticks, so that callers bind everything and test `ok` once;
 * the file's `why` then names the tensor. */
typedef struct { weights *file; char prefix[32]; int ok; } binder;

/* NULL after a failure. */
const float *bind_vector(binder *b, const char *part, int n);
/* [k, n]; bias may be NULL: the matrix has none. */
linear bind_matrix(binder *b, const char *part, const char *bias, int k, int n);
/* Columns of a matrix whose width is its own: a multiple of 8 up to `most`. Of any other it is `most`, so that
 * binding it then says what is wrong. */
int bind_columns(const binder *b, const char *part, int most);

#endif
