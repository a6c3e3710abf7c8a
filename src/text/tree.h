/**
 * A tree of text: what a YAML or JSON file says, with the place of every node, and before anybody
 * gives it a meaning. Nodes live in the pool they were parsed into.
 */
#ifndef GY_TEXT_TREE_H
#define GY_TEXT_TREE_H

#include "base/alloc.h"
#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum gy_node_type { GY_NODE_SCALAR, GY_NODE_LIST, GY_NODE_MAP } gy_node_type;

typedef struct gy_node {
    gy_node_type type;
    const char *key;  /* in a map; NULL in a list and at the root */
    const char *text; /* of a scalar; "" for an empty one */
    bool quoted;      /* a scalar that is a string whatever it looks like */
    const char *raw;  /* of an override: its value as it was given; else NULL */
    bool broken;      /* `raw` is no YAML: it may be a text all the same */
    const char *file; /* for messages: a path, or "--set", "GYRE_SET_…" */
    int line, column; /* from 1, of the value; 0 = unknown */
    int key_line, key_column;
    struct gy_node *first; /* children, in order */
    struct gy_node *next;  /* next sibling */
    int n;                 /* children */
} gy_node;

enum { GY_TREE_DEPTH = 64 }; /* deeper files are refused */

/**
 * Parses YAML 1.2 (one document; anchors and aliases, tags and duplicate keys are errors).
 *
 * @param file   for messages; copied into the pool
 * @param bytes  at most 16 MiB
 * @return GY_OK; GY_E_CONFIG naming file, line and column; GY_E_NOMEM. An empty text is an empty map.
 */
gy_status gy_yaml_parse(gy_pool *pool, const char *file, const char *text, size_t bytes,
                        gy_node **out) GY_CHECKED;

/** Parses a file; also GY_E_CONFIG where it cannot be read (exit code 2: nothing was begun). */
gy_status gy_yaml_read(gy_pool *pool, const char *path, gy_node **out) GY_CHECKED;

/** Parses JSON into the same tree (`null` is an unquoted scalar "null"). GY_E_DATA if it is none. */
gy_status gy_json_parse(gy_pool *pool, const char *file, const char *text, size_t bytes,
                        gy_node **out) GY_CHECKED;

/** The child of a map by key, NULL if there is none. */
const gy_node *gy_node_find(const gy_node *map, const char *key);

/** Appends a tree as JSON; unquoted scalars that are numbers, true, false or null stay bare. */
void gy_json_print(const gy_node *node, gy_buffer *out);

/* Writing JSON piece by piece: commas come by themselves; key is NULL inside a list. */
void gy_json_begin(gy_buffer *b, const char *key, char bracket); /* '{' or '[' */
void gy_json_end(gy_buffer *b, char bracket);                    /* '}' or ']' */
void gy_json_string(gy_buffer *b, const char *key, const char *text);
void gy_json_int(gy_buffer *b, const char *key, int64_t value);
void gy_json_float(gy_buffer *b, const char *key,
                   double value); /* shortest that reads back; not finite: "nan" … as strings */
void gy_json_bool(gy_buffer *b, const char *key, bool value);

/** Appends a text as a YAML scalar, quoted where it must be. */
void gy_yaml_scalar(gy_buffer *b, const char *text);

#endif
