/* What the sections after this one were found on; or why they are not there. */
#include "../html.h"
#include "../page.h"

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->portrait->data != NULL || run->portrait->data_missing != NULL;
}

static void write(const gy_page *page, const gy_shown *run)
{
    gy_buffer *out = page->out;
    const gy_portrait *p = run->portrait;
    if (p->data == NULL) {
        gy_buffer_add(out, "<p class=\"soft\">Not to be had: ");
        gy_html_text(out, p->data_missing);
        gy_buffer_add(out, "</p>\n");
        return;
    }
    gy_buffer_add(out, "<p class=\"soft\">On ");
    gy_html_count(out, p->samples);
    if (p->samples < p->of_samples) {
        gy_buffer_add(out, " of ");
        gy_html_count(out, p->of_samples);
    }
    gy_buffer_add(out, " samples of ");
    gy_html_text(out, p->data);
    gy_buffer_add(out, ", by the newest checkpoint.</p>\n<div class=\"tiles\">\n");
    for (int i = 0; i < p->n_values; i++) {
        gy_buffer_add(out, "<div class=\"tile\"><b>");
        gy_html_number(out, p->values[i].value);
        gy_buffer_add(out, "</b><span>");
        gy_html_text(out, p->values[i].name);
        gy_buffer_add(out, "</span></div>\n");
    }
    gy_buffer_add(out, "</div>\n");
}

const gy_section_kind gy_section_answers = {
    .name = "answers", .title = "Answers", .has = has, .write = write};
