/* Members and their blocks. */
#include "members_impl.h"

#include "base/param.h"

int gy_member_rank(const gy_members *m, int member)
{
    return m->ranks == NULL ? member : m->ranks[member];
}

int64_t gy_block_start(int64_t n, int blocks, int b)
{
    int64_t units = (n + GY_PARAM_ALIGN - 1) / GY_PARAM_ALIGN;
    int64_t each = units / blocks, rest = units % blocks;
    int64_t start = (b * each + (b < rest ? b : rest)) * GY_PARAM_ALIGN;
    return start < n ? start : n;
}

/* Between hosts just below the 64 KiB from which Open MPI's TCP asks the receiver before it sends:
 * what is below goes its way without a look of either side, and no answer queues behind other data. */
int64_t gy_segment(const gy_comm *comm, int64_t block)
{
    enum { BETWEEN_HOSTS = 15 << 10, IN_A_HOST = 1 << 17 }; /* 60 and 512 KiB, measured */
    int64_t most = comm->hosts > 1 ? BETWEEN_HOSTS : IN_A_HOST;
    return block < most ? block : most;
}

void gy_own_block(const gy_comm *comm, int64_t n, int rank, int64_t *from, int64_t *to)
{
    *from = gy_block_start(n, comm->ranks, rank);
    *to = gy_block_start(n, comm->ranks, rank + 1);
}
