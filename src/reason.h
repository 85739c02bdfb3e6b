/* reason.h - why something is refused, in words. */
#ifndef DM_REASON_H
#define DM_REASON_H

#include "dolmetsch.h"

/* Writes the words to *why, if there is one; returns the status. */
__attribute__((format(printf, 3, 4)))
dm_status refuse(dm_error *why, dm_status status, const char *format, ...);
/* The same for what is wrong with a file: DM_ERR_FORMAT. */
__attribute__((format(printf, 2, 3)))
dm_status refuse_file(dm_error *why, const char *format, ...);

#endif
