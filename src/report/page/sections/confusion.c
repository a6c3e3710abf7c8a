/* Which class is taken for which: a table, or a picture where there are many; and the commonest mistakes. */
#include "../html.h"
#include "../image.h"
#include "../page.h"

enum { TABLE = 24, MISTAKES = 8 };

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->portrait->n_classes > 1 && run->portrait->classes[0].said != NULL;
}

/* Of those of a class what share was said to be another. */
static double share(const gy_portrait *p, int64_t class, int64_t said)
{
    const gy_portrait_class *c = &p->classes[class];
    return c->met > 0 ? c->said[said] / c->met : 0;
}

static void add_table(const gy_portrait *p, gy_buffer *out)
{
    const int64_t n = p->n_classes;
    gy_buffer_add(out, "<div class=\"wide\"><table class=\"heat\"><thead><tr><th>is \\ said</th>");
    for (int64_t i = 0; i < n; i++) {
        gy_buffer_add(out, "<th>");
        gy_html_text(out, p->classes[i].name);
        gy_buffer_add(out, "</th>");
    }
    gy_buffer_add(out, "</tr></thead><tbody>\n");
    for (int64_t i = 0; i < n; i++) {
        gy_buffer_add(out, "<tr><td class=\"name\">");
        gy_html_text(out, p->classes[i].name);
        gy_buffer_add(out, "</td>");
        for (int64_t j = 0; j < n; j++) {
            const double part = 100 * share(p, i, j);
            gy_buffer_format(out, "<td%s style=\"--p:%.0f%%\">", part > 55 ? " class=\"hot\"" : "",
                             part);
            if (p->classes[i].said[j] > 0) gy_html_number(out, p->classes[i].said[j]);
            gy_buffer_add(out, "</td>");
        }
        gy_buffer_add(out, "</tr>\n");
    }
    gy_buffer_add(out, "</tbody></table></div>\n");
}

static void add_map(const gy_page *page, const gy_portrait *p)
{
    float *v;
    const int64_t n = p->n_classes;
    gy_buffer *out = page->out;
    gy_status status = gy_pool_array(page->pool, n * n, &v);
    if (status != GY_OK) {
        out->status = status;
        return;
    }
    for (int64_t i = 0; i < n * n; i++) v[i] = (float)share(p, i / n, i % n);
    gy_buffer_add(out, "<p class=\"soft\">Down: what it is; across: what was said.</p>"
                       "<div class=\"map\">");
    gy_image_add(out, (int)n, (int)n, 1, v, GY_TINT_SIGNED, "confusion matrix");
    gy_buffer_add(out, "</div>\n");
}

static void add_mistakes(const gy_portrait *p, gy_buffer *out)
{
    static const char *const heads[] = {"is", "<said", "times", "of that class"};
    const int64_t n = p->n_classes;
    double most = -1;
    gy_table t;
    gy_table_begin(&t, out, heads, sizeof heads / sizeof *heads);
    for (int row = 0; row < MISTAKES && most != 0; row++) {
        double next = 0;
        for (int64_t i = 0; i < n * n; i++) {
            const double times = p->classes[i / n].said[i % n];
            if (i / n != i % n && times > next && (most < 0 || times < most)) next = times;
        }
        for (int64_t i = 0; i < n * n && next > 0 && row < MISTAKES; i++) {
            const double times = p->classes[i / n].said[i % n];
            if (i / n == i % n || times < next || times > next) continue;
            gy_table_row(&t);
            gy_table_text(&t, p->classes[i / n].name);
            gy_table_text(&t, p->classes[i % n].name);
            gy_table_number(&t, times);
            gy_table_cell(&t, false);
            gy_html_share(out, share(p, i / n, i % n));
            row++;
        }
        most = next;
        row--;
    }
    gy_table_end(&t);
}

static void write(const gy_page *page, const gy_shown *run)
{
    if (run->portrait->n_classes <= TABLE)
        add_table(run->portrait, page->out);
    else
        add_map(page, run->portrait);
    gy_buffer_add(page->out, "<h4 style=\"margin-top:16px\">Commonest mistakes</h4>\n");
    add_mistakes(run->portrait, page->out);
}

const gy_section_kind gy_section_confusion = {
    .name = "confusion", .title = "Confusion", .has = has, .write = write};
