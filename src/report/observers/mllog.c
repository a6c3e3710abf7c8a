/* Lines as MLPerf's logging has them, `:::MLLOG {…}`: mllog.txt. Written anew by every job. */
#include "../observer.h"

#include "base/buffer.h"
#include "text/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct mllog {
    gy_context *ctx;
    gy_pool pool;
    const char *path;
    FILE *file;
    gy_buffer object, lines;
} mllog;

/* One line. Its value: a number, or a text where that is given. */
static void print(mllog *m, const gy_event *event, const char *type, const char *key, double number,
                  const char *text)
{
    gy_buffer *b = &m->object;
    gy_buffer_reset(b);
    gy_json_begin(b, NULL, '{');
    gy_json_string(b, "namespace", "");
    gy_json_int(b, "time_ms", (int64_t)(1e3 * event->wall));
    gy_json_string(b, "event_type", type);
    gy_json_string(b, "key", key);
    if (text != NULL)
        gy_json_string(b, "value", text);
    else
        gy_json_float(b, "value", number);
    gy_json_begin(b, "metadata", '{');
    gy_json_int(b, "step", event->step);
    gy_json_int(b, "epoch_num", event->epoch);
    gy_json_end(b, '}');
    gy_json_end(b, '}');
    gy_buffer_format(&m->lines, ":::MLLOG %s\n", gy_buffer_text(b));
}

static void print_point(mllog *m, const gy_event *event, const char *key, double number)
{
    print(m, event, "POINT_IN_TIME", key, number, NULL);
}

static void print_start(mllog *m, const gy_event *event)
{
    static const char *const fields[][2] = {{"batch_size", "global_batch_size"},
                                            {"train_samples", "train_samples"},
                                            {"validation_samples", "eval_samples"}};
    print(m, event, "INTERVAL_START", "run_start", 0, "");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (gy_event_field(event, fields[i][0]) != NULL)
            print_point(m, event, fields[i][1], gy_event_number(event, fields[i][0], 0));
}

/* Of an evaluation "eval_…", of an epoch and a step as they are called. */
static void print_values(mllog *m, const gy_event *event)
{
    static const char validation[] = "validation_";
    char key[96];
    for (int i = 0; i < event->n; i++) {
        const gy_field *f = &event->fields[i];
        if (f->type != GY_FIELD_FLOAT || strcmp(f->name, "seconds") == 0) continue;
        bool eval = strncmp(f->name, validation, strlen(validation)) == 0;
        (void)snprintf(key, sizeof key, "%s%s", eval ? "eval_" : "",
                       f->name + (eval ? strlen(validation) : 0));
        print_point(m, event, key, f->number);
    }
}

static gy_status take(void *state, const gy_event *event)
{
    mllog *m = state;
    gy_buffer_reset(&m->lines);
    if (strcmp(event->type, "start") == 0) {
        print_start(m, event);
    } else if (strcmp(event->type, "step") == 0 || strcmp(event->type, "evaluate") == 0) {
        print_values(m, event);
    } else if (strcmp(event->type, "epoch") == 0) {
        print_values(m, event);
        print(m, event, "INTERVAL_END", "epoch_stop", 0, "");
    } else if (strcmp(event->type, "end") == 0 || strcmp(event->type, "stop") == 0) {
        bool end = event->type[0] == 'e';
        print(m, event, "INTERVAL_END", "run_stop", 0, end ? "success" : "aborted");
    }
    GY_TRY(m->object.status);
    GY_TRY(m->lines.status);
    bool ok = fwrite(gy_buffer_text(&m->lines), 1, m->lines.bytes, m->file) == m->lines.bytes &&
              fflush(m->file) == 0;
    GY_REQUIRE(ok, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", m->path, strerror(errno));
    return GY_OK;
}

static void close_(void *state)
{
    mllog *m = state;
    if (m->file != NULL && fclose(m->file) != 0) {} /* every line was flushed */
    gy_buffer_clear(&m->object);
    gy_buffer_clear(&m->lines);
    gy_pool_clear(&m->pool);
    gy_free(m->ctx, m);
}

static gy_status begin_file(mllog *m, const char *dir)
{
    GY_TRY(gy_pool_format(&m->pool, &m->path, "%s/mllog.txt", dir));
    m->file = fopen(m->path, "we");
    GY_REQUIRE(m->file != NULL, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", m->path,
               strerror(errno));
    return GY_OK;
}

static gy_status open_(const gy_observed *of, const char *dir, void **state)
{
    mllog *m;
    GY_TRY(gy_new(of->ctx, &m));
    m->ctx = of->ctx;
    gy_pool_init(&m->pool, of->ctx);
    gy_buffer_init(&m->object, of->ctx);
    gy_buffer_init(&m->lines, of->ctx);
    gy_status status = begin_file(m, dir);
    if (status == GY_OK)
        *state = m;
    else
        close_(m);
    return status;
}

const gy_observer_kind gy_observer_mllog = {
    .kind = {.name = "mllog"}, .anew = true, .open = open_, .take = take, .close = close_};
