/**
 * Status codes and the thread's last error.
 *
 * Every function that can fail returns a gy_status. The place that first knows the error says it,
 * once, with gy_raise(); everyone above only passes the status on.
 */
#ifndef GYRE_STATUS_H
#define GYRE_STATUS_H

#include <gyre/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/** X(name, exit code of the command line, text). Ordered: on disagreement the later one wins. */
#define GY_STATUS_LIST(X)                                                                          \
    X(GY_OK, 0, "done")                                                                            \
    X(GY_STOPPED, 75, "stopped on request")                                                        \
    X(GY_E_DIVERGED, 3, "loss or gradient is not finite")                                          \
    X(GY_E_USAGE, 2, "what was asked for is not valid")                                            \
    X(GY_E_CONFIG, 2, "the configuration is not valid")                                            \
    X(GY_E_DATA, 2, "the data are not valid")                                                      \
    X(GY_E_SHAPE, 2, "shapes do not agree")                                                        \
    X(GY_E_IO, 1, "reading or writing failed")                                                     \
    X(GY_E_COMM, 1, "communication failed")                                                        \
    X(GY_E_NOMEM, 1, "out of memory")

#define GY_STATUS_ENUM(name, exit_code, text) name,
typedef enum gy_status { GY_STATUS_LIST(GY_STATUS_ENUM) GY_STATUS_COUNT } gy_status;
#undef GY_STATUS_ENUM

/** Says what a status means in a few words. Local. The text is static. */
GY_API const char *gy_status_text(gy_status status);

/** The exit code of the command line for a status: 0, 1, 2, 3 or 75. Local. */
GY_API int gy_status_exit_code(gy_status status);

/* Inside the format of gy_raise(): the four parts of an error line, `WHAT (WHERE): WHY; HINT`. */
#define GY_AT "\001"   /* begins WHERE: file, line, key, tensor or rank */
#define GY_WHY "\002"  /* begins WHY */
#define GY_HINT "\003" /* begins HINT: what the user can do about it */

/** One error: its status and its line, `WHAT (WHERE): WHY; HINT`. */
typedef struct gy_error {
    gy_status status;
    unsigned long long
        serial; /* of the agreement that made it every rank's; 0: this rank's alone */
    char text[1024];
} gy_error;

/**
 * Records an error for this thread and returns its status, so that `return gy_raise(…)` both says
 * and passes it. Local. Replaces an earlier record; control characters of the arguments are shown
 * as `?`; a text too long is cut.
 *
 *     return gy_raise(GY_E_IO, "cannot open the data" GY_AT "%s" GY_WHY "%s" GY_HINT "check …",
 *                     path, strerror(errno));
 */
GY_API gy_status gy_raise(gy_status status, const char *format, ...) GY_FORMAT(2, 3);

/** Records an error made by another thread or rank. Local. @return error->status */
GY_API gy_status gy_error_restore(const gy_error *error);

/** This thread's last error; status GY_OK and an empty text if there was none. Local. */
GY_API const gy_error *gy_error_last(void);

/** Passes a failure up. */
#define GY_TRY(call)                                                                               \
    do {                                                                                           \
        gy_status gy_try_ = (call);                                                                \
        if (gy_try_ != GY_OK) return gy_try_;                                                      \
    } while (0)

/** Passes a failure to a label that cleans up; needs a local `gy_status status`. */
#define GY_TRY_GOTO(label, call)                                                                   \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != GY_OK) goto label;                                                           \
    } while (0)

/** Raises and returns unless a condition holds. Never for our own mistakes: those are assert's. */
#define GY_REQUIRE(condition, ...)                                                                 \
    do {                                                                                           \
        if (!(condition)) return gy_raise(__VA_ARGS__);                                            \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
