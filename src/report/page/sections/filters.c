/* The weights of the first layer as pictures. */
#include "../html.h"
#include "../image.h"
#include "../page.h"

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->portrait->filters.of != NULL;
}

static void write(const gy_page *page, const gy_shown *run)
{
    const gy_portrait_pictures *f = &run->portrait->filters;
    const int64_t each = (int64_t)f->height * f->width * f->channels;
    gy_buffer_format(page->out, "<p class=\"soft\">%s",
                     f->channels == 1 ? "Blue is below 0, red "
                                        "above: "
                                      : "");
    gy_html_text(page->out, f->of);
    gy_buffer_format(page->out, ", %d of %d x %d.</p>\n<div class=\"pictures\">\n", f->n, f->height,
                     f->width);
    for (int i = 0; i < f->n; i++)
        gy_image_add(page->out, f->height, f->width, f->channels, f->v + i * each, GY_TINT_SIGNED,
                     "filter");
    gy_buffer_add(page->out, "</div>\n");
}

const gy_section_kind gy_section_filters = {
    .name = "filters", .title = "First layer", .has = has, .write = write};
