/* The data that a checkpoint is put to work on: read as the training data taught, each rank its part. */
#include "opened.h"

/* The source asked for, else the configuration's test data, else its validation data. */
static gy_status choose(gy_opened *o, const char *data, gy_part *part)
{
    const char *test = data != NULL ? data : gy_feed_name(o->config, GY_PART_TEST);
    *part = test != NULL ? GY_PART_TEST : GY_PART_VALIDATION;
    o->feed.text[*part] = test != NULL ? test : gy_feed_name(o->config, GY_PART_VALIDATION);
    GY_REQUIRE(o->feed.text[*part] != NULL, GY_E_USAGE,
               "no data" GY_AT "--data" GY_WHY
               "the configuration names neither test nor validation data" GY_HINT
               "give --data SOURCE");
    return GY_OK;
}

static gy_status load(gy_opened *o, gy_part part, bool outputs_alone)
{
    const bool aims = gy_feed_info(&o->feed, part)->supervised && !outputs_alone;
    gy_net *network = &o->network;
    int64_t batch = o->config->train.batch_size;
    if (batch < o->ranks) batch = o->ranks;
    GY_TRY(aims ? gy_feed_aim(&o->feed, network, part) : gy_net_aim(network, NULL));
    GY_TRY(gy_feed_teach(&o->feed, network));
    GY_TRY(gy_feed_load(&o->feed, part, batch));
    gy_net_cut(network, batch, o->ranks, o->config->train.micro_batch_size);
    return gy_net_make_pieces(network);
}

gy_status gy_opened_open_on_data(gy_context *ctx, gy_comm *comm, const char *path,
                                 const gy_apply_options *options, gy_opened *out, gy_part *part)
{
    const gy_opening opening = {.path = path,
                                .sets = options->sets,
                                .n_sets = options->n_sets,
                                .observer = options->observer,
                                .observer_user = options->observer_user};
    GY_TRY(gy_opened_open(ctx, comm, &opening, out));
    gy_status status = gy_opened_build(out);
    if (status == GY_OK) {
        gy_feed_init(&out->feed, ctx, comm, out->config, &out->network);
        status = choose(out, options->data, part);
    }
    GY_TRY(gy_comm_agree(comm, status));
    GY_TRY(gy_opened_read(out));
    GY_TRY(gy_feed_open(&out->feed, &out->taught));
    return gy_comm_agree(comm, load(out, *part, options->rolls_out));
}

gy_status gy_opened_pass(gy_opened *o, gy_part part, bool targets, gy_batch *batch,
                         gy_outputs_taker *take, void *user)
{
    GY_TRY(gy_loader_next(o->feed.loader[part], batch));
    GY_TRY(gy_feed_check(&o->feed, part,
                         &(gy_feed_values){batch->samples, batch->n, batch->x,
                                           targets ? batch->y : NULL, targets ? batch->w : NULL}));
    const gy_samples samples = gy_feed_samples(batch);
    gy_model_run p = {.kernel = o->network.kernel,
                      .seed = (uint64_t)o->config->seed,
                      .scale = 1.0 / (double)batch->global};
    for (gy_piece piece = {.x = NULL}; gy_piece_next(&o->network, &samples, &piece);) {
        float *y = NULL;
        p.first = batch->first + piece.first;
        GY_TRY(gy_model_forward(o->network.model, &p, piece.n, piece.x, &y));
        GY_TRY(take(user, batch, &piece, y));
    }
    return GY_OK;
}
