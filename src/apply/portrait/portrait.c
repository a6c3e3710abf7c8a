/*
 * The portrait of a run: its configuration, its parameters, what it answers. Each part is found by itself;
 * where one cannot be, the others are there all the same.
 */
#include "portrait.h"

#include "base/door.h"
#include "store/file.h"

#include <string.h>

enum { CONFIG_BYTES = 1 << 24 };

bool gy_portray_is_picture(const gy_shape *sample)
{
    enum { LEAST = 4, MOST = 512 };
    const int64_t *d = sample->d;
    return sample->n == 3 && (d[2] == 1 || d[2] == 3) && d[0] >= LEAST && d[1] >= LEAST &&
           d[0] <= MOST && d[1] <= MOST;
}

/* A part that is missing is no failure, but where nothing else can go on either. */
static gy_status forgive(gy_portrayal *p, gy_status status, const char **why)
{
    if (status == GY_E_NOMEM || status == GY_E_COMM || status == GY_STOPPED) return status;
    if (status == GY_OK || *why != NULL) return GY_OK;
    return gy_pool_string(&p->pool, gy_error_last()->text, why);
}

static gy_status take_config(gy_portrayal *p, const gy_config *config)
{
    gy_buffer text;
    gy_buffer_init(&text, p->ctx);
    gy_status status = gy_config_print_short(config, &text);
    if (status == GY_OK)
        status = gy_pool_string(&p->pool, gy_buffer_text(&text), &p->portrait.config_short);
    if (status == GY_OK)
        status = gy_pool_string(&p->pool, gy_config_text(config), &p->portrait.config);
    gy_buffer_clear(&text);
    return status;
}

/* As the run wrote it down; nothing where it did not, or where this program no longer reads it. */
static gy_status read_config(gy_portrayal *p, const char *run_dir)
{
    const char *path, *why = NULL;
    char *text;
    size_t n;
    gy_config *config = NULL;
    GY_TRY(gy_pool_format(&p->pool, &path, "%s/config.yaml", run_dir));
    gy_status status = gy_file_read(p->ctx, path, CONFIG_BYTES, GY_E_IO, &text, &n);
    if (status != GY_OK) return forgive(p, status, &why);
    status = gy_config_parse(p->ctx, path, text, NULL, 0, &config);
    if (status == GY_OK) status = take_config(p, config);
    gy_config_free(config);
    gy_free(p->ctx, text);
    return forgive(p, status, &why);
}

static gy_status portray_values(gy_portrayal *p, gy_comm *comm, const char *run_dir)
{
    const gy_opening opening = {.path = run_dir};
    gy_opened o;
    gy_status status = gy_opened_open(p->ctx, comm, &opening, &o);
    if (status == GY_OK) status = gy_opened_take_apart(&o, &p->anatomy);
    if (status == GY_OK) status = gy_portray_values(p, &o, run_dir);
    gy_opened_close(&o);
    if (status == GY_OK)
        p->portrait.anatomy = p->anatomy;
    else
        p->portrait.filters = (gy_portrait_pictures){.of = NULL};
    return forgive(p, status, &p->portrait.anatomy_missing);
}

static gy_status portray_answers(gy_portrayal *p, gy_comm *comm, const char *run_dir,
                                 const gy_portrait_options *options)
{
    const gy_apply_options apply = {.data = options->data};
    gy_opened o;
    gy_part part = GY_PART_TEST;
    gy_status status = gy_opened_open_on_data(p->ctx, comm, run_dir, &apply, &o, &part);
    if (status == GY_OK) status = gy_portray_answers(p, &o, part, options->samples);
    gy_opened_close(&o);
    if (status != GY_OK) p->portrait.data = NULL;
    return forgive(p, status, &p->portrait.data_missing);
}

static gy_status portray(gy_portrayal *p, gy_comm *comm, const char *run_dir,
                         const gy_portrait_options *options)
{
    const bool writes = gy_comm_rank(comm) == 0;
    GY_TRY(gy_comm_agree(comm, writes ? read_config(p, run_dir) : GY_OK));
    GY_TRY(portray_values(p, comm, run_dir));
    return portray_answers(p, comm, run_dir, options);
}

gy_status gy_portrait_create(gy_context *ctx, gy_comm *comm, const char *path,
                             const gy_portrait_options *options, gy_portrait **out)
{
    GY_DOOR;
    gy_portrayal *p = NULL;
    bool there = false;
    *out = NULL;
    GY_TRY(gy_look_for_directory(comm, path, &there));
    GY_REQUIRE(there, GY_E_USAGE,
               "no run" GY_AT "%s" GY_WHY "there is no such directory" GY_HINT
               "name the directory of a run, e.g. runs/digits",
               path);
    GY_TRY(gy_comm_new(comm, &p));
    p->ctx = ctx;
    gy_pool_init(&p->pool, ctx);
    gy_status status = gy_comm_agree(comm, portray(p, comm, path, options));
    if (status == GY_OK && gy_comm_rank(comm) == 0)
        *out = &p->portrait;
    else
        gy_portrait_free(&p->portrait);
    return status;
}

void gy_portrait_free(gy_portrait *portrait)
{
    if (portrait == NULL) return;
    gy_portrayal *p = (gy_portrayal *)portrait;
    gy_anatomy_free(p->ctx, p->anatomy);
    gy_pool_clear(&p->pool);
    gy_free(p->ctx, p);
}
