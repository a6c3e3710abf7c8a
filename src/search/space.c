/*
 * Points of a space. Within a range a number is a place from 0 to 1, evenly so: of a log_uniform its logarithm, of
 * an integer its rank. What is printed is rounded to six digits, and that is what a trial gets.
 */
#include "space.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const gy_axis_kind_names[] = {"choice", "uniform", "log_uniform", "integer", NULL};

/* Of which of n even parts a place is. */
static double part_of(double place, double n)
{
    const double part = floor(place * n);
    return part < 0 ? 0 : part > n - 1 ? n - 1 : part;
}

gy_point gy_space_draw(const gy_space *space, uint64_t seed, int64_t number, int attempt)
{
    gy_point point = {{0}};
    for (int i = 0; i < space->n; i++) {
        const gy_rng key = {seed, GY_RNG_SEARCH, (uint32_t)i};
        const double u = gy_rng_uniform(key, (uint64_t)number, (uint64_t)attempt);
        const gy_axis *range = &space->v[i];
        point.at[i] = range->kind == GY_AXIS_CHOICE ? part_of(u, range->n) : u;
    }
    return point;
}

double gy_axis_number(const gy_axis *range, double at)
{
    switch (range->kind) {
    case GY_AXIS_UNIFORM:
        return range->low + at * (range->high - range->low);
    case GY_AXIS_LOG_UNIFORM:
        return exp(log(range->low) + at * (log(range->high) - log(range->low)));
    case GY_AXIS_INTEGER:
        return range->low + part_of(at, range->high - range->low + 1);
    default:
        return at;
    }
}

double gy_axis_place(const gy_axis *range, double number)
{
    double at = number;
    if (range->kind == GY_AXIS_CHOICE) return fmin(fmax(number, 0), range->n - 1);
    if (range->kind == GY_AXIS_INTEGER) /* the middle of its part */
        at = (number - range->low + 0.5) / (range->high - range->low + 1);
    if (range->kind == GY_AXIS_UNIFORM && range->high > range->low)
        at = (number - range->low) / (range->high - range->low);
    if (range->kind == GY_AXIS_LOG_UNIFORM && range->high > range->low)
        at = (log(number) - log(range->low)) / (log(range->high) - log(range->low));
    return isfinite(at) ? fmin(fmax(at, 0), 1) : 0;
}

void gy_axis_print(const gy_axis *range, double at, gy_buffer *out)
{
    if (range->kind == GY_AXIS_CHOICE)
        gy_buffer_add(out, range->values[(int)at]);
    else if (range->kind == GY_AXIS_INTEGER)
        gy_buffer_format(out, "%.0f", gy_axis_number(range, at));
    else
        gy_buffer_format(out, "%.6g", gy_axis_number(range, at));
}

void gy_point_print(const gy_space *space, const gy_point *point, gy_buffer *out)
{
    for (int i = 0; i < space->n; i++) {
        gy_buffer_format(out, "%s%s=", i == 0 ? "" : " ", space->v[i].key);
        gy_axis_print(&space->v[i], point->at[i], out);
    }
}

bool gy_point_is_same(const gy_space *space, const gy_point *a, const gy_point *b)
{
    for (int i = 0; i < space->n; i++) {
        const gy_axis *range = &space->v[i];
        char x[32], y[32];
        (void)snprintf(x, sizeof x, "%.6g", gy_axis_number(range, a->at[i]));
        (void)snprintf(y, sizeof y, "%.6g", gy_axis_number(range, b->at[i]));
        if (strcmp(x, y) != 0) return false;
    }
    return true;
}
