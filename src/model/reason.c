#include "model/reason.h"

#include <stdarg.h>
#include <stdio.h>

dm_status refuse_file(dm_error *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (why) vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return DM_ERR_FORMAT;
}
