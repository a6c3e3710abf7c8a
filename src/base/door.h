/**
 * The caller's floating-point environment stays outside: what is computed inside does not depend on
 * its rounding, its traps or its flushing of small numbers, and it has all of them back afterwards,
 * its flags included.
 *
 * Every public function that returns a status begins with GY_DOOR; a thread of a team, which has an
 * environment of its own, stands between gy_float_mode_begin() and gy_float_mode_end(). Callbacks are inside.
 */
#ifndef GY_BASE_DOOR_H
#define GY_BASE_DOOR_H

#include <fenv.h>
#include <stdbool.h>

/* The part of it that numbers in vector registers have: a tenth of the time of all of it. */

#if defined(__x86_64__)
#include <xmmintrin.h>

typedef unsigned gy_float_mode;

/** The default from here to gy_float_mode_end(). @return what was before, for that */
static inline gy_float_mode gy_float_mode_begin(void)
{
    enum { DEFAULT = 0x1f80 };
    const gy_float_mode before = _mm_getcsr();
    _mm_setcsr(DEFAULT);
    return before;
}

static inline void gy_float_mode_end(gy_float_mode before)
{
    _mm_setcsr(before);
}
#else
typedef fenv_t gy_float_mode;

static inline gy_float_mode gy_float_mode_begin(void)
{
    gy_float_mode before;
    (void)fegetenv(&before);
    (void)fesetenv(FE_DFL_ENV);
    return before;
}

static inline void gy_float_mode_end(gy_float_mode before)
{
    (void)fesetenv(&before);
}
#endif

/**
 * What the outermost door that a thread is behind left outside. A thread takes its mode from who makes it: those of
 * a team that is made inside must have the caller's, as they will be the caller's own next team.
 */
typedef struct gy_outside {
    bool is_there; /* the thread is behind a door */
    gy_float_mode mode;
} gy_outside;

extern _Thread_local gy_outside gy_outside_of_thread;

/** GY_SWIFT_DOOR: as GY_DOOR, for a call of a microsecond that does nothing but vector arithmetic. */
#define GY_SWIFT_DOOR                                                                              \
    __attribute__((cleanup(gy_swift_door_close))) const gy_swift_door gy_door_ =                   \
        gy_swift_door_open()

typedef struct gy_swift_door {
    gy_float_mode mode;
    bool is_outermost;
} gy_swift_door;

static inline gy_swift_door gy_swift_door_open(void)
{
    gy_outside *outside = &gy_outside_of_thread;
    const gy_swift_door d = {gy_float_mode_begin(), !outside->is_there};
    if (d.is_outermost) *outside = (gy_outside){true, d.mode};
    return d;
}

static inline void gy_swift_door_close(const gy_swift_door *d)
{
    if (d->is_outermost) gy_outside_of_thread.is_there = false;
    gy_float_mode_end(d->mode);
}

/** GY_DOOR: the default environment from here to the end of the function, however that ends. */
#define GY_DOOR                                                                                    \
    __attribute__((cleanup(gy_door_close))) gy_door gy_door_;                                      \
    gy_door_open(&gy_door_)

typedef struct gy_door {
    fenv_t all;
    gy_swift_door swift;
} gy_door;

static inline void gy_door_open(gy_door *d)
{
    (void)fegetenv(&d->all);
    d->swift = gy_swift_door_open();
    (void)fesetenv(FE_DFL_ENV);
}

static inline void gy_door_close(const gy_door *d)
{
    gy_swift_door_close(&d->swift);
    (void)fesetenv(&d->all);
}

#endif
