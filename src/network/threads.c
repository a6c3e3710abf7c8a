/*
 * How many threads a rank has.
 *
 *     threads: N           so many
 *     grains               one: bits must not depend on where a rank happens to run
 *     OMP_NUM_THREADS      so many at most
 *     neither              the cores that the process is bound to; ranks that nobody bound share them
 *
 * Of the last two a step of little work takes one: a team costs more than it brings, and where others
 * use the cores, too, each of its regions waits until all threads have had their turn.
 */
#include "threads_impl.h"

#include <unistd.h>

/* Operations of a step that is small: half a millisecond of one thread. What was measured: README.md. */
static const double SMALL = 3e7;

#define NAME(reason, text) text,
const char *const gy_threads_by_names[GY_THREADS_REASONS] = {GY_THREADS_BY_LIST(NAME)};
#undef NAME

static int fair_cores(int ranks)
{
    int cores = gy_kernel_cores();
    bool unbound = cores > 1 && cores >= sysconf(_SC_NPROCESSORS_ONLN);
    if (ranks <= 1 || !unbound) return cores;
    return cores > ranks ? cores / ranks : 1;
}

int gy_net_choose_threads(const gy_net_spec *spec, gy_threads_by *by)
{
    if (spec->threads > 0) {
        *by = GY_THREADS_BY_SETTING;
        return spec->threads;
    }
    *by = spec->grains > 0        ? GY_THREADS_BY_GRAINS
          : spec->omp_threads > 0 ? GY_THREADS_BY_OMP
                                  : GY_THREADS_BY_CORES;
    if (spec->grains > 0) return 1;
    return spec->omp_threads > 0 ? spec->omp_threads : fair_cores(spec->ranks);
}

/* Forward and backward passes over what is passed at once, and the update of every parameter. */
static double count_operations(const gy_net *n)
{
    enum { PASSES = 3, UPDATE = 16 };
    double flops = 0;
    for (int i = 0; i < gy_model_layers(n->model); i++) flops += gy_model_layer(n->model, i).flops;
    return PASSES * flops * (double)n->micro + UPDATE * (double)gy_model_params(n->model)->elements;
}

void gy_net_fit_threads(gy_net *n)
{
    bool free = n->threads_by == GY_THREADS_BY_OMP || n->threads_by == GY_THREADS_BY_CORES;
    if (!free || gy_kernel_threads(n->kernel) == 1 || count_operations(n) >= SMALL) return;
    gy_kernel_use(n->kernel, 1);
    n->threads_by = GY_THREADS_BY_WORK;
}
