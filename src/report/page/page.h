/** A page in the making: runs as it shows them, and its sections, a kind each. Inside the report room. */
#ifndef GY_REPORT_PAGE_PAGE_H
#define GY_REPORT_PAGE_PAGE_H

#include <gyre/portrait.h>

#include "../curves.h"
#include "section_list.h"
#include "story.h"
#include "trials.h"

/** A run as a page shows it. */
typedef struct gy_shown {
    gy_curves curves;
    gy_story story;
    gy_trial_told *trials; /* of the study that it is a trial of; NULL: none */
    const gy_portrait *portrait;
    int number; /* from 0 */
} gy_shown;

typedef struct gy_page {
    gy_pool *pool;
    gy_buffer *out;
    const gy_shown *runs; /* [n] */
    int n;
} gy_page;

typedef struct gy_section_kind {
    const char *name, *title; /* of its address; its heading */
    bool of_all;              /* about all runs together; else there is one for each */
    /** Whether there is anything to show. @param run  NULL: all */
    bool (*has)(const gy_page *page, const gy_shown *run);
    void (*write)(const gy_page *page, const gy_shown *run);
} gy_section_kind;

#define GY_SECTION_DECLARE(name) extern const gy_section_kind gy_section_##name;
GY_SECTION_LIST(GY_SECTION_DECLARE)
#undef GY_SECTION_DECLARE

/** The style of all pages. */
extern const char gy_page_style[];

#endif
