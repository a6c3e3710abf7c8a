/*
 * Parts of a source, and ranks' parts of a batch. A fractional split is a stretch of one keyed
 * permutation, so it takes no memory and is the same everywhere.
 */
#include "data.h"

#include "base/rng.h"

#include <math.h>

gy_split gy_split_all(int64_t samples)
{
    return (gy_split){.samples = samples, .total = samples};
}

/* Samples that validate: round(fraction · samples), at least 1. */
static int64_t validating(int64_t samples, double fraction)
{
    int64_t n = llround(fraction * (double)samples);
    if (n < 1) n = 1;
    return n < samples ? n : samples;
}

void gy_split_fraction(int64_t samples, double fraction, uint64_t seed, gy_split *train,
                       gy_split *validation)
{
    int64_t n = validating(samples, fraction);
    gy_split whole = {.samples = samples, .total = samples, .permuted = true, .seed = seed};
    *train = *validation = whole;
    train->samples = samples - n;
    validation->first = samples - n;
    validation->samples = n;
}

void gy_split_time(int64_t samples, double fraction, int64_t overlap, gy_split *train,
                   gy_split *validation)
{
    int64_t n = validating(samples, fraction);
    *train = *validation = gy_split_all(samples);
    train->samples = samples - n > overlap ? samples - n - overlap : 0;
    validation->first = samples - n;
    validation->samples = n;
}

void gy_split_source(const gy_source_info *info, double fraction, uint64_t seed, gy_split *train,
                     gy_split *validation)
{
    if (info->ordered)
        gy_split_time(info->samples, fraction, info->overlap, train, validation);
    else
        gy_split_fraction(info->samples, fraction, seed, train, validation);
}

int64_t gy_split_at(const gy_split *split, int64_t i)
{
    int64_t place = split->first + i;
    if (split->list != NULL) return split->list[place];
    if (split->gap > 0 && place >= split->gap_at) place += split->gap;
    if (!split->permuted) return place;
    return gy_rng_permute((gy_rng){split->seed, GY_RNG_SPLIT, 0}, place, split->total);
}

bool gy_split_is_drawn(const gy_split *split)
{
    return split->permuted || split->list != NULL || split->gap > 0;
}

void gy_part_of_grains(int64_t n, int grains, int rank, int ranks, int64_t *first, int64_t *count)
{
    int64_t from, of_rank, start, end, last;
    if (grains == 0) {
        gy_part_of(n, rank, ranks, first, count);
        return;
    }
    *first = *count = 0;
    gy_part_of(grains, rank, ranks, &from, &of_rank);
    if (of_rank == 0) return;
    gy_part_of(n, (int)from, grains, &start, &last);
    gy_part_of(n, (int)(from + of_rank - 1), grains, &end, &last);
    *first = start;
    *count = end + last - start;
}
