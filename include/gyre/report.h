/** Pictures of runs, from what they wrote down. */
#ifndef GYRE_REPORT_H
#define GYRE_REPORT_H

#include <gyre/portrait.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What lies along the axis of pictures. */
typedef enum gy_against { GY_AGAINST_STEP, GY_AGAINST_EPOCH, GY_AGAINST_TIME } gy_against;

typedef struct gy_plot_options {
    const char
        *path;   /* .svg or .png, replaced; NULL: drawn in text to standard output, by gnuplot */
    int columns; /* of that text */
    gy_against against;
    const char
        *curves; /* the names of those to be drawn, with commas: "validation loss"; NULL: all */
} gy_plot_options;

/**
 * Draws the curves of one or more runs by gnuplot: losses, metrics, learning rate, gradient norm,
 * throughput, phases. What differs in their configurations is the legend. Local.
 *
 * @param runs  [n] directories of runs, n ≥ 1
 * @return GY_OK; GY_E_USAGE for a path that is neither, where a run has written nothing down, and where no
 *         curve has such a name;
 *         GY_E_IO where gnuplot is missing or fails; GY_E_NOMEM
 */
GY_API gy_status gy_plot(gy_context *ctx, const char *const *runs, int n,
                         const gy_plot_options *options) GY_CHECKED;

/**
 * Draws what gy_find_learning_rate() wrote, in text to standard output, by gnuplot. Local.
 *
 * @param path  the learning_rate.jsonl of a run
 * @return GY_OK; GY_E_IO where it cannot be read, or gnuplot is missing or fails; GY_E_NOMEM
 */
GY_API gy_status gy_plot_rates(gy_context *ctx, const char *path, int columns) GY_CHECKED;

/**
 * Writes a page (HTML) that shows one or more runs and needs nothing from elsewhere: curves, configuration,
 * parameters, answers, phases, checkpoints. Local.
 *
 * @param runs       [n] directories of runs, n ≥ 1
 * @param portraits  [n] by gy_portrait_create()
 * @param path       replaced
 * @return GY_OK; GY_E_USAGE where a run has written nothing down; GY_E_IO; GY_E_NOMEM
 */
GY_API gy_status gy_portraits_write(gy_context *ctx, const char *const *runs,
                                    const gy_portrait *const *portraits, int n,
                                    const char *path) GY_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
