/**
 * Files of other programs as named tensors, into a model and out of it.
 *
 *     file ── a kind reads it ──▶ named tensors ── a convention tells how they lie ──▶ parameters
 *
 * What a file says of itself is not believed. All functions are local.
 */
#ifndef GY_EXCHANGE_EXCHANGE_H
#define GY_EXCHANGE_EXCHANGE_H

#include "base/registry.h"
#include "convention.h"
#include "model/model.h"
#include "store/file.h"

typedef struct gy_exchange_kind gy_exchange_kind;

/** A tensor by the file's own name. */
typedef struct gy_tensor {
    const char *name;
    gy_shape shape;
    int64_t at; /* the kind's own: where it lies */
    int type;   /* the kind's own: of what numbers */
} gy_tensor;

/** What goes with a network: texts as a checkpoint keeps them; NULL: not there. */
typedef struct gy_luggage {
    const char *config; /* YAML */
    const char *fit;    /* what the training data taught */
    const char *normalizer;
    const char *class_names; /* a list, as JSON */
} gy_luggage;

/** Calls back for each text with its name. */
#define GY_LUGGAGE_LIST(X) X(config) X(fit) X(normalizer) X(class_names)

/** A file that is open. */
typedef struct gy_tensors {
    gy_context *ctx;
    gy_pool pool;
    const gy_exchange_kind *kind;
    const char *path;
    const gy_tensor *v; /* [n] */
    int n;
    bool ordered; /* they stand in the order of layers; else numbers in their names tell it */
    const gy_convention *convention;
    gy_luggage luggage;
    void *state; /* the kind's, freed by close */
} gy_tensors;

/** A network that is written. */
typedef struct gy_cargo {
    gy_context *ctx;
    gy_model *model;
    gy_luggage luggage;
} gy_cargo;

struct gy_exchange_kind {
    gy_kind kind;
    const char *ending; /* of its files, ".safetensors"; "/": it is a folder */
    bool is_particular; /* what it can say are networks of some sorts alone */

    /** How sure it is that a file is of this kind: 0 no … 100. `head` [n]: its first bytes. */
    int (*probe)(gy_context *ctx, const char *path, const void *head, size_t n);
    /** Fills v, n, ordered, convention, luggage, state. GY_E_DATA where the file is not whole. */
    gy_status (*open)(gy_tensors *t);
    /** @param out  [elements] */
    gy_status (*read)(gy_tensors *t, const gy_tensor *tensor, float *out);
    void (*close)(gy_tensors *t);
    /** Writes a file; NULL: this kind is read alone. GY_E_CONFIG where it cannot say such a network. */
    gy_status (*write)(const gy_cargo *cargo, gy_output *out);
};

extern const gy_registry gy_exchange_registry;

static inline const gy_exchange_kind *gy_exchange_kind_of(const gy_kind *kind)
{
    return (const gy_exchange_kind *)kind;
}

/** The kind that a file is of by what it holds; NULL: none of them. GY_E_USAGE where it is not there. */
gy_status gy_exchange_probe(gy_context *ctx, const char *path,
                            const gy_exchange_kind **out) GY_CHECKED;
/** Whether gy_tensors_take() is for it, and not gy_checkpoint_read(): no checkpoint, none of our HDF5 files. */
gy_status gy_exchange_is_foreign(gy_context *ctx, const char *path, bool *out) GY_CHECKED;
/** The kind that writes files that are called so. GY_E_USAGE where there is none. */
gy_status gy_exchange_by_ending(gy_context *ctx, const char *path,
                                const gy_exchange_kind **out) GY_CHECKED;

/** Opens a file of any kind; close it after a failure too. */
gy_status gy_tensors_open(gy_context *ctx, const char *path, gy_tensors *out) GY_CHECKED;
void gy_tensors_close(gy_tensors *t);

/** Writes a file; it appears whole or not at all. */
gy_status gy_cargo_write(const gy_exchange_kind *kind, const gy_cargo *cargo,
                         const char *path) GY_CHECKED;

/** What became of a parameter or a buffer, or of a tensor that no layer has. */
typedef struct gy_taken {
    const char *name; /* ours; NULL: it is a tensor alone */
    const char *from; /* the tensor's; NULL: there is none, it stays at its start */
    bool fits;        /* it is taken */
    bool is_buffer;
    gy_shape shape, there;
    const char *how; /* "channels last"; "": as it is */
} gy_taken;

typedef struct gy_take_options {
    const char *map; /* a file of pairs `ours: theirs`; NULL: none */
    bool partial;    /* takes what fits; else all must fit, but for buffers that are missing */
    bool looks;      /* tells, and takes nothing */
    void (*tell)(void *user, const gy_taken *taken); /* may be NULL */
    void *tell_user;
} gy_take_options;

/**
 * Takes a file's tensors into a model, by name, else by order.
 *
 * @return GY_OK; GY_E_CONFIG listing what is missing, additional or of another shape, with the model as it
 *         was; GY_E_DATA, GY_E_IO, GY_E_NOMEM
 */
gy_status gy_tensors_take(gy_tensors *t, gy_model *model,
                          const gy_take_options *options) GY_CHECKED;

#endif
