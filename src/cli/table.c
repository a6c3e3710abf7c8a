/* The anatomy of a model as tables. */
#include "table.h"

#include "grid.h"
#include "page.h"

#include <string.h>

static const char *percent(int64_t part, int64_t whole, char out[GY_TEXT])
{
    double share = whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
    (void)snprintf(out, GY_TEXT, "%.1f%%", share);
    return out;
}

/* A row a layer, then their total. */

static const gy_column layer_columns[] = {{"layer", true, 0},
                                          {"kind", true, 0},
                                          {"output", false, 0},
                                          {"weights", false, 3},
                                          {"biases", false, 4},
                                          {"total", false, 0},
                                          {"share", false, 2},
                                          {"FLOPs", false, 1},
                                          {"method", true, 5},
                                          {"", true, 6},
                                          /* its form, or frozen */ {NULL, false, 0}};

static const char *layer_cell(const void *of, int row, int column, char out[GY_TEXT])
{
    const gy_anatomy *a = of;
    const gy_anatomy_layer sum = {.name = "total",
                                  .kind = "",
                                  .output = "",
                                  .weights = a->weights,
                                  .biases = a->biases,
                                  .flops = a->flops};
    const gy_anatomy_layer *l = row < a->n_layers ? &a->layers[row] : &sum;
    switch (column) {
    case 0:
        return l->name;
    case 1:
        return l->kind;
    case 2:
        return l->output;
    case 3:
        return gy_format_count(l->weights, out);
    case 4:
        return gy_format_count(l->biases, out);
    case 5:
        return gy_format_count(l->weights + l->biases, out);
    case 6:
        return percent(l->weights + l->biases, a->total, out);
    case 7:
        return gy_format_flops(l->flops, out);
    case 8:
        return l->method != NULL ? l->method : "";
    default:
        return l->frozen > 0 ? "frozen" : "";
    }
}

void gy_table_layers(FILE *out, const gy_anatomy *a)
{
    const gy_grid grid = {
        .columns = layer_columns, .rows = a->n_layers + 1, .cell = layer_cell, .of = a};
    gy_grid_print(&grid, out);
}

void gy_table_totals(FILE *out, const gy_anatomy *a)
{
    char x[GY_TEXT], y[GY_TEXT], z[GY_TEXT], u[GY_TEXT], v[GY_TEXT], w[GY_TEXT], t[GY_TEXT];
    if (a->formula != NULL) gy_page_say(out, "formula     Σ nᵢ·nᵢ₊₁ + units = %s", a->formula);
    gy_page_say(out, "parameters  %s: %s trainable, %s frozen; %s buffers",
                gy_format_count(a->total, x), gy_format_count(a->trainable, y),
                gy_format_count(a->frozen, z), gy_format_count(a->buffers, u));
    int64_t all = a->parameter_bytes + a->gradient_bytes + a->optimizer_bytes +
                  a->activation_bytes + a->checkpoint_bytes;
    bool copies = a->checkpoint_bytes > 0;
    gy_page_say(out,
                "memory      %s a rank: parameters %s, gradients %s, optimizer %s, "
                "activations %s (of %s samples)%s%s",
                gy_format_bytes(all, x), gy_format_bytes(a->parameter_bytes, y),
                gy_format_bytes(a->gradient_bytes, z), gy_format_bytes(a->optimizer_bytes, u),
                gy_format_bytes(a->activation_bytes, v), gy_format_count(a->batch, w),
                copies ? ", copy for checkpoints " : "",
                copies ? gy_format_bytes(a->checkpoint_bytes, t) : "");
    const char *inside = a->winograd != NULL ? a->winograd : a->precision;
    const bool differs = strcmp(inside, a->precision) != 0; /* and one of both is not float32 */
    if (differs || strcmp(a->precision, "float32") != 0)
        gy_page_say(out,
                    "products    of operands in %s%s%s, by %s; for evaluation %s of packed weights",
                    a->precision, differs ? ", inside Winograd's algorithm in " : "",
                    differs ? inside : "", a->products_by, gy_format_bytes(a->packed_bytes, x));
}

void gy_table_sizes(FILE *out, const gy_anatomy *a)
{
    char line[256] = "", bytes[GY_TEXT];
    for (int i = 0; i < a->n_sizes; i++) {
        const size_t n = strlen(line);
        (void)snprintf(line + n, sizeof line - n, "%s%s %s", i > 0 ? ", " : "", a->sizes[i].form,
                       gy_format_bytes(a->sizes[i].bytes, bytes));
    }
    gy_page_say(out, "size        if weights were %s", line);
}

/* A row a parameter with what its values are like. */

static const gy_column value_columns[] = {
    {"parameter", true, 0}, {"role", true, 1},  {"shape", false, 2},          {"min", false, 0},
    {"max", false, 0},      {"mean", false, 0}, {"deviation", false, 0},      {"zeros", false, 3},
    {"norm", false, 4},     {"", true, 5},      /* frozen */ {NULL, false, 0}};

static const char *value_cell(const void *of, int row, int column, char out[GY_TEXT])
{
    const gy_anatomy_param *p = &((const gy_anatomy *)of)->params[row];
    const double numbers[] = {p->min, p->max, p->mean, p->deviation, 0, p->norm};
    enum { NUMBERS = 3, ZEROS = 7, FROZEN = 9 };
    switch (column) {
    case 0:
        return p->name;
    case 1:
        return p->role;
    case 2:
        return p->shape;
    case ZEROS:
        (void)snprintf(out, GY_TEXT, "%.1f%%", 100 * p->zeros);
        return out;
    case FROZEN:
        if (strcmp(p->form, "float32") != 0) return p->form;
        return p->trainable ? "" : "frozen";
    default:
        (void)snprintf(out, GY_TEXT, "%.4g", numbers[column - NUMBERS]);
        return out;
    }
}

static void print_histogram(const void *of, int row, FILE *out)
{
    enum { BAR = 40 };
    const gy_anatomy_param *p = &((const gy_anatomy *)of)->params[row];
    int64_t most = 1;
    double step = (p->max - p->min) / GY_HISTOGRAM;
    for (int i = 0; i < GY_HISTOGRAM; i++)
        if (p->histogram[i] > most) most = p->histogram[i];
    for (int i = 0; i < GY_HISTOGRAM; i++) {
        char bar[BAR + 1];
        int n = (int)(BAR * p->histogram[i] / most);
        memset(bar, '#', (size_t)n);
        bar[n] = '\0';
        (void)fprintf(out, "  %10.4g … %-10.4g %12lld %s\n", p->min + i * step,
                      p->min + (i + 1) * step, (long long)p->histogram[i], bar);
    }
}

void gy_table_values(FILE *out, const gy_anatomy *a, bool histogram)
{
    const gy_grid grid = {.columns = value_columns,
                          .rows = a->n_params,
                          .cell = value_cell,
                          .below = histogram ? print_histogram : NULL,
                          .of = a};
    (void)fputc('\n', out);
    gy_grid_print(&grid, out);
}
