/** What `gyre bench` measures: X(name), a file each in benchmarks/. */
#ifndef GY_CLI_BENCHMARK_LIST_H
#define GY_CLI_BENCHMARK_LIST_H

#include "cli.h"

#define GY_BENCHMARK_LIST(X) X(step) X(all_reduce) X(io)

#define GY_BENCHMARK_DECLARE(name) extern const gy_command gy_benchmark_##name;
GY_BENCHMARK_LIST(GY_BENCHMARK_DECLARE)
#undef GY_BENCHMARK_DECLARE

#endif
