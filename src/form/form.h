/**
 * Tensors in other forms than an array of float32: fewer bits a number, few values that many share, what
 * is not zero alone. A form stands for a matrix [rows, columns], the tensor's first axis and all others. All
 * functions are local.
 *
 * A kind is one file in kinds/ and one line in form_list.h.
 */
#ifndef GY_FORM_FORM_H
#define GY_FORM_FORM_H

#include "base/param.h"
#include "base/registry.h"
#include "base/setting.h"

/** X(name, type): what the arrays of a form hold. */
#define GY_ELEMENT_LIST(X)                                                                         \
    X(int8, int8_t)                                                                                \
    X(uint8, uint8_t)                                                                              \
    X(int16, int16_t)                                                                              \
    X(int32, int32_t)                                                                              \
    X(float32, float)
#define GY_ELEMENT_ENUM(name, type) GY_ELEMENT_##name,
typedef enum gy_element { GY_ELEMENT_LIST(GY_ELEMENT_ENUM) GY_ELEMENTS } gy_element;
#undef GY_ELEMENT_ENUM

extern const size_t gy_element_bytes[GY_ELEMENTS];

enum {
    GY_FORM_PARTS = 4,
    GY_FORM_SLACK = 64 /* bytes that may be read behind a part, whatever they are */
};

typedef struct gy_form_kind gy_form_kind;

/** An array of a form. */
typedef struct gy_form_part {
    gy_element type;
    int64_t count; /* 0: there is none */
    void *v;       /* [count], with GY_FORM_SLACK behind it */
} gy_form_part;

/** Of x, in products with a form: the least and the greatest. */
typedef struct gy_form_range {
    float low, high;
} gy_form_range;

typedef struct gy_form {
    const gy_form_kind *kind;
    gy_shape shape;        /* of the tensor */
    int64_t rows, columns; /* of the matrix */
    gy_form_part parts[GY_FORM_PARTS];
    gy_form_range range; /* of what it is multiplied with, as data told; 0, 0: they told nothing */
    gy_form_range *seen; /* where products note what they met; NULL: nowhere */
} gy_form;

/** What a kind says of one of its parts. */
typedef struct gy_form_row {
    const char *name; /* NULL closes the table */
    unsigned types;   /* set of 1 << GY_ELEMENT_… that it may be */
} gy_form_row;

struct gy_form_kind {
    gy_kind kind; /* settings: of pack */
    gy_form_row parts[GY_FORM_PARTS + 1];

    /**
     * Takes the form of values [rows, columns]; its memory is in the pool.
     * @param settings  of the kind
     * @return GY_OK; kind NULL in *form where these values cannot have it
     */
    gy_status (*pack)(gy_pool *pool, const void *settings, const float *w, gy_form *form);
    /** Rows [from, from + n) as floats. */
    void (*expand)(const gy_form *form, int64_t from, int64_t n, float *out);
    /** Whether parts of the right types make sense together: they come from outside. */
    bool (*is_valid)(const gy_form *form);
};

extern const gy_registry gy_form_registry;

/** A tensor in a form, by its name. */
typedef struct gy_formed {
    const char *name;
    gy_form form;
    gy_hold hold;
} gy_formed;

typedef struct gy_formeds {
    const gy_formed *v; /* [n] */
    int n;
} gy_formeds;

/** NULL: there is none of that name. */
const gy_formed *gy_formed_find(const gy_formeds *list, const char *name);

/** An empty form of a shape of at least one axis. */
gy_form gy_form_of(const gy_form_kind *kind, const gy_shape *shape);
/** Makes a part's array, zero-filled. */
gy_status gy_form_part_new(gy_pool *pool, gy_form *form, int part, gy_element type,
                           int64_t count) GY_CHECKED;
/** Takes the form of values by its defaults or settings. kind NULL in *out: they cannot have it. */
gy_status gy_form_pack(gy_pool *pool, const gy_form_kind *kind, const void *settings,
                       const gy_shape *shape, const float *w, gy_form *out) GY_CHECKED;
/** All of it as floats [rows, columns]. */
void gy_form_expand(const gy_form *form, float *out);
/** Whether its parts are such as its kind has. Of forms that come from outside, before all else. */
bool gy_form_is_valid(const gy_form *form);
/** Whether data told what it is multiplied with. */
static inline bool gy_form_is_ranged(const gy_form *form)
{
    return form->range.low < form->range.high;
}
/** Bytes of its parts. */
int64_t gy_form_bytes(const gy_form *form);

/** The element type's array of a part. */
#define GY_FORM_V(form, part, type) ((type *)(form)->parts[part].v)

#endif
