/** A space of configurations: ranges of settings, and points in it. Local. */
#ifndef GY_SEARCH_SPACE_H
#define GY_SEARCH_SPACE_H

#include "base/buffer.h"
#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum { GY_AXES = 32 };

typedef enum gy_axis_kind {
    GY_AXIS_CHOICE,
    GY_AXIS_UNIFORM,
    GY_AXIS_LOG_UNIFORM,
    GY_AXIS_INTEGER
} gy_axis_kind;

/** Names of the kinds, in their order, NULL-terminated. */
extern const char *const gy_axis_kind_names[];

/** What one setting may be. */
typedef struct gy_axis {
    const char *key; /* model.layers.0.dense.units */
    gy_axis_kind kind;
    double low, high;          /* of numbers, both included */
    const char *const *values; /* [n] of a choice, each as --set takes it */
    int n;
} gy_axis;

typedef struct gy_space {
    const gy_axis *v; /* [n] */
    int n;
} gy_space;

/** A point: of numbers the place between low (0) and high (1), of choices which. */
typedef struct gy_point {
    double at[GY_AXES];
} gy_point;

/** A point drawn evenly: the same for the same seed, number and attempt. */
gy_point gy_space_draw(const gy_space *space, uint64_t seed, int64_t number, int attempt);

/** The number that a point has in a range; of a choice which. */
double gy_axis_number(const gy_axis *range, double at);
/** The place of a number in a range, cut to it. */
double gy_axis_place(const gy_axis *range, double number);

/** Appends the value of a range at a point, as --set takes it. */
void gy_axis_print(const gy_axis *range, double at, gy_buffer *out);
/** Appends "key=value key=value". */
void gy_point_print(const gy_space *space, const gy_point *point, gy_buffer *out);
/** Whether two points have the same values. */
bool gy_point_is_same(const gy_space *space, const gy_point *a, const gy_point *b);

#endif
