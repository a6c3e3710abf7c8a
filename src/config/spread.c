/*
 * One configuration for all ranks: rank 0 reads files, environment and command line; the others take
 * the resolved text, which says everything. Where a program gives each rank one, they are compared.
 */
#include "config_impl.h"

#include "base/door.h"

#include <stdio.h>
#include <string.h>

gy_status gy_config_spread(gy_comm *comm, gy_status status, const char *name, gy_config **config)
{
    gy_context *ctx = gy_comm_context(comm);
    const bool from = gy_comm_rank(comm) == 0;
    GY_TRY(gy_comm_agree(comm, status));
    char *text = from ? (char *)gy_config_text(*config) : NULL; /* rank 0's is only looked at */
    GY_TRY(gy_comm_broadcast_text(comm, &text));
    if (from) return gy_comm_agree(comm, GY_OK);
    status = gy_config_parse(ctx, name, text, NULL, 0, config);
    gy_free(ctx, text);
    return gy_comm_agree(comm, status);
}

gy_status gy_config_read(gy_comm *comm, const char *path, const char *const *sets, int n,
                         gy_config **out)
{
    GY_DOOR;
    gy_config *config = NULL;
    gy_status status = GY_OK;
    if (gy_comm_rank(comm) == 0)
        status = gy_config_load(gy_comm_context(comm), path, sets, n, &config);
    status = gy_config_spread(comm, status, path, &config);
    if (status == GY_OK)
        *out = config;
    else
        gy_config_free(config);
    return status;
}

typedef struct difference {
    char key[160], first[160], mine[160]; /* key: "" where there is none */
} difference;

static void differ(void *user, const char *key, const char *old_value, const char *new_value)
{
    difference *d = user;
    if (d->key[0] != '\0') return;
    (void)snprintf(d->key, sizeof d->key, "%s", key);
    (void)snprintf(d->first, sizeof d->first, "%s", old_value);
    (void)snprintf(d->mine, sizeof d->mine, "%s", new_value);
}

static gy_status compare(gy_comm *comm, const gy_config *config, const char *first)
{
    const int rank = gy_comm_rank(comm);
    difference d = {.key = ""};
    if (strcmp(first, config->text) == 0) return GY_OK;
    GY_TRY(gy_config_compare(config->ctx, first, config->text, differ, &d));
    return gy_raise(GY_E_CONFIG,
                    "ranks differ in the configuration" GY_AT "rank %d on %s, %s" GY_WHY
                    "it has %s, rank 0 has %s" GY_HINT
                    "give every rank the same, as gy_config_read() does",
                    rank, gy_comm_host(comm, rank), d.key, d.mine, d.first);
}

gy_status gy_config_agree(gy_comm *comm, const gy_config *config)
{
    const bool from = gy_comm_rank(comm) == 0;
    char *first = from ? (char *)gy_config_text(config) : NULL;
    GY_TRY(gy_comm_broadcast_text(comm, &first));
    gy_status status = compare(comm, config, first);
    if (!from) gy_free(config->ctx, first);
    return gy_comm_agree(comm, status);
}
