/** The settings of a layer by their keys, for those who say it in other words. Local. */
#ifndef GY_EXCHANGE_SETTINGS_H
#define GY_EXCHANGE_SETTINGS_H

#include "layer/layer.h"

/** Where a layer's setting lies; the kind must have it. */
static inline const void *gy_layer_setting(const gy_layer *l, const char *key)
{
    return (const char *)l->settings + gy_setting_find(l->kind->kind.settings, key)->offset;
}

static inline int64_t gy_layer_int(const gy_layer *l, const char *key)
{
    return *(const int64_t *)gy_layer_setting(l, key);
}
static inline bool gy_layer_bool(const gy_layer *l, const char *key)
{
    return *(const bool *)gy_layer_setting(l, key);
}
static inline double gy_layer_float(const gy_layer *l, const char *key)
{
    return *(const double *)gy_layer_setting(l, key);
}
/** The number of a choice; its word is row->choices[that]. */
static inline int gy_layer_choice(const gy_layer *l, const char *key)
{
    return *(const int *)gy_layer_setting(l, key);
}

#endif
