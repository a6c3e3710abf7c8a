/* Status codes and the thread's last error, the only mutable state outside a context. */
#include <gyre/status.h>

#include "plain.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static _Thread_local gy_error last_error;

const char *gy_status_text(gy_status status)
{
#define TEXT(name, exit_code, text) [name] = text,
    static const char *const texts[GY_STATUS_COUNT] = {GY_STATUS_LIST(TEXT)};
#undef TEXT
    return (unsigned)status < GY_STATUS_COUNT ? texts[status] : "unknown status";
}

int gy_status_exit_code(gy_status status)
{
#define EXIT(name, exit_code, text) [name] = (exit_code),
    static const int codes[GY_STATUS_COUNT] = {GY_STATUS_LIST(EXIT)};
#undef EXIT
    return (unsigned)status < GY_STATUS_COUNT ? codes[status] : 1;
}

/* Turns the marks of the format into the punctuation of `WHAT (WHERE): WHY; HINT`. The format is
 * rewritten before the arguments go in, so that an argument cannot pose as a mark. */
static void punctuate(const char *format, char *out, size_t room)
{
    size_t used = 0;
    bool in_where = false;
    for (const char *p = format; *p != '\0'; p++) {
        char one[2] = {*p, '\0'};
        const char *piece = one;
        if (*p == GY_AT[0]) {
            piece = " (";
            in_where = true;
        } else if (*p == GY_WHY[0]) {
            piece = in_where ? "): " : ": ";
            in_where = false;
        } else if (*p == GY_HINT[0]) {
            piece = in_where ? "); " : "; ";
            in_where = false;
        }
        size_t n = strlen(piece);
        if (used + n + 2 > room) break;
        memcpy(out + used, piece, n);
        used += n;
    }
    if (in_where) out[used++] = ')';
    out[used] = '\0';
}

gy_status gy_raise(gy_status status, const char *format, ...)
{
    char plain[512];
    punctuate(format, plain, sizeof plain);

    gy_error error = {.status = status};
    va_list args;
    va_start(args, format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)vsnprintf(error.text, sizeof error.text, plain, args); /* format checked at the caller */
#pragma GCC diagnostic pop
    va_end(args);
    gy_text_tame(error.text);
    return gy_error_restore(&error);
}

gy_status gy_error_restore(const gy_error *error)
{
    last_error = *error;
    return last_error.status;
}

const gy_error *gy_error_last(void)
{
    return &last_error;
}
