/* Chooses a kind by the number of elements. See README.md for what was measured. */
#include "../all_reduce_list.h"

enum {
    SMALL = 4096
}; /* elements, 16 KiB: below, latency decides, and a ring takes 2(p − 1) of it */

static const gy_all_reduce_kind *choose(const gy_comm *comm, int64_t n)
{
    return n < SMALL && gy_comm_ranks(comm) > 2 ? &gy_all_reduce_mpi : &gy_all_reduce_ring;
}

const gy_all_reduce_kind gy_all_reduce_auto = {
    .kind = {.name = "auto", .help = "the one that is likely fastest for the size of a bucket"},
    .choose = choose,
};
