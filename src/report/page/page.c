/*
 * `report`: a page of its own, without anything from elsewhere: first what is about all runs, then each run.
 * It is well-formed as XML, too.
 */
#include "page.h"

#include <gyre/report.h>

#include "base/door.h"
#include "html.h"
#include "store/file.h"

#define ENTRY(name) &gy_section_##name,
static const gy_section_kind *const sections[] = {GY_SECTION_LIST(ENTRY)};
#undef ENTRY
enum { SECTIONS = sizeof sections / sizeof *sections };

/* An address within the page. */
static void add_id(gy_buffer *out, const gy_section_kind *section, const gy_shown *run)
{
    gy_buffer_add(out, section->name);
    if (run != NULL) gy_buffer_format(out, "-%d", run->number + 1);
}

static bool is_shown(const gy_page *page, const gy_section_kind *section, const gy_shown *run)
{
    return section->of_all == (run == NULL) && section->has(page, run);
}

static void add_sections(const gy_page *page, const gy_shown *run)
{
    for (int i = 0; i < SECTIONS; i++) {
        if (!is_shown(page, sections[i], run)) continue;
        gy_buffer_add(page->out, "<section id=\"");
        add_id(page->out, sections[i], run);
        gy_buffer_format(page->out, "\"><h3>%s</h3>\n", sections[i]->title);
        sections[i]->write(page, run);
        gy_buffer_add(page->out, "</section>\n");
    }
}

static void add_links(const gy_page *page, const gy_shown *run)
{
    for (int i = 0; i < SECTIONS; i++) {
        if (!is_shown(page, sections[i], run)) continue;
        gy_buffer_add(page->out, "<a href=\"#");
        add_id(page->out, sections[i], run);
        gy_buffer_format(page->out, "\">%s</a>\n", sections[i]->title);
    }
}

static const char *name_of(const gy_shown *run)
{
    const char *name = gy_story_fact(run->story.facts, "name");
    return name[0] == '\0' ? run->curves.dir : name;
}

static void add_head(const gy_page *page)
{
    gy_buffer *out = page->out;
    gy_buffer_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                       "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>");
    gy_html_text(out, name_of(&page->runs[0]));
    if (page->n > 1) gy_buffer_format(out, " and %d more", page->n - 1);
    gy_buffer_add(out, "</title>\n<style>");
    gy_buffer_add(out, gy_page_style);
    gy_buffer_add(out, "</style></head><body>\n<header><h1>");
    gy_html_text(out, name_of(&page->runs[0]));
    if (page->n > 1) gy_buffer_format(out, " <small>and %d more</small>", page->n - 1);
    gy_buffer_add(out, "</h1><nav>\n");
    add_links(page, NULL);
    for (int i = 0; i < page->n && page->n > 1; i++) {
        gy_buffer_format(out, "<a href=\"#run-%d\">%d. ", i + 1, i + 1);
        gy_html_text(out, name_of(&page->runs[i]));
        gy_buffer_add(out, "</a>\n");
    }
    if (page->n == 1) add_links(page, &page->runs[0]);
    gy_buffer_add(out, "</nav></header>\n<main>\n");
}

/* Of several runs each may be folded away. */
static void add_run(const gy_page *page, const gy_shown *run)
{
    gy_buffer *out = page->out;
    if (page->n > 1) {
        gy_buffer_format(out, "<details class=\"run\" id=\"run-%d\"%s><summary><h2>%d. ",
                         run->number + 1, run->number == 0 ? " open=\"open\"" : "",
                         run->number + 1);
        gy_html_text(out, run->curves.label);
        gy_buffer_add(out, "</h2></summary>\n");
    }
    add_sections(page, run);
    if (page->n > 1) gy_buffer_add(out, "</details>\n");
}

static void add_all(const gy_page *page)
{
    add_head(page);
    add_sections(page, NULL);
    for (int i = 0; i < page->n; i++) add_run(page, &page->runs[i]);
    gy_buffer_add(page->out, "</main>\n<footer>Gyre ");
    gy_html_text(page->out, gy_story_fact(page->runs[0].story.facts, "version"));
    gy_buffer_add(page->out, "</footer></body></html>\n");
}

static gy_status read_run(gy_pool *pool, const char *dir, gy_shown *run)
{
    const char *journal;
    GY_TRY(gy_curves_read(pool, dir, &run->curves));
    GY_TRY(gy_trials_read(pool, dir, &run->trials));
    GY_TRY(gy_pool_format(pool, &journal, "%s/metrics.jsonl", dir));
    return gy_story_read(pool, journal, &run->story);
}

static gy_status make(gy_pool *pool, const char *const *dirs, const gy_portrait *const *portraits,
                      int n, gy_buffer *out)
{
    gy_shown *runs;
    gy_curves *curves;
    GY_TRY(gy_pool_array(pool, n, &runs));
    GY_TRY(gy_pool_array(pool, n, &curves));
    for (int i = 0; i < n; i++) {
        GY_TRY(read_run(pool, dirs[i], &runs[i]));
        curves[i] = runs[i].curves;
    }
    GY_TRY(gy_curves_label(pool, curves, n));
    for (int i = 0; i < n; i++) {
        runs[i].curves = curves[i];
        runs[i].portrait = portraits[i];
        runs[i].number = i;
    }
    add_all(&(gy_page){.pool = pool, .out = out, .runs = runs, .n = n});
    return out->status;
}

static gy_status write(const char *path, const gy_buffer *page)
{
    gy_output *output = NULL;
    GY_TRY(gy_output_begin(page->ctx, path, &output));
    gy_status status = gy_output_add(output, gy_buffer_text(page), page->bytes);
    if (status == GY_OK) return gy_output_commit(output);
    gy_output_abort(output);
    return status;
}

gy_status gy_portraits_write(gy_context *ctx, const char *const *runs,
                             const gy_portrait *const *portraits, int n, const char *path)
{
    GY_DOOR;
    gy_pool pool;
    gy_buffer page;
    gy_pool_init(&pool, ctx);
    gy_buffer_init(&page, ctx);
    gy_status status = make(&pool, runs, portraits, n, &page);
    if (status == GY_OK) status = write(path, &page);
    gy_buffer_clear(&page);
    gy_pool_clear(&pool);
    return status;
}
