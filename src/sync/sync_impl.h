/** Buckets. Inside sync only. */
#ifndef GY_SYNC_SYNC_IMPL_H
#define GY_SYNC_SYNC_IMPL_H

#include "compression_list.h"
#include "sync.h"

enum {
    GY_SYNC_BUCKETS = 16384, /* at most: each needs two tags */
    GY_SYNC_AHEAD = 4 /* under way at most: more crowd the wire, and the first wait for the last */
};

typedef struct gy_bucket {
    int64_t start, n;
    gy_all_reduce *sum;    /* of gradients; a scatter with shard_optimizer; NULL: none are summed */
    void *packed;          /* instead of it, of the compression */
    gy_all_reduce *spread; /* of parameters; NULL without */
    bool home;
    bool spread_home;
    double begun_s; /* where there is a trace */
} gy_bucket;

/** driver.c: the thread of comm.progress: thread. NULL is allowed everywhere: there is none. */
typedef struct gy_driver gy_driver;

struct gy_sync {
    gy_context *ctx;
    gy_comm *comm;
    gy_driver *driver; /* works from begin to finish; NULL: polls alone drive */
    bool overlap;
    int64_t n;
    gy_bucket *buckets; /* [n_buckets] falling starts; none for one rank */
    int n_buckets;
    int64_t room_bytes;            /* of all: */
    gy_room *rooms[GY_SYNC_AHEAD]; /* bucket i has i mod GY_SYNC_AHEAD: no two that are under way */
    const gy_compression_kind *compression;
    float *residual[2]; /* [n] each, where there is a compression */
    int turn;           /* which of them counts */
    gy_range *ranges;   /* [owned.n] */
    gy_ranges owned;
    int64_t complete;        /* gradients from here on are */
    int started, first_away; /* all before first_away are home; those from started on wait */
    int away, next; /* of a spread: all behind `away` are home, those up to `next` wait; −1: none */
    gy_error failure; /* status GY_OK: none */
};

/** For the trace: bucket i sets out; it is home. Those under way have lanes of their own. Local. */
void gy_sync_note_begin(gy_sync *s, int i);
void gy_sync_note_home(const gy_sync *s, int i, const char *what);

/** The failure kept, if any. */
gy_status gy_sync_failure(const gy_sync *s) GY_CHECKED;
void gy_sync_keep(gy_sync *s, gy_status status);

/** Where the bucket that ends at `end` starts; with a compression of whole tensors, at one. Local. */
int64_t gy_sync_bucket_start(const gy_sync_settings *settings, const gy_sync_vector *vector,
                             int64_t end);

/** operations.c: rooms and operations of all buckets, which are cut. Collective. */
gy_status gy_sync_furnish(gy_sync *s, const gy_sync_settings *settings,
                          const gy_sync_vector *vector) GY_CHECKED;

/** compression.c: makes what compresses bucket i. */
gy_status gy_sync_pack(gy_sync *s, const gy_sync_settings *settings, int i,
                       const gy_sync_vector *vector) GY_CHECKED;

/** compression.c: enlarges size for the sums of a bucket [start, end) that is compressed. Local. */
void gy_sync_add_packed_size(const gy_comm *comm, const gy_sync_settings *settings,
                             const gy_params *params, int64_t start, int64_t end,
                             gy_room_size *size);

/** Starts the thread, asleep. Local. Free it before the sync's buckets. */
gy_status gy_driver_create(gy_sync *s, gy_driver **out) GY_CHECKED;
void gy_driver_free(gy_driver *d);

/** Keeps the thread away from the sync and from MPI; releasing wakes it where there is work. Local. */
void gy_driver_hold(gy_driver *d);
void gy_driver_release(gy_driver *d);

/** Whether it looks at all from now on; called while holding. Local. */
void gy_driver_work(gy_driver *d);
void gy_driver_rest(gy_driver *d);

/** Looks once after everything under way; whether there is anything. Local. */
void gy_sync_drive(gy_sync *s);
bool gy_sync_is_under_way(const gy_sync *s);

/** spread.c: looks once after the parameters under way, and sends more after them. */
void gy_sync_drive_spread(gy_sync *s);

#endif
