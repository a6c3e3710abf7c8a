/**
 * Conventions: what other programs call the parameters of a layer, and how they lie there. One table
 * serves both ways: what is read and what is written.
 *
 *     a home    a layer with parameters of its own, by its path
 *     a link    one tensor of theirs, made of parts of ours: the gates of an LSTM are one there
 *     a view    where each number of a part lies in that tensor
 */
#ifndef GY_EXCHANGE_CONVENTION_H
#define GY_EXCHANGE_CONVENTION_H

#include "model/model.h"
#include "view.h"

/** A parameter of ours and the tensor that it is a part of. Parts of one tensor stand in its order. */
typedef struct gy_name_rule {
    const char *kind; /* of the layer; NULL: any */
    const char *ours; /* "input/weight"; NULL closes the table */
    const char
        *theirs; /* "weight_ih_l0|weight_ih": names it may have, of which the first is written */
    int lead;    /* > 1: an axis of that length before the others */
    bool extra;  /* is added to what another tensor gives; written as zeros */
} gy_name_rule;

typedef struct gy_convention {
    const char *name;
    char separator; /* between a layer's path and a parameter's name */
    gy_layout layout;
    bool keeps_lines; /* images made flat are numbered as ours, whatever the layout of kernels */
    const gy_name_rule *rules;  /* names that no rule knows are ours */
    const char *const *ignored; /* names of tensors that no layer of ours has; closed by NULL */
} gy_convention;

extern const gy_convention gy_convention_gyre, gy_convention_torch, gy_convention_keras,
    gy_convention_gpt2, gy_convention_onnx, gy_convention_onnx_ours;

/** A parameter or buffer of ours within a tensor of theirs. */
typedef struct gy_link_part {
    const char *name; /* whole */
    const char *own;  /* without the layer's path */
    int index;        /* in the model's table */
    bool is_buffer, extra;
    gy_tensor_view view;
} gy_link_part;

typedef struct gy_link {
    const char *theirs; /* names that it may have */
    gy_shape shape;     /* there */
    gy_link_part *parts;
    int n;
} gy_link;

typedef struct gy_home {
    const char *path, *kind;
    gy_link *v;
    int n;
} gy_home;

typedef struct gy_homes {
    gy_home *v; /* [n], in the order of the forward pass */
    int n;
} gy_homes;

/** The tensors that a model's parameters and buffers would be in files of a convention. Local. */
gy_status gy_homes_make(gy_pool *pool, const gy_model *model, const gy_convention *convention,
                        gy_homes *out) GY_CHECKED;

/** Fills a tensor of theirs from the model. @param out  [elements of link->shape] */
void gy_link_gather(const gy_link *link, gy_model *model, float *out);
/** The other way. */
void gy_link_scatter(const gy_link *link, const float *x, gy_model *model);

/** The name that a link's tensor is written by: the layer's path and the first of its own. */
gy_status gy_link_name(gy_pool *pool, const gy_convention *convention, const gy_home *home,
                       const gy_link *link, const char **out) GY_CHECKED;

/**
 * Of every value of a model that is a line made of an image or a sequence, that shape: programs that
 * keep channels first number its elements otherwise. n = 0 of all others.
 * @param out  [values], in the pool
 */
gy_status gy_orders_make(gy_pool *pool, const gy_model *model, gy_shape **out) GY_CHECKED;

#endif
