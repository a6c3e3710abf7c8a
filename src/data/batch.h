/** Batches of an epoch and how one is made. Inside data only; no thread of its own. */
#ifndef GY_DATA_BATCH_H
#define GY_DATA_BATCH_H

#include "augment.h"
#include "data.h"
#include "epoch.h"

/** What makes a rank's parts of batches, of one loader. */
typedef struct gy_batcher {
    gy_loader_spec spec;
    gy_augment augment;
    gy_epoch order;
    int64_t samples, batches;          /* of an epoch */
    int64_t most;                      /* samples of this rank in any batch */
    int64_t x_count, y_count, w_count; /* elements of a sample */
    float *spare;                      /* [x_count] where images are moved */
} gy_batcher;

/** A place for a made batch. */
typedef struct gy_batch_slot {
    gy_batch batch;
    int64_t *samples; /* [most] */
    float *x, *y, *w; /* [most, …]; y, w are NULL where there are none */
    gy_status status; /* of making it */
    gy_error error;
} gy_batch_slot;

/** GY_E_DATA where shapes do not fit or an epoch would have no batch. */
gy_status gy_batcher_init(gy_batcher *b, gy_context *ctx, const gy_loader_spec *spec) GY_CHECKED;
void gy_batcher_clear(gy_batcher *b, gy_context *ctx);

gy_status gy_batch_slot_init(gy_batch_slot *slot, gy_context *ctx, const gy_batcher *b) GY_CHECKED;
void gy_batch_slot_clear(gy_batch_slot *slot, gy_context *ctx);

/** Fills a slot with batch `index` of `epoch` but its first `skip` samples, status and error included. */
void gy_batcher_make(gy_batcher *b, int64_t epoch, int64_t index, int64_t skip,
                     gy_batch_slot *slot);

#endif
