/* The study that a run is a trial of: all its trials, and which settings mattered. */
#include "../html.h"
#include "../page.h"

enum { MANY = 30 };

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->trials != NULL;
}

static void add_importance(const gy_page *page, const gy_shown *run)
{
    static const char *const heads[] = {"setting", "mattered"};
    gy_importance v[GY_TRIAL_KEYS];
    gy_table t;
    int n;
    gy_status status = gy_trials_weigh(page->pool, run->trials, v, &n);
    if (page->out->status == GY_OK) page->out->status = status;
    if (status != GY_OK || n == 0) return;
    gy_table_begin(&t, page->out, heads, 2);
    for (int i = 0; i < n; i++) {
        gy_table_row(&t);
        gy_table_text(&t, v[i].key);
        gy_table_cell(&t, false);
        gy_buffer_format(page->out,
                         "%.2f<span class=\"meter\"><span style=\"width:%.0f%%\"></span></span>",
                         v[i].share, 100 * v[i].share);
    }
    gy_table_end(&t);
    gy_buffer_add(page->out, "<p class=\"soft\">How well the order of a setting’s values tells the "
                             "order of the best values, by ranks: from 0 to 1.</p>\n");
}

static void add_trials(const gy_trial_told *first, gy_buffer *out)
{
    static const char *const heads[] = {"trial", "<", "best", "time", "<tried"};
    int n = 0;
    gy_table t;
    for (const gy_trial_told *one = first; one != NULL; one = one->next) n++;
    gy_buffer_format(out, "<details%s><summary class=\"soft\">%d trials</summary>\n",
                     n <= MANY ? " open=\"open\"" : "", n);
    gy_table_begin(&t, out, heads, sizeof heads / sizeof *heads);
    for (const gy_trial_told *one = first; one != NULL; one = one->next) {
        gy_table_row(&t);
        gy_table_count(&t, one->number);
        gy_table_text(&t, one->status);
        gy_table_number(&t, one->best);
        gy_table_cell(&t, false);
        gy_html_seconds(out, one->seconds);
        gy_table_text(&t, one->what);
    }
    gy_table_end(&t);
    gy_buffer_add(out, "</details>\n");
}

static void write(const gy_page *page, const gy_shown *run)
{
    add_importance(page, run);
    add_trials(run->trials, page->out);
}

const gy_section_kind gy_section_study = {
    .name = "study", .title = "The study", .has = has, .write = write};
