#include "arch/arch.h"

const dm_arch *const arch_all[] = { &arch_transformer, NULL };
