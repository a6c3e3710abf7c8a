#include "layer_checks.h"

#include "gy_test.h"

#include "layer/layer_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double gy_test_norm(int64_t n, const float *x)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)x[i] * x[i];
    return sqrt(sum);
}

double gy_test_difference(int64_t n, const float *a, const float *b)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sqrt(sum);
}

float *gy_trial_copy(gy_trial *t, int64_t n, const float *x)
{
    float *out = NULL;
    if (gy_pool_array(&t->pool, n + 1, &out) != GY_OK) abort();
    memcpy(out, x, (size_t)n * sizeof *x);
    return out;
}

void gy_trial_expect(const gy_trial *t, bool ok, const char *what, double value)
{
    if (!ok) printf("\n    %s: %s (%g)", t->sample->yaml, what, value);
    CU_ASSERT(ok);
}

bool gy_test_same(int64_t n, const float *a, const float *b)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

double gy_trial_reordered(const gy_trial *t, double off)
{
    return t->precision == GY_PRECISION_float32 ? off : off + 0x1p-7;
}

/* What kind of sample it is; and the same twice gives the same bits. */
static void look(gy_trial *t)
{
    int64_t n = t->batch * t->outputs;
    gy_model_run run = gy_trial_run(t);
    float *first = gy_trial_copy(t, n, gy_trial_forward(t, &run));
    t->mixes = run.penalty != 0 || gy_model_buffers(t->m)->n > 0;
    run = gy_trial_run(t);
    gy_trial_expect(t, gy_test_same(n, first, gy_trial_forward(t, &run)), "two passes differ", 0);
    run.seed = 8;
    t->random = !gy_test_same(n, first, gy_trial_forward(t, &run));
    gy_trial_expect(t, isfinite(gy_test_norm(n, first)), "output is not finite", 0);
}

void gy_check_sample(const gy_layer_sample *sample, gy_precision precision,
                     void (*check)(gy_trial *))
{
    gy_trial t;
    if (gy_trial_begin(&t, sample, precision) != GY_OK) {
        printf("\n    %s: %s", sample->yaml, gy_error_last()->text);
        if (strstr(gy_error_last()->text, "there is no") == NULL) CU_FAIL("a sample is not valid");
    } else {
        look(&t);
        check(&t);
    }
    gy_trial_end(&t);
}

void gy_check_samples_in(gy_precision precision, void (*check)(gy_trial *))
{
    for (int i = 0; i < gy_layer_registry.n; i++) {
        const gy_layer_kind *kind = gy_layer_kind_of(gy_layer_registry.kinds[i]);
        CU_ASSERT_PTR_NOT_NULL(kind->samples);
        if (kind->samples == NULL) continue;
        CU_ASSERT_PTR_NOT_NULL(kind->samples->yaml);
        for (const gy_layer_sample *s = kind->samples; s->yaml != NULL; s++)
            gy_check_sample(s, precision, check);
    }
}

void gy_check_samples(void (*check)(gy_trial *))
{
    for (int precision = 0; precision < GY_PRECISION_COUNT; precision++)
        gy_check_samples_in((gy_precision)precision, check);
}
