/*
 * Running layers in Fourier space (Li et al. 2021): y = back(w · there(x)) [+ b], of the lowest modes.
 * What the weight's gradient needs of x are these, which are kept in its place.
 */
#include "spectral.h"

#include "kernel/elementwise.h"
#include "kernel/spectral.h"

enum { WEIGHT, BIAS };

static gy_status check_modes(const gy_layer *l, const char *axis, int64_t modes, int64_t n)
{
    if (2 * modes <= n) return GY_OK;
    return gy_layer_refuse(l, "keep at most half as many modes as there are positions",
                           "its modes are %lld for %s %lld", (long long)modes, axis, (long long)n);
}

/* Of the grid and the modes; what the memory plan needs comes from these. */
static gy_status place(const gy_layer *l, int axes, gy_spectral *g)
{
    const gy_spectral_settings *s = l->settings;
    const gy_sizes one = {.choice = -1, .n = 1, .v = {1}}, none = {.choice = GY_PADDING_VALID};
    gy_window w[GY_AXES]; /* windows of one position: those of the grid */
    GY_TRY(
        gy_windows_place(l, axes, &(gy_window_settings){one, one, one, none, GY_BORDER_zeros}, w));
    if (s->modes.n != 1 && s->modes.n != axes)
        return gy_layer_refuse(l, "give one number, or one an axis joined by x",
                               "its modes are for %d axes, not for %d", s->modes.n, axes);
    *g = (gy_spectral){.height = w[GY_HEIGHT].in,
                       .width = w[GY_WIDTH].in,
                       .channels = gy_shape_last(&l->in[0]),
                       .filters = s->filters,
                       .rows = axes == 1 ? 1 : 2 * gy_sizes_at(&s->modes, 0),
                       .columns = gy_sizes_at(&s->modes, axes - 1),
                       .threads = l->threads};
    if (axes == 2) GY_TRY(check_modes(l, "height", g->rows / 2, g->height));
    return check_modes(l, axes == 1 ? "length" : "width", g->columns, g->width);
}

gy_status gy_spectral_shape(gy_layer *l, int axes)
{
    const gy_spectral_settings *s = l->settings;
    gy_spectral *g;
    float *table;
    GY_TRY(gy_pool_new(l->pool, &g));
    GY_TRY(place(l, axes, g));
    l->out = l->in[0];
    l->out.d[axes] = s->filters;
    const gy_shape weight =
        axes == 1 ? gy_shape_of(4, s->filters, g->columns, g->channels, (int64_t)2)
                  : gy_shape_of(5, s->filters, g->rows, g->columns, g->channels, (int64_t)2);
    if (gy_shape_count(&weight) < 0 || gy_shape_count(&l->out) < 0)
        return gy_layer_refuse(l, "use fewer filters", "it has too many weights or outputs");
    GY_TRY(gy_pool_array(l->pool, gy_spectral_table(g), &table));
    gy_spectral_fill(g, table);
    l->state = g;
    gy_layer_param(l, "weight", GY_ROLE_KERNEL, weight,
                   (gy_init){GY_INIT_uniform, 1.0 / (double)(g->channels * s->filters)});
    if (s->bias)
        gy_layer_param(l, "bias", GY_ROLE_BIAS, gy_shape_of(1, s->filters),
                       (gy_init){GY_INIT_zeros, 0});
    l->memory.keep = (gy_size){gy_spectral_modes(g, g->channels), GY_PARAM_ALIGN};
    l->memory.brief = l->memory.keep;
    l->memory.scratch =
        (gy_size){gy_spectral_scratch_per_sample(g), gy_align_floats(gy_spectral_scratch_fixed(g))};
    const double modes = (double)(g->rows * g->columns), rows = (double)g->rows;
    const double both = (double)(g->channels + s->filters); /* there and back */
    const double across = g->rows == 1 ? 0 : 8 * rows * (double)(g->height * g->columns);
    l->report.flops = both * (4 * (double)(g->height * g->columns * g->width) + across) +
                      8 * modes * (double)(g->channels * s->filters);
    return GY_OK;
}

gy_status gy_spectral_layer_forward(const gy_layer *l, const gy_pass *p)
{
    const gy_spectral_settings *s = l->settings;
    gy_spectral_forward(p->kernel, l->state, p->batch, p->x[0], p->w[WEIGHT],
                        s->bias ? p->w[BIAS] : NULL, p->keep, p->y, p->scratch);
    return GY_OK;
}

gy_status gy_spectral_layer_backward(const gy_layer *l, const gy_pass *p)
{
    const gy_spectral_settings *s = l->settings;
    gy_spectral_backward(p->kernel, l->state, p->batch, p->keep, p->w[WEIGHT], p->dy, p->dx[0],
                         p->beta[WEIGHT], p->dw[WEIGHT], p->scratch);
    if (s->bias && p->dw[BIAS] != NULL)
        gy_column_sum(p->kernel, p->batch * gy_shape_rows(&l->out), s->filters, p->dy,
                      p->beta[BIAS], p->dw[BIAS]);
    return GY_OK;
}

const gy_setting gy_spectral_rows[] = {
    {.key = "filters",
     .type = GY_SETTING_INT,
     .offset = offsetof(gy_spectral_settings, filters),
     .min = 1,
     .max = GY_COUNT_MAX,
     .help = "channels of the output"},
    GY_WINDOW_ROW("modes", gy_spectral_settings, modes, 1,
                  .help =
                      "frequencies kept, the lowest: 12, or one an axis as 8x12, in the shape's "
                      "order; at most half the positions"),
    {.key = "bias",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(gy_spectral_settings, bias),
     .standard = "false",
     .help = "whether outputs have a bias"},
    GY_SETTING_END,
};
