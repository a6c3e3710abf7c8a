/* A search for a learning rate on standard output. */
#include "rates.h"

#include "page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void gy_rates_observe(gy_rates *r, const gy_event *event)
{
    if (strcmp(event->type, "suggestion") != 0) return;
    r->rate = gy_event_number(event, "learning_rate", NAN);
    (void)snprintf(r->reason, sizeof r->reason, "%s", gy_event_text(event, "reason", ""));
    (void)snprintf(r->path, sizeof r->path, "%s", gy_event_text(event, "path", ""));
}

void gy_rates_show(const gy_rates *r, gy_context *ctx)
{
    const int columns = gy_page_columns(stdout);
    if (gy_plot_rates(ctx, r->path, columns > 0 ? columns : GY_PAGE_WIDTH) != GY_OK)
        (void)fprintf(stderr, "gyre: warning: there is no curve: %s; the points are in %s\n",
                      gy_error_last()->text, r->path);
    if (isnan(r->rate))
        gy_page_say(stdout, "no suggestion: %s", r->reason);
    else
        gy_page_say(stdout, "suggestion  --set optimizer.learning_rate=%.2g: %s", r->rate,
                    r->reason);
    (void)printf("points      %s\n", r->path);
}
