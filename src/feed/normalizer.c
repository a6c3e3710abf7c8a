/* The normaliser of a feed as JSON: as checkpoints keep what the training split taught. */
#include "feed.h"

#include "base/number.h"
#include "text/tree.h"

#include <string.h>

/* A list of numbers of the checkpoint's normaliser. */
static gy_status take_numbers(gy_feed *f, const gy_node *list, float **out)
{
    int64_t n = 0;
    GY_REQUIRE(list != NULL && list->type == GY_NODE_LIST && list->n == f->normalizer.n, GY_E_IO,
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
        status = whole ? take_numbers(f, mean, &n->mean)
                       : gy_raise(GY_E_IO, "cannot use the normalisation" GY_AT "/data" GY_WHY
                                           "it is not whole");
        if (status == GY_OK)
            status = take_numbers(f, gy_node_find(tree, "deviation"), &n->deviation);
    }
    gy_pool_clear(&pool);
    return status;
}

void gy_feed_print_normalizer(const gy_feed *f, gy_buffer *out)
{
    const gy_normalizer *n = &f->normalizer;
    gy_json_begin(out, NULL, '{');
    gy_json_int(out, "kind", (int64_t)n->kind);
    gy_json_float(out, "scale", n->scale);
    gy_json_float(out, "offset", n->offset);
    gy_json_begin(out, "mean", '[');
    for (int64_t i = 0; i < n->n; i++) gy_json_float(out, NULL, (double)n->mean[i]);
    gy_json_end(out, ']');
    gy_json_begin(out, "deviation", '[');
    for (int64_t i = 0; i < n->n; i++) gy_json_float(out, NULL, (double)n->deviation[i]);
    gy_json_end(out, ']');
    gy_json_end(out, '}');
}
