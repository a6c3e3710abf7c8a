/*
 * From file, environment and --set to plain structs:
 *
 *     file → tree ← environment ← --set        later ones win
 *     defaults → structs ← tree by the schema → what depends on others → checks → resolved text
 */
#include "config_impl.h"

#include "base/door.h"

#include <string.h>

/* The file's name without directory and ending: a run's name where none is given. */
static gy_status name_of_file(gy_pool *pool, const char *path, const char **out)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(name, '.');
    bool ending =
        dot != NULL && dot != name && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
    int n = (int)(ending ? (size_t)(dot - name) : strlen(name));
    if (n == 0) return gy_pool_string(pool, "run", out);
    return gy_pool_format(pool, out, "%.*s", n, name);
}

/* A step of so many tasks, each a grain. */
static void size_tasks(gy_config *c)
{
    const gy_meta_settings *meta = &c->meta;
    if (meta->tasks == 0) return;
    c->comm.reproducible_grains = meta->tasks;
    c->train.batch_size = meta->tasks * meta->inner_steps * meta->shots;
}

/* Accuracy where classes are told apart, else nothing; [] is kept as it was written. */
static gy_status default_metrics(gy_config *c)
{
    static const char *const accuracy[] = {"accuracy"};
    if (c->metrics.v != NULL) return GY_OK;
    bool classes = gy_loss_kind_of(c->loss.kind)->target == GY_TARGET_CLASS;
    c->metrics = (gy_strings){accuracy, classes ? 1 : 0};
    return GY_OK;
}

static gy_status place_of_layers(gy_config *c, const gy_node *tree)
{
    char at[GY_PLACE_TEXT];
    const gy_node *layers = gy_node_find(gy_node_find(tree, "model"), "layers");
    return gy_pool_string(&c->pool, gy_place_of_key(layers, at), &c->model.where);
}

static gy_status print_text(gy_config *c)
{
    gy_buffer text;
    gy_buffer_init(&text, c->ctx);
    gy_config_print(c, &text);
    gy_status status = text.status;
    if (status == GY_OK) status = gy_pool_string(&c->pool, gy_buffer_text(&text), &c->text);
    gy_buffer_clear(&text);
    return status;
}

static gy_status resolve(gy_config *c, const char *file, const gy_node *tree)
{
    char at[GY_PLACE_TEXT];
    GY_REQUIRE(tree->type == GY_NODE_MAP, GY_E_CONFIG,
               "not a configuration" GY_AT "%s" GY_WHY "it must be a mapping of keys to values",
               gy_place_of_value(tree, at));
    gy_path root = {NULL, NULL, 0};
    gy_scope scope = {.what = "the configuration", .sets = {{gy_config_rows, c}}, .n = 1};
    GY_TRY(gy_settings_default(gy_config_rows, &c->pool, c));
    GY_TRY(gy_config_apply(&c->pool, &root, tree, &scope));
    if (c->name == NULL) GY_TRY(name_of_file(&c->pool, file, &c->name));
    if (c->run_dir == NULL) GY_TRY(gy_pool_format(&c->pool, &c->run_dir, "runs/%s", c->name));
    GY_TRY(default_metrics(c));
    size_tasks(c);
    GY_TRY(place_of_layers(c, tree));
    GY_TRY(gy_space_read(&c->pool, c->search.ranges, &c->search.space));
    GY_TRY(gy_config_check(c, tree));
    return print_text(c);
}

static gy_status create(gy_context *ctx, gy_config **out)
{
    GY_TRY(gy_new(ctx, out));
    (*out)->ctx = ctx;
    gy_pool_init(&(*out)->pool, ctx);
    return GY_OK;
}

/* @param yaml  NULL: what the file `name` holds */
static gy_status make(gy_context *ctx, const char *name, const char *yaml, bool environment,
                      const gy_strings *sets, gy_config **out)
{
    gy_status status;
    gy_config *c = NULL;
    gy_node *tree;
    GY_TRY_GOTO(fail, create(ctx, &c));
    if (yaml == NULL)
        GY_TRY_GOTO(fail, gy_yaml_read(&c->pool, name, &tree));
    else
        GY_TRY_GOTO(fail, gy_yaml_parse(&c->pool, name, yaml, strlen(yaml), &tree));
    if (environment) GY_TRY_GOTO(fail, gy_config_set_environment(&c->pool, tree));
    for (int i = 0; i < sets->n; i++) GY_TRY_GOTO(fail, gy_config_set(&c->pool, tree, sets->v[i]));
    GY_TRY_GOTO(fail, resolve(c, name, tree));
    *out = c;
    return GY_OK;
fail:
    gy_config_free(c);
    return status;
}

gy_status gy_config_load(gy_context *ctx, const char *path, const char *const *sets, int n,
                         gy_config **out)
{
    GY_DOOR;
    return make(ctx, path, NULL, true, &(gy_strings){sets, n}, out);
}

gy_status gy_config_load_text(gy_context *ctx, const char *path, const char *yaml,
                              const char *const *sets, int n, gy_config **out)
{
    return make(ctx, path, yaml, true, &(gy_strings){sets, n}, out);
}

gy_status gy_config_parse(gy_context *ctx, const char *name, const char *yaml,
                          const char *const *sets, int n, gy_config **out)
{
    GY_DOOR;
    return make(ctx, name, yaml, false, &(gy_strings){sets, n}, out);
}

gy_status gy_config_revise(const gy_config *config, const gy_layer_specs *layers,
                           const char *run_dir, gy_config **out)
{
    gy_buffer text;
    gy_config revised = *config;
    revised.model.layers = *layers;
    revised.run_dir = run_dir;
    revised.adapt.how.rank = 0;
    gy_buffer_init(&text, config->ctx);
    gy_config_print(&revised, &text);
    gy_status status = text.status;
    if (status == GY_OK)
        status =
            gy_config_parse(config->ctx, "the smaller model", gy_buffer_text(&text), NULL, 0, out);
    gy_buffer_clear(&text);
    return status;
}

void gy_config_free(gy_config *config)
{
    if (config == NULL) return;
    gy_pool_clear(&config->pool);
    gy_free(config->ctx, config);
}

const char *gy_config_text(const gy_config *config)
{
    return config->text;
}

bool gy_config_larger_is_better(const gy_config *config)
{
    const char *name = config->train.early_stopping.monitor + strlen("validation_");
    const gy_kind *kind = gy_registry_find(&gy_metric_registry, name);
    return kind != NULL && ((const gy_metric_kind *)kind)->larger_is_better;
}
