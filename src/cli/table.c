/* The anatomy of a model as tables: columns as wide as what stands in them. */
#include "table.h"

#include <string.h>

static int width(int so_far, const char *text)
{
    int n = 0; /* characters, not bytes */
    for (const char *p = text; *p != '\0'; p++) n += ((unsigned char)*p & 0xC0) != 0x80;
    return n > so_far ? n : so_far;
}

static double share(int64_t part, int64_t whole)
{
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

void gy_table_layers(FILE *out, const gy_anatomy *a)
{
    int name = 5, kind = 4, output = 6;
    for (int i = 0; i < a->n_layers; i++) {
        name = width(name, a->layers[i].name);
        kind = width(kind, a->layers[i].kind);
        output = width(output, a->layers[i].output);
    }
    (void)fprintf(out, "%-*s  %-*s  %*s  %13s %11s %13s %6s %9s\n", name, "layer", kind, "kind",
                  output, "output", "weights", "biases", "total", "share", "FLOPs");
    for (int i = 0; i < a->n_layers; i++) {
        const gy_anatomy_layer *l = &a->layers[i];
        char w[GY_TEXT], b[GY_TEXT], t[GY_TEXT], f[GY_TEXT];
        (void)fprintf(out, "%-*s  %-*s  %*s  %13s %11s %13s %5.1f%% %9s%s%s%s\n", name, l->name,
                      kind, l->kind, output, l->output, gy_format_count(l->weights, w),
                      gy_format_count(l->biases, b), gy_format_count(l->weights + l->biases, t),
                      share(l->weights + l->biases, a->total), gy_format_flops(l->flops, f),
                      l->method != NULL ? "  " : "", l->method != NULL ? l->method : "",
                      l->frozen > 0 ? "  frozen" : "");
    }
    char w[GY_TEXT], b[GY_TEXT], t[GY_TEXT], f[GY_TEXT];
    (void)fprintf(out, "%-*s  %-*s  %*s  %13s %11s %13s %5.1f%% %9s\n", name, "total", kind, "",
                  output, "", gy_format_count(a->weights, w), gy_format_count(a->biases, b),
                  gy_format_count(a->total, t), share(a->total, a->total),
                  gy_format_flops(a->flops, f));
}

void gy_table_totals(FILE *out, const gy_anatomy *a)
{
    char x[GY_TEXT], y[GY_TEXT], z[GY_TEXT], u[GY_TEXT], v[GY_TEXT];
    if (a->formula != NULL) (void)fprintf(out, "formula     Σ nᵢ·nᵢ₊₁ + units = %s\n", a->formula);
    (void)fprintf(out, "parameters  %s: %s trainable, %s frozen; %s buffers\n",
                  gy_format_count(a->total, x), gy_format_count(a->trainable, y),
                  gy_format_count(a->frozen, z), gy_format_count(a->buffers, u));
    int64_t all = a->parameter_bytes + a->gradient_bytes + a->optimizer_bytes +
                  a->activation_bytes + a->checkpoint_bytes;
    (void)fprintf(out,
                  "memory      %s a rank: parameters %s, gradients %s, optimizer %s, "
                  "activations %s",
                  gy_format_bytes(all, x), gy_format_bytes(a->parameter_bytes, y),
                  gy_format_bytes(a->gradient_bytes, z), gy_format_bytes(a->optimizer_bytes, u),
                  gy_format_bytes(a->activation_bytes, v));
    (void)fprintf(out, " (of %s samples)", gy_format_count(a->batch, x));
    if (a->checkpoint_bytes > 0)
        (void)fprintf(out, ", copy for checkpoints %s", gy_format_bytes(a->checkpoint_bytes, x));
    (void)fputc('\n', out);
}

static void print_histogram(FILE *out, const gy_anatomy_param *p)
{
    enum { BAR = 50 };
    int64_t most = 1;
    double step = (p->max - p->min) / GY_HISTOGRAM;
    for (int i = 0; i < GY_HISTOGRAM; i++)
        if (p->histogram[i] > most) most = p->histogram[i];
    for (int i = 0; i < GY_HISTOGRAM; i++) {
        char bar[BAR + 1];
        int n = (int)(BAR * p->histogram[i] / most);
        memset(bar, '#', (size_t)n);
        bar[n] = '\0';
        (void)fprintf(out, "    %11.4g … %-11.4g %12lld %s\n", p->min + i * step,
                      p->min + (i + 1) * step, (long long)p->histogram[i], bar);
    }
}

void gy_table_values(FILE *out, const gy_anatomy *a, bool histogram)
{
    int name = 9, shape = 5;
    for (int i = 0; i < a->n_params; i++) {
        name = width(name, a->params[i].name);
        shape = width(shape, a->params[i].shape);
    }
    (void)fprintf(out, "\n%-*s  %-9s %*s %11s %11s %11s %11s %7s %11s\n", name, "parameter", "role",
                  shape, "shape", "min", "max", "mean", "deviation", "zeros", "norm");
    for (int i = 0; i < a->n_params; i++) {
        const gy_anatomy_param *p = &a->params[i];
        (void)fprintf(out, "%-*s  %-9s %*s %11.4g %11.4g %11.4g %11.4g %6.1f%% %11.4g%s\n", name,
                      p->name, p->role, shape, p->shape, p->min, p->max, p->mean, p->deviation,
                      100 * p->zeros, p->norm, p->trainable ? "" : "  frozen");
        if (histogram) print_histogram(out, p);
    }
}
