/** What the files of a search give each other. On rank 0; inside the room only. */
#ifndef GY_STUDY_SEARCH_IMPL_H
#define GY_STUDY_SEARCH_IMPL_H

#include "study.h"

#include "search/search.h"

/** What is known of a job beside its decision. */
typedef struct gy_tried {
    bool known, failed;
    double value; /* the monitored one */
    double seconds;
    int64_t parameters;
    const char *point; /* as text; in the study's pool */
} gy_tried;

typedef struct gy_searching {
    gy_study *s;
    gy_comm *alone; /* of rank 0 */
    gy_search search;
    bool larger;       /* is better */
    gy_tried *records; /* [room] by number */
    int64_t room;
} gy_searching;

/** The configuration of a point. @param out  free with gy_config_free() */
gy_status gy_searching_configure(gy_searching *g, const gy_point *point, const char *run_dir,
                                 gy_config **out) GY_CHECKED;

/* limits.c */
/** Whether its configuration is valid and its network within the limits; for gy_search. */
gy_status gy_searching_allows(void *g, const gy_point *point, bool *out) GY_CHECKED;
/** The parameters of its network. */
gy_status gy_searching_count(gy_searching *g, const gy_point *point,
                             int64_t *parameters) GY_CHECKED;
/** Whether each value of the space makes a valid configuration. */
gy_status gy_searching_check(gy_searching *g) GY_CHECKED;

/* conclude.c */
/** Tells the ten best and what mattered; writes best.yaml and the link best. */
gy_status gy_searching_end(gy_searching *g) GY_CHECKED;

#endif
