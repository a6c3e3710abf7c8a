/* What happened: jobs that began and ended, checkpoints that were written. */
#include "../html.h"
#include "../page.h"

#include <string.h>
#include <time.h>

enum { MANY = 12 };

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->story.incidents != NULL || run->story.saved != NULL;
}

static void add_wall(double wall, gy_buffer *out)
{
    char text[32];
    struct tm at;
    const time_t seconds = (time_t)wall;
    if (wall <= 0 || gmtime_r(&seconds, &at) == NULL) return;
    if (strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &at) > 0) gy_buffer_add(out, text);
}

static void add_incidents(const gy_story *s, gy_buffer *out)
{
    static const char *const heads[] = {"when (UTC)", "<what", "step", "training", "<"};
    gy_table t;
    gy_table_begin(&t, out, heads, sizeof heads / sizeof *heads);
    for (const gy_incident *i = s->incidents; i != NULL; i = i->next) {
        gy_table_row(&t);
        gy_table_cell(&t, true);
        add_wall(i->wall, out);
        gy_table_text(&t, i->what);
        gy_table_count(&t, i->step);
        gy_table_cell(&t, false);
        gy_html_seconds(out, i->time);
        gy_table_text(&t, i->why);
    }
    gy_table_end(&t);
}

static void add_saved(const gy_story *s, gy_buffer *out)
{
    static const char *const heads[] = {"checkpoint", "step",       "size",
                                        "written in", "waited for", "<"};
    int n = 0;
    gy_table t;
    for (const gy_saved_at *c = s->saved; c != NULL; c = c->next) n++;
    gy_buffer_format(out,
                     "<details%s><summary class=\"soft\">%d checkpoints were written</summary>\n",
                     n <= MANY ? " open=\"open\"" : "", n);
    gy_table_begin(&t, out, heads, sizeof heads / sizeof *heads);
    for (const gy_saved_at *c = s->saved; c != NULL; c = c->next) {
        const char *slash = strrchr(c->path, '/');
        gy_table_row(&t);
        gy_table_text(&t, slash == NULL ? c->path : slash + 1);
        gy_table_count(&t, c->step);
        gy_table_cell(&t, false);
        gy_html_bytes(out, c->bytes);
        gy_table_cell(&t, false);
        gy_html_seconds(out, c->seconds);
        gy_table_cell(&t, false);
        gy_html_seconds(out, c->waited_seconds);
        gy_table_text(&t, c->is_best ? "the best so far" : "");
    }
    gy_table_end(&t);
    gy_buffer_add(out, "</details>\n");
}

static void write(const gy_page *page, const gy_shown *run)
{
    if (run->story.incidents != NULL) add_incidents(&run->story, page->out);
    if (run->story.saved != NULL) add_saved(&run->story, page->out);
}

const gy_section_kind gy_section_checkpoints = {
    .name = "checkpoints", .title = "Jobs and checkpoints", .has = has, .write = write};
