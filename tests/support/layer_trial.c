#include "layer_trial.h"

#include "base/hash.h"
#include "gy_test.h"
#include "layer_yaml.h"

#include <math.h>
#include <string.h>

static gy_status probe_shape(gy_layer *l)
{
    const gy_probe *s = l->settings;
    int64_t count = s->batch * gy_shape_count(&s->shape);
    gy_layer_param(l, "value", GY_ROLE_WEIGHT, gy_shape_of(1, count), (gy_init){GY_INIT_normal, 1});
    l->out = s->shape;
    return GY_OK;
}

static gy_status probe_forward(const gy_layer *l, const gy_pass *p)
{
    int64_t n = gy_shape_count(&l->out);
    memcpy(p->y, p->w[0] + (p->first - GY_TRIAL_FIRST) * n, (size_t)(p->batch * n) * sizeof(float));
    return GY_OK;
}

static gy_status probe_backward(const gy_layer *l, const gy_pass *p)
{
    const gy_probe *s = l->settings;
    int64_t n = gy_shape_count(&l->out);
    if (p->beta[0] == 0) memset(p->dw[0], 0, (size_t)(s->batch * n) * sizeof(float));
    gy_axpby(p->kernel, p->batch * n, 1, p->dy, 1, p->dw[0] + (p->first - GY_TRIAL_FIRST) * n);
    return GY_OK;
}

static const gy_layer_kind probe_kind = {
    .kind = {"probe", "a parameter as a value", NULL, sizeof(gy_probe)},
    .shape = probe_shape,
    .forward = probe_forward,
    .backward = probe_backward,
};

gy_model_run gy_trial_run(const gy_trial *t)
{
    return (gy_model_run){.kernel = t->kernel,
                          .seed = 7,
                          .step = 3,
                          .first = GY_TRIAL_FIRST,
                          .scale = 1.0 / (double)t->batch,
                          .first_use = true};
}

void gy_trial_spoil(gy_model *m)
{
    const int64_t floats = m->packed == NULL ? m->arena_floats : m->packed - m->arena;
    for (int64_t i = 0; i < floats; i++) m->arena[i] = NAN;
}

float *gy_trial_forward(gy_trial *t, gy_model_run *run)
{
    float *y = NULL;
    gy_trial_spoil(t->m);
    if (gy_model_forward(t->m, run, t->batch, t->x, &y) != GY_OK) CU_FAIL("forward");
    return y;
}

double gy_trial_loss(void *user)
{
    gy_trial *t = user;
    gy_model_run run = gy_trial_run(t);
    const float *y = gy_trial_forward(t, &run);
    double sum = 0;
    for (int64_t i = 0; i < t->batch * t->outputs; i++) sum += (double)t->c[i] * y[i];
    return sum + run.penalty;
}

void gy_trial_backward(gy_trial *t, gy_model_run *run)
{
    float *y = gy_trial_forward(t, run);
    memcpy(y, t->c, (size_t)(t->batch * t->outputs) * sizeof *y);
    if (gy_model_backward(t->m, run, t->batch, t->x, y) != GY_OK) CU_FAIL("backward");
}

/* What every use would read and write, step by step. */
static gy_status check_plans(const gy_model *m, int64_t batch)
{
    gy_status status = GY_OK;
    for (gy_model_use use = GY_USE_EVALUATION; use < GY_USES && status == GY_OK; use++) {
        gy_plan plan = {.use = use};
        GY_TRY(gy_program_make(m, use, &plan.program));
        GY_TRY_GOTO(fail, gy_plan_place(m, &plan, batch));
        status = gy_plan_check(m, &plan);
    fail:
        gy_plan_clear(m->ctx, &plan);
    }
    return status;
}

gy_status gy_trial_model(gy_trial *t, bool recompute, gy_model **out)
{
    bool tokens = t->sample->vocabulary > 0;
    gy_model_spec spec = {.input = tokens ? t->sample->in : gy_shape_of(1, (int64_t)1),
                          .layers = {t->specs + tokens, tokens ? 1 : 2},
                          .where = "sample",
                          .recompute_blocks = recompute,
                          .threads = gy_kernel_threads(t->kernel)};
    GY_TRY(gy_model_create(t->ctx, &spec, out));
    GY_TRY(gy_model_allocate(*out, true));
    GY_TRY(gy_model_start(*out, 11));
    const gy_params *params = gy_model_params(*out);
    float *w = gy_model_values(*out);
    gy_rng key = {5, GY_RNG_INIT, 1};
    for (int i = 0; i < params->n; i++) { /* by name: freezing changes their order */
        const gy_param *p = &params->v[i];
        const uint64_t name = gy_hash(p->name, strlen(p->name));
        for (int64_t j = 0; j < p->count; j++)
            w[p->offset + j] += (float)(0.25 * gy_rng_normal(key, (uint64_t)j, name));
    }
    GY_TRY(check_plans(*out, t->batch));
    return gy_model_plan(*out, t->batch, GY_USE_TRAINING);
}

gy_status gy_trial_begin(gy_trial *t, const gy_layer_sample *sample, gy_precision precision)
{
    *t = (gy_trial){.ctx = gy_test_context(), .sample = sample, .precision = precision};
    gy_pool_init(&t->pool, t->ctx);
    t->batch = sample->batch > 0 ? sample->batch : 3;
    t->probe = (gy_probe){sample->in, t->batch};
    t->specs[0] =
        (gy_layer_spec){&probe_kind, {.name = "probe", .trainable = true}, &t->probe, "sample"};
    GY_TRY(gy_kernel_create(t->ctx, 1, precision, &t->kernel));
    GY_TRY(gy_test_layer(&t->pool, sample->yaml, &t->specs[1]));
    GY_TRY(gy_trial_model(t, false, &t->m));
    t->inputs = gy_shape_count(gy_model_input(t->m));
    t->outputs = gy_shape_count(gy_model_output(t->m));
    GY_TRY(gy_pool_array(&t->pool, t->batch * t->inputs, &t->x));
    GY_TRY(gy_pool_array(&t->pool, t->batch * t->outputs, &t->c));
    gy_rng key = {3, GY_RNG_INIT, 2};
    for (int64_t i = 0; i < t->batch * t->inputs && sample->vocabulary > 0; i++)
        t->x[i] = (float)(gy_rng_word(key, (uint64_t)i, 0) % (uint64_t)sample->vocabulary);
    for (int64_t i = 0; i < t->batch * t->outputs; i++)
        t->c[i] =
            (float)(gy_rng_normal(key, (uint64_t)i, 1) / sqrt((double)(t->batch * t->outputs)));
    return GY_OK;
}

void gy_trial_end(gy_trial *t)
{
    gy_model_free(t->m);
    gy_kernel_free(t->kernel);
    gy_pool_clear(&t->pool);
    gy_test_end(t->ctx);
}
