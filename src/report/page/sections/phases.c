/* Where a step's time goes, and which ranks the others wait for. */
#include "../html.h"
#include "../page.h"

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->story.phases != NULL;
}

static double sum_of(const gy_phase_of *p)
{
    double sum = 0;
    for (; p != NULL; p = p->next) sum += p->mean;
    return sum;
}

static void add_bar(const gy_story *s, double sum, gy_buffer *out)
{
    int i = 0;
    gy_buffer_add(out, "<div class=\"bar\">");
    for (const gy_phase_of *p = s->phases; p != NULL; p = p->next, i++) {
        gy_buffer_format(out, "<span class=\"b%d\" style=\"width:%.2f%%\" title=\"", i % 8,
                         sum > 0 ? 100 * p->mean / sum : 0);
        gy_html_text(out, p->name);
        gy_buffer_add(out, "\"></span>");
    }
    gy_buffer_add(out, "</div>\n");
}

static void add_phases(const gy_story *s, double sum, gy_buffer *out)
{
    static const char *const heads[] = {"phase", "mean, ms", "of the step", "fastest rank",
                                        "slowest rank"};
    int i = 0;
    gy_table t;
    gy_table_begin(&t, out, heads, sizeof heads / sizeof *heads);
    for (const gy_phase_of *p = s->phases; p != NULL; p = p->next, i++) {
        gy_table_row(&t);
        gy_table_cell(&t, true);
        gy_buffer_format(out, "<span class=\"dot b%d\"></span>", i % 8);
        gy_html_text(out, p->name);
        gy_table_number(&t, p->mean);
        gy_table_cell(&t, false);
        gy_html_share(out, sum > 0 ? p->mean / sum : 0);
        gy_table_number(&t, p->min);
        gy_table_number(&t, p->max);
    }
    gy_table_end(&t);
}

static void add_stragglers(const gy_story *s, gy_buffer *out)
{
    enum { ROWS = 16 };
    static const char *const heads[] = {"host", "rank", "slowest in", "of the steps"};
    int rows = 0, last = s->n_steps + 1;
    gy_table t;
    gy_buffer_add(out, "<h4 style=\"margin-top:16px\">Whom the others waited for</h4>\n");
    gy_table_begin(&t, out, heads, sizeof heads / sizeof *heads);
    while (rows < ROWS) { /* by how often, downwards */
        int next = 0;
        for (const gy_straggler_of *r = s->stragglers; r != NULL; r = r->next)
            if (r->n < last && r->n > next) next = r->n;
        if (next == 0) break;
        for (const gy_straggler_of *r = s->stragglers; r != NULL && rows < ROWS; r = r->next) {
            const double part = s->n_steps > 0 ? (double)r->n / s->n_steps : 0;
            if (r->n != next) continue;
            rows++;
            gy_table_row(&t);
            gy_table_text(&t, r->host);
            gy_table_count(&t, r->rank);
            gy_table_count(&t, r->n);
            gy_table_cell(&t, false);
            gy_html_share(out, part);
            gy_buffer_format(out,
                             "<span class=\"meter\"><span style=\"width:%.0f%%\"></span></span>",
                             100 * part);
        }
        last = next;
    }
    gy_table_end(&t);
}

static void write(const gy_page *page, const gy_shown *run)
{
    const gy_story *s = &run->story;
    const double sum = sum_of(s->phases);
    gy_buffer_format(page->out, "<p class=\"soft\">Over %d steps that were written down.</p>\n",
                     s->n_steps);
    add_bar(s, sum, page->out);
    add_phases(s, sum, page->out);
    if (s->stragglers != NULL && s->stragglers->next != NULL) add_stragglers(s, page->out);
}

const gy_section_kind gy_section_phases = {
    .name = "phases", .title = "Phases of a step", .has = has, .write = write};
