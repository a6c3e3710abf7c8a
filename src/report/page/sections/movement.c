/* How parameters moved over the checkpoints that are left: the ones that moved farthest. */
#include "../chart.h"
#include "../page.h"

#include <math.h>

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->portrait->anatomy != NULL && run->portrait->n_checkpoints > 1;
}

/* At the last checkpoint; −1: not known. */
static double moved(const gy_portrait *p, int tensor)
{
    const double m = p->checkpoints[p->n_checkpoints - 1].tensors[tensor].moved;
    return isfinite(m) ? m : -1;
}

/* Those that moved farthest, the farthest first. */
static int choose(const gy_portrait *p, int chosen[GY_CHART_COLOURS])
{
    int n = 0;
    for (int i = 0; i < p->anatomy->n_params; i++) {
        int at = n;
        if (moved(p, i) < 0) continue;
        for (; at > 0 && moved(p, chosen[at - 1]) < moved(p, i); at--)
            if (at < GY_CHART_COLOURS) chosen[at] = chosen[at - 1];
        if (at < GY_CHART_COLOURS) chosen[at] = i;
        if (n < GY_CHART_COLOURS) n++;
    }
    return n;
}

static gy_status trace(gy_pool *pool, const gy_portrait *p, int tensor, gy_series *out)
{
    gy_mark *marks;
    GY_TRY(gy_pool_array(pool, p->n_checkpoints, &marks));
    for (int i = 0; i < p->n_checkpoints; i++) {
        const double m = p->checkpoints[i].tensors[tensor].moved;
        marks[i] = (gy_mark){(double)p->checkpoints[i].step, isfinite(m) ? m : 0};
    }
    out->marks = marks;
    out->n = p->n_checkpoints;
    return GY_OK;
}

static void write(const gy_page *page, const gy_shown *run)
{
    gy_series series[GY_CHART_COLOURS];
    int chosen[GY_CHART_COLOURS];
    const gy_portrait *p = run->portrait;
    const gy_chart chart = {.title = "distance from the earliest checkpoint", .x_name = "step"};
    const int n = choose(p, chosen);
    for (int i = 0; i < n; i++) {
        series[i] = (gy_series){.colour = i};
        gy_status status = trace(page->pool, p, chosen[i], &series[i]);
        if (page->out->status == GY_OK) page->out->status = status;
        if (status != GY_OK) return;
    }
    gy_buffer_format(page->out,
                     "<p class=\"soft\">The norm of the difference from step %lld over the norm "
                     "there, of the parameters that moved farthest.</p>\n"
                     "<div class=\"charts\"><div>",
                     (long long)p->checkpoints[0].step);
    gy_chart_draw(page->out, &chart, series, n);
    gy_buffer_add(page->out, "<div class=\"keys\">");
    for (int i = 0; i < n; i++) gy_chart_key(page->out, i, 0, p->anatomy->params[chosen[i]].name);
    gy_buffer_add(page->out, "</div></div></div>\n");
}

const gy_section_kind gy_section_movement = {
    .name = "movement", .title = "How parameters moved", .has = has, .write = write};
