/*
 * `plot`: curves by gnuplot, which gets a script with its data on standard input. A picture appears whole
 * or not at all: it is drawn under another name first.
 */
#include "curves.h"
#include "gnuplot.h"

#include <gyre/report.h>

#include "base/buffer.h"
#include "base/door.h"
#include "base/registry.h"
#include "store/file.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINTS = 2000, WIDTH = 500, WIDE = 750, HEIGHT = 320, COLUMNS = 2, LINES = 22 };

static const char *const titles[GY_PANELS] = {
#define TITLE(panel, title) title,
    GY_PANEL_LIST(TITLE)
#undef TITLE
};

typedef struct plot {
    const gy_curves *runs;
    int n;
    const gy_plot_options *options;
    gy_buffer out;
} plot;

static double x_of(const plot *p, const gy_point *point)
{
    if (p->options->against == GY_AGAINST_STEP) return point->step;
    return p->options->against == GY_AGAINST_EPOCH ? point->epoch : point->time;
}

/* A text as gnuplot takes it: between single quotes, without its markup. */
static void add_text(gy_buffer *out, const char *text)
{
    gy_buffer_add(out, "'");
    for (; *text != '\0'; text++) {
        if (*text == '\'') gy_buffer_add(out, "'");
        gy_buffer_add_bytes(out, text, 1);
    }
    gy_buffer_add(out, "'");
}

/* Every k-th point, and the last: a picture has no room for more. */
static void add_data(plot *p, const gy_curve *c)
{
    const int k = (c->n + POINTS - 1) / POINTS;
    for (int i = 0; i < c->n; i++)
        if (i % k == 0 || i == c->n - 1)
            gy_buffer_format(&p->out, "%.9g %.9g\n", x_of(p, &c->points[i]), c->points[i].value);
    gy_buffer_add(&p->out, "EOD\n");
}

/* Whether a name is among those of a list with commas; every one is, where there is no list. */
static bool is_named(const char *name, const char *list)
{
    const size_t n = strlen(name);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += strspn(at, ", ");
        if (strncmp(at, name, n) == 0 && (at[n] == '\0' || at[n] == ',')) return true;
    }
    return list == NULL;
}

/* The phases of several runs would be a thicket: the first one's are drawn. */
static bool is_drawn(const plot *p, const gy_curve *c, gy_panel panel, int run)
{
    return c->panel == panel && (panel != GY_PANEL_PHASE || run == 0) &&
           is_named(c->name, p->options->curves);
}

static bool has_any(const plot *p, gy_panel panel)
{
    for (int run = 0; run < p->n; run++)
        for (const gy_curve *c = p->runs[run].first; c != NULL; c = c->next)
            if (is_drawn(p, c, panel, run)) return true;
    return false;
}

static void add_panel_data(plot *p, gy_panel panel)
{
    for (int run = 0, n = 0; run < p->n; run++)
        for (const gy_curve *c = p->runs[run].first; c != NULL; c = c->next) {
            if (!is_drawn(p, c, panel, run)) continue;
            gy_buffer_format(&p->out, "$curve%d << EOD\n", n++);
            add_data(p, c);
        }
}

/* How many curves of one run are drawn. */
static int count_curves(const plot *p, gy_panel panel, int run)
{
    int n = 0;
    for (const gy_curve *c = p->runs[run].first; c != NULL; c = c->next)
        n += is_drawn(p, c, panel, run);
    return n;
}

/* In a picture the first run's curves have names, where there are several; those of others have its colours.
 * Where a run has one, the runs have numbers. */
static void add_name(plot *p, gy_panel panel, const gy_curve *c, int run)
{
    char text[128];
    const bool in_text = p->options->path == NULL, several = p->n > 1 && panel != GY_PANEL_PHASE;
    const bool one = count_curves(p, panel, 0) == 1;
    if (!in_text && (one ? !several : run > 0)) {
        gy_buffer_add(&p->out, "notitle");
        return;
    }
    if (!in_text && one)
        (void)snprintf(text, sizeof text, "%d", run + 1);
    else
        (void)snprintf(text, sizeof text, in_text && several ? "%s (%d)" : "%s", c->name, run + 1);
    gy_buffer_add(&p->out, "title ");
    add_text(&p->out, text);
}

/* Curves of a run differ by colour, runs by dashes, and by colour where each has one; in text there are
 * neither. */
static void add_panel_curves(plot *p, gy_panel panel)
{
    int n = 0;
    for (int run = 0; run < p->n; run++) {
        int colour = count_curves(p, panel, 0) == 1 ? run : 0;
        for (const gy_curve *c = p->runs[run].first; c != NULL; c = c->next) {
            if (!is_drawn(p, c, panel, run)) continue;
            colour++;
            gy_buffer_format(&p->out,
                             "%s$curve%d using 1:2 with %s linetype %d dashtype %d linewidth 2 ",
                             n == 0 ? "plot " : ", ", n, c->n == 1 ? "points pointtype 7" : "lines",
                             p->options->path == NULL ? n + 1 : colour, run + 1);
            add_name(p, panel, c, run);
            n++;
        }
    }
    gy_buffer_add(&p->out, "\n");
}

/* The one curve of a panel that was asked for by name; NULL where there are others. */
static const gy_curve *find_only(const plot *p, gy_panel panel)
{
    if (p->options->curves == NULL || count_curves(p, panel, 0) != 1) return NULL;
    const gy_curve *c = p->runs[0].first;
    while (!is_drawn(p, c, panel, 0)) c = c->next;
    return c;
}

static void add_panel(plot *p, gy_panel panel)
{
    add_panel_data(p, panel);
    const gy_curve *only = find_only(p, panel);
    gy_buffer_add(&p->out, "set title ");
    add_text(&p->out, only != NULL ? only->name : titles[panel]);
    gy_buffer_add(&p->out, panel == GY_PANEL_NORM ? "\nset logscale y\n" : "\nunset logscale y\n");
    add_panel_curves(p, panel);
}

/* The runs by number and stroke, in a line each of so many letters, between double quotes. */
static void add_legend(plot *p, int letters)
{
    enum { STROKES = 5 };
    static const char *const strokes[STROKES] = {"solid", "dashes", "dots", "dash, dot",
                                                 "dash, dot, dot"};
    gy_buffer_add(&p->out, "\"");
    for (int run = 0; run < p->n; run++) {
        gy_buffer_format(&p->out, "%s%d  ", run == 0 ? "" : "\\n", run + 1);
        if (p->options->path != NULL) gy_buffer_format(&p->out, "(%s)  ", strokes[run % STROKES]);
        const char *c = p->runs[run].label;
        for (int i = 0; *c != '\0' && (i < letters || ((unsigned char)*c & 0xC0) == 0x80); c++, i++)
            gy_buffer_add_bytes(&p->out, *c == '"' || *c == '\\' ? "'" : c, 1);
        if (*c != '\0') gy_buffer_add(&p->out, "…");
    }
    gy_buffer_add(&p->out, "\"");
}

static void add_file(plot *p, const char *path, int panels)
{
    enum { LEGEND = 20, LETTER = 9, STROKE = 14 }; /* pixels, at most; "1  (solid)  " */
    const bool png = strcmp(strrchr(p->options->path, '.'), ".png") == 0;
    const int columns = panels < COLUMNS ? panels : COLUMNS;
    const int rows = (panels + columns - 1) / columns;
    const int width = columns == 1 ? WIDE : WIDTH * columns;
    const int height = HEIGHT * rows + (p->n > 1 ? LEGEND * (p->n + 1) : 0);
    gy_buffer_format(&p->out, "set terminal %s size %d,%d %s background 'white' noenhanced\n",
                     png ? "pngcairo" : "svg", width, height, png ? "" : "dynamic");
    gy_buffer_add(&p->out, "set output ");
    add_text(&p->out, path);
    gy_buffer_format(&p->out, "\nset multiplot layout %d,%d", rows, columns);
    if (p->n > 1) gy_buffer_add(&p->out, " title ");
    if (p->n > 1) add_legend(p, width / LETTER - STROKE);
    gy_buffer_add(&p->out, "\n");
}

static void add_terminal(plot *p)
{
    gy_buffer_format(&p->out, "set terminal dumb size %d,%d mono noenhanced\n", p->options->columns,
                     LINES);
    if (p->n == 1) return;
    gy_buffer_add(&p->out, "set print '-'\nprint ");
    add_legend(p, INT_MAX);
    gy_buffer_add(&p->out, "\n");
}

static gy_status nothing(const plot *p)
{
    char text[GY_NAMES_TEXT];
    const char **names;
    int n = 0;
    for (const gy_curve *c = p->runs[0].first; c != NULL; c = c->next) n++;
    GY_TRY(gy_new_array(p->out.ctx, n + 1, &names));
    n = 0;
    for (const gy_curve *c = p->runs[0].first; c != NULL; c = c->next) names[n++] = c->name;
    gy_names_text(names, n, text);
    gy_free(p->out.ctx, names);
    return gy_raise(GY_E_USAGE,
                    "nothing to draw" GY_AT "--curves %s" GY_WHY
                    "no run has a curve of that name" GY_HINT "the first one has %s",
                    p->options->curves, text);
}

/* @param path  of the picture; NULL: none */
static gy_status add_script(plot *p, const char *path)
{
    static const char *const axes[] = {"step", "epoch", "seconds"};
    int panels = 0;
    for (int i = 0; i < GY_PANELS; i++) panels += has_any(p, (gy_panel)i);
    if (panels == 0) return nothing(p);
    if (path == NULL)
        add_terminal(p);
    else
        add_file(p, path, panels);
    gy_buffer_format(&p->out, "set xlabel '%s'\nset grid\nset key below samplen 2\n",
                     axes[p->options->against]);
    for (int i = 0; i < GY_PANELS; i++)
        if (has_any(p, (gy_panel)i)) add_panel(p, (gy_panel)i);
    if (path != NULL) gy_buffer_add(&p->out, "unset multiplot\n");
    return p->out.status;
}

/* Whether there is a place for it; gnuplot would not say why not. */
static gy_status try_file(const char *path, const char *aside)
{
    FILE *file = fopen(aside, "we");
    GY_REQUIRE(file != NULL && fclose(file) == 0, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s",
               path, strerror(errno));
    return GY_OK;
}

static gy_status draw_aside(plot *p, const char *aside)
{
    int64_t bytes = 0;
    gy_status status = gy_gnuplot_run(&p->out);
    if (status == GY_OK) status = gy_file_size(aside, &bytes);
    if (status == GY_OK && bytes == 0)
        status = gy_raise(GY_E_IO, "cannot draw" GY_AT "%s" GY_WHY "gnuplot drew nothing",
                          p->options->path);
    return status;
}

static gy_status draw(gy_pool *pool, plot *p)
{
    const char *aside = NULL, *path = p->options->path;
    if (path != NULL) GY_TRY(gy_temporary_name(pool, path, &aside));
    GY_TRY(add_script(p, aside));
    if (path == NULL) return gy_gnuplot_run(&p->out);
    GY_TRY(try_file(path, aside));
    gy_status status = draw_aside(p, aside);
    if (status == GY_OK) return gy_path_rename(pool->ctx, aside, path);
    gy_error first = *gy_error_last();
    if (gy_file_remove(aside) != GY_OK) {} /* the first failure is told */
    return gy_error_restore(&first);
}

static gy_status read_and_draw(gy_pool *pool, const char *const *runs, int n,
                               const gy_plot_options *options)
{
    gy_curves *curves;
    GY_TRY(gy_pool_array(pool, n, &curves));
    for (int i = 0; i < n; i++) GY_TRY(gy_curves_read(pool, runs[i], &curves[i]));
    GY_TRY(gy_curves_label(pool, curves, n));
    plot p = {.runs = curves, .n = n, .options = options};
    gy_buffer_init(&p.out, pool->ctx);
    gy_status status = draw(pool, &p);
    gy_buffer_clear(&p.out);
    return status;
}

gy_status gy_plot(gy_context *ctx, const char *const *runs, int n, const gy_plot_options *options)
{
    GY_DOOR;
    gy_pool pool;
    const char *end = options->path == NULL ? NULL : strrchr(options->path, '.');
    bool known = end != NULL && (strcmp(end, ".svg") == 0 || strcmp(end, ".png") == 0);
    GY_REQUIRE(known || options->path == NULL, GY_E_USAGE,
               "cannot draw" GY_AT "%s" GY_WHY "pictures are .svg or .png" GY_HINT
               "give -o curves.svg",
               options->path);
    gy_pool_init(&pool, ctx);
    gy_status status = read_and_draw(&pool, runs, n, options);
    gy_pool_clear(&pool);
    return status;
}
