/* vmath.c - the constants of the vector functions, where wasm loads them. */
#include "nn/vmath.h"

#ifdef DM_V128
#define VALUE(name) VM_##name,
const float vm_table[VM_PLACES] = { VM_TABLE(VALUE) };
#endif
