/*
 * Ranks hold the same parameters and, where each has all of it, the same optimizer state: every
 * comm.verify_every_steps their hashes are compared. What most ranks have counts as right; with two
 * that differ nobody can tell, and the higher one is named. Before anything is evaluated or saved.
 */
#include "../hook_list.h"

#include "base/hash.h"

/* What a rank holds, and what is told of it. */
enum { PARAMETERS, STATE, HASHES };
static const char *const names[HASHES] = {"parameters", "optimizer state"};

static void hash(gy_run *run, uint64_t out[HASHES])
{
    const gy_params *params = gy_model_params(run->network.model);
    size_t bytes = (size_t)params->trainable * sizeof(float);
    out[PARAMETERS] =
        gy_hash(gy_model_values(run->network.model), (size_t)params->floats * sizeof(float));
    out[STATE] = 0;
    if (gy_sync_is_sharded(run->sync)) return;
    for (int i = 0; i < gy_optim_slots(run->optim); i++)
        out[STATE] =
            31 * out[STATE] + gy_hash(gy_optim_slot(run->optim, i),
                                      (size_t)gy_optim_slot_floats(run->optim, i) * sizeof(float));
    if (run->average != NULL) out[STATE] = 31 * out[STATE] + gy_hash(run->average, bytes);
}

/* How many ranks have what a rank has. */
static int count_alike(const gy_run *run, uint64_t (*all)[HASHES], int what, int rank)
{
    int n = 0;
    for (int r = 0; r < run->ranks; r++) n += all[r][what] == all[rank][what];
    return n;
}

/* The first rank that has not what most have; −1: none. */
static int find_odd(const gy_run *run, uint64_t (*all)[HASHES], int what)
{
    int right = 0, most = count_alike(run, all, what, 0);
    for (int r = 1; r < run->ranks && most <= run->ranks / 2; r++) {
        int n = count_alike(run, all, what, r);
        if (n > most) right = r;
        if (n > most) most = n;
    }
    for (int r = 0; r < run->ranks; r++)
        if (all[r][what] != all[right][what]) return r;
    return -1;
}

static gy_status judge(const gy_run *run, uint64_t (*all)[HASHES])
{
    for (int what = 0; what < HASHES; what++) {
        int odd = find_odd(run, all, what);
        GY_REQUIRE(odd < 0, GY_E_COMM,
                   "a rank has other %s than the others" GY_AT "rank %d on %s" GY_WHY
                   "found after step %lld" GY_HINT
                   "look at that host's memory; the same command goes on from the last checkpoint",
                   names[what], odd, gy_comm_host(run->comm, odd), (long long)run->at.step);
    }
    return GY_OK;
}

static gy_status after_step(gy_run *run)
{
    int64_t every = run->config->comm.verify_every_steps;
    uint64_t mine[HASHES], (*all)[HASHES] = NULL;
    if (every == 0 || run->at.step % every != 0 || run->ranks == 1) return GY_OK;
    GY_TRY(gy_run_settle(run));
    GY_TRY(gy_comm_new_array(run->comm, run->ranks, &all));
    hash(run, mine);
    gy_status status = gy_comm_all_gather(run->comm, mine, sizeof mine, all);
    if (status == GY_OK) status = gy_comm_agree(run->comm, judge(run, all));
    gy_free(run->ctx, all);
    return status;
}

const gy_hook gy_hook_verify = {
    .kind = {.name = "verify", .help = "compares parameters across ranks"},
    .after_step = after_step};
