#include "param.h"

#include <string.h>

#define GY_ROLE_NAME(role, text) text,
const char *const gy_role_names[GY_ROLE_COUNT] = {GY_ROLE_LIST(GY_ROLE_NAME)};

bool gy_role_decays(gy_role role)
{
    return role != GY_ROLE_BIAS && role != GY_ROLE_NORM;
}

int gy_params_find(const gy_params *table, const char *name)
{
    for (int i = 0; i < table->n; i++)
        if (strcmp(table->v[i].name, name) == 0) return i;
    return -1;
}
