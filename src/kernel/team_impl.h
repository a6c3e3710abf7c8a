/**
 * Teams of threads: the only place where the room knows OpenMP's regions. Inside the kernel room only.
 *
 * A team of one makes no region: OpenMP would allocate, and take longer than many a small layer. So
 * what a team does is written once, as the last argument of a macro, and compiled twice, in a region
 * and outside. Outside, OpenMP's own number of a thread and its worksharing would be those of
 * whatever region the caller is in: threads are told their number, and share by it. In a region each
 * thread leaves its caller's floating-point environment outside, as the door of the call has done.
 */
#ifndef GY_KERNEL_TEAM_IMPL_H
#define GY_KERNEL_TEAM_IMPL_H

#include "base/door.h"

#include <omp.h>
#include <stdbool.h>
#include <stdint.h>

#define GY_PRAGMA(text) _Pragma(#text)

/** Before and after a region: its threads may be made now, and take the calling thread's mode. */
static inline void gy_team_begin(void)
{
    if (gy_outside_of_thread.is_there) gy_float_mode_end(gy_outside_of_thread.mode);
}

static inline void gy_team_end(void)
{
    if (gy_outside_of_thread.is_there) (void)gy_float_mode_begin();
}

/**
 * GY_SPREAD(team, i, n, step, statements): the statements for i = 0, step, … < n, in fixed shares of
 * `team` threads. The first share is the calling thread's.
 */
#define GY_SPREAD(team, i, n, step, ...)                                                           \
    do {                                                                                           \
        const int gy_team_ = (team);                                                               \
        const int64_t gy_end_ = (n), gy_step_ = (step);                                            \
        if (gy_team_ == 1 || gy_end_ <= gy_step_) {                                                \
            for (int64_t i = 0; i < gy_end_; i += gy_step_) {                                      \
                __VA_ARGS__;                                                                       \
            }                                                                                      \
        } else {                                                                                   \
            gy_team_begin();                                                                       \
            GY_PRAGMA(omp parallel num_threads(gy_team_))                                          \
            {                                                                                      \
                const gy_float_mode gy_outside_ = gy_float_mode_begin();                           \
                GY_PRAGMA(omp for schedule(static) nowait)                                         \
                for (int64_t i = 0; i < gy_end_; i += gy_step_) {                                  \
                    __VA_ARGS__;                                                                   \
                }                                                                                  \
                gy_float_mode_end(gy_outside_);                                                    \
            }                                                                                      \
            gy_team_end();                                                                         \
        }                                                                                          \
    } while (false)

/** A thread of a team whose threads wait for each other. */
typedef struct gy_member {
    int number, team; /* 0 is the calling thread; threads of the team */
} gy_member;

/** GY_TEAM(team, me, statements): the statements once by each thread, `me` being its gy_member. */
#define GY_TEAM(team, me, ...)                                                                     \
    do {                                                                                           \
        const int gy_team_ = (team);                                                               \
        if (gy_team_ == 1) {                                                                       \
            const gy_member me = {0, 1};                                                           \
            __VA_ARGS__;                                                                           \
        } else {                                                                                   \
            gy_team_begin();                                                                       \
            GY_PRAGMA(omp parallel num_threads(gy_team_))                                          \
            {                                                                                      \
                const gy_float_mode gy_outside_ = gy_float_mode_begin();                           \
                const gy_member me = {omp_get_thread_num(), omp_get_num_threads()};                \
                __VA_ARGS__;                                                                       \
                gy_float_mode_end(gy_outside_);                                                    \
            }                                                                                      \
            gy_team_end();                                                                         \
        }                                                                                          \
    } while (false)

/** GY_SHARE(me, i, n) …: a loop over this thread's share of 0 … n − 1; nobody waits after it. */
#define GY_SHARE(me, i, n)                                                                         \
    for (int64_t i = gy_share((me), (n), 0), gy_end_##i = gy_share((me), (n), 1); i < gy_end_##i;  \
         i++)

/** Where the share of the thread, or with next = 1 of the next one, begins. */
static inline int64_t gy_share(gy_member me, int64_t n, int next)
{
    return n * (me.number + next) / me.team;
}

/** Waits until all of the team are here, and what they wrote is seen. */
static inline void gy_team_wait(gy_member me)
{
    if (me.team == 1) return;
#pragma omp barrier
}

#endif
