/* A run at a glance: how far it came, what it measured at last, what it ran on. */
#include "../html.h"
#include "../page.h"

#include <stdlib.h>

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    (void)run;
    return true;
}

static void begin_tile(gy_buffer *out)
{
    gy_buffer_add(out, "<div class=\"tile\"><b>");
}

static void end_tile(gy_buffer *out, const char *name)
{
    gy_buffer_add(out, "</b><span>");
    for (const char *c = name; *c != '\0'; c++) {
        const char one[2] = {*c == '_' ? ' ' : *c, '\0'};
        gy_html_text(out, one);
    }
    gy_buffer_add(out, "</span></div>\n");
}

static void add_tiles(const gy_story *s, gy_buffer *out)
{
    gy_buffer_add(out, "<div class=\"tiles\">\n");
    begin_tile(out);
    gy_html_text(out, s->state);
    gy_buffer_add(out, "</b><span>step ");
    gy_html_count(out, s->step);
    gy_buffer_add(out, " of ");
    gy_html_count(out, s->steps);
    gy_buffer_add(out, "</span></div>\n");
    begin_tile(out);
    gy_html_seconds(out, s->time);
    end_tile(out, "of training");
    begin_tile(out);
    gy_html_count(out, strtoll(gy_story_fact(s->facts, "parameters"), NULL, 10));
    end_tile(out, "parameters");
    for (const gy_fact *f = s->last; f != NULL; f = f->next) {
        begin_tile(out);
        gy_html_text(out, f->text);
        end_tile(out, f->name);
    }
    if (s->n_skipped > 0) {
        begin_tile(out);
        gy_html_count(out, s->n_skipped);
        end_tile(out, "steps skipped, not finite");
    }
    gy_buffer_add(out, "</div>\n");
}

static void add_facts(const gy_story *s, gy_buffer *out)
{
    static const char *const heads[] = {"at the last start", "<"};
    gy_table t;
    gy_buffer_add(out, "<details><summary class=\"soft\">what it ran on</summary>\n");
    gy_table_begin(&t, out, heads, 2);
    for (const gy_fact *f = s->facts; f != NULL; f = f->next) {
        gy_table_row(&t);
        gy_table_text(&t, f->name);
        gy_table_text(&t, f->text);
    }
    gy_table_end(&t);
    gy_buffer_add(out, "</details>\n");
}

static void write(const gy_page *page, const gy_shown *run)
{
    add_tiles(&run->story, page->out);
    add_facts(&run->story, page->out);
}

const gy_section_kind gy_section_facts = {
    .name = "facts", .title = "At a glance", .has = has, .write = write};
