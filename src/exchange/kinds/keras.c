/*
 * Keras's HDF5 files, of weights alone or of a whole model: /model_weights, or the root, lists its layers
 * in the attribute layer_names, and each layer's group its weights in weight_names:
 *
 *     /model_weights/conv2d_1        weight_names: conv2d_1/kernel:0, conv2d_1/bias:0
 *     /model_weights/conv2d_1/conv2d_1/kernel:0
 *
 * What stands here as the tensor conv2d_1/kernel. Cells of recurrent layers are left out of names; of a
 * bidirectional layer's two, the names become `forward` and `backward`.
 */
#include "../exchange_list.h"

#include "store/hdf5.h"

#include <string.h>

static const char whole_model[] = "/model_weights", layer_names[] = "layer_names";

typedef struct file {
    gy_h5 *f;
    const char *root;         /* "" or /model_weights */
    const char *const *paths; /* [n] of the data sets */
} file;

static const char *root_of(gy_h5 *f)
{
    if (gy_h5_exists(f, whole_model) && gy_h5_has_attribute(f, whole_model, layer_names))
        return whole_model;
    return gy_h5_has_attribute(f, "/", layer_names) ? "" : NULL;
}

static int probe(gy_context *ctx, const char *path, const void *head, size_t n)
{
    gy_h5 *f;
    (void)head;
    if (n == 0 || gy_h5_open(ctx, path, GY_E_DATA, &f) != GY_OK) return 0;
    int sure = root_of(f) != NULL ? 95 : 0;
    if (gy_h5_close(f) != GY_OK) {} /* nothing was written */
    return sure;
}

/* A word of a path, as it goes into the tensor's name; NULL: it does not. */
static const char *word_of(const char *word)
{
    static const char forward[] = "forward_", backward[] = "backward_";
    size_t n = strlen(word);
    if (strncmp(word, forward, sizeof forward - 1) == 0) return "forward";
    if (strncmp(word, backward, sizeof backward - 1) == 0) return "backward";
    bool is_cell = (n >= 5 && strcmp(word + n - 5, "_cell") == 0) || strstr(word, "_cell_") != NULL;
    return is_cell ? NULL : word;
}

/* lstm/lstm_cell/kernel:0 → lstm/kernel. A bare kernel:0 is its layer's. */
static gy_status name_tensor(gy_tensors *t, const char *layer, const char *weight, const char **out)
{
    const char *copy;
    gy_buffer name;
    GY_TRY(gy_pool_string(&t->pool, weight, &copy));
    char *rest = (char *)copy; /* pool memory is ours to change */
    gy_buffer_init(&name, t->ctx);
    if (strchr(weight, '/') == NULL) gy_buffer_add(&name, layer);
    for (char *word; (word = strtok_r(rest, "/", &rest)) != NULL;) {
        char *colon = strrchr(word, ':');
        if (colon != NULL) *colon = '\0';
        const char *kept = word_of(word);
        if (kept != NULL) gy_buffer_format(&name, "%s%s", name.bytes > 0 ? "/" : "", kept);
    }
    gy_status status = name.status;
    if (status == GY_OK) status = gy_pool_string(&t->pool, gy_buffer_text(&name), out);
    gy_buffer_clear(&name);
    return status;
}

static gy_status read_weight(gy_tensors *t, const char *layer, const char *weight, int at,
                             gy_tensor *out, const char **path)
{
    const file *f = t->state;
    gy_h5_data *d;
    *out = (gy_tensor){.at = at};
    GY_TRY(name_tensor(t, layer, weight, &out->name));
    GY_TRY(gy_pool_format(&t->pool, path, "%s/%s/%s", f->root, layer, weight));
    GY_TRY(gy_h5_data_open(f->f, *path, &d));
    out->shape = *gy_h5_data_shape(d);
    gy_h5_data_close(d);
    return GY_OK;
}

/* The weights of a layer: names, or nothing where it has none. */
static gy_status list_weights(gy_tensors *t, const char *layer, const char *const **names,
                              int64_t *n)
{
    static const char attribute[] = "weight_names";
    const file *f = t->state;
    const char *group;
    *n = 0;
    GY_TRY(gy_pool_format(&t->pool, &group, "%s/%s", f->root, layer));
    GY_REQUIRE(gy_h5_exists(f->f, group), GY_E_DATA,
               "the file is damaged" GY_AT "%s" GY_WHY "the layer %s has no group", t->path, layer);
    if (!gy_h5_has_attribute(f->f, group, attribute)) return GY_OK;
    return gy_h5_read_texts(f->f, group, attribute, &t->pool, names, n);
}

static gy_status read_layers(gy_tensors *t, const char *const *layers, int64_t n)
{
    const char *const **names;
    int64_t *counts, all = 0;
    const char **paths;
    gy_tensor *v;
    file *f = t->state;
    GY_TRY(gy_pool_array(&t->pool, n + 1, &names));
    GY_TRY(gy_pool_array(&t->pool, n + 1, &counts));
    for (int64_t i = 0; i < n; i++) {
        GY_TRY(list_weights(t, layers[i], &names[i], &counts[i]));
        all += counts[i];
    }
    GY_TRY(gy_pool_array(&t->pool, all + 1, &v));
    GY_TRY(gy_pool_array(&t->pool, all + 1, &paths));
    t->v = v;
    f->paths = paths;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < counts[i]; k++, t->n++)
            GY_TRY(read_weight(t, layers[i], names[i][k], t->n, &v[t->n], &paths[t->n]));
    return GY_OK;
}

static gy_status open(gy_tensors *t)
{
    const char *const *layers;
    int64_t n;
    file *f;
    GY_TRY(gy_pool_new(&t->pool, &f));
    t->state = f;
    t->convention = &gy_convention_keras;
    t->ordered = true;
    GY_TRY(gy_h5_open(t->ctx, t->path, GY_E_DATA, &f->f));
    f->root = root_of(f->f);
    n = 0;
    if (f->root != NULL)
        GY_TRY(gy_h5_read_texts(f->f, f->root[0] == '\0' ? "/" : f->root, layer_names, &t->pool,
                                &layers, &n));
    GY_REQUIRE(n > 0, GY_E_DATA, "cannot read the file" GY_AT "%s" GY_WHY "it lists no layers",
               t->path);
    return read_layers(t, layers, n);
}

static gy_status read(gy_tensors *t, const gy_tensor *tensor, float *out)
{
    const file *f = t->state;
    gy_h5_data *d;
    GY_TRY(gy_h5_data_open(f->f, f->paths[tensor->at], &d));
    gy_status status = gy_h5_data_read_floats(d, out);
    gy_h5_data_close(d);
    return status;
}

static void close(gy_tensors *t)
{
    const file *f = t->state;
    if (f != NULL && gy_h5_close(f->f) != GY_OK) {} /* nothing was written */
}

const gy_exchange_kind gy_exchange_keras = {
    .kind = {"keras", "weights of a Keras model (HDF5)", NULL, 0},
    .ending = ".h5",
    .probe = probe,
    .open = open,
    .read = read,
    .close = close,
};
