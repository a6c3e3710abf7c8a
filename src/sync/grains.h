/**
 * Vectors of grains summed over all ranks to the same bits, however grains are spread over ranks and
 * whatever all-reduce does it (kernel/exact.h shows why).
 *
 * A step: begin; each grain's vector is added, in pieces as they become complete; finish; take.
 */
#ifndef GY_SYNC_GRAINS_H
#define GY_SYNC_GRAINS_H

#include "kernel/kernel.h"
#include "sync.h"

typedef struct gy_grains gy_grains;

/**
 * Collective; the same status on every rank.
 *
 * @param k         used by all local calls; must outlive the grains
 * @param settings  reproducible_grains: the vectors of a step, of all ranks together, at most
 * @param n         length of a vector; 0 is allowed
 * @param out       free with gy_grains_free() (collective); takes gy_grains_bytes(n)
 */
gy_status gy_grains_create(gy_context *ctx, gy_comm *comm, const gy_kernel *k,
                           const gy_sync_settings *settings, int64_t n, gy_grains **out) GY_CHECKED;
void gy_grains_free(gy_grains *g);
/** Where ranks died: as gy_sync_drop() and gy_sync_remake(). */
void gy_grains_drop(gy_grains *g);
gy_status gy_grains_remake(gy_grains *g, const gy_sync_settings *settings) GY_CHECKED;
int64_t gy_grains_bytes(int64_t n);
/** Bytes that are reduced over the ranks in a step. Local. */
int64_t gy_grains_sent(int64_t n);

/** Bytes that messages have while they are under way, for plans. Local. */
int64_t gy_grains_room_bytes(const gy_grains *g);

/** Buckets of a step, and the name of the all-reduce chosen; 0 and "none" for one rank. Local. */
int gy_grains_buckets(const gy_grains *g);
const char *gy_grains_algorithm(const gy_grains *g);

/** A step begins: the sums are of nothing. Local. */
void gy_grains_begin(gy_grains *g);

/** Adds elements [from, from + n) of a grain's vector. Local. @param x  [n] */
void gy_grains_add(gy_grains *g, int64_t from, int64_t n, const float *x);

/** Sums over the ranks. Collective. @param waited_s  out: seconds it took */
gy_status gy_grains_finish(gy_grains *g, double *waited_s) GY_CHECKED;

/** After finish: y = elements [from, from + n) of the sum, rounded to float. Local. @param y  [n] */
void gy_grains_take(const gy_grains *g, int64_t from, int64_t n, float *y);

#endif
