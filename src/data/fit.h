/** Reading what a training source learned, from its JSON. Inside data only. */
#ifndef GY_DATA_FIT_H
#define GY_DATA_FIT_H

#include "data.h"

#include "text/tree.h"

/** The root of options->fit; NULL without. GY_E_DATA if it is no JSON object. */
gy_status gy_fit_parse(gy_pool *pool, const gy_source_options *options,
                       const gy_node **out) GY_CHECKED;

/** Strings of the list `key`, *n = 0 without; they live as long as the tree. */
gy_status gy_fit_strings(gy_pool *pool, const gy_node *fit, const char *key, const char *const **v,
                         int64_t *n) GY_CHECKED;

/** Numbers of the list `key`, *n = 0 without. GY_E_DATA where one is none. */
gy_status gy_fit_numbers(gy_pool *pool, const gy_node *fit, const char *key, double **v,
                         int64_t *n) GY_CHECKED;

/** A whole number, `standard` without. */
int64_t gy_fit_int(const gy_node *fit, const char *key, int64_t standard);

/** A text, NULL without. */
const char *gy_fit_text(const gy_node *fit, const char *key);

/** Appends a list of strings under a key. */
void gy_fit_print_strings(gy_buffer *json, const char *key, const char *const *v, int64_t n);

#endif
