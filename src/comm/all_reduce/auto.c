/* Chooses by the number of elements and by who shares a host; what was measured is in README.md.
 *
 * - Small vectors cost messages, not bytes: the tree needs log2 p rounds, a ring 2(p − 1).
 * - Several hosts with several ranks each: all ranks of a host share its wire, and hierarchical
 *   sends least over it.
 * - Else the ring, once its blocks are long enough to keep the wire busy. Within one host it is as
 *   fast as shared memory for the usual buckets and needs no copy of the gradients there. */
#include "../all_reduce_list.h"

enum {
    SMALL = 1024, /* elements: 4 KiB */
    BLOCK = 16384 /* elements a rank: 64 KiB */
};

static const gy_all_reduce_kind *choose(const gy_comm *comm, const gy_reduction *r)
{
    int ranks = gy_comm_ranks(comm), hosts = gy_comm_hosts(comm);
    bool plain = r->half == GY_WHOLE && r->wire == NULL;
    if (r->n <= SMALL && plain) return &gy_all_reduce_tree;
    if (hosts > 1 && ranks >= 2 * hosts) return &gy_all_reduce_hierarchical;
    if (r->wire != NULL) return &gy_all_reduce_direct;
    if (!plain) return &gy_all_reduce_ring;
    return r->n < (int64_t)BLOCK * ranks && ranks > 2 ? &gy_all_reduce_tree : &gy_all_reduce_ring;
}

const gy_all_reduce_kind gy_all_reduce_auto = {
    .kind = {.name = "auto", .help = "the one that is likely fastest for ranks, hosts and size"},
    .choose = choose,
};
