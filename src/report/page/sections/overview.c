/* Several runs side by side: how far each came, and what it measured at last. */
#include "../html.h"
#include "../page.h"

#include <string.h>

enum { VALUES = 8 };

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)run;
    return page->n > 1;
}

/* What any of them measured is a column, the first run's first. */
static int choose(const gy_page *page, const char *names[VALUES])
{
    int n = 0;
    for (int i = 0; i < page->n; i++)
        for (const gy_fact *f = page->runs[i].story.last; f != NULL && n < VALUES; f = f->next) {
            int j = 0;
            while (j < n && strcmp(names[j], f->name) != 0) j++;
            if (j == n) names[n++] = f->name;
        }
    return n;
}

static void write(const gy_page *page, const gy_shown *unused)
{
    enum { FIXED = 6 };
    const char *heads[FIXED + VALUES] = {"run", "<", "step", "time", "ranks", "parameters"};
    const int n = choose(page, heads + FIXED);
    gy_table t;
    (void)unused;
    gy_table_begin(&t, page->out, heads, FIXED + n);
    for (int i = 0; i < page->n; i++) {
        const gy_shown *run = &page->runs[i];
        gy_table_row(&t);
        gy_table_cell(&t, true);
        gy_buffer_format(page->out, "<span class=\"label\"><span class=\"dot b%d\"></span>%d. ",
                         i % 8, i + 1);
        gy_html_text(page->out, run->curves.label);
        gy_buffer_add(page->out, "</span>");
        gy_table_text(&t, run->story.state);
        gy_table_count(&t, run->story.step);
        gy_table_cell(&t, false);
        gy_html_seconds(page->out, run->story.time);
        gy_table_text(&t, gy_story_fact(run->story.facts, "ranks"));
        gy_table_text(&t, gy_story_fact(run->story.facts, "parameters"));
        for (int j = 0; j < n; j++)
            gy_table_text(&t, gy_story_fact(run->story.last, heads[FIXED + j]));
    }
    gy_table_end(&t);
}

const gy_section_kind gy_section_overview = {
    .name = "runs", .title = "Runs", .of_all = true, .has = has, .write = write};
