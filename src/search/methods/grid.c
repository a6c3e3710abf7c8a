/* grid: every combination, the last key running fastest; of numbers so many, evenly spaced, both ends among them.
 * Points that are not allowed are passed over. */
#include "../search_list.h"

#include <math.h>

typedef struct grid_settings {
    int64_t points;
} grid_settings;

static int64_t points_of(const gy_search *s, const gy_axis *range)
{
    int64_t points = ((const grid_settings *)s->settings)->points;
    if (range->kind == GY_AXIS_CHOICE) return range->n;
    if (range->kind == GY_AXIS_INTEGER && range->high - range->low + 1 < (double)points)
        points = (int64_t)(range->high - range->low) + 1;
    return range->low == range->high ? 1 : points;
}

static double place_of(const gy_axis *range, int64_t point, int64_t points)
{
    if (range->kind == GY_AXIS_CHOICE) return (double)point;
    const double at = points == 1 ? 0 : (double)point / (double)(points - 1);
    if (range->kind != GY_AXIS_INTEGER) return at;
    return gy_axis_place(range, round(range->low + at * (range->high - range->low)));
}

/* Combination `number`; false where there are fewer. */
static bool combine(const gy_search *s, int64_t number, gy_point *out)
{
    for (int i = s->space->n - 1; i >= 0; i--) {
        const gy_axis *range = &s->space->v[i];
        const int64_t points = points_of(s, range);
        out->at[i] = place_of(range, number % points, points);
        number /= points;
    }
    return number == 0;
}

/* Trials bear the numbers of their combinations. */
static gy_status next(const gy_search *s, int64_t seen, gy_search_job *out, bool *found)
{
    int64_t number = s->n == 0 ? 0 : s->jobs[s->n - 1].trial + 1;
    (void)seen;
    for (bool allowed = false; !allowed; number++) {
        *found = combine(s, number, &out->point);
        if (!*found) return GY_OK;
        allowed = true;
        if (s->allows != NULL) GY_TRY(s->allows(s->user, &out->point, &allowed));
        out->trial = number;
    }
    return GY_OK;
}

static const gy_setting rows[] = {{.key = "points",
                                   .type = GY_SETTING_INT,
                                   .offset = offsetof(grid_settings, points),
                                   .standard = "5",
                                   .min = 2,
                                   .max = 10000,
                                   .help = "of each range of numbers"},
                                  GY_SETTING_END};

const gy_search_kind gy_search_grid = {.kind = {.name = "grid",
                                                .help = "all combinations",
                                                .settings = rows,
                                                .settings_size = sizeof(grid_settings)},
                                       .spaced = true,
                                       .next = next};
