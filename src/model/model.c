/* A model's life and what it says of itself. */
#include "model_impl.h"

gy_status gy_model_create(gy_context *ctx, const gy_model_spec *spec, gy_model **out)
{
    gy_status status;
    gy_model *m = NULL;
    gy_list params = {0}, buffers = {0};
    GY_TRY(gy_new(ctx, &m));
    m->ctx = ctx;
    m->recompute = spec->recompute_blocks;
    m->threads = spec->threads;
    m->window = spec->window;
    m->where = spec->where;
    m->forms = spec->forms;
    m->adapt = spec->adapt;
    m->quantize = spec->quantize;
    m->loss_by_rows = spec->loss_by_rows;
    m->block_floats = GY_BLOCK_FLOATS;
    m->owns_w = m->owns_dw = m->owns_b = true;
    gy_pool_init(&m->pool, ctx);
    GY_TRY_GOTO(fail, gy_model_build(m, spec, &params, &buffers));
    GY_TRY_GOTO(fail, gy_model_tabulate(m, &params, &buffers));
    gy_model_fuse(m);
    *out = m;
    return GY_OK;
fail:
    gy_model_free(m);
    return status;
}

void gy_model_free(gy_model *m)
{
    if (m == NULL) return;
    for (int i = 0; i < GY_USES; i++) gy_plan_clear(m->ctx, &m->plans[i]);
    if (m->owns_dw && m->dw != m->arena) gy_free(m->ctx, m->dw);
    gy_free(m->ctx, m->arena);
    if (m->owns_w) gy_free(m->ctx, m->w);
    if (m->owns_b) gy_free(m->ctx, m->b);
    gy_pool_clear(&m->pool);
    gy_free(m->ctx, m);
}

const gy_shape *gy_model_input(const gy_model *m)
{
    return &m->values[0]->shape;
}

const gy_shape *gy_model_output(const gy_model *m)
{
    return &m->values[m->output]->shape;
}

bool gy_model_takes_tokens(const gy_model *m)
{
    return m->embedding != NULL;
}

int64_t gy_model_vocabulary(const gy_model *m)
{
    return m->embedding == NULL ? 0 : m->embedding->layer.params[0].shape.d[0];
}

const gy_params *gy_model_params(const gy_model *m)
{
    return &m->params;
}

const gy_params *gy_model_buffers(const gy_model *m)
{
    return &m->buffers;
}

float *gy_model_values(gy_model *m)
{
    return m->w;
}

float *gy_model_gradients(gy_model *m)
{
    return m->dw;
}

float *gy_model_buffer_values(gy_model *m)
{
    return m->b;
}

int64_t gy_model_carry(const gy_model *m, int64_t batch)
{
    int64_t floats = 0;
    for (int i = 0; i < m->n_units; i++)
        floats += gy_align_floats(gy_size_at(m->units[i]->layer.memory.carry, batch));
    return floats;
}

bool gy_model_is_bounded(const gy_model *m)
{
    for (int i = 0; i < m->n_units; i++)
        if (m->units[i]->layer.memory.bounded) return true;
    return false;
}
