#include "calibrate.h"

#include "form/form_list.h"

/* Whether products make whole numbers of what they multiply it with. */
static bool counts(const gy_form *form)
{
    return form->kind == &gy_form_int8 || form->kind == &gy_form_int4;
}

static gy_status pass_all(gy_opened *o, gy_part part, gy_net *network)
{
    gy_loader *loader = o->feed.loader[part];
    GY_TRY(gy_loader_seek(loader, 0, 0));
    for (int64_t i = 0, n = gy_loader_batches(loader); i < n; i++) {
        gy_batch batch = {.n = 0};
        gy_model_run pass = {.kernel = network->kernel};
        GY_TRY(gy_loader_next(loader, &batch));
        const gy_samples samples = gy_feed_samples(&batch);
        for (gy_piece piece = {.x = NULL}; gy_piece_next(network, &samples, &piece);) {
            float *y = NULL;
            GY_TRY(gy_model_forward(network->model, &pass, piece.n, piece.x, &y));
        }
    }
    return GY_OK;
}

static gy_status prepare(const gy_opened *o, gy_net *network)
{
    const int64_t batch = gy_most(o->config->train.batch_size, o->ranks);
    GY_TRY(gy_net_aim(network, NULL));
    gy_net_cut(network, batch, o->ranks, o->config->train.micro_batch_size);
    GY_TRY(gy_net_make_pieces(network));
    return gy_model_plan(network->model, network->micro, GY_USE_EVALUATION);
}

/* Of all ranks together. */
static gy_status spread(gy_comm *comm, gy_form_range *v, int n)
{
    for (int i = 0; i < n; i++) {
        double ends[] = {-(double)v[i].low, (double)v[i].high};
        GY_TRY(gy_comm_max(comm, ends, 2));
        v[i] = (gy_form_range){-(float)ends[0], (float)ends[1]};
    }
    return GY_OK;
}

static gy_status look(gy_subject *s, gy_opened *o, gy_part part)
{
    gy_form_range *seen;
    gy_formed *v = (gy_formed *)(uintptr_t)s->formed.v;
    GY_TRY(gy_comm_agree(s->comm, gy_pool_array(&s->pool, s->formed.n, &seen)));
    for (int i = 0; i < s->formed.n; i++)
        if (counts(&v[i].form)) v[i].form.seen = &seen[i];
    gy_status status = prepare(o, &s->network);
    if (status == GY_OK) status = pass_all(o, part, &s->network);
    GY_TRY(gy_comm_agree(s->comm, status));
    GY_TRY(spread(s->comm, seen, s->formed.n));
    for (int i = 0; i < s->formed.n; i++) {
        v[i].form.seen = NULL;
        v[i].form.range = seen[i];
    }
    return GY_OK;
}

static gy_status check(const gy_subject *s)
{
    for (int i = 0; i < s->formed.n; i++)
        if (counts(&s->formed.v[i].form)) return GY_OK;
    return gy_raise(GY_E_USAGE,
                    "nothing to calibrate" GY_AT "--calibrate" GY_WHY
                    "no weights are whole numbers" GY_HINT "give --quantize int8 or int4 too");
}

gy_status gy_calibrate(gy_subject *s, const char *path, const gy_apply_options *data)
{
    gy_opened o = {.ctx = NULL};
    gy_part part = GY_PARTS;
    GY_TRY(check(s)); /* alike on all ranks */
    gy_status status = gy_opened_open_on_data(s->ctx, s->comm, path, data, &o, &part);
    if (status == GY_OK) status = look(s, &o, part);
    if (o.ctx != NULL) gy_opened_close(&o);
    return status;
}
