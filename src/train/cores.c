/*
 * Threads and the cores they run on. Launchers bind ranks to cores, Open MPI each of two ranks to a
 * single one: a rank's threads then take turns, or most of a host stands idle, and nothing but the
 * time shows it. So the run says it, with the launcher's options that mend it.
 */
#include "train_impl.h"

#include "base/log.h"

#include <unistd.h>

static void warn(const gy_run *run, int cores, int threads, int64_t host)
{
    int local = gy_comm_local_ranks(run->comm);
    int64_t fair = host / local > 0 ? host / local : 1;
    if (threads > cores && cores < host && local * threads <= host)
        gy_log(
            run->ctx, GY_WARNING,
            "a rank is bound to %d of its host's %lld cores and has %d threads, which take turns; "
            "start it with mpirun --map-by slot:PE=%d --bind-to core",
            cores, (long long)host, threads, threads);
    else if ((int64_t)local * threads > host)
        gy_log(run->ctx, GY_WARNING,
               "%d ranks x %d thread(s) share the %lld cores of a host and take turns; start fewer "
               "ranks%s",
               local, threads, (long long)host, threads > 1 ? " or set fewer threads" : "");
    else if (run->config->threads == 0 && cores < fair)
        gy_log(run->ctx, GY_INFO,
               "the ranks of a host are bound to %d of its %lld cores; to use all of them start it "
               "with mpirun --map-by slot:PE=%lld --bind-to core",
               cores * local, (long long)host, (long long)fair);
}

gy_status gy_run_check_cores(gy_run *run)
{
    GY_TRY(gy_comm_tell_threads(run->comm, gy_kernel_threads(run->network.kernel)));
    double least[] = {gy_kernel_cores(), -gy_kernel_threads(run->network.kernel)};
    GY_TRY(gy_comm_min(run->comm, least, 2));
    if (run->rank == 0)
        warn(run, (int)least[0], (int)-least[1], (int64_t)sysconf(_SC_NPROCESSORS_ONLN));
    return GY_OK;
}
