/** A layer of its own, up to shape(): the settings as they are configured, no model around it. */
#ifndef GY_TEST_LAYER_SHAPE_H
#define GY_TEST_LAYER_SHAPE_H

#include "gy_test.h"

#include "base/buffer.h"
#include "layer/layer.h"

typedef struct gy_shape_setting {
    const char *key, *value;
} gy_shape_setting;

typedef struct gy_shape_trial {
    gy_context *ctx;
    gy_pool pool;
    gy_layer_common common;
    gy_layer l;
} gy_shape_trial;

/** The status of shape() of a kind with these settings, closed by key NULL; gy_shape_end() after. */
static inline gy_status gy_shape_try(gy_shape_trial *t, const char *name, gy_shape in,
                                     int64_t window, const gy_shape_setting *settings)
{
    *t = (gy_shape_trial){.ctx = gy_test_context(), .common = {.trainable = true}};
    gy_pool_init(&t->pool, t->ctx);
    const gy_layer_kind *kind = gy_layer_find(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(kind);
    void *values = NULL;
    gy_buffer why;
    gy_buffer_init(&why, t->ctx);
    if (gy_pool_alloc(&t->pool, kind->kind.settings_size + 1, &values) != GY_OK) abort();
    if (kind->kind.settings != NULL &&
        gy_settings_default(kind->kind.settings, &t->pool, values) != GY_OK)
        abort();
    for (const gy_shape_setting *s = settings; s->key != NULL; s++) {
        const gy_setting *row = gy_setting_find(kind->kind.settings, s->key);
        CU_ASSERT_PTR_NOT_NULL_FATAL(row);
        CU_ASSERT(gy_setting_assign(row, &s->value, 1, false, &t->pool, values, &why));
    }
    gy_buffer_clear(&why);
    t->l = (gy_layer){.ctx = t->ctx,
                      .pool = &t->pool,
                      .kind = kind,
                      .path = "c",
                      .where = "here",
                      .settings = values,
                      .common = &t->common,
                      .threads = 1,
                      .window = window,
                      .inputs = 1,
                      .in = {in}};
    return kind->shape(&t->l);
}

static inline void gy_shape_end(gy_shape_trial *t)
{
    gy_pool_clear(&t->pool);
    gy_test_end(t->ctx);
}

#define GY_WITH(...)                                                                               \
    (const gy_shape_setting[])                                                                     \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }

#endif
