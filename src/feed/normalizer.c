/*
 * What the training split taught a feed in numbers, as JSON, as checkpoints keep it: the normaliser of x,
 * and in it the unit of targets and the weights of classes where there are such.
 */
#include "feed.h"

#include "base/number.h"
#include "text/tree.h"

#include <string.h>

/* A list of numbers of the checkpoint's normaliser. */
static gy_status take_numbers(gy_feed *f, const gy_node *list, int64_t wanted, float **out)
{
    int64_t n = 0;
    GY_REQUIRE(list != NULL && list->type == GY_NODE_LIST && list->n == wanted, GY_E_IO,
               "cannot use the normalisation" GY_AT "/data" GY_WHY "its lists are not whole");
    GY_TRY(gy_new_array(f->ctx, list->n, out));
    for (const gy_node *item = list->first; item != NULL; item = item->next) {
        double value = 0;
        GY_REQUIRE(gy_number_float(item->text, &value), GY_E_IO,
                   "cannot use the normalisation" GY_AT "/data" GY_WHY "'%s' is no number",
                   item->text);
        (*out)[n++] = (float)value;
    }
    return GY_OK;
}

static gy_status take_class_weights(gy_feed *f, const gy_node *list)
{
    if (list == NULL || list->type != GY_NODE_LIST || list->n != f->n_class_weights) return GY_OK;
    GY_TRY(gy_new_array(f->ctx, list->n, &f->class_weights));
    double *to = f->class_weights;
    for (const gy_node *item = list->first; item != NULL; item = item->next)
        GY_REQUIRE(gy_number_float(item->text, to++), GY_E_IO,
                   "cannot use the weights of classes" GY_AT "/data" GY_WHY "'%s' is no number",
                   item->text);
    return GY_OK;
}

static gy_status take_unit(gy_feed *f, const gy_node *unit)
{
    const gy_node *mean = unit == NULL ? NULL : gy_node_find(unit, "mean");
    if (mean == NULL) return GY_OK;
    f->unit.n = mean->n;
    GY_TRY(take_numbers(f, mean, f->unit.n, &f->unit.mean));
    return take_numbers(f, gy_node_find(unit, "deviation"), f->unit.n, &f->unit.deviation);
}

gy_status gy_feed_take_normalizer(gy_feed *f, const char *json)
{
    gy_pool pool;
    gy_node *tree = NULL;
    gy_normalizer *n = &f->normalizer;
    int64_t kind = 0;
    gy_pool_init(&pool, f->ctx);
    gy_status status = gy_json_parse(&pool, "/data", json, strlen(json), &tree);
    if (status == GY_OK) {
        const gy_node *mean = gy_node_find(tree, "mean"), *scale = gy_node_find(tree, "scale");
        const gy_node *offset = gy_node_find(tree, "offset"), *k = gy_node_find(tree, "kind");
        bool whole = mean != NULL && scale != NULL && offset != NULL && k != NULL &&
                     scale->text != NULL && offset->text != NULL && k->text != NULL &&
                     gy_number_float(scale->text, &n->scale) &&
                     gy_number_float(offset->text, &n->offset) && gy_number_int(k->text, &kind);
        n->n = whole ? mean->n : 0;
        n->kind = (gy_normalize)kind;
        status = whole ? take_numbers(f, mean, n->n, &n->mean)
                       : gy_raise(GY_E_IO, "cannot use the normalisation" GY_AT "/data" GY_WHY
                                           "it is not whole");
        if (status == GY_OK)
            status = take_numbers(f, gy_node_find(tree, "deviation"), n->n, &n->deviation);
        if (status == GY_OK) status = take_unit(f, gy_node_find(tree, "targets"));
        if (status == GY_OK) status = take_class_weights(f, gy_node_find(tree, "class_weights"));
    }
    gy_pool_clear(&pool);
    return status;
}

static void print_numbers(gy_buffer *out, const char *name, const float *v, int64_t n)
{
    gy_json_begin(out, name, '[');
    for (int64_t i = 0; i < n; i++) gy_json_float(out, NULL, (double)v[i]);
    gy_json_end(out, ']');
}

void gy_feed_print_normalizer(const gy_feed *f, gy_buffer *out)
{
    const gy_normalizer *n = &f->normalizer;
    gy_json_begin(out, NULL, '{');
    gy_json_int(out, "kind", (int64_t)n->kind);
    gy_json_float(out, "scale", n->scale);
    gy_json_float(out, "offset", n->offset);
    print_numbers(out, "mean", n->mean, n->n);
    print_numbers(out, "deviation", n->deviation, n->n);
    if (f->unit.n > 0) {
        gy_json_begin(out, "targets", '{');
        print_numbers(out, "mean", f->unit.mean, f->unit.n);
        print_numbers(out, "deviation", f->unit.deviation, f->unit.n);
        gy_json_end(out, '}');
    }
    if (f->class_weights != NULL) {
        gy_json_begin(out, "class_weights", '[');
        for (int64_t i = 0; i < f->n_class_weights; i++)
            gy_json_float(out, NULL, f->class_weights[i]);
        gy_json_end(out, ']');
    }
    gy_json_end(out, '}');
}
