/* Events read back from metrics.jsonl: each line becomes the event that it was. */
#include "event.h"

#include "base/number.h"
#include "text/tree.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "nan", "inf" and "-inf" are numbers that JSON has not. */
static bool read_special(const char *text, double *out)
{
    static const char *const words[] = {"nan", "inf", "-inf"};
    const double values[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, words[i]) != 0) continue;
        *out = values[i];
        return true;
    }
    return false;
}

static void read_scalar(const gy_node *node, gy_field *f)
{
    f->text = node->text;
    f->type = GY_FIELD_TEXT;
    bool yes = strcmp(node->text, "true") == 0;
    if (node->quoted) {
        if (read_special(node->text, &f->number)) f->type = GY_FIELD_FLOAT;
    } else if (yes || strcmp(node->text, "false") == 0) {
        f->type = GY_FIELD_BOOL;
        f->integer = yes;
        f->number = yes;
    } else if (gy_number_int(node->text, &f->integer)) {
        f->type = GY_FIELD_INT;
        f->number = (double)f->integer;
    } else if (gy_number_float(node->text, &f->number)) {
        f->type = GY_FIELD_FLOAT;
    }
}

static double number_of(const gy_node *map, const char *key)
{
    const gy_node *node = gy_node_find(map, key);
    double x = NAN;
    if (node == NULL || node->text == NULL || !gy_number_float(node->text, &x)) return NAN;
    return x;
}

static gy_status read_list(gy_pool *pool, const gy_node *node, gy_field *f)
{
    int64_t *items;
    f->type = GY_FIELD_INTS;
    f->integer = 0;
    GY_TRY(gy_pool_array(pool, node->n, &items));
    for (const gy_node *item = node->first; item != NULL; item = item->next)
        if (item->text != NULL && gy_number_int(item->text, &items[f->integer])) f->integer++;
    f->items = items;
    return GY_OK;
}

static void read_phase(const gy_node *node, gy_field *f)
{
    *f = (gy_field){.name = node->key, .type = GY_FIELD_PHASE};
    f->min = number_of(node, "min");
    f->number = number_of(node, "mean");
    f->max = number_of(node, "max");
}

static gy_status read_fields(gy_pool *pool, const gy_node *tree, gy_event *event)
{
    gy_field *fields;
    const gy_node *phases = gy_node_find(tree, "phases");
    GY_TRY(gy_pool_array(pool, tree->n + (phases != NULL ? phases->n : 0), &fields));
    for (const gy_node *node = tree->first; node != NULL; node = node->next) {
        gy_field *f = &fields[event->n];
        *f = (gy_field){.name = node->key};
        if (node->type == GY_NODE_LIST)
            GY_TRY(read_list(pool, node, f));
        else if (node->type == GY_NODE_SCALAR)
            read_scalar(node, f);
        if (node->type != GY_NODE_MAP) {
            event->n++;
            continue;
        }
        for (const gy_node *phase = node->first; phase != NULL && node == phases;
             phase = phase->next)
            read_phase(phase, &fields[event->n++]);
    }
    event->fields = fields;
    return GY_OK;
}

static gy_status read_event(gy_pool *pool, const gy_node *tree, gy_event *event)
{
    *event = (gy_event){.type = ""};
    GY_TRY(read_fields(pool, tree, event));
    event->type = gy_event_text(event, "event", "");
    event->step = (int64_t)gy_event_number(event, "step", 0);
    event->epoch = (int64_t)gy_event_number(event, "epoch", 0);
    event->time = gy_event_number(event, "time", 0);
    event->wall = gy_event_number(event, "wall", 0);
    enum { HEAD = 5 }; /* these are no fields */
    int head = 0;
    while (head < event->n && head < HEAD &&
           strstr(" event step epoch time wall ", event->fields[head].name) != NULL)
        head++;
    event->fields += head;
    event->n -= head;
    return GY_OK;
}

/* A line that is torn, the last one of a job that was killed, is passed over. */
static gy_status take_line(gy_context *ctx, const char *path, const char *line, size_t n,
                           gy_observer *take, void *user)
{
    gy_pool pool;
    gy_node *tree;
    gy_event event;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_json_parse(&pool, path, line, n, &tree);
    if (status == GY_OK && tree->type == GY_NODE_MAP) {
        status = read_event(&pool, tree, &event);
        if (status == GY_OK) take(user, &event);
    }
    gy_pool_clear(&pool);
    return status == GY_E_NOMEM ? status : GY_OK;
}

gy_status gy_events_read(gy_context *ctx, const char *path, gy_observer *take, void *user)
{
    gy_status status = GY_OK;
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "re");
    GY_REQUIRE(file != NULL, GY_E_IO, "cannot read" GY_AT "%s" GY_WHY "%s", path, strerror(errno));
    for (ssize_t n; status == GY_OK && (n = getline(&line, &room, file)) > 0;)
        status = take_line(ctx, path, line, (size_t)n, take, user);
    if (status == GY_OK && ferror(file))
        status = gy_raise(GY_E_IO, "cannot read" GY_AT "%s" GY_WHY "%s", path, strerror(errno));
    free(line);
    (void)fclose(file);
    return status;
}
