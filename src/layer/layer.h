/**
 * Layers: what a kind of layer is, what the configuration says of one (gy_layer_spec), and what a
 * running one is (gy_layer).
 *
 * A kind either *runs* (shape, forward, backward) or *expands* into others (residual, repeat,
 * transformer_block); the model is built by calling these and is then a list of running layers.
 * A kind is one file in kinds/ and one line in layer_list.h.
 *
 * In comments: B batch, T time, H W C an image, n features. `d` begins the name of a gradient.
 */
#ifndef GY_LAYER_LAYER_H
#define GY_LAYER_LAYER_H

#include "base/count.h"
#include "base/param.h"
#include "base/registry.h"
#include "base/setting.h"
#include "form/form.h"
#include "init.h"
#include "kernel/activation.h"
#include "kernel/kernel.h"

typedef struct gy_layer_kind gy_layer_kind;
typedef struct gy_layer gy_layer;
typedef struct gy_builder gy_builder; /* the model's side of expand(), see builder.h */

/** Lists of layers as configured; the value of GY_SETTING_LAYERS and GY_SETTING_BRANCHES. */
typedef struct gy_layer_specs {
    const struct gy_layer_spec *v; /* [n] */
    int n;
} gy_layer_specs;

typedef struct gy_layer_branches {
    const gy_layer_specs *v; /* [n] */
    int n;
} gy_layer_branches;

/** The settings that every kind takes beside its own; rows: gy_layer_common_settings. */
typedef struct gy_layer_common {
    const char *name;  /* NULL: <kind>_<n> */
    const char *share; /* path of an earlier layer; NULL: parameters of its own */
    bool trainable;
    int init, bias_init; /* 0: the kind's own choice, else 1 + gy_init_kind */
    double init_scale;   /* 0: the initialiser's own, see gy_layer_init_settings */
} gy_layer_common;

extern const gy_setting gy_layer_common_settings[]; /* name, share, trainable */
extern const gy_setting
    gy_layer_init_settings[]; /* init, bias_init, init_scale; also gy_layer_common */

typedef struct gy_layer_spec {
    const gy_layer_kind *kind;
    gy_layer_common common;
    const void *settings; /* kind->kind.settings_size bytes */
    const char *where;    /* "model.yaml:12:7": for messages; never NULL */
} gy_layer_spec;

/** Floats that depend on the batch: per_sample * B + fixed. */
typedef struct gy_size {
    int64_t per_sample, fixed;
} gy_size;

enum { GY_LAYER_INPUTS = 16, GY_LAYER_BUFFERS = 4, GY_LAYER_JOINTS = 2 };

/** A parameter or buffer as a kind asks for it. */
typedef struct gy_tensor_spec {
    const char *name; /* "weight", "forget/recurrent"; in the model's pool */
    gy_shape shape;
    gy_role role;
    gy_init init;
    bool floats; /* a pass wants floats, whatever form it is in, though the kind takes forms */
} gy_tensor_spec;

/** Statistics over the batch that a layer takes in training. */
typedef struct gy_layer_statistics {
    int64_t values; /* that a sample gives to each; 0: there are none */
    int64_t least;  /* values that they need */
    bool own;       /* of each rank's part alone, else of the samples of all ranks */
} gy_layer_statistics;

/** Parameters [first, first + n) that a layer reads as one; see gy_layer_join(). */
typedef struct gy_joint {
    int first, n;
} gy_joint;

/** What the backward pass reads; the memory plan frees the rest early. */
enum { GY_NEEDS_X = 1, GY_NEEDS_Y = 2 };

/** What a light loop makes y again of, by kind->remake, so that it need not be kept. */
typedef enum gy_remake { GY_REMAKE_NOT, GY_REMAKE_OF_KEEP, GY_REMAKE_OF_X_AND_KEEP } gy_remake;

/**
 * Work that a layer may leave to its neighbour, where that alone reads its y or makes its x: a set of
 * bits. Who does what is settled by model/fuse.c, where each has its rule.
 *   RELU   a relu is done by the layer before it, and is a view then
 *   SLOPE  the slope of the relu that ends a layer is put into dy by the layer behind, whose dx it is
 * The loss is no layer; to it a layer that makes the model's outputs may leave its rows:
 *   LOSS   outputs are made, judged and read back a block of rows at a time, and are never whole: the passes
 *          are called for rows of x, each of them a sample of the last axis alone
 */
enum { GY_FUSE_RELU = 1, GY_FUSE_SLOPE = 2, GY_FUSE_LOSS = 4 };

/** A running layer. The model fills the first part, `shape` the second, and the model `fuse`. */
struct gy_layer {
    gy_context *ctx;
    gy_pool *pool; /* the model's: for state that lives as long as the layer */
    const gy_layer_kind *kind;
    const char *path;  /* "block/attention" */
    const char *where; /* place in the configuration */
    const void *settings;
    const gy_layer_common *common;
    int threads;    /* that the kernels will use */
    int64_t window; /* > 0: sequences come in pieces (generation), of so many positions at most */
    bool formed;    /* parameters of it are in forms of their own */
    const gy_form_kind *form;     /* what `weight` is in; NULL: floats, or there is none */
    int inputs;                   /* ≥ 1 */
    gy_shape in[GY_LAYER_INPUTS]; /* of one sample */
    gy_shape shared;              /* of `weight` of the layer named by `share`; n = 0: none */

    gy_shape out;
    gy_tensor_spec *params; /* [n_params], grown by gy_layer_param() */
    int n_params, params_room;
    gy_joint joints[GY_LAYER_JOINTS];
    int n_joints;
    gy_status status; /* the first failure of gy_layer_param() and gy_layer_buffer() */
    gy_tensor_spec buffers[GY_LAYER_BUFFERS];
    int n_buffers;
    gy_layer_statistics statistics;
    void *state; /* the kind's own, from pool; not changed by a pass */

    struct {           /* what the passes need */
        int needs;     /* GY_NEEDS_… of the backward pass */
        gy_size keep;  /* floats kept from forward to backward beside x and y */
        gy_size brief; /* the same in evaluation, for the one call; keep's where those are fewer */
        gy_size scratch; /* floats of one call, contents lost between calls */
        gy_size carry;   /* in pieces: floats kept from piece to piece, zero before the first */
        bool bounded;    /* in pieces: takes no position beyond the window */
        int64_t packed;  /* floats of the weights as evaluation reads them: kind->pack */
    } memory;

    struct {           /* of y to x, where that saves memory or work */
        bool view;     /* y is x[0] in another shape and lies there; no pass is called */
        bool in_place; /* y may lie where x[0] lies, dx[0] where dy lies (needs must allow it) */
        bool adds;     /* y = Σ x, so that every dx is dy: backward may not be called */
        gy_remake remakes;
    } relation;

    struct {                /* for tables */
        double flops;       /* forward, one sample */
        const char *method; /* how it is computed, where there is a choice; NULL: there is none */
    } report;

    struct {        /* sets of GY_FUSE_… */
        int offers; /* by shape(): its own work that a neighbour may do */
        int left;   /* of these, what a neighbour does */
        int does;   /* what it does for a neighbour */
    } fuse;
};

/** One call of forward or backward. Pointers are 64-byte aligned. */
typedef struct gy_pass {
    const gy_kernel *kernel;
    int64_t batch;   /* samples in this call */
    bool training;   /* false: evaluation; keep is what memory.brief says */
    uint64_t seed;   /* of the run */
    int64_t step;    /* updates done: with the sample number the key of every draw */
    int64_t first;   /* number of the first sample within the global batch */
    uint32_t stream; /* the layer's own number, for gy_rng */
    double scale; /* 1 / samples of the global batch: what one sample's penalty is multiplied by */

    const float *x[GY_LAYER_INPUTS]; /* [B, in…] */
    float *y;        /* [B, out…]; written by forward; in backward valid with GY_NEEDS_Y */
    const float *dy; /* [B, out…]; backward */
    float *dx[GY_LAYER_INPUTS]; /* [B, in…] to be written (not added to); NULL: not wanted */
    const float *const *w;      /* [n_params] */
    const gy_form *const
        *form; /* [n_params] what stands there instead, of kinds that take forms; or NULL */
    const float
        *packed;      /* evaluation: what kind->pack() made of the weights, which are then not to be
                            read of w; NULL: nothing was made */
    float *const *dw; /* [n_params] dw = beta dw + …; NULL: frozen */
    const float *beta; /* [n_params] 0 at a parameter's first use of the step, else 1 */
    float *buffer[GY_LAYER_BUFFERS];
    float *keep;
    bool remade; /* backward: y was made again before */
    float *scratch;
    float *carry; /* l->window > 0, evaluation: what the positions before left; to be replaced */
    int64_t position; /* of the piece's first row in its sequence; 0 where sequences are whole */

    /** Sums n doubles over all ranks, in place; for statistics over the whole batch. Collective. */
    gy_status (*sum)(void *user, double *values, int n);
    void *sum_user;
    double *penalty; /* forward adds to it: a loss of the layer's own (mixture's balance) */
} gy_pass;

/** An input shape and settings that the conformance tests try. */
typedef struct gy_layer_sample {
    const char *yaml; /* one entry of `layers`: "dense: {units: 3}"; NULL closes the table */
    gy_shape in;
    int64_t vocabulary; /* > 0: inputs are tokens below it */
    int64_t batch;      /* 0: 3 */
} gy_layer_sample;

struct gy_layer_kind {
    gy_kind kind;
    bool has_params;   /* then it takes the settings init, bias_init, init_scale */
    bool takes_tokens; /* x holds whole numbers; there is no dx */
    bool block;        /* composites: `recompute: blocks` may drop what is inside */
    int fuses;         /* set of GY_FUSE_…: what its passes can do for a neighbour */
    bool takes_forms;  /* forward takes weights in forms as they are; others get them as floats */
    bool pointwise;    /* in evaluation, each position of a sequence is made of itself alone (and of
                          its number) */

    /** From l->in and the settings: l->out, params, buffers, needs, keep, scratch, flops. */
    gy_status (*shape)(gy_layer *l);
    gy_status (*forward)(const gy_layer *l, const gy_pass *p);
    gy_status (*backward)(const gy_layer *l, const gy_pass *p);

    /** Where shape() says how much: of w, weights as forward() reads them best in evaluation. */
    void (*pack)(const gy_layer *l, const gy_kernel *k, const float *const *w, float *packed);

    /**
     * Where shape() says so: y again, for others that read it in the backward pass.
     * Has x, where it says so, and keep, which it may change: backward, which comes after, finds
     * `remade` set. No scratch.
     */
    gy_status (*remake)(const gy_layer *l, const gy_pass *p);

    /** Composites only, instead of the three above: adds layers after value `x`, gives their last. */
    gy_status (*expand)(const gy_layer_spec *spec, gy_builder *b, int x, int *out);

    const gy_layer_sample *samples; /* closed by yaml NULL */
};

extern const gy_registry gy_layer_registry;

/** The descriptor behind a head of gy_layer_registry. */
static inline const gy_layer_kind *gy_layer_kind_of(const gy_kind *kind)
{
    return (const gy_layer_kind *)kind;
}

/** The kind of that name in gy_layer_registry, NULL if there is none. */
static inline const gy_layer_kind *gy_layer_find(const char *name)
{
    const gy_kind *kind = gy_registry_find(&gy_layer_registry, name);
    return kind == NULL ? NULL : gy_layer_kind_of(kind);
}

/* For shape(): */

/**
 * Asks for a parameter; its index in l->params is the number of those asked for before. The
 * settings init and init_scale replace `standard` for all roles but BIAS (bias_init) and NORM.
 *
 * @param name  must live as long as the layer
 */
void gy_layer_param(gy_layer *l, const char *name, gy_role role, gy_shape shape, gy_init standard);

/** Of the parameter that was asked for last: passes want floats, whatever form it is in. */
void gy_layer_param_floats(gy_layer *l);

/**
 * Asks for the parameters [first, first + n) as one: in a pass w[first] is all of them end to end, and
 * dw[first] all of their gradients, wanted where any of them is trained, with beta[first]. What the
 * others point at is not to be used. At most GY_LAYER_JOINTS times.
 */
void gy_layer_join(gy_layer *l, int first, int n);

/** Asks for a buffer that starts at `value`. */
void gy_layer_buffer(gy_layer *l, const char *name, gy_shape shape, double value);

/** Raises GY_E_SHAPE in the one form: `layer PATH (WHERE): WHY; HINT`. Returns it. */
gy_status gy_layer_refuse(const gy_layer *l, const char *hint, const char *format, ...)
    GY_FORMAT(3, 4);

/** Axes and lengths in a shape: gy_shape_of(2, T, n). Only int64_t lengths. */
gy_shape gy_shape_of(int n, ...);

/** Floats of a size at a batch. */
static inline int64_t gy_size_at(gy_size size, int64_t batch)
{
    return size.per_sample * batch + size.fixed;
}

/** Rounds a count of floats up to whole cache lines: where the next piece of keep or scratch begins. */
static inline int64_t gy_align_floats(int64_t n)
{
    return gy_round_up(n, GY_PARAM_ALIGN);
}

/** Takes n floats of keep or scratch; the next piece begins behind them. */
static inline float *gy_take_floats(float **at, int64_t n)
{
    float *piece = *at;
    *at += gy_align_floats(n);
    return piece;
}

/** What lies `at` floats behind the beginning of p->packed, where there is something. */
static inline const float *gy_packed_at(const gy_pass *p, int64_t at)
{
    return p->packed == NULL ? NULL : p->packed + at;
}

/** he_normal before activations that halve, else xavier_uniform: the usual start of weights. */
gy_init gy_init_for(gy_activation a);

/** The row `activation` of kinds that end in one. */
#define GY_SETTING_ACTIVATION(settings, member, standard_)                                         \
    {                                                                                              \
        .key = "activation", .type = GY_SETTING_CHOICE, .offset = offsetof(settings, member),      \
        .standard = standard_, .choices = gy_activation_names,                                     \
        .help = "function of each output; softmax: over the last axis"                             \
    }

/* For expand(): */

/** A spec of the kind `kind` with its defaults, its place and initialisers as `parent` has them. */
gy_status gy_layer_spec_make(gy_pool *pool, const gy_layer_spec *parent, const char *kind,
                             const char *name, gy_layer_spec *out) GY_CHECKED;

/** Sets one setting of such a spec from its text. */
gy_status gy_layer_spec_set(gy_pool *pool, gy_layer_spec *spec, const char *key, const char *format,
                            ...) GY_CHECKED GY_FORMAT(4, 5);

#endif
