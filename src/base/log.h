/** Messages of the library to the context's sink. Local; only from the thread that owns the context. */
#ifndef GY_BASE_LOG_H
#define GY_BASE_LOG_H

#include <gyre/context.h>

/** Control characters of the arguments are shown as `?`: they may be from anybody's file. */
void gy_log(gy_context *ctx, gy_level level, const char *format, ...) GY_FORMAT(3, 4);

#endif
