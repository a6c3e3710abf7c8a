/* The samples that are answered worst: pictures where they are some, else rows. */
#include "../html.h"
#include "../image.h"
#include "../page.h"

static bool has(const gy_page *page, const gy_shown *run)
{
    (void)page;
    return run->portrait->data != NULL && run->portrait->n_worst > 0;
}

static void add_class(const gy_portrait *p, int64_t class, gy_buffer *out)
{
    if (class >= 0 && class < p->n_classes)
        gy_html_text(out, p->classes[class].name);
    else
        gy_buffer_add(out, "–");
}

static void add_pictures(const gy_portrait *p, gy_buffer *out)
{
    const gy_portrait_pictures *v = &p->worst_pictures;
    const int64_t each = (int64_t)v->height * v->width * v->channels;
    gy_buffer_add(out, "<div class=\"pictures\">\n");
    for (int i = 0; i < p->n_worst; i++) {
        const gy_portrait_example *e = &p->worst[i];
        gy_buffer_add(out, "<figure>");
        gy_image_add(out, v->height, v->width, v->channels, v->v + i * each, GY_TINT_GREY,
                     "sample");
        gy_buffer_add(out, "<figcaption>");
        if (e->truth >= 0) {
            gy_buffer_add(out, "<b>");
            add_class(p, e->truth, out);
            gy_buffer_add(out, "</b>, said <b>");
            add_class(p, e->said, out);
            gy_buffer_format(out, "</b> %.0f %%<br/>", 100 * e->sure);
        }
        gy_buffer_format(out, "<span class=\"soft\">no. %lld<br/>loss ", (long long)e->sample);
        gy_html_number(out, e->loss);
        gy_buffer_add(out, "</span></figcaption></figure>\n");
    }
    gy_buffer_add(out, "</div>\n");
}

static void add_rows(const gy_portrait *p, gy_buffer *out)
{
    static const char *const heads[] = {"sample", "loss", "<is", "<said", "sure"};
    const bool classes = p->worst[0].truth >= 0;
    gy_table t;
    gy_table_begin(&t, out, heads, classes ? 5 : 2);
    for (int i = 0; i < p->n_worst; i++) {
        const gy_portrait_example *e = &p->worst[i];
        gy_table_row(&t);
        gy_table_count(&t, e->sample);
        gy_table_number(&t, e->loss);
        if (!classes) continue;
        gy_table_cell(&t, true);
        add_class(p, e->truth, out);
        gy_table_cell(&t, true);
        add_class(p, e->said, out);
        gy_table_cell(&t, false);
        gy_html_share(out, e->sure);
    }
    gy_table_end(&t);
}

static void write(const gy_page *page, const gy_shown *run)
{
    gy_buffer_add(page->out, "<p class=\"soft\">The samples of the highest loss, by their numbers "
                             "in the source.</p>\n");
    if (run->portrait->worst_pictures.of != NULL)
        add_pictures(run->portrait, page->out);
    else
        add_rows(run->portrait, page->out);
}

const gy_section_kind gy_section_worst = {
    .name = "worst", .title = "Worst answers", .has = has, .write = write};
