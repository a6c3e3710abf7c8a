/*
 * What the bits of a run depend on beside its configuration and data: threads, instruction set, BLAS,
 * processor. Grains promise the same bits on any number of ranks of such machines: where these
 * differ, between ranks or from those of the checkpoint, the run says so.
 */
#include "train_impl.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/simd.h"

#include <string.h>

/* The levels from v4 on differ by products in bfloat16 alone. */
static const char *simd_of(const gy_run *run)
{
    const gy_net_spec *spec = &run->network.spec;
    const bool floats =
        spec->precision == GY_PRECISION_float32 && spec->winograd == GY_PRECISION_float32;
    const gy_simd level = gy_context_simd_level(run->ctx);
    return gy_simd_names[floats && level > GY_SIMD_v4 ? GY_SIMD_v4 : level];
}

gy_status gy_run_describe_machine(const gy_run *run, gy_pool *pool, const char **out)
{
    char cpu[GY_CPU_TEXT];
    int threads = gy_kernel_threads(run->network.kernel);
    gy_cpu_name(cpu);
    return gy_pool_format(pool, out, "%s, %d thread%s, simd %s, %s", cpu, threads,
                          threads == 1 ? "" : "s", simd_of(run), gy_blas_name());
}

static void warn_of_rank(gy_run *run, const uint64_t *hashes)
{
    int other = 0;
    while (other < run->ranks && hashes[other] == hashes[0]) other++;
    if (run->rank == 0 && other < run->ranks)
        gy_log(
            run->ctx, GY_WARNING,
            "rank %d on %s has another processor, instruction set or BLAS than rank 0 on %s: the "
            "bits of a run depend on which rank passes which grain",
            other, gy_comm_host(run->comm, other), gy_comm_host(run->comm, 0));
}

static void warn_of_past(const gy_run *run, const gy_past *past, const char *here)
{
    const gy_checkpoint_note *note = NULL;
    if (past->path != NULL) note = gy_checkpoint_note_find(&past->head, "/state", "machine");
    if (note == NULL || note->text == NULL || strcmp(note->text, here) == 0) return;
    gy_log(
        run->ctx, GY_WARNING,
        "the checkpoint was written on another machine (%s; here: %s): from here on the bits may "
        "differ from those of a run that never moved",
        note->text, here);
}

gy_status gy_run_check_machine(gy_run *run, const gy_past *past)
{
    const char *here = NULL;
    uint64_t *hashes = NULL;
    if (run->network.grains == 0) return GY_OK;
    gy_status status = gy_run_describe_machine(run, &run->pool, &here);
    if (status == GY_OK) status = gy_new_array(run->ctx, run->ranks, &hashes);
    status = gy_comm_agree(run->comm, status);
    if (status == GY_OK) {
        uint64_t mine = gy_hash(here, strlen(here));
        status = gy_comm_all_gather(run->comm, &mine, sizeof mine, hashes);
    }
    if (status == GY_OK) {
        warn_of_rank(run, hashes);
        if (run->rank == 0) warn_of_past(run, past, here);
        if (run->rank == 0 && run->config->threads == 0 && gy_kernel_cores() > 1)
            gy_log(run->ctx, GY_INFO,
                   "a rank has 1 thread: with comm.reproducible_grains threads: 0 does not follow "
                   "the cores");
    }
    gy_free(run->ctx, hashes);
    return status;
}
