/* Each class: how often it is met, how well it is told. */
#include "../html.h"
#include "../page.h"

enum { MANY = 40 };

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->portrait->n_classes > 0;
}

static void write(const gy_page *page, const gy_shown *run)
{
    static const char *const heads[] = {"class", "met", "precision", "recall", "F1"};
    const gy_portrait *p = run->portrait;
    gy_buffer *out = page->out;
    gy_table t;
    const bool folded = p->n_classes > MANY;
    if (folded) gy_buffer_add(out, "<details><summary class=\"soft\">all classes</summary>\n");
    gy_table_begin(&t, out, heads, sizeof heads / sizeof *heads);
    for (int64_t i = 0; i < p->n_classes; i++) {
        const gy_portrait_class *c = &p->classes[i];
        gy_table_row(&t);
        gy_table_text(&t, c->name);
        gy_table_number(&t, c->met);
        gy_table_number(&t, c->precision);
        gy_table_number(&t, c->recall);
        gy_table_number(&t, c->f1);
        gy_buffer_format(out, "<span class=\"meter\"><span style=\"width:%.0f%%\"></span></span>",
                         100 * c->f1);
    }
    gy_table_end(&t);
    if (folded) gy_buffer_add(out, "</details>\n");
}

const gy_section_kind gy_section_classes = {
    .name = "classes", .title = "Classes", .has = has, .write = write};
