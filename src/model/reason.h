/* reason.h - why a file is refused, in words. For the readers of model/. */
#ifndef DM_REASON_H
#define DM_REASON_H

#include "dolmetsch.h"

/* Writes the words to *why, if there is one; DM_ERR_FORMAT. */
__attribute__((format(printf, 2, 3)))
dm_status refuse_file(dm_error *why, const char *format, ...);

#endif
