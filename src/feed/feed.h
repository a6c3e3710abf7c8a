/**
 * The feed: the samples of a run, opened, split, loaded; whether they fit a network; and a part of them
 * passed through one.
 */
#ifndef GY_FEED_FEED_H
#define GY_FEED_FEED_H

#include "base/buffer.h"
#include "config/config.h"
#include "network/network.h"

typedef enum gy_part { GY_PART_TRAIN, GY_PART_VALIDATION, GY_PART_TEST, GY_PARTS } gy_part;
extern const char *const gy_part_names[GY_PARTS];

/** What an earlier training source taught, as kept in checkpoints; NULL: not known. */
typedef struct gy_taught {
    const char *fit, *normalizer;
} gy_taught;

/** Samples as they were read, or given. */
typedef struct gy_feed_values {
    const int64_t *samples; /* [n] numbers in the source, for messages; NULL: 0, 1, … */
    int64_t n;
    const float *x, *y, *w; /* [n, …]; y, w NULL: none */
} gy_feed_values;

/** Where such come from, and how many numbers a sample has in each. */
typedef struct gy_feed_origin {
    const char *text;
    int64_t x, y, w;
} gy_feed_origin;

typedef struct gy_feed {
    gy_context *ctx;
    gy_comm *comm;
    const gy_config *config;
    gy_shape input;              /* of the model */
    int x_axes, y_axes;          /* for gy_source_options */
    bool grids;                  /* the model has layers of two axes or three */
    int64_t vocabulary;          /* of the model's embedding; 0: no tokens */
    gy_target target;            /* what targets must be; VALUE: whatever they are */
    int64_t classes;             /* that they must be below where they are classes */
    const char *text[GY_PARTS];  /* source strings; NULL: none */
    gy_source *source[GY_PARTS]; /* one each: a loader's thread reads alone */
    gy_split split[GY_PARTS];
    int64_t *fold[GY_PARTS]; /* what a split of data.fold points to */
    gy_loader *loader[GY_PARTS];
    bool warned[GY_PARTS];    /* of chunks: once, however often it is loaded */
    gy_tasks tasks[GY_PARTS]; /* where loaded by tasks */
    gy_normalizer normalizer;
    bool normalizes;
    bool is_given; /* samples are not read: what they teach comes with them, if it is not known */
    gy_normalizer unit;    /* of targets, for the loss; n = 0: their own */
    double *class_weights; /* [n_class_weights], where all classes are to count alike; NULL: not */
    int64_t n_class_weights;
    const gy_class_settings *by_class; /* of the loss; NULL: it takes none */
    char *fit;                         /* JSON */
} gy_feed;

/** A feed of nothing yet, for a network. Local. */
void gy_feed_init(gy_feed *f, gy_context *ctx, gy_comm *comm, const gy_config *config,
                  const gy_net *network);
/** The source of a part, as the configuration names it; NULL: there is none. Local. */
const char *gy_feed_name(const gy_config *config, gy_part part);

/**
 * Opens the sources of a configuration whose names stand in feed->text. Collective.
 * @param taught  of a checkpoint; fields NULL: learned from the training source
 */
gy_status gy_feed_open(gy_feed *f, const gy_taught *taught) GY_CHECKED;
/**
 * Compares what ranks found: samples, shapes, classes, some values, what was learned. Collective; before
 * anything in which a rank that read other files would be waited for. GY_E_DATA naming such a rank.
 */
gy_status gy_feed_compare(const gy_feed *f) GY_CHECKED;
/**
 * Makes the network's task that of a part's targets, which must be of the kind that its loss is for, and
 * the outputs enough for them. Local.
 */
gy_status gy_feed_aim(gy_feed *f, gy_net *network, gy_part part) GY_CHECKED;
/** The same of targets of such a shape, that are no part's. Local. */
gy_status gy_feed_aim_at(gy_feed *f, gy_net *network, const gy_shape *target) GY_CHECKED;
/** Gives the task what the training split taught: the unit of targets, weights of classes. Local. */
gy_status gy_feed_teach(const gy_feed *f, gy_net *network) GY_CHECKED;
/** Makes the loader of a part: shuffled, augmented and prefetched as training needs it. Local. */
gy_status gy_feed_load(gy_feed *f, gy_part part, int64_t batch) GY_CHECKED;
/**
 * The same by tasks (section `meta`): of training a batch is this rank's part of meta.tasks of them, else
 * one of them, whole. Local.
 */
gy_status gy_feed_load_tasks(gy_feed *f, gy_part part) GY_CHECKED;
/** Checks all samples of small sources, before anything is written. Collective. */
gy_status gy_feed_scan(gy_feed *f) GY_CHECKED;
/** Checks that tokens and classes are such as the model can take. Local. */
gy_status gy_feed_check(const gy_feed *f, gy_part part, const gy_feed_values *v) GY_CHECKED;
gy_status gy_feed_check_values(const gy_feed *f, const gy_feed_origin *from,
                               const gy_feed_values *v) GY_CHECKED;
gy_status gy_feed_check_batch(const gy_feed *f, gy_part part, const gy_batch *batch) GY_CHECKED;
void gy_feed_clear(gy_feed *f);

/** A batch as a network takes it. Local. */
gy_samples gy_feed_samples(const gy_batch *batch);
/**
 * Loss and metrics over a part, all ranks' sums together; the network's memory is planned for it. Collective.
 *
 * @param step   for the watchdog: updates done
 * @param tally  out: [task.sums]
 */
gy_status gy_feed_evaluate(gy_feed *f, gy_net *network, gy_part part, int64_t step,
                           double *tally) GY_CHECKED;
/** Adds a tally's rows [network->rows, task.sums] of all ranks, row by row. Collective. */
gy_status gy_feed_sum_rows(gy_feed *f, const gy_net *network, double *rows) GY_CHECKED;

const gy_source_info *gy_feed_info(const gy_feed *f, gy_part part); /* NULL: no such part */
/** What was learned in numbers, as JSON: the normaliser, the targets' unit, weights of classes. Local. */
gy_status gy_feed_take_normalizer(gy_feed *f, const char *json) GY_CHECKED;
void gy_feed_print_normalizer(const gy_feed *f, gy_buffer *out);
/** Class names as a JSON list; "" where there are none. */
void gy_feed_print_classes(const gy_feed *f, gy_buffer *out);

#endif
