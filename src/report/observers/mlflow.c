/*
 * A file store of MLflow's with the run as its one run: `mlflow ui --backend-store-uri
 * runs/NAME/observed/mlflow`. Parameters are the settings of the resolved configuration, metrics are
 * lines "milliseconds value step". Written anew by every job.
 */
#include "../observer.h"

#include "base/hash.h"
#include "store/file.h"
#include "text/tree.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the store says a run is doing. */
enum { RUNNING = 1, FINISHED = 3, KILLED = 5 };

typedef struct mlflow {
    gy_context *ctx;
    gy_pool pool;
    const gy_observed *of;
    const char *dir, *run_dir; /* of the store; of the run within it */
    char id[33];
    double start_s, end_s;
    int status;
} mlflow;

static gy_status write_text(mlflow *m, const char *name, const char *mode, const char *text)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", m->run_dir, name);
    FILE *file = n > 0 && (size_t)n < sizeof path ? fopen(path, mode) : NULL;
    bool ok = file != NULL && fputs(text, file) >= 0;
    if (file != NULL && fclose(file) != 0) ok = false;
    GY_REQUIRE(ok, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", path, strerror(errno));
    return GY_OK;
}

static gy_status write_meta(mlflow *m)
{
    const char *text, *end = "null";
    if (m->status != RUNNING) GY_TRY(gy_pool_format(&m->pool, &end, "%.0f", 1e3 * m->end_s));
    GY_TRY(gy_pool_format(&m->pool, &text,
                          "artifact_uri: file://%s/artifacts\nend_time: %s\nentry_point_name: ''\n"
                          "experiment_id: '0'\nlifecycle_stage: active\nrun_id: %s\n"
                          "run_name: %s\nrun_uuid: %s\nsource_name: ''\nsource_type: 4\n"
                          "source_version: ''\nstart_time: %.0f\nstatus: %d\ntags: []\n"
                          "user_id: ''\n",
                          m->run_dir, end, m->id, m->of->name, m->id, 1e3 * m->start_s, m->status));
    return write_text(m, "meta.yaml", "we", text);
}

/* A file a setting: params/model.layers.0.dense.units. */
static gy_status write_params(mlflow *m, const gy_node *node, const char *path)
{
    int i = 0;
    for (const gy_node *child = node->first; child != NULL; child = child->next, i++) {
        const char *below, *dot = path[0] == '\0' ? "" : ".";
        if (node->type == GY_NODE_LIST)
            GY_TRY(gy_pool_format(&m->pool, &below, "%s%s%d", path, dot, i));
        else
            GY_TRY(gy_pool_format(&m->pool, &below, "%s%s%s", path, dot, child->key));
        if (child->type != GY_NODE_SCALAR) {
            GY_TRY(write_params(m, child, below));
            continue;
        }
        const char *name;
        GY_TRY(gy_pool_format(&m->pool, &name, "params/%s", below));
        GY_TRY(write_text(m, name, "we", child->text));
    }
    return GY_OK;
}

static gy_status take(void *state, const gy_event *event)
{
    mlflow *m = state;
    char name[128], line[96];
    if (m->start_s == 0) m->start_s = event->wall;
    m->end_s = event->wall;
    m->status = strcmp(event->type, "end") == 0 ? FINISHED : RUNNING;
    for (int i = 0; i < event->n; i++) {
        const gy_field *f = &event->fields[i];
        bool value = f->type == GY_FIELD_FLOAT && strcmp(event->type, "end") != 0 &&
                     strcmp(event->type, "start") != 0 && strcmp(f->name, "seconds") != 0 &&
                     strcmp(f->name, "waited_seconds") != 0;
        if (!value) continue;
        (void)snprintf(name, sizeof name, "metrics/%s", f->name);
        (void)snprintf(line, sizeof line, "%.0f %.17g %lld\n", 1e3 * event->wall, f->number,
                       (long long)event->step);
        GY_TRY(write_text(m, name, "ae", line));
    }
    return m->status == FINISHED ? write_meta(m) : GY_OK;
}

static void close_(void *state)
{
    mlflow *m = state;
    if (m->status == RUNNING && m->start_s > 0) { /* a job that goes on says so again */
        m->status = KILLED;
        if (write_meta(m) != GY_OK) {} /* the run's own files say how it ended */
    }
    gy_pool_clear(&m->pool);
    gy_free(m->ctx, m);
}

static gy_status make_directories(mlflow *m)
{
    static const char *const parts[] = {"metrics", "params", "tags", "artifacts"};
    const char *path;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        GY_TRY(gy_pool_format(&m->pool, &path, "%s/%s", m->run_dir, parts[i]));
        GY_TRY(gy_directory_make(m->ctx, path));
    }
    return GY_OK;
}

/* The store must name places in full. */
static gy_status begin(mlflow *m, const char *dir)
{
    const char *text;
    gy_node *tree;
    char *full = realpath(dir, NULL);
    GY_REQUIRE(full != NULL, GY_E_IO, "cannot look at" GY_AT "%s" GY_WHY "%s", dir,
               strerror(errno));
    gy_status status = gy_pool_string(&m->pool, full, &m->dir);
    free(full);
    GY_TRY(status);
    const unsigned long long hash = gy_hash(m->dir, strlen(m->dir));
    (void)snprintf(m->id, sizeof m->id, "%016llx%016llx", hash, hash * 0x9E3779B97F4A7C15ULL);
    GY_TRY(gy_pool_format(&m->pool, &m->run_dir, "%s/0", m->dir));
    GY_TRY(gy_tree_remove(m->run_dir));
    GY_TRY(gy_directory_make(m->ctx, m->run_dir));
    GY_TRY(gy_pool_format(&m->pool, &text,
                          "artifact_location: file://%s\nexperiment_id: '0'\n"
                          "lifecycle_stage: active\nname: Default\n",
                          m->run_dir));
    GY_TRY(write_text(m, "meta.yaml", "we", text));
    GY_TRY(gy_pool_format(&m->pool, &m->run_dir, "%s/0/%s", m->dir, m->id));
    GY_TRY(make_directories(m));
    GY_TRY(write_text(m, "tags/mlflow.runName", "we", m->of->name));
    GY_TRY(gy_yaml_parse(&m->pool, "config", m->of->config, strlen(m->of->config), &tree));
    GY_TRY(write_params(m, tree, ""));
    m->status = RUNNING;
    return write_meta(m);
}

static gy_status open_(const gy_observed *of, const char *dir, void **state)
{
    mlflow *m;
    GY_TRY(gy_new(of->ctx, &m));
    m->ctx = of->ctx;
    m->of = of;
    gy_pool_init(&m->pool, of->ctx);
    gy_status status = begin(m, dir);
    if (status == GY_OK)
        *state = m;
    else
        close_(m);
    return status;
}

const gy_observer_kind gy_observer_mlflow = {
    .kind = {.name = "mlflow"}, .anew = true, .open = open_, .take = take, .close = close_};
