/**
 * A network while it is made smaller: its configuration, values and what training is to keep of them. All
 * ranks hold the same and do the same.
 */
#ifndef GY_APPLY_COMPRESS_SUBJECT_H
#define GY_APPLY_COMPRESS_SUBJECT_H

#include "../opened.h"

typedef struct gy_subject {
    gy_context *ctx;
    gy_comm *comm;
    gy_pool pool;
    const char *layers; /* a glob of layer paths or parameters; NULL: all */
    gy_config *config;
    gy_net network;    /* its values are what is worked on */
    gy_hold *holds;    /* [params] */
    gy_form *forms;    /* [params] what they are to be kept as; kind NULL: floats */
    gy_formeds formed; /* those, once it is finished */
    int folded;        /* adapters, when it was made */
    int changed;       /* tensors that the step at hand made otherwise */
    const char *why;   /* it left others as they are; NULL: it does not say */
} gy_subject;

/** A copy of what is opened and read, in floats. Collective. */
gy_status gy_subject_create(const gy_opened *o, const char *layers, gy_subject *out) GY_CHECKED;
/** After a failure too. Local. */
void gy_subject_clear(gy_subject *s);

/** Its parameters, a parameter's values, whether it is one of those that are asked for. Local. */
const gy_params *gy_subject_params(const gy_subject *s);
float *gy_subject_values(const gy_subject *s, const gy_param *p);
bool gy_subject_has(const gy_subject *s, const gy_param *p);
/** A parameter or buffer of a layer by name; NULL: there is none. Local. */
const gy_param *gy_subject_param(const gy_subject *s, const char *layer, const char *name);
const float *gy_subject_buffer(const gy_subject *s, const char *layer, const char *name);

/**
 * A parameter is to be kept in a form; its values become what that stands for. Local.
 * @param settings  of the form's kind
 */
gy_status gy_subject_form(gy_subject *s, int param, const gy_form_kind *kind,
                          const void *settings) GY_CHECKED;
/** The network as it will be read again, with its forms. Collective. */
gy_status gy_subject_finish(gy_subject *s) GY_CHECKED;

/** A tensor of a network that is to be. */
typedef struct gy_made {
    const char *name;
    const float *values;
} gy_made;

/**
 * Goes on with other layers: parameters and buffers are those made, else those of the same name and shape
 * before. Collective.
 * @param layers  in s->pool, as all that is pointed to
 */
gy_status gy_subject_rebuild(gy_subject *s, gy_layer_specs layers, const gy_made *made,
                             int n) GY_CHECKED;

/* specs.c: the layers as configured */

/** A layer as configured, on a walk over all. */
typedef struct gy_spec_at {
    gy_layer_specs *list;     /* its siblings, to be changed */
    int index;                /* among them */
    const char *path;         /* "block/conv_0"; NULL: it is inside a loop */
    const char *const *paths; /* [n_paths] of the parameters of each turn, or as path */
    int n_paths;
} gy_spec_at;

/**
 * A copy of the layers that may be changed, each of them named, so that none changes its name when others
 * go. Local.
 */
gy_status gy_specs_copy(gy_pool *pool, const gy_layer_specs *layers,
                        gy_layer_specs *out) GY_CHECKED;
/** Calls back for each, those inside others after these. Local. */
gy_status gy_specs_walk(gy_pool *pool, gy_layer_specs *layers,
                        gy_status (*visit)(void *user, const gy_spec_at *at),
                        void *user) GY_CHECKED;
/** Names of layers whose parameters others share. */
typedef struct gy_shared {
    const char **v; /* [n] */
    int n;
} gy_shared;
gy_status gy_specs_shared(gy_pool *pool, gy_layer_specs *layers, gy_shared *out) GY_CHECKED;
/** Whether a layer shares parameters, or gives some. Local. */
bool gy_shared_has(const gy_shared *shared, const gy_layer_spec *spec);
/** Where the value of a setting of a layer is; NULL: it has none of that key. Local. */
void *gy_spec_setting(const gy_layer_spec *spec, const char *key);

#endif
