/** The kinds of all-reduce, one line each; their files are in all_reduce/. */
#ifndef GY_COMM_ALL_REDUCE_LIST_H
#define GY_COMM_ALL_REDUCE_LIST_H

#include "all_reduce.h"

#define GY_ALL_REDUCE_LIST(X) X(auto) X(ring) X(direct) X(hierarchical) X(tree) X(mpi)

#define GY_ALL_REDUCE_DECLARE(name) extern const gy_all_reduce_kind gy_all_reduce_##name;
GY_ALL_REDUCE_LIST(GY_ALL_REDUCE_DECLARE)

#endif
