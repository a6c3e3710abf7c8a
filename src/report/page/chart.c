/*
 * Charts as inline SVG. A chart is as wide as its column; its units are pixels of a narrow one, so that its
 * text is readable on a telephone.
 */
#include "chart.h"

#include "html.h"

#include <math.h>
#include <stdio.h>

enum {
    WIDTH = 360,
    HEIGHT = 210,
    LEFT = 46,
    RIGHT = 8,
    TOP = 8,
    BOTTOM = 30,
    TICKS = 4,
    ROOM = 12
};

/* An axis: values from … to over pixels begin … end. */
typedef struct axis {
    double from, to, begin, end;
    bool log;
    double ticks[ROOM];
    int n;
} axis;

static double put(const axis *a, double v)
{
    const double x = a->log ? log10(v) : v;
    return a->begin + (x - a->from) / (a->to - a->from) * (a->end - a->begin);
}

static void widen(double v, double *from, double *to)
{
    if (v < *from) *from = v;
    if (v > *to) *to = v;
}

/* 1, 2 or 5 times a power of ten, so that there are about TICKS steps. */
static double choose_step(double range)
{
    const double power = pow(10, floor(log10(range / TICKS))), part = range / TICKS / power;
    return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

static void set_ticks(axis *a)
{
    double step = choose_step(a->to - a->from);
    if (a->log && step < 1) step = 1;
    for (double t = ceil(a->from / step) * step; t <= a->to + step * 1e-9 && a->n < ROOM; t += step)
        a->ticks[a->n++] = fabs(t) < step * 1e-9 ? 0 : t;
    if (a->n > 0 || !a->log) return;
    a->ticks[a->n++] = a->from; /* within one power of ten: the ends */
    a->ticks[a->n++] = a->to;
}

static void fit(axis *a, bool margin)
{
    if (!(a->from <= a->to)) a->from = a->to = 0;
    if (a->from == a->to) {
        const double d = a->from == 0 ? 1 : fabs(a->from) * 0.1;
        a->from -= d;
        a->to += d;
    } else if (margin) {
        const double d = (a->to - a->from) * 0.04;
        a->from -= d;
        a->to += d;
    }
    set_ticks(a);
}

static void measure(const gy_chart *chart, const gy_series *series, int n, axis *x, axis *y)
{
    *x = (axis){.from = INFINITY, .to = -INFINITY, .begin = LEFT, .end = WIDTH - RIGHT};
    *y = (axis){.from = INFINITY, .to = -INFINITY, .begin = HEIGHT - BOTTOM, .end = TOP};
    y->log = chart->log_y;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < series[i].n; j++) {
            const gy_mark *m = &series[i].marks[j];
            widen(m->x, &x->from, &x->to);
            if (!y->log || m->y > 0) widen(y->log ? log10(m->y) : m->y, &y->from, &y->to);
        }
    if (chart->diagonal) {
        widen(y->from, &x->from, &x->to);
        widen(y->to, &x->from, &x->to);
        y->from = x->from;
        y->to = x->to;
    }
    fit(x, chart->points);
    fit(y, true);
}

/* A tick's number: short, 1200000 as 1.2M. */
static void add_tick(gy_buffer *out, double v)
{
    static const struct {
        double by;
        const char *unit;
    } units[] = {{1e9, "G"}, {1e6, "M"}, {1e4, "k"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (fabs(v) >= units[i].by) {
            gy_html_number(out, v / (units[i].by == 1e4 ? 1e3 : units[i].by));
            gy_buffer_add(out, units[i].unit);
            return;
        }
    gy_html_number(out, v);
}

static void draw_axes(gy_buffer *out, const gy_chart *chart, const axis *x, const axis *y)
{
    for (int i = 0; i < y->n; i++) {
        const double at = put(
            &(axis){.from = y->from, .to = y->to, .begin = y->begin, .end = y->end}, y->ticks[i]);
        gy_buffer_format(out,
                         "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                         "<text class=\"tick end\" x=\"%d\" y=\"%.1f\">",
                         LEFT, WIDTH - RIGHT, at, at, LEFT - 5, at + 4);
        add_tick(out, y->log ? pow(10, y->ticks[i]) : y->ticks[i]);
        gy_buffer_add(out, "</text>");
    }
    for (int i = 0; i < x->n; i++) {
        gy_buffer_format(out, "<text class=\"tick middle\" x=\"%.1f\" y=\"%d\">",
                         put(x, x->ticks[i]), HEIGHT - BOTTOM + 15);
        add_tick(out, x->ticks[i]);
        gy_buffer_add(out, "</text>");
    }
    if (chart->x_name == NULL) return;
    gy_buffer_format(out, "<text class=\"tick middle\" x=\"%d\" y=\"%d\">",
                     (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 2);
    gy_html_text(out, chart->x_name);
    gy_buffer_add(out, "</text>");
}

static void draw_points(gy_buffer *out, const gy_series *s, const axis *x, const axis *y)
{
    gy_buffer_format(out, "<path class=\"%s c%d\" d=\"", s->n == 1 ? "lone" : "dots",
                     s->colour % GY_CHART_COLOURS);
    for (int i = 0; i < s->n; i++)
        if (!y->log || s->marks[i].y > 0)
            gy_buffer_format(out, "M%.1f %.1fh0", put(x, s->marks[i].x), put(y, s->marks[i].y));
    gy_buffer_add(out, "\"/>");
}

static void draw_line(gy_buffer *out, const gy_series *s, const axis *x, const axis *y)
{
    bool begun = false;
    gy_buffer_format(out, "<path class=\"line c%d d%d%s\" d=\"", s->colour % GY_CHART_COLOURS,
                     s->dash % GY_CHART_DASHES, s->faint ? " faint" : "");
    for (int i = 0; i < s->n; i++) {
        if (y->log && !(s->marks[i].y > 0)) continue;
        gy_buffer_format(out, "%s%.1f %.1f", begun ? "L" : "M", put(x, s->marks[i].x),
                         put(y, s->marks[i].y));
        begun = true;
    }
    gy_buffer_add(out, "\"/>");
}

void gy_chart_draw(gy_buffer *out, const gy_chart *chart, const gy_series *series, int n)
{
    axis x, y;
    measure(chart, series, n, &x, &y);
    gy_buffer_format(out, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
                     WIDTH, HEIGHT);
    gy_html_text(out, chart->title);
    gy_buffer_add(out, "\">");
    draw_axes(out, chart, &x, &y);
    if (chart->diagonal)
        gy_buffer_format(out,
                         "<line class=\"diagonal\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
                         "y2=\"%.1f\"/>",
                         x.begin, y.begin, x.end, y.end);
    for (int faint = 1; faint >= 0; faint--)
        for (int i = 0; i < n; i++)
            if (series[i].faint == (faint != 0)) {
                if (chart->points || series[i].n == 1)
                    draw_points(out, &series[i], &x, &y);
                else
                    draw_line(out, &series[i], &x, &y);
            }
    gy_buffer_add(out, "</svg>\n");
}

void gy_chart_key(gy_buffer *out, int colour, int dash, const char *name)
{
    gy_buffer_format(out,
                     "<span class=\"key\"><svg viewBox=\"0 0 22 8\" aria-hidden=\"true\">"
                     "<path class=\"line c%d d%d\" d=\"M1 4H21\"/></svg>",
                     colour % GY_CHART_COLOURS, dash % GY_CHART_DASHES);
    gy_html_text(out, name);
    gy_buffer_add(out, "</span>\n");
}
