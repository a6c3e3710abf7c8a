/**
 * Data: sources of samples, which samples a rank takes when, and the batches made of them.
 *
 *     source ("digits.h5:/train")  → opened by a format kind, read by sample number
 *     split (split.h)              → train and validation as fixed, seeded parts of one source
 *     loader                       → this rank's part of each global batch, made ahead by a thread
 *
 * Everything is float32 in memory: classes and tokens are whole numbers, exact below 2^24.
 * All functions are local, each rank reads for itself; files must be the same for all.
 */
#ifndef GY_DATA_DATA_H
#define GY_DATA_DATA_H

#include "base/registry.h"
#include "base/setting.h"
#include "base/part.h"
#include "base/shape.h"
#include "split.h"
#include "store/file.h"

typedef enum gy_normalize {
    GY_NORMALIZE_NONE,
    GY_NORMALIZE_PER_FEATURE,
    GY_NORMALIZE_PER_CHANNEL,
    GY_NORMALIZE_GLOBAL
} gy_normalize;

typedef enum gy_token_kind {
    GY_TOKEN_BYTES,
    GY_TOKEN_CHARS,
    GY_TOKEN_WORDS,
    GY_TOKEN_BPE
} gy_token_kind;

/** Names of the kinds of normalisation and of tokens, NULL-terminated. */
extern const char *const gy_normalize_names[];
extern const char *const gy_token_names[];

/** Orders of the training samples. */
typedef enum gy_shuffle { GY_SHUFFLE_NONE, GY_SHUFFLE_ALL, GY_SHUFFLE_CHUNKS } gy_shuffle;

typedef struct gy_augment_settings {
    bool flip;
    int64_t crop_padding;
    double noise;
} gy_augment_settings;

/** The section `data`. */
typedef struct gy_data_settings {
    const char *train, *validation, *test; /* sources; NULL: none */
    double validation_fraction;
    const char *fold; /* "2/5"; NULL: none */
    bool fold_stratified;
    int shuffle; /* gy_shuffle */
    bool drop_last;
    double scale, offset;
    int normalize, normalize_targets; /* gy_normalize */
    gy_augment_settings augment;
    int64_t sequence;      /* text: tokens a sample */
    int tokens;            /* text: gy_token_kind */
    const char *tokenizer; /* bpe: a folder; NULL: none */
} gy_data_settings;

extern const gy_setting gy_data_setting_rows[];

typedef enum gy_column_use {
    GY_COLUMN_INPUT,
    GY_COLUMN_TARGET,
    GY_COLUMN_WEIGHT,
    GY_COLUMN_GROUP
} gy_column_use;

/** A column of a table. */
typedef struct gy_column {
    const char *name; /* of the header, else its number */
    bool named;       /* by the header */
    int64_t index;    /* in the file */
    gy_column_use use;
    bool known; /* from the training file */
    bool is_text;
    const char *const *values; /* of text: [n_values], sorted */
    int64_t n_values;
    double mean;           /* of numbers: stands for missing ones */
    double least, largest; /* of numbers, in this file */
    int64_t missing;       /* cells that hold nothing, in this file */
} gy_column;

enum { GY_KEPT_BYTES = 1 << 28 }; /* of packed samples that all ranks together keep unpacked */

/** Samples that are stored together. */
typedef struct gy_source_chunk {
    int64_t samples; /* of a whole one; 1: each by itself */
    int64_t bytes;   /* that one takes in memory */
    bool packed;     /* reading one of them unpacks all */
} gy_source_chunk;

/** What a source holds; owned by the source. */
typedef struct gy_source_info {
    const char *format; /* the kind's name */
    int64_t samples;
    gy_shape x, y;                  /* of one sample; y.n = 0: one number a sample */
    bool supervised;                /* there is a y */
    bool weighted;                  /* there are weights */
    bool grouped;                   /* samples belong to groups */
    gy_shape w;                     /* of one sample: those of the first axes of y */
    bool y_is_class;                /* y is whole numbers, 0 … classes − 1 */
    int64_t classes;                /* of y where y_is_class and known, else 0 */
    const char *const *class_names; /* [classes] or NULL */
    bool x_is_tokens;               /* x is whole numbers, 0 … vocabulary − 1 */
    int64_t vocabulary;
    bool as_stored;     /* nobody said whether channels stand first or last in x */
    const char *x_type; /* "uint8", "float32", …: as stored */
    bool ordered;       /* samples follow each other in time: split by time, not at random */
    gy_source_chunk chunk;
    int64_t overlap;          /* then: a sample shares rows of its target with so many after it */
    const gy_column *columns; /* [n_columns] of a table, those of x first; else none */
    int64_t n_columns;
} gy_source_info;

/**
 * Where a source string is opened for: settings that concern it, and what the training split taught
 * (dictionaries, vocabulary, class names) as JSON, kept in checkpoints.
 */
typedef struct gy_source_options {
    int64_t sequence;      /* text */
    int tokens;            /* text: gy_token_kind */
    const char *tokenizer; /* bpe: a folder; NULL: fit has it */
    const char *fit;       /* by gy_source_fit of the training source; NULL: this is that source */
    bool ignores;          /* targets of `ignored` are no classes, and not looked at */
    int64_t ignored;
    int x_axes, y_axes; /* the network's, channels among them; 0: not known, −1: no channels */
} gy_source_options;

/** A parsed source string `PATH[:GROUP][?key=value&…]`; for format kinds. */
typedef struct gy_source_text {
    const char *text; /* the whole string */
    const char *path; /* the first file */
    const char *const
        *files; /* [n_files] all: what commas part, globs in the order of their names */
    int n_files;
    const char *group;  /* after ":" and beginning with "/", NULL without */
    const char *scheme; /* "synthetic", "series"; NULL without */
    int n;              /* options of the query */
    const char *const *keys, *const *values;
} gy_source_text;

typedef struct gy_format_kind {
    gy_kind kind; /* settings: the query's keys */
    const char *example;
    const char *scheme; /* used where the string begins with it; NULL: by content */

    /** From the first 64 KiB of a file (uncompressed): 0 no … 100 certain. NULL for schemes. */
    int (*probe)(const char *path, const void *head, size_t n);

    /**
     * state and info->… live in pool or are freed by close, which is called whenever *state was
     * set, after a failure too. settings: filled by kind.settings, in pool.
     */
    gy_status (*open)(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info);

    /** Samples by number, any order; x [n, x…], y [n, y…] or NULL. Values are checked by the caller. */
    gy_status (*read)(void *state, const int64_t *index, int64_t n, float *x, float *y);

    /** Weights by number; NULL: it never has any. Values are checked by the caller. */
    gy_status (*weigh)(void *state, const int64_t *index, int64_t n, float *w);

    /** The groups that samples belong to, by number; NULL: it never has any. */
    gy_status (*belong)(void *state, const int64_t *index, int64_t n, int64_t *group);

    /** The samples that are stored together with one, in their order; NULL: each by itself. */
    void (*chunk)(const void *state, int64_t sample, int64_t *first, int64_t *n);

    /** Keeps what is unpacked of so many samples, read back and forth; may be NULL. */
    gy_status (*keep)(void *state, int64_t samples);

    /**
     * Learns means again from the training split alone; may be NULL. Not
     * called where options.fit was given.
     */
    gy_status (*learn)(void *state, const gy_split *split);

    /** Appends what it learned as JSON members (inside an object begun by the caller); may be NULL. */
    void (*fit)(const void *state, gy_buffer *json);

    void (*close)(void *state);
} gy_format_kind;

extern const gy_registry gy_format_registry;

static inline const gy_format_kind *gy_format_kind_of(const gy_kind *kind)
{
    return (const gy_format_kind *)kind;
}

/**
 * Opens a source. Its format is known by content, or given as `?format=NAME`.
 *
 * @param options  NULL: no fit, 256 bytes a sample of text; strings need not outlive the call
 * @return GY_OK; GY_E_DATA naming the source; GY_E_NOMEM. Free with gy_source_close()
 */
gy_status gy_source_open(gy_context *ctx, const char *text, const gy_source_options *options,
                         gy_source **out) GY_CHECKED;
void gy_source_close(gy_source *s);
const gy_source_info *gy_source_get_info(const gy_source *s);
const char *gy_source_get_text(const gy_source *s); /* for messages */
/** @return GY_OK; GY_E_USAGE where an output would replace a file of the source */
gy_status gy_source_spare(const gy_source *s, const gy_output *output) GY_CHECKED;

/** GY_E_DATA naming both shapes unless samples are like `input` (but for axes of 1) or flat. */
gy_status gy_source_check_shape(const gy_source *s, const gy_shape *input) GY_CHECKED;
/** GY_E_DATA where x looks as if channels stood first, and nobody said that they do not. */
gy_status gy_source_check_layout(const gy_source *s) GY_CHECKED;

/**
 * Checks every value: GY_E_DATA naming the sample where x or y is not finite, a class out of range or a
 * weight below 0. Where there are weights, y is looked at with them alone, and where they are not 0.
 *
 * @param x     [n, …]
 * @param y, w  [n, …]; NULL: not wanted
 */
gy_status gy_source_read_weighted(gy_source *s, const int64_t *index, int64_t n, float *x, float *y,
                                  float *w) GY_CHECKED;
/** The same without weights. */
gy_status gy_source_read(gy_source *s, const int64_t *index, int64_t n, float *x,
                         float *y) GY_CHECKED;

/** The groups of samples, of a source that has them. */
gy_status gy_source_groups(gy_source *s, const int64_t *index, int64_t n,
                           int64_t *group) GY_CHECKED;

/** The samples [first, first + n) that are stored together with one. */
void gy_source_chunk_of(const gy_source *s, int64_t sample, int64_t *first, int64_t *n);
/** Says how many samples reading goes back and forth among, so that packed ones are unpacked once. */
gy_status gy_source_keep(gy_source *s, int64_t samples) GY_CHECKED;
/** How often a chunk is unpacked in an epoch of samples that are drawn one by one. */
double gy_source_unpacked(const gy_source_info *info, int ranks);

/**
 * Tells a training source which of its samples train, where that is not all of them: what fills
 * missing numbers is then learned from these alone. Before the first read of them, if at all.
 */
gy_status gy_source_learn(gy_source *s, const gy_split *split) GY_CHECKED;

/** What the source learned, as a JSON object, for gy_source_options.fit and checkpoints. */
gy_status gy_source_fit(const gy_source *s, gy_buffer *json) GY_CHECKED;

/** What a tokenizer's folder teaches, as gy_source_fit() has it of a text that was cut by it. */
gy_status gy_tokenizer_fit(gy_context *ctx, const char *folder, gy_buffer *json) GY_CHECKED;

/** The tokens of a text that a model was trained on. */
typedef struct gy_vocabulary gy_vocabulary;

/**
 * From what the training source taught, as gy_source_fit() has it.
 *
 * @return GY_OK; GY_E_DATA where it was no text; GY_E_NOMEM. Free with gy_vocabulary_free()
 */
gy_status gy_vocabulary_create(gy_context *ctx, const char *fit, gy_vocabulary **out) GY_CHECKED;
void gy_vocabulary_free(gy_vocabulary *v);
int64_t gy_vocabulary_size(const gy_vocabulary *v);

/** The token that stands for all words that the training text did not have; −1: none. */
int64_t gy_vocabulary_unknown(const gy_vocabulary *v);

/**
 * Cuts a text (UTF-8, closed by zero) into tokens.
 *
 * @param what  names the text in messages
 * @param out   [n] free with gy_free()
 * @return GY_OK; GY_E_DATA naming the character that is not in the vocabulary; GY_E_NOMEM
 */
gy_status gy_vocabulary_read(const gy_vocabulary *v, const char *what, const char *text,
                             int32_t **out, int64_t *n) GY_CHECKED;

/** Appends a token's text; between words there is a blank. `before`: the token before, −1: none. */
void gy_vocabulary_print(const gy_vocabulary *v, int64_t token, int64_t before, gy_buffer *out);

/** Means and deviations learned from the training split; kept in checkpoints. */
typedef struct gy_normalizer {
    gy_normalize kind;
    int64_t n;               /* elements of mean and deviation: features, channels or 1 */
    float *mean, *deviation; /* [n]; owned */
    double scale, offset;    /* applied first: (x + offset) scale */
} gy_normalizer;

/** What is learned: of x, or of targets, whose scale is 1 and offset 0. */
typedef struct gy_normalizing {
    gy_normalize kind;
    bool targets;
    double scale, offset;
    const gy_shape *shape; /* of a sample as the model has it: says what a channel is */
} gy_normalizing;

/**
 * Learns from a split, rank `rank` of `ranks` reading its part of fixed blocks; `sum` adds doubles
 * over ranks so that the result is the same bits on any number of ranks. Collective where sum is.
 *
 * @param sum    NULL where ranks is 1
 * @return GY_OK; GY_E_DATA; GY_STOPPED on a rank that is well where another is not (agree on it)
 */
gy_status gy_normalizer_learn(gy_context *ctx, const gy_normalizing *what, gy_source *source,
                              const gy_split *split, int rank, int ranks,
                              gy_status (*sum)(void *user, double *values, int n), void *user,
                              gy_normalizer *out) GY_CHECKED;
void gy_normalizer_clear(gy_context *ctx, gy_normalizer *n);
/** How many means and deviations a kind has of samples of such a shape; 0: none. */
int64_t gy_normalizer_size(gy_normalize kind, const gy_shape *shape);
/** x [n, features] in place. Tokens are left alone by the caller. */
void gy_normalizer_apply(const gy_normalizer *n, int64_t samples, int64_t features, float *x);

/** This rank's part of a global batch. */
typedef struct gy_batch {
    int64_t epoch, index;   /* batch of the epoch, from 0 */
    int64_t global;         /* samples of the global batch */
    int64_t first;          /* of this rank's part within it */
    int64_t n;              /* of this rank's part; may be 0 */
    const int64_t *samples; /* [n] numbers in the source, for messages */
    float *x, *y, *w; /* [n, …]; y, w NULL: none; owned by the loader, until the next call */
    double waited_s;  /* that the caller waited for it */
} gy_batch;

typedef struct gy_loader_spec {
    gy_source *source; /* not owned; used by the loader's thread alone from now on */
    gy_split split;
    const gy_normalizer *normalizer; /* NULL: none */
    gy_augment_settings augment;     /* all off for evaluation */
    gy_shape input; /* of the model: samples must be alike or flat with as many elements */
    gy_shuffle shuffle;
    bool drop_last;
    uint64_t seed;
    int64_t batch; /* global */
    int rank, ranks;
    int grains;            /* > 0: cuts between ranks fall between so many grains of a batch */
    bool prefetch;         /* a thread makes the next batch meanwhile */
    const gy_tasks *tasks; /* batches are of whole tasks, in turn; NULL: of samples. Not owned */
    int64_t task_samples;  /* that are drawn of each; the batch is a multiple */
} gy_loader_spec;

typedef struct gy_loader gy_loader;

/** GY_E_DATA where shapes do not fit or an epoch would have no batch. */
gy_status gy_loader_create(gy_context *ctx, const gy_loader_spec *spec, gy_loader **out) GY_CHECKED;
void gy_loader_free(gy_loader *l);
int64_t gy_loader_batches(const gy_loader *l); /* an epoch */
/** Numbers in the source of samples [first, first + n) of an epoch, all ranks'; for messages. */
void gy_loader_samples(gy_loader *l, int64_t epoch, int64_t first, int64_t n, int64_t *out);
/** Where to go on: batch `index` of `epoch`. */
gy_status gy_loader_seek(gy_loader *l, int64_t epoch, int64_t index) GY_CHECKED;
/** The same at any sample of an epoch: within a batch, the next one is what is left of it. */
gy_status gy_loader_seek_sample(gy_loader *l, int64_t epoch, int64_t sample) GY_CHECKED;
/** The next batch; after an epoch's last the next epoch's first. Allocates nothing. */
gy_status gy_loader_next(gy_loader *l, gy_batch *out) GY_CHECKED;

/** A rank's part (base/part.h) in whole grains: n samples are cut into `grains` parts, and these among the ranks. 0: by
 * samples. */
void gy_part_of_grains(int64_t n, int grains, int rank, int ranks, int64_t *first, int64_t *count);

#endif
