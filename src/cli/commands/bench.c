/* gyre bench NAME …: the benchmarks are commands of its own, see benchmark_list.h */
#include "../benchmark_list.h"
#include "../command_list.h"

#define ENTRY(name) &gy_benchmark_##name.kind,
GY_REGISTRY(benchmarks, "benchmark", ENTRY, GY_BENCHMARK_LIST)
#undef ENTRY

const gy_command gy_command_bench = {
    .kind = {.name = "bench", .help = "measures what training is made of on this machine"},
    .operands = "BENCHMARK …",
    .parts = &benchmarks};
