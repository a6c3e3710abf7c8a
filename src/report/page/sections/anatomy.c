/* The anatomy: layers, then parameters, each with a small picture of how its values are spread. */
#include "../html.h"
#include "../page.h"

#include <math.h>

enum { MANY = 40 }; /* rows that are folded away */

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->portrait->anatomy != NULL || run->portrait->anatomy_missing != NULL;
}

static void add_layers(const gy_anatomy *a, gy_buffer *out)
{
    static const char *const heads[] = {"layer",  "<kind",  "<output",      "weights",
                                        "biases", "frozen", "FLOP a sample"};
    gy_table t;
    gy_table_begin(&t, out, heads, sizeof heads / sizeof *heads);
    for (int i = 0; i < a->n_layers; i++) {
        const gy_anatomy_layer *l = &a->layers[i];
        gy_table_row(&t);
        gy_table_text(&t, l->name);
        gy_table_text(&t, l->kind);
        gy_table_text(&t, l->output);
        gy_table_count(&t, l->weights);
        gy_table_count(&t, l->biases);
        gy_table_count(&t, l->frozen);
        gy_table_count(&t, llround(l->flops));
    }
    gy_table_end(&t);
}

static void add_totals(const gy_anatomy *a, gy_buffer *out)
{
    gy_buffer_add(out, "<p>");
    gy_html_count(out, a->total);
    gy_buffer_add(out, " parameters: ");
    gy_html_count(out, a->weights);
    gy_buffer_add(out, " weights and ");
    gy_html_count(out, a->biases);
    gy_buffer_add(out, " biases; ");
    gy_html_count(out, a->frozen);
    gy_buffer_add(out, " are frozen. They take ");
    gy_html_bytes(out, a->parameter_bytes);
    gy_buffer_add(out, ".</p>\n");
    if (a->formula == NULL) return;
    gy_buffer_add(out, "<p class=\"soft\">");
    gy_html_text(out, a->formula);
    gy_buffer_add(out, "</p>\n");
}

/* Steps of a histogram, as high as the highest of both. */
static void add_steps(const int64_t *bins, int64_t most, const char *class, gy_buffer *out)
{
    enum { HIGH = 28, WIDE = 3 };
    gy_buffer_format(out, "<path class=\"%s\" d=\"M0 30", class);
    for (int i = 0; i < GY_PORTRAIT_BINS; i++)
        gy_buffer_format(out, "V%.1fH%d", 30 - HIGH * (double)bins[i] / (double)most,
                         (i + 1) * WIDE);
    gy_buffer_add(out, "V30\"/>");
}

static void add_histogram(const gy_portrait *p, int tensor, gy_buffer *out)
{
    const int64_t *then = p->checkpoints[0].tensors[tensor].histogram;
    const int64_t *now = p->checkpoints[p->n_checkpoints - 1].tensors[tensor].histogram;
    int64_t most = 1;
    for (int i = 0; i < GY_PORTRAIT_BINS; i++) {
        if (now[i] > most) most = now[i];
        if (then[i] > most) most = then[i];
    }
    gy_buffer_add(out, "<svg class=\"spark\" viewBox=\"0 0 96 30\" preserveAspectRatio=\"none\" "
                       "role=\"img\" aria-label=\"histogram\">");
    add_steps(now, most, "now", out);
    if (p->n_checkpoints > 1) add_steps(then, most, "then", out);
    gy_buffer_add(out, "</svg>");
}

static void add_tensors(const gy_portrait *p, gy_buffer *out)
{
    static const char *const heads[] = {
        "parameter", "<shape",   "count", "mean",   "standard deviation",
        "least",     "greatest", "zeros", "<spread"};
    const gy_anatomy *a = p->anatomy;
    gy_table t;
    gy_table_begin(&t, out, heads, sizeof heads / sizeof *heads - (p->n_checkpoints == 0));
    for (int i = 0; i < a->n_params; i++) {
        const gy_anatomy_param *param = &a->params[i];
        gy_table_row(&t);
        gy_table_text(&t, param->name);
        gy_table_text(&t, param->shape);
        gy_table_count(&t, param->count);
        gy_table_number(&t, param->mean);
        gy_table_number(&t, param->deviation);
        gy_table_number(&t, param->min);
        gy_table_number(&t, param->max);
        gy_table_cell(&t, false);
        gy_html_share(out, param->zeros);
        if (p->n_checkpoints == 0) continue;
        gy_table_cell(&t, true);
        add_histogram(p, i, out);
    }
    gy_table_end(&t);
}

static void add_folded(bool folded, const char *what, gy_buffer *out)
{
    if (folded) gy_buffer_format(out, "<details><summary class=\"soft\">%s</summary>\n", what);
}

static void write(const gy_page *page, const gy_shown *run)
{
    gy_buffer *out = page->out;
    const gy_portrait *p = run->portrait;
    const gy_anatomy *a = p->anatomy;
    if (a == NULL) {
        gy_buffer_add(out, "<p class=\"soft\">Not to be had: ");
        gy_html_text(out, p->anatomy_missing);
        gy_buffer_add(out, "</p>\n");
        return;
    }
    add_totals(a, out);
    add_folded(a->n_layers > MANY, "layers", out);
    add_layers(a, out);
    gy_buffer_add(out, a->n_layers > MANY ? "</details>\n" : "");
    if (!a->values) return;
    gy_buffer_format(out, "<p class=\"soft\">The parameters at step %lld", (long long)a->step);
    if (p->n_checkpoints > 1)
        gy_buffer_format(out, "; the line is step %lld", (long long)p->checkpoints[0].step);
    gy_buffer_add(out, ".</p>\n");
    add_folded(a->n_params > MANY, "parameters", out);
    add_tensors(p, out);
    gy_buffer_add(out, a->n_params > MANY ? "</details>\n" : "");
}

const gy_section_kind gy_section_anatomy = {
    .name = "anatomy", .title = "Anatomy", .has = has, .write = write};
