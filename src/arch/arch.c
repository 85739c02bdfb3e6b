#include "arch/arch.h"

const dm_arch *const arch_all[] = { &arch_rnn, &arch_bahdanau, &arch_transformer, NULL };
