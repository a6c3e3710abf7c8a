/** The sections of a page, in their order: X(name), a file each in sections/. */
#ifndef GY_REPORT_PAGE_SECTION_LIST_H
#define GY_REPORT_PAGE_SECTION_LIST_H

#define GY_SECTION_LIST(X)                                                                         \
    X(overview)                                                                                    \
    X(curves)                                                                                      \
    X(facts)                                                                                       \
    X(configuration)                                                                               \
    X(anatomy)                                                                                     \
    X(movement)                                                                                    \
    X(filters)                                                                                     \
    X(answers)                                                                                     \
    X(confusion)                                                                                   \
    X(classes)                                                                                     \
    X(worst)                                                                                       \
    X(regression)                                                                                  \
    X(phases)                                                                                      \
    X(checkpoints)                                                                                 \
    X(study)

#endif
