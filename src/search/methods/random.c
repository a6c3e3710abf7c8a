/* random: points drawn evenly, each by the number of its trial alone (Bergstra and Bengio 2012). */
#include "../search_list.h"

static gy_status next(const gy_search *s, int64_t seen, gy_search_job *out, bool *found)
{
    (void)seen;
    *found = s->n < s->trials;
    return *found ? gy_search_draw(s, s->n, &out->point) : GY_OK;
}

const gy_search_kind gy_search_random = {
    .kind = {.name = "random", .help = "points drawn evenly from the space"}, .next = next};
