/* What is said of values beside what they are: a chart for each target. */
#include "../chart.h"
#include "../html.h"
#include "../page.h"

#include <math.h>

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->portrait->data != NULL && run->portrait->n_pairs > 0;
}

/* How far what is said is from what it is. */
typedef struct fit {
    double mean, error, spread; /* of what it is; mean squares */
} fit;

static fit measure(const gy_mark *marks, int n)
{
    fit f = {0, 0, 0};
    for (int i = 0; i < n; i++) f.mean += marks[i].x / n;
    for (int i = 0; i < n; i++) {
        f.error += (marks[i].y - marks[i].x) * (marks[i].y - marks[i].x) / n;
        f.spread += (marks[i].x - f.mean) * (marks[i].x - f.mean) / n;
    }
    return f;
}

static void add_target(const gy_portrait *p, int target, gy_mark *marks, gy_buffer *out)
{
    const gy_chart chart = {.title = "predicted against true",
                            .x_name = "true; up: predicted",
                            .points = true,
                            .diagonal = true};
    int n = 0;
    for (int i = 0; i < p->n_pairs; i++)
        if (p->pairs[i].target == target)
            marks[n++] = (gy_mark){(double)p->pairs[i].truth, (double)p->pairs[i].said};
    if (n == 0) return;
    const fit f = measure(marks, n);
    const gy_series series = {.marks = marks, .n = n};
    gy_buffer_add(out, "<div><h4>");
    if (p->targets > 1) gy_buffer_format(out, "target %d: ", target + 1);
    if (f.spread > 0) gy_buffer_format(out, "R² %.3f, ", 1 - f.error / f.spread);
    gy_buffer_add(out, "root of the mean square ");
    gy_html_number(out, sqrt(f.error));
    gy_buffer_add(out, "</h4>");
    gy_chart_draw(out, &chart, &series, 1);
    gy_buffer_add(out, "</div>\n");
}

static void write(const gy_page *page, const gy_shown *run)
{
    gy_mark *marks;
    const gy_portrait *p = run->portrait;
    gy_status status = gy_pool_array(page->pool, p->n_pairs, &marks);
    if (status != GY_OK) {
        page->out->status = status;
        return;
    }
    gy_buffer_format(page->out,
                     "<p class=\"soft\">%d values, evenly of all.</p>\n"
                     "<div class=\"charts\">\n",
                     p->n_pairs);
    for (int i = 0; i < p->targets; i++) add_target(p, i, marks, page->out);
    gy_buffer_add(page->out, "</div>\n");
}

const gy_section_kind gy_section_regression = {
    .name = "regression", .title = "Predicted against true", .has = has, .write = write};
