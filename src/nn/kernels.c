/* kernels.c - the table of the kernel variants in this build. */
#include "nn/kernels.h"

#include <string.h>

#include "nn/v128.h"

extern const dm_kernels kernels_ref;
#ifdef DM_V128
extern const dm_kernels kernels_simd128;
#endif
#ifdef DM_DOT8
extern const dm_kernels kernels_relaxed;
#endif

const dm_kernels *const kernels_all[] = {
    &kernels_ref,
#ifdef DM_V128
    &kernels_simd128,
#endif
#ifdef DM_DOT8
    &kernels_relaxed,
#endif
    NULL
};

const dm_kernels *kernels_find(const char *name)
{
    const dm_kernels *last = NULL;
    for (int i = 0; kernels_all[i]; i++) {
        if (name && !strcmp(name, kernels_all[i]->name)) return kernels_all[i];
        last = kernels_all[i];
    }
    return name ? NULL : last;
}
