/* The network of a configuration, and what a rank holds beside it: optimizer, sums, a checkpoint's copy. */
#include "config.h"

#include <gyre/model.h>

#include "base/count.h"
#include "comm/topology.h"
#include "sync/grains.h"

gy_status gy_config_network(const gy_config *c, gy_comm *comm, gy_net_spec *out)
{
    int omp_threads = gy_kernel_omp_threads();
    GY_TRY(gy_comm_broadcast(comm, &omp_threads, sizeof omp_threads, 0));
    *out = (gy_net_spec){.layers = c->model.layers,
                         .where = c->model.where,
                         .winograd = (gy_precision)c->train.winograd,
                         .recompute_blocks = c->train.recompute == 1,
                         .rollout = (int)c->train.rollout,
                         .threads = (int)c->threads,
                         .omp_threads = omp_threads,
                         .ranks = gy_comm_sharing_ranks(comm),
                         .grains = (int)c->comm.reproducible_grains,
                         .loss = c->loss,
                         .metrics = c->metrics,
                         .adapt = c->adapt.how.rank > 0 ? &c->adapt.how : NULL,
                         .quantize = c->train.quantize == 1,
                         .precision = (gy_precision)c->train.precision};
    out->input.n = c->model.input.n;
    for (int i = 0; i < out->input.n; i++) out->input.d[i] = c->model.input.v[i];
    return GY_OK;
}

bool gy_config_uses_host_memory(const gy_config *c, gy_comm *comm)
{
    const gy_topology *t = gy_comm_topology(comm);
    return !c->comm.survive && t->local_ranks > 1 && t->host_memory &&
           gy_sync_wants_host_memory(&c->comm);
}

gy_model_use gy_config_use(const gy_config *c, gy_comm *comm, const gy_net *n)
{
    return gy_net_use(n, n->grains == 0 && gy_config_uses_host_memory(c, comm));
}

/* Floats of each state vector that a rank holds. */
static int64_t owned_of(const gy_config *c, int64_t trainable, int ranks)
{
    if (!c->comm.shard_optimizer) return trainable;
    int64_t blocks = trainable / GY_PARAM_ALIGN;
    return gy_pieces(blocks, ranks) * GY_PARAM_ALIGN;
}

/* Whether training goes on while one is written: not so for the last one of a job. */
static bool copies_checkpoints(const gy_checkpoint_settings *c)
{
    return c->asynchronous && (c->every_epochs > 0 || c->every_steps > 0 || c->every_minutes > 0);
}

static void add_memory(const gy_config *c, int ranks, const gy_net *n, gy_anatomy *a)
{
    const gy_params *params = gy_model_params(n->model);
    const int64_t trainable = params->trainable, buffers = gy_model_buffers(n->model)->floats;
    const int64_t owned = owned_of(c, trainable, ranks);
    const int64_t residuals = ranks > 1 ? gy_sync_residual_bytes(&c->comm, trainable) : 0;
    a->gradient_bytes += residuals;
    if (n->grains > 0) a->gradient_bytes += gy_grains_bytes(trainable + buffers);
    a->optimizer_bytes = gy_optim_bytes(&c->optimizer.kind, params, owned);
    if (c->train.parameter_average > 0) a->optimizer_bytes += owned * (int64_t)sizeof(float);
    if (c->sparse.target > 0) a->optimizer_bytes += 2 * trainable * (int64_t)sizeof(float);
    if (!copies_checkpoints(&c->checkpoint)) return;
    const int64_t whole = c->comm.shard_optimizer ? ranks : 1; /* of the optimizer's state */
    const int64_t values = params->floats * (int64_t)sizeof(float);
    a->checkpoint_bytes = (values + whole * a->optimizer_bytes) / ranks + residuals / 2;
}

gy_status gy_config_take_apart(const gy_config *c, gy_comm *comm, gy_net *n, gy_anatomy **out)
{
    GY_TRY(gy_net_take_apart(n, c->name, gy_config_use(c, comm, n), out));
    add_memory(c, gy_comm_ranks(comm), n, *out);
    return GY_OK;
}
