/** The methods. To add one: methods/NAME.c and a line here. */
#ifndef GY_SEARCH_SEARCH_LIST_H
#define GY_SEARCH_SEARCH_LIST_H

#include "search.h"

#define GY_SEARCH_LIST(X)                                                                          \
    X(grid)                                                                                        \
    X(random)                                                                                      \
    X(halving)                                                                                     \
    X(evolve)                                                                                      \
    X(population)

#define GY_SEARCH_DECLARE(name) extern const gy_search_kind gy_search_##name;
GY_SEARCH_LIST(GY_SEARCH_DECLARE)
#undef GY_SEARCH_DECLARE

#endif
