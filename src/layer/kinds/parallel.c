/* Parallel: branches that all read the input; their outputs are added, multiplied or joined. */
#include "parts.h"

#include <stdio.h>

typedef struct parallel {
    gy_layer_branches branches;
    int merge;
} parallel;

static gy_status expand(const gy_layer_spec *spec, gy_builder *b, int x, int *out)
{
    const parallel *s = spec->settings;
    int ends[GY_LAYER_INPUTS], n = s->branches.n;
    if (n < 1 || n > GY_LAYER_INPUTS)
        return gy_builder_refuse(b, spec, "use from 1 to 16", "%d branches are not possible", n);
    for (int i = 0; i < n; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d", i);
        GY_TRY(gy_builder_enter(b, name, NULL, false));
        GY_TRY(gy_builder_layers(b, &s->branches.v[i], x, &ends[i]));
        gy_builder_leave(b);
    }
    *out = ends[0];
    return n == 1 ? GY_OK : gy_merge_add(spec, b, (gy_merge)s->merge, ends, n, out);
}

static const char *const merges[] = {"add", "concat", "multiply", NULL};

static const gy_setting rows[] = {
    {.key = "branches",
     .type = GY_SETTING_BRANCHES,
     .offset = offsetof(parallel, branches),
     .help = "lists of layers; an empty list hands the input on"},
    {.key = "merge",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(parallel, merge),
     .standard = "add",
     .choices = merges,
     .help = "how outputs become one; concat: side by side on the last axis"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "parallel: {branches: [[dense: {units: 4}], [dense: {units: 4, activation: relu}]]}",
     .in = {1, {3}}},
    {.yaml = "parallel: {merge: concat, branches: [[dense: {units: 2}], [], [dense: {units: 3}]]}",
     .in = {2, {2, 4}}},
    {.yaml = "parallel: {merge: multiply, branches: [[dense: {units: 3, activation: sigmoid}], [], "
             "[activation: {kind: tanh}]]}",
     .in = {1, {3}}},
    {.yaml = "parallel: {branches: [[], [], [activation: {kind: relu}]]}", .in = {1, {5}}},
    {.yaml = "parallel: {merge: multiply, branches: [[], []]}", .in = {1, {5}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_parallel = {
    .kind = {"parallel", "branches side by side, merged into one", rows, sizeof(parallel)},
    .expand = expand,
    .samples = samples,
};
