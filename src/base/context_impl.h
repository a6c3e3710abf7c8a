/** What a context holds. Inside base only. */
#ifndef GY_BASE_CONTEXT_IMPL_H
#define GY_BASE_CONTEXT_IMPL_H

#include "fault.h"
#include "simd.h"
#include "spent.h"

#include <stdatomic.h>
#include <stdint.h>

struct gy_context {
    gy_sink *sink;
    void *sink_user;
    gy_simd simd;
    atomic_int_fast64_t blocks;             /* allocated and not freed */
    atomic_int_fast64_t bytes;              /* in them */
    atomic_int_fast64_t peak_bytes;         /* the most there were */
    atomic_int_fast64_t count;              /* allocations made */
    atomic_int_fast64_t fail_in[GY_FAULTS]; /* what fails, counted down; 0 = none */
    atomic_int_fast64_t spent_ns[GY_SPENTS];
    atomic_ullong serials;  /* given out */
    atomic_ullong pulse;    /* pieces of work done */
    struct gy_trace *trace; /* NULL: none */
};

#endif
