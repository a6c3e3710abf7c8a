/* Reading what a training source learned. */
#include "fit.h"

#include "base/number.h"

#include <string.h>

gy_status gy_fit_parse(gy_pool *pool, const gy_source_options *options, const gy_node **out)
{
    *out = NULL;
    if (options->fit == NULL) return GY_OK;
    gy_node *tree;
    GY_TRY(gy_json_parse(pool, "fit", options->fit, strlen(options->fit), &tree));
    GY_REQUIRE(tree->type == GY_NODE_MAP, GY_E_DATA,
               "what the training data taught is not readable" GY_WHY "it is no JSON object");
    *out = tree;
    return GY_OK;
}

static const gy_node *find_list(const gy_node *fit, const char *key)
{
    const gy_node *list = fit == NULL ? NULL : gy_node_find(fit, key);
    return list != NULL && list->type == GY_NODE_LIST ? list : NULL;
}

gy_status gy_fit_strings(gy_pool *pool, const gy_node *fit, const char *key, const char *const **v,
                         int64_t *n)
{
    const gy_node *list = find_list(fit, key);
    *v = NULL;
    *n = 0;
    if (list == NULL) return GY_OK;
    const char **texts;
    GY_TRY(gy_pool_array(pool, list->n + 1, &texts));
    for (const gy_node *item = list->first; item != NULL; item = item->next)
        texts[(*n)++] = item->type == GY_NODE_SCALAR ? item->text : "";
    *v = texts;
    return GY_OK;
}

gy_status gy_fit_numbers(gy_pool *pool, const gy_node *fit, const char *key, double **v, int64_t *n)
{
    const gy_node *list = find_list(fit, key);
    *v = NULL;
    *n = 0;
    if (list == NULL) return GY_OK;
    GY_TRY(gy_pool_array(pool, list->n + 1, v));
    for (const gy_node *item = list->first; item != NULL; item = item->next)
        GY_REQUIRE(item->type == GY_NODE_SCALAR && gy_number_float(item->text, &(*v)[(*n)++]),
                   GY_E_DATA,
                   "what the training data taught is not readable" GY_AT "%s" GY_WHY
                   "it holds something that is no number",
                   key);
    return GY_OK;
}

int64_t gy_fit_int(const gy_node *fit, const char *key, int64_t standard)
{
    const char *text = gy_fit_text(fit, key);
    int64_t v;
    return text != NULL && gy_number_int(text, &v) ? v : standard;
}

const char *gy_fit_text(const gy_node *fit, const char *key)
{
    const gy_node *node = fit == NULL ? NULL : gy_node_find(fit, key);
    return node != NULL && node->type == GY_NODE_SCALAR ? node->text : NULL;
}

void gy_fit_print_strings(gy_buffer *json, const char *key, const char *const *v, int64_t n)
{
    gy_json_begin(json, key, '[');
    for (int64_t i = 0; i < n; i++) gy_json_string(json, NULL, v[i]);
    gy_json_end(json, ']');
}
