/* weights.h - the model file, read in place.
 *
 *   offset  size  field                               all integers little-endian
 *   0       4     magic "DMT1"
 *   4       4     version (1)
 *   8       8     file size, bytes
 *   16      4     CRC-32 (IEEE) of everything from byte 20 to `head size`
 *   20      4     head size: bytes of header, metadata and tensor table, zero padded to a multiple of 64
 *   24      4     n_meta
 *   28      4     n_tensors
 *   32      32    zero
 *   64      ...   n_meta    x { u8 key_len, key, u32 value_len, value }
 *   ...           n_tensors x { u8 name_len, name, u8 type, u8 n_dims, u32 dim[n_dims], u64 offset, u64 size }
 *   offset        tensor bytes: each starts on a 64-byte boundary, zero padding between, in file order
 *
 * Metadata: "config", Marian's YAML lines (`key: value`); further keys are kept and ignored.
 * The SentencePiece model is the U8 tensor "vocab", a lexical shortlist (shortlist.h) the U8 tensor "shortlist".
 * The head comes first, so that a loader can lay out memory before the tensors arrive. What it says of the
 * rest is the column sums below: the site's loader compares each chunk with its SHA-256 in manifest.json, who
 * reads a plain file asks weights_check.
 *
 * Types
 *   U8      (n)      plain bytes, n up to 2^30
 *   F32     (1, n)   or (n): plain floats, n up to 2^20
 *   I8      (K, N)   a weight matrix [in K, out N] packed for the int8 kernels, N padded to 8 columns
 *                    and K to 4 with zeros:
 *                      i8  packed[N/8][K/4][8 columns][4 k]       (8*4 bytes feed one kernel step)
 *                      f32 scale[N]      real weight = packed * scale[column]
 *                      i32 column_sum[N] sum of packed over k     (folds the zero point of the input)
 *                    each part starts on a 64-byte boundary of the tensor, N counts the padded columns,
 *                    whose scales and sums are 0; the table holds K and N before padding. K up to 2^16,
 *                    N up to 2^20. An embedding [V, D] is stored as its transpose: K = D, N = V, one
 *                    scale for each token.
 * Names and keys are printable ASCII without spaces, 1 to 127 bytes, each used once. Tensors carry
 * Marian's names. Written by pack.c and nothing else; read by weights.c and nothing else. */
#ifndef DM_WEIGHTS_H
#define DM_WEIGHTS_H

#include "dolmetsch.h"

enum { WEIGHTS_U8 = 0, WEIGHTS_F32 = 1, WEIGHTS_I8 = 2 };
enum { WEIGHTS_MAX_TENSORS = 4096, WEIGHTS_MAX_DIMS = 2, WEIGHTS_ALIGN = 64,
       WEIGHTS_COLUMNS = 8, WEIGHTS_DEPTH = 4, WEIGHTS_MAX_DIM = 1 << 20, WEIGHTS_MAX_BYTES = 1 << 30,
       WEIGHTS_MAX_META = 64, WEIGHTS_MAX_NAME = 127,
       WEIGHTS_STEP = WEIGHTS_COLUMNS * WEIGHTS_DEPTH,      /* bytes from four k of a column to its next four */
       /* Then sums of 127*packed over k, less 127*column_sum, stay within an int32. */
       WEIGHTS_MAX_DEPTH = 1 << 16 };

/* A packed int8 matrix inside the file. */
typedef struct {
    const int8_t *packed;       /* (N/8, K/4, 8, 4) */
    const float *scale;         /* (N), padding columns 0 */
    const int32_t *column_sum;  /* (N) */
    int k, n;                   /* as stored, padded to 4 and 8 */
    int out;                    /* columns before padding */
} weights_matrix;

/* The first four values of a column; WEIGHTS_STEP further are the next four, and so on. */
static inline const int8_t *matrix_column(const weights_matrix *w, int column)
{
    return w->packed + (size_t)(column / WEIGHTS_COLUMNS) * WEIGHTS_COLUMNS * (size_t)w->k
         + column % WEIGHTS_COLUMNS * WEIGHTS_DEPTH;
}

typedef struct weights_entry weights_entry;
typedef struct {
    const uint8_t *bytes;       /* the file, borrowed */
    size_t size;
    weights_entry *entries;     /* malloc'd by weights_open; in file order */
    weights_entry **sorted;     /* the same by name; in the memory of entries */
    int n_entries;
    const uint8_t *meta, *meta_end;   /* the metadata records, checked */
    int n_meta;
    dm_error why;               /* the first thing that was wrong */
} weights;

/* Reads and checks the head: magic, version, sizes, counts, offsets, names, shapes, overlaps. Looks at
 * no tensor bytes. data is borrowed and 64-byte aligned. After a failure w holds `why` alone. */
dm_status weights_open(weights *w, const void *data, size_t size);
void weights_close(weights *w);

/* Value of a metadata key, or NULL and *size 0. Not NUL-terminated. */
const char *weights_meta(const weights *w, const char *key, size_t *size);
/* The tensor if name, type and every dimension match, else NULL, and w->why names the tensor and
 * the difference. Values are checked too: floats finite, scales finite and >= 0, column sums within
 * what int8 values can add up to. That a column sum is the sum is left to weights_check, which reads every
 * weight; a wrong one spoils numbers, never memory. */
const float *weights_f32(weights *w, const char *name, int n);                 /* (1, n) or (n) */
int weights_i8(weights *w, const char *name, int k, int n, weights_matrix *m); /* logical [k, n]; 0 on failure */
const uint8_t *weights_u8(weights *w, const char *name, size_t *size);
/* Are the int8 weights as they were written? Each column of each matrix is added up again; DM_ERR_FORMAT, and *why
 * names the tensor, where it is not the stored sum. Sees any one wrong byte of packed and column_sum; scales, floats
 * and plain bytes have no sum. */
dm_status weights_check(const weights *w, dm_error *why);
int weights_has(const weights *w, const char *name);
int weights_columns(const weights *w, const char *name);   /* the last dimension, 0 without such a tensor */
/* Name of the first tensor that nobody has asked for by weights_f32, _i8 or _u8; NULL if there is none. */
const char *weights_unused(const weights *w);
/* Entry i in file order, for tools that list a file: name (NUL-terminated), type, dims ({1, n} for a
 * vector), size in bytes. 0 past the end. */
int weights_list(const weights *w, int i, const char **name, int *type, int dim[2], size_t *size);

#endif
