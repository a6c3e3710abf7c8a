/**
 * Setting rows: one row says everything about a setting: key, type, place, default, range, help.
 *
 * The same rows serve the YAML file, `--set`, the environment, the options of a command, `help` and
 * the resolved config.yaml. A table of rows is closed by a row whose key is NULL. Values lie in a
 * plain struct at `offset`; strings, lists and the settings of kinds lie in the pool given.
 */
#ifndef GY_BASE_SETTING_H
#define GY_BASE_SETTING_H

#include "alloc.h"
#include "buffer.h"
#include "registry.h"

#include <stdbool.h>
#include <stdint.h>

/** `3` for all axes, or `3x5`, `3x5x2`: one an axis; or a word of the row's choices, then choice ≥ 0. */
enum { GY_SIZES = 3 };
typedef struct gy_sizes {
    int choice; /* −1: numbers */
    int n;      /* of them; 0: none */
    int64_t v[GY_SIZES];
} gy_sizes;

/** The number for an axis, where there is one for it. */
static inline int64_t gy_sizes_at(const gy_sizes *s, int axis)
{
    return s->v[s->n == 1 ? 0 : axis];
}

typedef struct gy_ints {
    const int64_t *v;
    int n;
} gy_ints;

/** `[0.1, 0.9]`, or a word of the row's choices, then choice ≥ 0. */
typedef struct gy_floats {
    int choice; /* −1: numbers */
    const double *v;
    int n;
} gy_floats;

/** A whole number, or a word of the row's choices, then choice ≥ 0. */
typedef struct gy_int_or_word {
    int choice; /* −1: the number */
    int64_t v;
} gy_int_or_word;

typedef struct gy_strings {
    const char *const *v;
    int n;
} gy_strings;

/** A kind chosen from a registry and the values of its settings. */
typedef struct gy_choice {
    const gy_kind *kind;
    void *settings; /* kind->settings_size bytes */
} gy_choice;

typedef enum gy_setting_type {
    GY_SETTING_BOOL,        /* bool */
    GY_SETTING_INT,         /* int64_t */
    GY_SETTING_FLOAT,       /* double */
    GY_SETTING_STRING,      /* const char *; NULL where not given */
    GY_SETTING_CHOICE,      /* int: index into choices */
    GY_SETTING_SIZES,       /* gy_sizes */
    GY_SETTING_INTS,        /* gy_ints: [1, 2] */
    GY_SETTING_FLOATS,      /* gy_floats: [0.1, 0.9] */
    GY_SETTING_INT_OR_WORD, /* gy_int_or_word */
    GY_SETTING_STRINGS,     /* gy_strings: [a, b] */
    GY_SETTING_SECTION,     /* a struct, by `section`: a mapping of its own */
    GY_SETTING_KIND, /* gy_choice: the key names a kind of `registry`, whose rows join this mapping */
    GY_SETTING_KINDS, /* gy_strings of names of kinds of `registry`: [accuracy, mae] */
    GY_SETTING_TREE, /* const char *: whatever YAML says there, as JSON in one line; NULL where not given */
    GY_SETTING_LAYERS,  /* gy_layer_specs: a list of layers; read by the config room alone */
    GY_SETTING_BRANCHES /* gy_layer_branches: a list of lists of layers; likewise */
} gy_setting_type;

typedef struct gy_setting {
    const char *key;
    gy_setting_type type;
    size_t offset;
    const char *standard;             /* the default as in YAML; NULL = must be given; "" = none */
    double min, max;                  /* of numbers, inclusive; both 0 = any */
    const char *const *choices;       /* NULL-terminated */
    const struct gy_setting *section; /* rows of a SECTION */
    const gy_registry *registry;      /* of KIND, KINDS */
    const char *help;                 /* one line */
} gy_setting;

/* clang-format off */
#define GY_SETTING_END {.key = NULL}
/* clang-format on */

/** Range of an integer setting that may be as large as a count can be. */
#define GY_COUNT_MAX 1e15

/**
 * Sets one value from its text: a scalar (n = 1, is_list false) or the items of a list.
 *
 * For the scalar types, INTS, STRINGS, KINDS and KIND (then the new kind's settings get their
 * defaults too). Local.
 *
 * An empty text gives "none" where the row's default is none, else it is an error.
 *
 * @param values  the struct that holds the setting; changed on success only
 * @param why     what is wrong, as the WHY (and HINT) of an error line; written on failure only;
 *                its status is GY_E_NOMEM where memory ran out
 * @return whether the text is a valid value
 */
bool gy_setting_assign(const gy_setting *s, const char *const *items, int n, bool is_list,
                       gy_pool *pool, void *values, gy_buffer *why);

/**
 * Fills a zero-filled struct with its rows' defaults, sections and kinds included. Required ones,
 * LAYERS and BRANCHES stay zero.
 */
gy_status gy_settings_default(const gy_setting *rows, gy_pool *pool, void *values) GY_CHECKED;

/** Whether a value is "none": no string, word, list items or kind. Never so for the other types. */
bool gy_setting_is_none(const gy_setting *s, const void *values);

/** Writes a value as YAML: `0.001`, `[30, 60]`, `3x5`, `relu`. Not for SECTION, LAYERS, BRANCHES. */
void gy_setting_print(const gy_setting *s, const void *values, gy_buffer *out);

/** Writes a text as a YAML scalar, quoted where it must be. */
void gy_setting_print_text(const char *text, gy_buffer *out);

/** Writes a finite number, the shortest that reads back, and as one that YAML 1.1 reads too. */
void gy_setting_print_float(double value, gy_buffer *out);

/** The row of that key, NULL if there is none. rows may be NULL. */
const gy_setting *gy_setting_find(const gy_setting *rows, const char *key);

/** What a value may be: "a whole number, at least 1", "one of none, relu". */
void gy_setting_expect(const gy_setting *s, gy_buffer *out);

/** One line of help: `key=default`, padded, then the row's help and what the value may be. */
void gy_setting_describe(const gy_setting *s, gy_buffer *out);

#endif
