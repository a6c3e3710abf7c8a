/* Events: put together, looked into, written as JSON. */
#include "event.h"

#include "base/door.h"
#include "text/tree.h"

#include <math.h>
#include <string.h>

void gy_report_begin(gy_report *r, const char *type)
{
    r->event = (gy_event){.type = type, .fields = r->fields};
}

/* One more field; the last place is used again where there is no more room. */
static gy_field *add(gy_report *r, const char *name, gy_field_type type)
{
    if (r->event.n < GY_EVENT_FIELDS) r->event.n++;
    gy_field *f = &r->fields[r->event.n - 1];
    *f = (gy_field){.name = name, .type = type};
    return f;
}

void gy_report_int(gy_report *r, const char *name, int64_t value)
{
    gy_field *f = add(r, name, GY_FIELD_INT);
    f->integer = value;
    f->number = (double)value;
}

void gy_report_float(gy_report *r, const char *name, double value)
{
    add(r, name, GY_FIELD_FLOAT)->number = value;
}

void gy_report_text(gy_report *r, const char *name, const char *value)
{
    if (value != NULL) add(r, name, GY_FIELD_TEXT)->text = value;
}

void gy_report_bool(gy_report *r, const char *name, bool value)
{
    gy_field *f = add(r, name, GY_FIELD_BOOL);
    f->integer = value;
    f->number = value;
}

/* Microseconds are enough of a time. */
static double rounded(double x)
{
    return round(x * 1e3) / 1e3;
}

void gy_report_phase(gy_report *r, const char *name, double min, double mean, double max)
{
    gy_field *f = add(r, name, GY_FIELD_PHASE);
    f->min = rounded(min);
    f->number = rounded(mean);
    f->max = rounded(max);
}

void gy_report_ints(gy_report *r, const char *name, const int64_t *items, int64_t n)
{
    gy_field *f = add(r, name, GY_FIELD_INTS);
    f->items = items;
    f->integer = n;
}

const gy_field *gy_event_field(const gy_event *event, const char *name)
{
    for (int i = 0; i < event->n; i++)
        if (strcmp(event->fields[i].name, name) == 0) return &event->fields[i];
    return NULL;
}

double gy_event_number(const gy_event *event, const char *name, double otherwise)
{
    const gy_field *f = gy_event_field(event, name);
    return f == NULL ? otherwise : f->number;
}

const char *gy_event_text(const gy_event *event, const char *name, const char *otherwise)
{
    const gy_field *f = gy_event_field(event, name);
    return f == NULL || f->text == NULL ? otherwise : f->text;
}

static void print_phase(const gy_field *f, gy_buffer *out)
{
    gy_json_begin(out, f->name, '{');
    gy_json_float(out, "min", f->min);
    gy_json_float(out, "mean", f->number);
    gy_json_float(out, "max", f->max);
    gy_json_end(out, '}');
}

static void print_field(const gy_field *f, gy_buffer *out)
{
    switch (f->type) {
    case GY_FIELD_INT:
        gy_json_int(out, f->name, f->integer);
        break;
    case GY_FIELD_FLOAT:
        gy_json_float(out, f->name, f->number);
        break;
    case GY_FIELD_TEXT:
        gy_json_string(out, f->name, f->text);
        break;
    case GY_FIELD_BOOL:
        gy_json_bool(out, f->name, f->integer != 0);
        break;
    case GY_FIELD_PHASE:
        print_phase(f, out);
        break;
    case GY_FIELD_INTS:
        gy_json_begin(out, f->name, '[');
        for (int64_t i = 0; i < f->integer; i++) gy_json_int(out, NULL, f->items[i]);
        gy_json_end(out, ']');
        break;
    }
}

void gy_event_print(const gy_event *event, gy_buffer *out)
{
    bool in_phases = false;
    gy_json_begin(out, NULL, '{');
    gy_json_string(out, "event", event->type);
    gy_json_int(out, "step", event->step);
    gy_json_int(out, "epoch", event->epoch);
    gy_json_float(out, "time", rounded(event->time));
    if (event->wall > 0) gy_json_float(out, "wall", rounded(event->wall));
    for (int i = 0; i < event->n; i++) {
        bool phase = event->fields[i].type == GY_FIELD_PHASE;
        if (phase && !in_phases) gy_json_begin(out, "phases", '{');
        if (!phase && in_phases) gy_json_end(out, '}');
        in_phases = phase;
        print_field(&event->fields[i], out);
    }
    if (in_phases) gy_json_end(out, '}');
    gy_json_end(out, '}');
}

gy_status gy_event_json(gy_context *ctx, const gy_event *event,
                        void (*line)(void *user, const char *json), void *user)
{
    GY_DOOR;
    gy_buffer text;
    gy_buffer_init(&text, ctx);
    gy_event_print(event, &text);
    gy_status status = text.status;
    if (status == GY_OK) line(user, gy_buffer_text(&text));
    gy_buffer_clear(&text);
    return status;
}
