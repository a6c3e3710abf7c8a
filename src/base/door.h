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

/** GY_DOOR: the default environment from here to the end of the function, however that ends. */
#define GY_DOOR                                                                                    \
    __attribute__((cleanup(gy_door_close))) fenv_t gy_outside_;                                    \
    gy_door_open(&gy_outside_)

static inline void gy_door_open(fenv_t *outside)
{
    (void)fegetenv(outside);
    (void)fesetenv(FE_DFL_ENV);
}

static inline void gy_door_close(const fenv_t *outside)
{
    (void)fesetenv(outside);
}

/* The part of it that numbers in vector registers have: a tenth of the time. */

#if defined(__x86_64__)
#include <xmmintrin.h>

typedef unsigned gy_float_mode;

enum {
    GY_FLOAT_MODE_DEFAULT = 0x1f80,
    GY_FLOAT_MODE_FLUSH = 0x8040 /* what is read and written */
};

static inline gy_float_mode gy_float_mode_set(unsigned mode)
{
    const gy_float_mode outside = _mm_getcsr();
    _mm_setcsr(mode);
    return outside;
}

static inline void gy_float_mode_end(gy_float_mode outside)
{
    _mm_setcsr(outside);
}
#else
typedef fenv_t gy_float_mode;

enum { GY_FLOAT_MODE_DEFAULT = 0, GY_FLOAT_MODE_FLUSH = 0 };

static inline gy_float_mode gy_float_mode_set(unsigned mode)
{
    gy_float_mode outside;
    (void)mode;
    gy_door_open(&outside);
    return outside;
}

static inline void gy_float_mode_end(gy_float_mode outside)
{
    gy_door_close(&outside);
}
#endif

/** The default from here to gy_float_mode_end(). @return what was before, for that */
static inline gy_float_mode gy_float_mode_begin(void)
{
    return gy_float_mode_set(GY_FLOAT_MODE_DEFAULT);
}

/** The same, but numbers below the normal ones are read and written as 0 where the machine can. */
static inline gy_float_mode gy_float_mode_flush(void)
{
    return gy_float_mode_set(GY_FLOAT_MODE_DEFAULT | GY_FLOAT_MODE_FLUSH);
}

/** GY_SWIFT_DOOR: as GY_DOOR, for a call of a microsecond that does nothing but vector arithmetic. */
#define GY_SWIFT_DOOR                                                                              \
    __attribute__((cleanup(gy_swift_door_close))) const gy_float_mode gy_outside_ =                \
        gy_float_mode_begin()

static inline void gy_swift_door_close(const gy_float_mode *outside)
{
    gy_float_mode_end(*outside);
}

#endif
