/** What the files of this room share. */
#ifndef GY_CONFIG_CONFIG_IMPL_H
#define GY_CONFIG_CONFIG_IMPL_H

#include "config.h"

#include "text/tree.h"

/** The rows of the whole configuration, for a gy_config. */
extern const gy_setting gy_config_rows[];
/** And of its sections for models that are made smaller while they are trained. */
extern const gy_setting gy_distill_setting_rows[], gy_sparse_setting_rows[],
    gy_adapt_setting_rows[];
extern const gy_setting gy_meta_setting_rows[];

enum { GY_PATH_TEXT = 256, GY_PLACE_TEXT = 256 };

/** Where in the configuration one is: `model.layers.0.dense`. Links lie on the stack. */
typedef struct gy_path {
    const struct gy_path *up; /* NULL at the root, whose key does not count */
    const char *key;          /* NULL: an entry of a list */
    int index;
} gy_path;

/** Writes "model.layers.0.dense.units" (cut where too long) and returns out. */
const char *gy_path_text(const gy_path *path, char out[GY_PATH_TEXT]);

/** Writes "model.yaml:12:7", or "--set train.epochs", of a node's key or value; returns out. */
const char *gy_place_of_key(const gy_node *node, char out[GY_PLACE_TEXT]);
const char *gy_place_of_value(const gy_node *node, char out[GY_PLACE_TEXT]);

/** Whether a node says nothing: `key:`, `key: ~`, `key: null`. */
bool gy_node_is_null(const gy_node *node);

enum { GY_SCOPE_SETS = 8 };

/** The rows that one mapping may have, and the structs behind them. */
typedef struct gy_scope {
    const char *what; /* "train", "dense", "the configuration" */
    struct {
        const gy_setting *rows;
        void *values;
    } sets[GY_SCOPE_SETS];
    int n;
} gy_scope;

/**
 * Takes a mapping's values into the structs of a scope, which hold the defaults.
 *
 * @return GY_OK; GY_E_CONFIG naming place and key: unknown, wrong or missing
 */
gy_status gy_config_apply(gy_pool *pool, const gy_path *path, const gy_node *map,
                          gy_scope *scope) GY_CHECKED;

/** Reads a list of layers, or a list of such lists. */
gy_status gy_config_layers(gy_pool *pool, const gy_path *path, const gy_node *list,
                           gy_layer_specs *out) GY_CHECKED;
gy_status gy_config_branches(gy_pool *pool, const gy_path *path, const gy_node *list,
                             gy_layer_branches *out) GY_CHECKED;

/** Puts "key.path=value" into a tree, so that the schema checks it like what the file says. */
gy_status gy_config_set(gy_pool *pool, gy_node *root, const char *text) GY_CHECKED;

/** Likewise for every GYRE_SET_<KEY__PATH> of the environment, in the order of their names. */
gy_status gy_config_set_environment(gy_pool *pool, gy_node *root) GY_CHECKED;

/** What takes more than one setting to see. @param tree for the places of messages */
gy_status gy_config_check(const gy_config *config, const gy_node *tree) GY_CHECKED;

/** Appends the resolved configuration as YAML. */
void gy_config_print(const gy_config *config, gy_buffer *out);

#endif
