/**
 * Settings of a kind to try it with: the defaults, each setting by itself changed to another value
 * that its row allows, and all of them changed at once. So a new kind is tried with no table of names.
 */
#ifndef GY_TEST_KINDS_H
#define GY_TEST_KINDS_H

#include "gy_test.h"

#include "base/setting.h"

#include <stdio.h>
#include <string.h>

/** A check that says which kind and variant it was of. */
static inline void gy_test_expect(bool ok, const gy_kind *kind, int variant, const char *what,
                                  double value)
{
    if (!ok) printf("\n    %s, variant %d: %s (%g)", kind->name, variant, what, value);
    CU_ASSERT(ok);
}

static inline int gy_test_rows(const gy_kind *kind)
{
    int n = 0;
    while (kind->settings != NULL && kind->settings[n].key != NULL) n++;
    return n;
}

static inline int gy_test_variants(const gy_kind *kind)
{
    int rows = gy_test_rows(kind);
    return rows == 0 ? 1 : rows + 2;
}

/** Another value than the default, as text. */
static inline const char *gy_test_other(const gy_setting *row)
{
    static const char *const numbers[] = {"0.9", "0.5", "0.02", "3", "-0.5", NULL};
    static const char *const integers[] = {"2", "3", NULL};
    switch (row->type) {
    case GY_SETTING_BOOL:
        return strcmp(row->standard, "true") == 0 ? "false" : "true";
    case GY_SETTING_INT:
    case GY_SETTING_FLOAT: {
        const char *const *of = row->type == GY_SETTING_INT ? integers : numbers;
        const double standard = atof(row->standard);
        for (; *of != NULL; of++) {
            const double v = atof(*of);
            if ((row->min == row->max || (v >= row->min && v <= row->max)) && v != standard)
                return *of;
        }
        return row->standard;
    }
    default:
        return NULL; /* stays as it is */
    }
}

/** Settings of variant 0 … gy_test_variants() − 1. @return in the pool; NULL where there are none */
static inline void *gy_test_variant(const gy_kind *kind, int variant, gy_pool *pool)
{
    void *values = NULL;
    const int rows = gy_test_rows(kind);
    if (kind->settings == NULL) return NULL;
    if (gy_pool_alloc(pool, kind->settings_size, &values) != GY_OK ||
        gy_settings_default(kind->settings, pool, values) != GY_OK)
        abort();
    for (int i = 0; i < rows; i++) {
        const char *text = gy_test_other(&kind->settings[i]);
        if (text == NULL || (variant != i + 1 && variant != rows + 1)) continue;
        gy_buffer why;
        gy_buffer_init(&why, pool->ctx);
        CU_ASSERT_TRUE(gy_setting_assign(&kind->settings[i], &text, 1, false, pool, values, &why));
        gy_buffer_clear(&why);
    }
    return values;
}

#endif
