/* The configuration: what is other than by default, and all of it behind that. */
#include "../html.h"
#include "../page.h"

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->portrait->config_short != NULL;
}

static void write(const gy_page *page, const gy_shown *run)
{
    gy_buffer_add(page->out, "<p class=\"soft\">What is other than by default.</p>\n<pre>");
    gy_html_text(page->out, run->portrait->config_short);
    gy_buffer_add(page->out,
                  "</pre>\n<details><summary class=\"soft\">every setting</summary><pre>");
    gy_html_text(page->out, run->portrait->config);
    gy_buffer_add(page->out, "</pre></details>\n");
}

const gy_section_kind gy_section_configuration = {
    .name = "configuration", .title = "Configuration", .has = has, .write = write};
