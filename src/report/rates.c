/* The curve of a search for a learning rate, in text by gnuplot. */
#include "gnuplot.h"

#include <gyre/report.h>

#include "base/door.h"
#include "event/event.h"

#include <math.h>
#include <string.h>

typedef struct drawing {
    gy_buffer points;
    double rate, first, most; /* suggested; loss before any update; the greatest that is drawn */
} drawing;

static void take(void *user, const gy_event *event)
{
    drawing *d = user;
    const double rate = gy_event_number(event, "learning_rate", NAN);
    if (strcmp(event->type, "suggestion") == 0) {
        d->rate = rate;
        d->first = gy_event_number(event, "first_loss", NAN);
    } else if (strcmp(event->type, "rate") == 0) {
        gy_buffer_format(&d->points, "%.9g %.9g %.9g\n", rate, gy_event_number(event, "loss", NAN),
                         gy_event_number(event, "fitted_loss", NAN));
    }
}

/* What has grown far beyond the first loss would press the rest flat. */
static void add_script(const drawing *d, int columns, gy_buffer *out)
{
    enum { LINES = 22 };
    gy_buffer_format(out, "$points << EOD\n%sEOD\n", gy_buffer_text(&d->points));
    gy_buffer_format(out, "set terminal dumb size %d,%d mono noenhanced\n", columns, LINES);
    gy_buffer_add(out, "set logscale x\nset format x '%.0e'\nset xlabel 'learning rate'\n"
                       "set key below samplen 2\n");
    gy_buffer_format(out, "set yrange [*<%.9g:*<%.9g]\n", d->first, d->first + fabs(d->first) / 2);
    if (!isnan(d->rate))
        gy_buffer_format(out, "set arrow 1 from %.9g, graph 0 to %.9g, graph 1 nohead\n", d->rate,
                         d->rate);
    gy_buffer_add(out, "plot $points using 1:2 with points pointtype 7 title 'loss', "
                       "$points using 1:3 with lines title 'fitted'\n");
}

gy_status gy_plot_rates(gy_context *ctx, const char *path, int columns)
{
    GY_DOOR;
    gy_buffer script;
    drawing d = {.rate = NAN, .first = NAN};
    gy_buffer_init(&d.points, ctx);
    gy_buffer_init(&script, ctx);
    gy_status status = gy_events_read(ctx, path, take, &d);
    if (status == GY_OK) {
        add_script(&d, columns, &script);
        status = gy_gnuplot_run(&script);
    }
    gy_buffer_clear(&script);
    gy_buffer_clear(&d.points);
    return status;
}
