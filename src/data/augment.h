/** Training samples changed at random, drawn from (seed, epoch, sample). Inside data only. */
#ifndef GY_DATA_AUGMENT_H
#define GY_DATA_AUGMENT_H

#include "data.h"

typedef struct gy_augment {
    gy_augment_settings settings;
    int64_t height, width, channels; /* of an image; 0 where nothing is moved */
    int64_t count;                   /* elements of a sample */
} gy_augment;

/** GY_E_DATA where images are to be moved and samples are none. */
gy_status gy_augment_init(gy_augment *a, const gy_augment_settings *settings,
                          const gy_shape *sample) GY_CHECKED;

/** Mirrors and shifts x [H, W, C], before scaling. @param spare [H, W, C] */
void gy_augment_move(const gy_augment *a, uint64_t seed, int64_t epoch, int64_t sample, float *x,
                     float *spare);

/** Adds noise to x [count], after normalising. */
void gy_augment_noise(const gy_augment *a, uint64_t seed, int64_t epoch, int64_t sample, float *x);

bool gy_augment_moves(const gy_augment *a);

#endif
