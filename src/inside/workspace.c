/* Workspaces: a model on the vectors of the network's, with an arena of its own. */
#include "inside_impl.h"

#include "base/count.h"
#include "base/door.h"

/*
 * Where nobody says how many samples are passed at once: as many as find room in a core's cache with what they
 * leave behind; of large networks more, for the weights come from farther away.
 */
static gy_status choose_most(const gy_workspace *w, int64_t *most)
{
    enum { AT_ONCE = 256, PANEL = 8, LEAST_BYTES = 1 << 20, MOST_BYTES = 1 << 25 };
    gy_model_memory memory;
    if (*most > 0) return GY_OK;
    GY_TRY(gy_model_measure(w->net.model, AT_ONCE, GY_USE_EVALUATION, &memory));
    const int64_t room = gy_most(LEAST_BYTES, gy_least(MOST_BYTES, memory.parameters));
    const int64_t n = gy_least(AT_ONCE, room / (memory.activations / AT_ONCE + 1));
    *most = n < PANEL ? gy_most(n, 1) : n - n % PANEL;
    return GY_OK;
}

static gy_status make(gy_workspace *w, int64_t most)
{
    gy_network *net = w->network;
    gy_net_spec spec = net->net->spec;
    spec.threads = net->threads;
    GY_TRY(gy_net_open(net->ctx, &spec, &w->net));
    gy_model_borrow(w->net.model, net->net->model);
    GY_TRY(choose_most(w, &most));
    w->most = most;
    GY_TRY(gy_inside_new_samples(net->ctx, most, net->from.x, &w->x));
    w->net.task = net->net->task;
    gy_net_cut(&w->net, most, 1, 0);
    GY_TRY(gy_net_make_pieces(&w->net));
    return gy_model_plan(w->net.model, most, GY_USE_EVALUATION);
}

gy_status gy_workspace_create(gy_network *net, int64_t most, gy_workspace **out)
{
    GY_DOOR;
    gy_workspace *w = NULL;
    GY_REQUIRE(net != NULL && out != NULL && most >= 0, GY_E_USAGE,
               "cannot make a workspace" GY_WHY "an argument is missing, or most is below 0");
    GY_TRY(gy_new(net->ctx, &w));
    w->network = net;
    gy_status status = make(w, most);
    if (status == GY_OK)
        *out = w;
    else
        gy_workspace_free(w);
    return status;
}

void gy_workspace_free(gy_workspace *w)
{
    if (w == NULL) return;
    gy_context *ctx = w->network->ctx;
    gy_net_close(&w->net);
    gy_free(ctx, w->x);
    gy_free(ctx, w);
}

/* The samples as the network takes them: where they are, if they are so already. */
static const float *take(gy_workspace *w, const gy_theirs *x, int64_t first, int64_t n)
{
    const gy_network *net = w->network;
    const gy_normalizer *normalizer = &net->feed->normalizer;
    const bool changes = net->feed->vocabulary == 0 &&
                         (normalizer->n > 0 || normalizer->scale != 1 || normalizer->offset != 0);
    const float *there = gy_theirs_at(x, first);
    if (there != NULL && !changes) return there;
    gy_theirs_read(x, first, n, w->x);
    if (changes) gy_normalizer_apply(normalizer, n, x->count, w->x);
    return w->x;
}

gy_status gy_workspace_pass(gy_workspace *w, const gy_theirs *x, int64_t first, int64_t n,
                            float **y)
{
    gy_network *net = w->network;
    const gy_feed_values values = {.n = n, .x = take(w, x, first, n)};
    gy_model_run run = {
        .kernel = w->net.kernel, .seed = (uint64_t)net->opened.config->seed, .scale = 1};
    GY_TRY(gy_feed_check_values(net->feed, &net->from, &values));
    GY_TRY(gy_packed_need(net));
    return gy_model_forward(w->net.model, &run, n, values.x, y);
}
