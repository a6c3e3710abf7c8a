/* --run-dir is --set run_dir, and wins over it. */
#include "cli.h"

gy_status gy_cli_sets(gy_cli *cli, const gy_strings *set, const char *run_dir,
                      const char *const **out, int *n)
{
    const char **sets;
    GY_TRY(gy_pool_array(&cli->pool, set->n + 1, &sets));
    for (int i = 0; i < set->n; i++) sets[i] = set->v[i];
    *n = set->n;
    if (run_dir != NULL) GY_TRY(gy_pool_format(&cli->pool, &sets[(*n)++], "run_dir=%s", run_dir));
    *out = sets;
    return GY_OK;
}
