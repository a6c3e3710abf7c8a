/** What a rank knows of the dead (alive.c), whom it beats to (peers.c), how it agrees (park.c). Inside the room only. */
#ifndef GY_COMM_ALIVE_IMPL_H
#define GY_COMM_ALIVE_IMPL_H

#include "watch_impl.h"

#include <poll.h>
#include <stdatomic.h>

#define GY_PARKED_BEAT_S 0.005

/* What one is known to have said last while it stood still. */
typedef struct gy_parked {
    bool is; /* for the set that this rank has now */
    int64_t words[GY_ALIVE_WORDS];
} gy_parked;

typedef enum gy_park_end { GY_PARK_AGREED, GY_PARK_NOBODY, GY_PARK_TOO_FEW } gy_park_end;

/* A main thread that waits for an agreement. */
typedef struct gy_parking {
    bool on;
    double since;
    int64_t words[GY_ALIVE_WORDS];
    gy_park_end how; /* once it is over */
    gy_agreed agreed;
} gy_parking;

struct gy_alive {
    atomic_bool news, surviving, leaving;
    /* under the watch's lock: */
    double silence_set;
    gy_rank_set dead, proven; /* written by the thread alone */
    gy_rank_set agreed;       /* dead of the present membership */
    gy_parking parking;
    pthread_cond_t over; /* a parking is */
    bool has_over;
    /* the thread's own */
    double silence, beaten;
    struct pollfd *polls; /* [ranks + 1] a pidfd each, −1: none; the post */
    double *heard;        /* [ranks] when; < 0: never */
    double *host_heard;   /* [hosts] */
    uint32_t *from;       /* [ranks] where its letters come from */
    bool *left;           /* [ranks] has said that it ends */
    bool *is_peer;        /* [ranks] it beats to those, and listens to them */
    int *leaders;         /* [hosts] the lowest that lives of each; −1: none */
    int *places;          /* [hosts] among those that live; −1: none does */
    bool changed;         /* the dead, and nobody has been told */
    bool waits;           /* the main thread, for an agreement */
    double parked_told;
    gy_parked *parked; /* [ranks] */
    gy_letter answer;  /* the last agreement, for those that it did not reach */
    double found;      /* a death that ends the job; < 0: none */
    double ends;       /* when this process ends anyway; < 0: it does not */
};

/* alive.c */
gy_status gy_alive_create(gy_watch *w) GY_CHECKED; /* collective */
void gy_alive_free(gy_watch *w);
/** One look of the thread; counts silence anew where it did not run for long. */
void gy_alive_look(gy_watch *w, double now, double gap);
void gy_alive_take(gy_watch *w, const gy_letter *m, double now);
/** Waits for letters and deaths, at most so long. */
void gy_alive_wait(gy_watch *w, double seconds);
int gy_alive_lowest(const gy_watch *w);

/* peers.c */
/** Anew, after a death; who becomes one is listened to from now on. */
void gy_peers_choose(gy_watch *w, double now);
void gy_peers_beat(gy_watch *w, double now);

/* park.c: likewise */
void gy_park_look(gy_watch *w, double now);
void gy_park_take(gy_watch *w, const gy_letter *m);
/** What was said for a smaller set counts no more. */
void gy_park_again(gy_watch *w);

#endif
