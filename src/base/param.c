#include "param.h"

#include <string.h>

#define GY_ROLE_NAME(role, text) text,
const char *const gy_role_names[GY_ROLE_COUNT] = {GY_ROLE_LIST(GY_ROLE_NAME)};

#define GY_HOLD_NAME(hold, text) text,
const char *const gy_hold_names[GY_HOLD_COUNT] = {GY_HOLD_LIST(GY_HOLD_NAME)};

bool gy_role_decays(gy_role role)
{
    return role != GY_ROLE_BIAS && role != GY_ROLE_NORM;
}

bool gy_role_is_weight(gy_role role)
{
    return role == GY_ROLE_WEIGHT || role == GY_ROLE_KERNEL || role == GY_ROLE_RECURRENT;
}

int gy_params_find(const gy_params *table, const char *name)
{
    int index = -1;
    if (table->names.n > 0) return gy_names_find(&table->names, name, &index) ? index : -1;
    for (int i = 0; i < table->n; i++)
        if (strcmp(table->v[i].name, name) == 0) return i;
    return -1;
}

int64_t gy_ranges_count(const gy_ranges *ranges)
{
    int64_t sum = 0;
    for (int i = 0; i < ranges->n; i++) sum += ranges->v[i].to - ranges->v[i].from;
    return sum;
}

void gy_ranges_unpack(const gy_ranges *ranges, const float *packed, float *whole)
{
    for (int i = 0; i < ranges->n; i++) {
        int64_t n = ranges->v[i].to - ranges->v[i].from;
        memcpy(whole + ranges->v[i].from, packed, (size_t)n * sizeof *whole);
        packed += n;
    }
}

void gy_ranges_pack(const gy_ranges *ranges, const float *whole, float *packed)
{
    for (int i = 0; i < ranges->n; i++) {
        int64_t n = ranges->v[i].to - ranges->v[i].from;
        memcpy(packed, whole + ranges->v[i].from, (size_t)n * sizeof *packed);
        packed += n;
    }
}
