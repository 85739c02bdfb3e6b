#include "arch/binder.h"

#include <stdio.h>

const float *bind_vector(binder *b, const char *part, int n)
{
    char name[64];
    snprintf(name, sizeof name, "%s_%s", b->prefix, part);
    const float *v = b->ok ? weights_f32(b->file, name, n) : NULL;
    b->ok = v != NULL;
    return v;
}

linear bind_matrix(binder *b, const char *part, const char *bias, int k, int n)
{
    char name[64];
    linear l = { .bias = NULL };
    snprintf(name, sizeof name, "%s_%s", b->prefix, part);
    b->ok = b->ok && weights_i8(b->file, name, k, n, &l.w);
    if (bias) l.bias = bind_vector(b, bias, n);
    return l;
}

int bind_columns(const binder *b, const char *part, int most)
{
    char name[64];
    snprintf(name, sizeof name, "%s_%s", b->prefix, part);
    const int n = b->ok ? weights_columns(b->file, name) : 0;
    return n > 0 && n < most && n % 8 == 0 ? n : most;
}
