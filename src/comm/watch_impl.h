/**
 * The watch of a rank: a thread that talks to those of the other ranks by letters. Two look on by it:
 * alive.c (who is dead) and watchdog.c (who stands still). Inside the room only.
 *
 * Ranks in it are first ranks, those of the communicator when it began, which may lose some.
 */
#ifndef GY_COMM_WATCH_IMPL_H
#define GY_COMM_WATCH_IMPL_H

#include "alive.h"
#include "watchdog.h"

#include "comm_mpi.h"
#include "post_impl.h"
#include "rank_set.h"

#include <pthread.h>

enum { GY_REPORTERS = 16, GY_PHASE_TEXT = 24 };
enum { GY_ABORT_S = 10 }; /* that MPI_Abort may take: then processes end anyway */

/* What is known of a rank, as it said last. */
typedef struct gy_sight {
    double at; /* when; < 0: never */
    double since;
    int64_t step;
    gy_doing doing;
    char phase[GY_PHASE_TEXT];
} gy_sight;

typedef enum gy_verb {
    GY_TELL,   /* a beat: I live, and do this */
    GY_ASK,    /* the same; tell me what you do */
    GY_END,    /* the job ends, the line is told */
    GY_LEAVE,  /* I end, by my own will */
    GY_ABORT,  /* I end the job, and have said why */
    GY_PARKED, /* I stand still for this set of the dead */
    GY_AGREED  /* so does everybody who is left */
} gy_verb;

/* Each says of its writer what it does, and whom it holds for dead. */
typedef struct gy_letter {
    int32_t verb, rank, doing;
    int32_t enough; /* GY_AGREED: those that are left may go on */
    char phase[GY_PHASE_TEXT];
    int64_t step;
    double seconds; /* since when */
    int64_t words[GY_ALIVE_WORDS];
    gy_agreed agreed;
    gy_rank_set dead, proven;
} gy_letter;

/* watchdog.c's. */
typedef struct gy_watchdog {
    double limit_set; /* under the lock; 0: it rests */
    bool in_call;     /* under the lock; of all ranks: it waits for them, whatever else it does */
    double limit;
    double from; /* nothing before counts */
    double told;
    unsigned long long pulse;
    bool asking;
    double asked, asked_again, asked_of; /* asked_of: mine.since then */
    int next;                            /* to be asked */
} gy_watchdog;

typedef struct gy_alive gy_alive; /* alive_impl.h */

typedef struct gy_watch {
    gy_comm *comm;
    struct gy_watch *above; /* of the ranks that a group was cut from: deaths are its; NULL: none */
    int rank, ranks, hosts;
    int *host_of;        /* [ranks] */
    gy_host_name *names; /* [ranks] */
    gy_stalled *stalled;
    void *user;
    gy_post *post;
    pthread_t thread;
    bool locked, started;
    pthread_mutex_t lock; /* of what both threads use: */
    gy_sight mine;
    bool stop;
    /* the thread's own */
    double looked;
    gy_sight *seen; /* [ranks] */
    gy_watchdog dog;
    gy_alive *alive; /* NULL: none */
} gy_watch;

/* watch.c */
gy_letter gy_watch_letter(gy_watch *w, gy_verb verb);
void gy_watch_send(gy_watch *w, int rank, const gy_letter *letter);
/** To all others that live. */
void gy_watch_send_all(gy_watch *w, gy_verb verb);
/** Ends the job: the last error of this thread is its line. Does not return. */
void gy_watch_end(gy_watch *w);
/** Tells the others that this rank ends the job, as it is about to say why. */
void gy_watch_abort(gy_comm *comm);
/** gy_comm_watch(); of a group that was cut from the ranks of `above`, which outlives it. */
gy_status gy_watch_begin(gy_comm *comm, gy_watch *above, double seconds, gy_stalled *stalled,
                         void *user) GY_CHECKED;

/* alive.c */
bool gy_alive_lives(const gy_watch *w, int rank);

/* watchdog.c: one look of the thread, `gap` seconds after the one before. */
void gy_watchdog_look(gy_watch *w, double now, double gap);
void gy_watchdog_take(gy_watch *w, const gy_letter *m);
/** How long the thread may wait for letters. */
double gy_watchdog_nap(const gy_watch *w);

/* verdict.c */

/** The ranks that keep an eye on the others: the i-th of so many, spread over all, rank 0 first. */
int gy_watchdog_reporters(const gy_watch *w);
int gy_watchdog_reporter(const gy_watch *w, int i);

/** Whether a rank answered since all were asked, or cannot. */
bool gy_watchdog_heard(const gy_watch *w, int rank);

/** Whether a rank that saves, or gets on, is what the others wait for. */
bool gy_verdict_goes_on(const gy_watch *w, double now);

/** The rank that has to tell it. */
int gy_verdict_teller(const gy_watch *w);

/** Leaves the line as this thread's last error: where this rank stands, and who is guilty. */
void gy_verdict_raise(const gy_watch *w, double now);

/** The same of deaths. */
void gy_verdict_raise_dead(const gy_watch *w, const gy_rank_set *dead, const gy_rank_set *proven,
                           double silence);

#endif
