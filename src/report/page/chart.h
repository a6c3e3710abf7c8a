/** Charts as inline SVG: lines or points over two axes. Colours come from the page's style. Local. */
#ifndef GY_REPORT_PAGE_CHART_H
#define GY_REPORT_PAGE_CHART_H

#include "base/buffer.h"

#include <stdbool.h>

enum { GY_CHART_COLOURS = 8, GY_CHART_DASHES = 4 };

typedef struct gy_mark {
    double x, y;
} gy_mark;

typedef struct gy_series {
    const gy_mark *marks; /* [n] ascending x where they are a line */
    int n;
    int colour, dash; /* counted round */
    bool faint;       /* behind the others */
} gy_series;

typedef struct gy_chart {
    const char *title, *x_name; /* x_name NULL: none */
    bool log_y;                 /* values are above 0 */
    bool points;                /* else lines */
    bool diagonal;              /* both axes alike, and where x = y is drawn */
} gy_chart;

/** Draws n series; not finite values must not be among them. */
void gy_chart_draw(gy_buffer *out, const gy_chart *chart, const gy_series *series, int n);

/** A line's sample with its name, for a legend. */
void gy_chart_key(gy_buffer *out, int colour, int dash, const char *name);

#endif
