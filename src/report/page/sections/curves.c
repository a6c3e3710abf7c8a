/* The curves of all runs: of one run a colour a curve, of several a colour a run and a dash a curve. */
#include "../chart.h"
#include "../page.h"

#include <string.h>

enum { POINTS = 360, SERIES = 64 }; /* a picture has no room for more */

static const char *const titles[GY_PANELS] = {
#define TITLE(panel, title) title,
    GY_PANEL_LIST(TITLE)
#undef TITLE
};

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    (void)run;
    return true;
}

/* The means of so many points after each other as there are too many. */
static gy_status thin(gy_pool *pool, const gy_curve *c, gy_series *out)
{
    gy_mark *marks;
    const int k = (c->n + POINTS - 1) / POINTS;
    GY_TRY(gy_pool_array(pool, c->n / k + 1, &marks));
    out->marks = marks;
    out->n = 0;
    for (int i = 0; i < c->n; i += k) {
        gy_mark sum = {0, 0};
        const int n = c->n - i < k ? c->n - i : k;
        for (int j = i; j < i + n; j++) {
            sum.x += c->points[j].step / n;
            sum.y += c->points[j].value / n;
        }
        marks[out->n++] = sum;
    }
    return GY_OK;
}

/* Where a curve of that name is among the panel's of the runs before, and in this one. */
static int find_name(const char *const *names, int n, const char *name)
{
    int i = 0;
    while (i < n && strcmp(names[i], name) != 0) i++;
    return i;
}

/* A panel: its curves, and their names in the order of their dashes or colours. */
typedef struct panel {
    gy_series series[SERIES];
    const char *names[SERIES];
    int n, n_names;
} panel;

static gy_status collect(const gy_page *page, gy_panel which, panel *p)
{
    p->n = p->n_names = 0;
    for (int i = 0; i < page->n; i++) {
        if (which == GY_PANEL_PHASE && i > 0) break; /* of several it would be a thicket */
        for (const gy_curve *c = page->runs[i].curves.first; c != NULL; c = c->next) {
            if (c->panel != which || p->n == SERIES) continue;
            const int name = find_name(p->names, p->n_names, c->name);
            const bool several = page->n > 1 && which != GY_PANEL_PHASE;
            gy_series *s = &p->series[p->n];
            if (name == p->n_names) p->names[p->n_names++] = c->name;
            *s = (gy_series){.colour = several ? i : name,
                             .dash = several ? name : 0,
                             .faint = strcmp(c->name, "step's loss") == 0};
            GY_TRY(thin(page->pool, c, s));
            p->n++;
        }
    }
    return GY_OK;
}

static void write_panel(const gy_page *page, gy_panel which, const panel *p)
{
    const gy_chart chart = {
        .title = titles[which], .x_name = "step", .log_y = which == GY_PANEL_NORM};
    const bool several = page->n > 1 && which != GY_PANEL_PHASE;
    gy_buffer_format(page->out, "<div><h4>%s</h4>", titles[which]);
    gy_chart_draw(page->out, &chart, p->series, p->n);
    gy_buffer_add(page->out, "<div class=\"keys\">");
    for (int i = 0; i < p->n_names && (p->n_names > 1 || several); i++)
        gy_chart_key(page->out, several ? GY_CHART_COLOURS - 1 : i, several ? i : 0, p->names[i]);
    gy_buffer_add(page->out, "</div></div>\n");
}

static void write(const gy_page *page, const gy_shown *unused)
{
    panel p;
    (void)unused;
    gy_buffer_add(page->out, "<div class=\"keys\">");
    for (int i = 0; i < page->n && page->n > 1; i++)
        gy_chart_key(page->out, i, 0, page->runs[i].curves.label);
    gy_buffer_add(page->out, "</div><div class=\"charts\">\n");
    for (int which = 0; which < GY_PANELS; which++) {
        gy_status status = collect(page, (gy_panel)which, &p);
        if (page->out->status == GY_OK) page->out->status = status;
        if (status == GY_OK && p.n > 0) write_panel(page, (gy_panel)which, &p);
    }
    gy_buffer_add(page->out, "</div>\n");
}

const gy_section_kind gy_section_curves = {
    .name = "curves", .title = "Curves", .of_all = true, .has = has, .write = write};
