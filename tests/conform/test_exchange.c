/*
 * What every format that is written promises: the parameters and buffers of any layer (of any that it can
 * say) come back from its files to the bit, and a file that is cut anywhere is an error, never a model.
 */
#include "gy_test.h"
#include "layer_trial.h"

#include "exchange/exchange_list.h"
#include "layer/layer_list.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void fill_buffers(gy_model *m, float from)
{
    for (int64_t i = 0; i < gy_model_buffers(m)->floats; i++)
        gy_model_buffer_values(m)[i] = from + 0.25f * (float)i;
}

static bool same(const gy_params *table, const float *a, const float *b)
{
    for (int i = 0; i < table->n; i++) {
        const gy_param *p = &table->v[i];
        if (memcmp(a + p->offset, b + p->offset, (size_t)p->count * sizeof *a) != 0) return false;
    }
    return true;
}

static gy_status take(gy_context *ctx, const char *path, gy_model *m)
{
    gy_tensors file;
    const gy_take_options options = {.partial = false};
    gy_status status = gy_tensors_open(ctx, path, &file);
    if (status == GY_OK) status = gy_tensors_take(&file, m, &options);
    gy_tensors_close(&file);
    return status;
}

/* Out and in again. */
static void go_round(const gy_exchange_kind *kind, gy_trial *t, const char *path)
{
    gy_model *other = NULL;
    const gy_cargo cargo = {.ctx = t->ctx, .model = t->m};
    CU_ASSERT_EQUAL_FATAL(gy_trial_model(t, false, &other), GY_OK);
    const gy_params *params = gy_model_params(other), *buffers = gy_model_buffers(other);
    memset(gy_model_values(other), 0, (size_t)params->floats * sizeof(float));
    fill_buffers(t->m, 1);
    gy_status status = gy_cargo_write(kind, &cargo, path);
    if (status == GY_E_CONFIG && kind->is_particular) {
        gy_model_free(other);
        return;
    }
    if (status == GY_OK) status = take(t->ctx, path, other);
    if (status != GY_OK)
        printf("\n    %s, %s: %s", kind->kind.name, t->sample->yaml, gy_error_last()->text);
    CU_ASSERT_EQUAL(status, GY_OK);
    bool equal = same(params, gy_model_values(t->m), gy_model_values(other)) &&
                 same(buffers, gy_model_buffer_values(t->m), gy_model_buffer_values(other));
    if (!equal) printf("\n    %s, %s: other numbers", kind->kind.name, t->sample->yaml);
    CU_ASSERT(equal);
    gy_model_free(other);
}

/* A file of its first n bytes. */
static void cut(const char *path, const char *whole, size_t n)
{
    FILE *f = fopen(path, "wb");
    CU_ASSERT_FATAL(f != NULL && fwrite(whole, 1, n, f) == n && fclose(f) == 0);
}

static void cut_anywhere(const gy_exchange_kind *kind, gy_trial *t, const char *path)
{
    enum { CUTS = 40 };
    char *whole;
    size_t n;
    const gy_cargo cargo = {.ctx = t->ctx, .model = t->m};
    CU_ASSERT_EQUAL_FATAL(gy_cargo_write(kind, &cargo, path), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_file_read(t->ctx, path, 1 << 24, GY_E_IO, &whole, &n), GY_OK);
    for (size_t i = 0; i < CUTS; i++) {
        cut(path, whole, i * n / CUTS);
        gy_status status = take(t->ctx, path, t->m);
        CU_ASSERT(status == GY_E_DATA || status == GY_E_CONFIG);
        CU_ASSERT(strstr(gy_error_last()->text, path) != NULL);
    }
    gy_free(t->ctx, whole);
}

typedef void trial(const gy_exchange_kind *kind, gy_trial *t, const char *path);

static void try_sample(const gy_exchange_kind *kind, const gy_layer_sample *sample, trial *run)
{
    char path[64];
    gy_trial t;
    (void)snprintf(path, sizeof path, "/tmp/gyre-exchange-%ld%s", (long)getpid(), kind->ending);
    CU_ASSERT_EQUAL_FATAL(gy_trial_begin(&t, sample, GY_PRECISION_float32), GY_OK);
    run(kind, &t, path);
    (void)unlink(path);
    gy_trial_end(&t);
}

static const gy_exchange_kind *written(int i)
{
    const gy_exchange_kind *kind = gy_exchange_kind_of(gy_exchange_registry.kinds[i]);
    return kind->write == NULL ? NULL : kind;
}

static void every_layer_comes_back(void)
{
    for (int i = 0; i < gy_exchange_registry.n; i++) {
        for (int k = 0; k < gy_layer_registry.n && written(i) != NULL; k++) {
            const gy_layer_kind *layer = gy_layer_kind_of(gy_layer_registry.kinds[k]);
            for (const gy_layer_sample *s = layer->samples; s->yaml != NULL; s++)
                try_sample(written(i), s, go_round);
        }
    }
}

static void a_cut_file_is_an_error(void)
{
    for (int i = 0; i < gy_exchange_registry.n; i++)
        if (written(i) != NULL && !written(i)->is_particular)
            try_sample(written(i), gy_layer_batch_norm.samples, cut_anywhere);
}

GY_TEST_MAIN(GY_TEST(every_layer_comes_back), GY_TEST(a_cut_file_is_an_error))
