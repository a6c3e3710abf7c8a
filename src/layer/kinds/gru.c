/*
 * Gated recurrent units (Cho et al. 2014), the reset gate multiplying the recurrent product with its
 * bias: r, z = σ(W x + R h + b), n = tanh(W x + b + r (R h + b')), h = (1 − z) n + z h. The work is
 * in ../recurrent.c.
 */
#include "../layer_list.h"

#include "../recurrent.h"

static const gy_recurrent_cell cell = {.cell = GY_CELL_gru,
                                       .gate = {"new", "reset", "update", "new"}};

static gy_status shape(gy_layer *l)
{
    return gy_recurrent_layer_shape(l, &cell);
}

static const gy_layer_sample samples[] = {
    {.yaml = "gru: {units: 5}", .in = {2, {5, 4}}},
    {.yaml = "gru: {units: 19, return: last}", .in = {2, {4, 3}}},
    {.yaml = "gru: {units: 4, bidirectional: true}", .in = {2, {5, 3}}, .batch = 7},
    {.yaml = "gru: {units: 16, bidirectional: true, return: last}", .in = {2, {3, 16}}},
    {.yaml = "gru: {units: 3}", .in = {2, {1, 4}}},
    {.yaml = "gru: {units: 3, init: normal, bias_init: uniform}", .in = {2, {3, 4}}, .batch = 50},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_gru = {
    .kind = {"gru", "recurrent layer with gates that reset and update", gy_recurrent_settings_rows,
             sizeof(gy_recurrent_settings)},
    .has_params = true,
    .takes_forms = true,
    .shape = shape,
    .forward = gy_recurrent_layer_forward,
    .pack = gy_recurrent_layer_pack,
    .backward = gy_recurrent_layer_backward,
    .samples = samples,
};
