/** What a watchdog knows (watchdog.c), and how it judges by that (verdict.c). Inside the room only. */
#ifndef GY_COMM_WATCHDOG_IMPL_H
#define GY_COMM_WATCHDOG_IMPL_H

#include "watchdog.h"

#include "comm_mpi.h"
#include "post_impl.h"

#include <pthread.h>

enum { GY_REPORTERS = 16, GY_PHASE_TEXT = 24 };

/* What is known of a rank, as it said last. */
typedef struct gy_sight {
    double at; /* when; < 0: never */
    double since;
    int64_t step;
    gy_doing doing;
    char phase[GY_PHASE_TEXT];
} gy_sight;

typedef struct gy_watchdog {
    gy_comm *comm;
    gy_stalled *stalled;
    void *user;
    gy_post *post;
    pthread_t thread;
    bool locked, started;
    pthread_mutex_t lock; /* of what the main thread writes: */
    double limit_set;     /* 0: it rests */
    gy_sight mine;
    bool in_call; /* of all ranks: it waits for them, whatever else it does */
    bool stop;
    /* the thread's own */
    gy_sight *seen; /* [ranks] */
    double limit;
    double from; /* nothing before counts */
    double looked, told;
    unsigned long long pulse;
    bool asking;
    double asked, asked_again, asked_of; /* asked_of: mine.since then */
    int next;                            /* to be asked */
} gy_watchdog;

/** The ranks that keep an eye on the others: the i-th of so many, spread over all, rank 0 first. */
int gy_watchdog_reporters(const gy_watchdog *w);
int gy_watchdog_reporter(const gy_watchdog *w, int i);

/** Whether a rank answered since all were asked. */
bool gy_watchdog_heard(const gy_watchdog *w, int rank);

/** Whether a rank that saves, or gets on, is what the others wait for. */
bool gy_verdict_goes_on(const gy_watchdog *w, double now);

/** The rank that has to tell it. */
int gy_verdict_teller(const gy_watchdog *w);

/** Leaves the line as this thread's last error: where this rank stands, and who is guilty. */
void gy_verdict_raise(const gy_watchdog *w, double now);

#endif
