/**
 * What a model is made of. Inside this room only.
 *
 * A model is a list of *units* (running layers) in the order of the forward pass, joined by *values*
 * (0 is the model's input; every unit makes one). From these a *program* is made for each
 * use (gy_model_use): the steps of the passes and the storage of every tensor in them; a *plan*
 * gives each storage its place in the arena at a batch.
 */
#ifndef GY_MODEL_MODEL_IMPL_H
#define GY_MODEL_MODEL_IMPL_H

#include "model.h"

#include "base/names.h"

typedef struct gy_value {
    gy_shape shape;
    int64_t count;
    int maker; /* the unit that makes it; −1: the model's input */
    int *uses; /* [n_uses] units that read it, ascending, twice where one reads it twice */
    int n_uses;
    bool wants_gradient;
} gy_value;

typedef struct gy_unit {
    gy_layer layer;
    gy_layer_common common;
    int index;
    int x[GY_LAYER_INPUTS], y; /* values */
    bool backward;             /* it has a backward step: something at or before it is trained */
    int block;                 /* of those that `recompute` drops; −1: none */
    int *params;               /* [n_params] indices into the table: the layer's, then adapters */
    int n_params;              /* the layer's and those */
    int *adapter;              /* [layer.n_params] where in params their adapters begin; 0: none */
    int buffers[GY_LAYER_BUFFERS];
    int64_t mark;  /* after its backward step gradients from here on are complete */
    int64_t reach; /* before its forward step the trainable parameters up to here are needed */

    bool packs;        /* its kind packs weights for evaluation, */
    int64_t packed_at; /* floats behind the first unit's that does */

    int64_t rounded;             /* elements of a sample's x that are rounded for a call; 0: none */
    bool apart[GY_LAYER_JOINTS]; /* joints whose parameters do not lie end to end */
    int64_t
        joined; /* floats of these, of forms that are to be floats, of adapted weights; 0: none */

    /* what a pass is given, set when the vectors are allocated: [n_params] each */
    const float **w;
    const gy_form **form; /* NULL: all are floats */
    float **dw;
    float *beta, *ones; /* beta at the first use of a step, and after it */
    float *buffer[GY_LAYER_BUFFERS];

    /* the same for a call with joints that are apart; else NULL */
    const float **joined_w;
    float **joined_dw;
    float *joined_beta;
} gy_unit;

/** A parameter while the model is built; in the order of the forward pass. */
typedef struct gy_draft {
    const char *name;
    gy_shape shape;
    gy_role role;
    gy_init init;
    bool trainable;
    int owner; /* unit */
} gy_draft;

/** A list in the pool that grows by doubling: gy_list_add(). */
typedef struct gy_list {
    void **v;
    int n, room;
} gy_list;

gy_status gy_list_add(gy_pool *pool, gy_list *list, void *item) GY_CHECKED;

/** settle.c: the parameters and buffers that a model has so far. */
typedef struct gy_settling {
    gy_model *m;
    gy_list *params, *buffers; /* gy_draft */
    gy_names param_names, buffer_names;
    int reuse;    /* > 0: parameters are looked up, not made */
    int frozen;   /* > 0: parameters made are not trained */
    int adapters; /* weights with adapters that layers use */
} gy_settling;

/** Makes or finds those of a unit, whose parameters' path is `path`. GY_E_CONFIG, GY_E_SHAPE; GY_E_NOMEM. */
gy_status gy_settle_unit(gy_settling *s, gy_unit *u, const char *path) GY_CHECKED;

/** "path/name"; one of them where the other is "". */
gy_status gy_join_path(gy_pool *pool, const char *path, const char *name,
                       const char **out) GY_CHECKED;

/* A place for a tensor. Two are not in the arena: what the caller gives. */
enum { GY_STORAGE_X, GY_STORAGE_DY, GY_STORAGE_ARENA, GY_STORAGE_NONE = -1 };

typedef struct gy_storage {
    gy_size size;
    gy_size most;    /* that it never exceeds; of no floats: as its size says */
    int first, last; /* the steps in which it is live, inclusive */
    struct gy_lodger *values, *gradients; /* while the program is made */
} gy_storage;

/** Copies or adds a tensor of `count` floats a sample. */
typedef struct gy_move {
    int from, to; /* storages */
    int64_t count;
    bool add;
} gy_move;

typedef enum gy_op {
    GY_OP_FORWARD,
    GY_OP_RECOMPUTE, /* a forward step repeated for the backward pass: buffers and penalty stay */
    GY_OP_REMAKE,    /* y is made again by a loop, for those that read it in backward steps */
    GY_OP_BACKWARD,
    GY_OP_LOSS /* between the passes: the caller makes dy of y; of a unit: by blocks of its rows */
} gy_op;

typedef struct gy_step {
    gy_op op;
    int unit;
    bool call;              /* false: only the moves */
    bool remade;            /* backward: y was made again before */
    int x[GY_LAYER_INPUTS]; /* storages; NONE where they are not read */
    int dx[GY_LAYER_INPUTS];
    int y, dy, keep, scratch, buffers, joined;
    gy_move *moves; /* after the call */
    int n_moves;
} gy_step;

typedef struct gy_program {
    gy_pool pool;
    gy_step **steps;
    int n_steps, loss; /* place of the loss step */
    gy_storage **storages;
    int n_storages;
    int out; /* storage of the output that the caller sees; NONE: it is never whole */
} gy_program;

/** The steps of a forward pass, and of the backward pass where training. */
gy_status gy_program_make(const gy_model *m, gy_model_use use, gy_program *out) GY_CHECKED;
void gy_program_clear(gy_program *p);

/** Floats of a storage at a batch. */
static inline int64_t gy_storage_floats(const gy_storage *s, int64_t batch)
{
    const int64_t floats = gy_size_at(s->size, batch);
    const int64_t most = gy_size_at(s->most, batch);
    return most > 0 ? gy_least(floats, most) : floats;
}

/** A program and the places of its storages at a batch. */
typedef struct gy_plan {
    gy_model_use use;
    gy_program program;
    bool made;
    int64_t batch;   /* 0: no places yet */
    int64_t turn;    /* samples that go through all steps together: fewer in evaluation */
    int64_t *offset; /* [n_storages] floats from the start of the arena */
    int64_t floats;
} gy_plan;

struct gy_model {
    gy_context *ctx;
    gy_pool pool;
    const char *where;
    bool recompute;
    int threads;
    int64_t window;
    const gy_formeds *forms;
    const gy_model_adapt *adapt;
    bool quantize, loss_by_rows;
    int64_t block_floats; /* outputs that are made at once, where they are judged by blocks */

    gy_unit **units;
    int n_units;
    gy_value **values;
    int n_values;
    int output; /* value */
    int n_blocks;
    const gy_unit *embedding; /* the unit that takes tokens; NULL: none */

    gy_params params, buffers;
    gy_init *inits;        /* [params.n] */
    double *buffer_starts; /* [buffers.n] */
    int *owners;           /* [params.n] */
    float *w, *dw, *b;     /* the vectors */
    bool owns_w, owns_dw, owns_b;

    gy_plan plans[GY_USES];
    const gy_plan *plan;
    float *arena; /* for steps dw lies at its start */
    int64_t arena_floats;

    int64_t turn;           /* of plans of evaluation; 0: as many as a cache holds */
    const gy_model *lender; /* of its vectors; NULL: none */
    int64_t packed_floats;  /* of all units' packed weights */
    int64_t joined_most;    /* that one unit's are made of */
    float *packed;          /* in the arena; NULL: to be made before the next evaluation */
};

/** After gy_model_tabulate(): which joints are apart. */
gy_status gy_joint_find(gy_model *m) GY_CHECKED;

/** Floats that a call needs to put them together. */
gy_size gy_joint_size(const gy_unit *u, bool backward);

/** Before a call, in a place of that size, and after it. `beta`: what p->beta was before. */
void gy_joint_gather(const gy_model *m, const gy_unit *u, float *place, gy_pass *p);
void gy_joint_scatter(const gy_model *m, const gy_unit *u, const float *beta, const gy_pass *p);

/* adapt.c: adapters beside weights */

/** Whether a layer's parameter is to have them; the names are left to the caller. */
bool gy_adapt_wants(const gy_model *m, const gy_layer *l, const gy_tensor_spec *spec);
void gy_adapt_specs(const gy_model *m, const gy_tensor_spec *weight, gy_tensor_spec *down,
                    gy_tensor_spec *up);
bool gy_adapt_has(const gy_unit *u, int param);
/** w += s B A, for a call. */
void gy_adapt_add(const gy_model *m, const gy_unit *u, int param, const gy_kernel *k, float *w);
/** Gradients of the adapters, by that of the weight. */
void gy_adapt_fold(const gy_model *m, const gy_unit *u, int param, const gy_kernel *k,
                   const float *beta, const float *dw);

/** What needs a place in the arena in steps first to last. */
typedef struct gy_item {
    int storage, first, last; /* storage −1: a gradient */
    int64_t floats, offset;
} gy_item;

/**
 * Gives all but the first `fixed` of n items their offsets, and sorts them; no two that live in one step
 * overlap. `floats`: of the arena.
 */
gy_status gy_items_place(gy_context *ctx, int fixed, int n, gy_item *items,
                         int64_t *floats) GY_CHECKED;

/** Gives the storages their places; offset is owned by the plan. */
gy_status gy_plan_place(const gy_model *m, gy_plan *plan, int64_t batch) GY_CHECKED;
/**
 * Whether each step of a placed program reads what it should: GY_OK, or our own mistake. Debug builds
 * ask it of every plan; takes time with the square of the steps.
 */
gy_status gy_plan_check(const gy_model *m, const gy_plan *plan) GY_CHECKED;

/** Floats of a storage in its place. */
int64_t gy_plan_floats(const gy_plan *plan, int storage);

void gy_plan_clear(gy_context *ctx, gy_plan *plan);

/** An arena of at least so many floats; gradients in it move with it. There is no plan then. */
gy_status gy_model_make_arena(gy_model *m, int64_t floats) GY_CHECKED;

/* pack.c: weights as evaluation reads them */

/** Where each unit's lie, once the tables are made. */
void gy_pack_place(gy_model *m);
/** Floats of the arena for the plans so far that do not train. */
int64_t gy_pack_floats(const gy_model *m);
/** A unit's; NULL: it has none. */
const float *gy_pack_of(const gy_model *m, const gy_unit *u);

/** Builds units, values and drafts from the specs. */
/** Builds a model that is applied to its own output; turn: adds the layers of turn i after x. */
struct gy_builder;
gy_status gy_model_roll_out(struct gy_builder *b, const gy_model_spec *spec, int x, int *out,
                            gy_status (*turn)(struct gy_builder *b, int i, int x,
                                              int *out)) GY_CHECKED;

gy_status gy_model_build(gy_model *m, const gy_model_spec *spec, gy_list *params,
                         gy_list *buffers) GY_CHECKED;

/** Y is x in another shape: there is nothing to keep. */
void gy_model_make_view(gy_layer *l);

/** Lets layers do the work of their neighbours where that is cheaper: GY_FUSE_…. */
void gy_model_fuse(gy_model *m);

/** Whether the last unit is passed together with the loss, in blocks of rows. */
bool gy_model_fuses_loss(const gy_model *m);

/*
 * 64 MiB of outputs at once, and no fewer rows than products want to be fast: each block takes the weights
 * through the caches once more.
 */
enum { GY_BLOCK_FLOATS = 1 << 24, GY_BLOCK_LEAST = 256, GY_BLOCK_UNIT = 16 };

/** The most rows of outputs in a block. */
static inline int64_t gy_block_most(const gy_model *m)
{
    const int64_t last = gy_shape_last(&m->values[m->output]->shape);
    const int64_t rows = m->block_floats / last / GY_BLOCK_UNIT * GY_BLOCK_UNIT;
    return gy_most(rows, GY_BLOCK_LEAST);
}

/** Tells the units where their parts of the vectors are; gradients where there are any. */
void gy_model_set_vectors(gy_model *m);

/** Makes the tables of the drafts, and what follows from them for the units. */
gy_status gy_model_tabulate(gy_model *m, const gy_list *params, const gy_list *buffers) GY_CHECKED;

#endif
