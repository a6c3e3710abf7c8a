/*
 * Augmentation. Images are moved as they were stored, so that the zeros that come in at the border
 * are the stored ones (black); noise is added to what the model sees.
 */
#include "augment.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

bool gy_augment_moves(const gy_augment *a)
{
    return a->settings.flip || a->settings.crop_padding > 0;
}

gy_status gy_augment_init(gy_augment *a, const gy_augment_settings *settings,
                          const gy_shape *sample)
{
    *a = (gy_augment){.settings = *settings, .count = gy_shape_count(sample)};
    if (!gy_augment_moves(a)) return GY_OK;
    char text[GY_SHAPE_TEXT];
    GY_REQUIRE(sample->n == 2 || sample->n == 3, GY_E_DATA,
               "cannot augment the data" GY_AT "data.augment" GY_WHY
               "flip and crop_padding are for images and model.input is %s" GY_HINT
               "give model.input as [height, width, channels], or leave them out",
               gy_shape_text(sample, text));
    a->height = sample->d[0];
    a->width = sample->d[1];
    a->channels = sample->n == 3 ? sample->d[2] : 1;
    return GY_OK;
}

static gy_rng key_of(uint64_t seed, int64_t epoch)
{
    return (gy_rng){seed, GY_RNG_AUGMENT, (uint32_t)epoch};
}

/* Even over −p … p. */
static int64_t shift(uint32_t word, int64_t p)
{
    return (int64_t)(((uint64_t)word * (uint64_t)(2 * p + 1)) >> 32) - p;
}

void gy_augment_move(const gy_augment *a, uint64_t seed, int64_t epoch, int64_t sample, float *x,
                     float *spare)
{
    uint32_t words[4];
    gy_rng_words(key_of(seed, epoch), (uint64_t)sample, 0, words);
    const int64_t p = a->settings.crop_padding;
    const bool flip = a->settings.flip && (words[0] & 1) != 0;
    const int64_t down = shift(words[1], p), right = shift(words[2], p);
    if (!flip && down == 0 && right == 0) return;
    const int64_t h = a->height, w = a->width, c = a->channels;
    memcpy(spare, x, (size_t)a->count * sizeof *x);
    memset(x, 0, (size_t)a->count * sizeof *x);
    for (int64_t row = 0; row < h; row++) {
        int64_t from_row = row + down;
        if (from_row < 0 || from_row >= h) continue;
        for (int64_t column = 0; column < w; column++) {
            int64_t from = column + right;
            if (from < 0 || from >= w) continue;
            if (flip) from = w - 1 - from;
            memcpy(x + (row * w + column) * c, spare + (from_row * w + from) * c,
                   (size_t)c * sizeof *x);
        }
    }
}

void gy_augment_noise(const gy_augment *a, uint64_t seed, int64_t epoch, int64_t sample, float *x)
{
    if (a->settings.noise <= 0.0) return;
    const float deviation = (float)a->settings.noise;
    gy_rng key = key_of(seed, epoch);
    /* places from 1 on: place 0 moved the image. Two normals by a call (Box–Muller). */
    for (int64_t i = 0; i < a->count; i += 2) {
        uint32_t words[4];
        gy_rng_words(key, (uint64_t)sample, (uint64_t)i / 2 + 1, words);
        float u = ((float)(words[0] >> 8) + 1.0f) * 0x1p-24f; /* (0, 1] */
        float r = deviation * sqrtf(-2.0f * logf(u));
        float angle = 6.2831853f * (float)(words[1] >> 8) * 0x1p-24f;
        x[i] += r * cosf(angle);
        if (i + 1 < a->count) x[i + 1] += r * sinf(angle);
    }
}
