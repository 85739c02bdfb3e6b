#include "reason.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 2, 0)))
static void write_words(dm_error *why, const char *format, va_list args)
{
    if (why) vsnprintf(why->text, sizeof why->text, format, args);
}

dm_status refuse(dm_error *why, dm_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_words(why, format, args);
    va_end(args);
    return status;
}

dm_status refuse_file(dm_error *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_words(why, format, args);
    va_end(args);
    return DM_ERR_FORMAT;
}
