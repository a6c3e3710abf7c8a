/*
 * Event files of TensorBoard: records of an Event, a message of protocol buffers, each framed by its
 * length and two checksums (TensorFlow's TFRecord). A job that goes on begins a file of its own with a
 * session's start, at which TensorBoard forgets what it read of later steps.
 *
 * "validation_loss" becomes "validation/loss", the state of a step "step/…", its phases "phases/…".
 */
#include "../observer.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Numbers of fields, and how they are encoded. */
enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };
enum { EVENT_WALL = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION = 7 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE = 2, SESSION_STATUS = 1, SESSION_START = 1 };

typedef struct tensorboard {
    gy_context *ctx;
    gy_pool pool;
    const char *path;
    int fd;
    gy_buffer value, summary, event, record;
} tensorboard;

static void add_varint(gy_buffer *b, uint64_t x)
{
    char bytes[10];
    size_t n = 0;
    for (; x >= 0x80; x >>= 7) bytes[n++] = (char)(x | 0x80);
    bytes[n++] = (char)x;
    gy_buffer_add_bytes(b, bytes, n);
}

static void add_key(gy_buffer *b, int field, int type)
{
    add_varint(b, (uint64_t)(field << 3 | type));
}

/* Little endian, on any machine. */
static void add_fixed(gy_buffer *b, uint64_t bits, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        const char byte = (char)(bits >> 8 * i);
        gy_buffer_add_bytes(b, &byte, 1);
    }
}

static void add_bytes(gy_buffer *b, int field, const char *text, size_t n)
{
    add_key(b, field, BYTES);
    add_varint(b, n);
    gy_buffer_add_bytes(b, text, n);
}

/* CRC-32C, bit by bit: records are short. */
static uint32_t checksum(const char *bytes, size_t n)
{
    uint32_t crc = 0xFFFFFFFFU;
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint8_t)bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78U : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xA282EAD8U;
}

static gy_status write_record(tensorboard *t)
{
    gy_buffer *r = &t->record;
    const char *event = gy_buffer_text(&t->event);
    gy_buffer_reset(r);
    add_fixed(r, t->event.bytes, 8);
    add_fixed(r, checksum(gy_buffer_text(r), 8), 4);
    gy_buffer_add_bytes(r, event, t->event.bytes);
    add_fixed(r, checksum(event, t->event.bytes), 4);
    GY_TRY(t->event.status);
    GY_TRY(r->status);
    return gy_file_append(t->ctx, t->fd, t->path, gy_buffer_text(r), r->bytes);
}

static void begin_event(tensorboard *t, double wall, int64_t step)
{
    uint64_t bits;
    memcpy(&bits, &wall, sizeof bits);
    gy_buffer_reset(&t->event);
    add_key(&t->event, EVENT_WALL, FIXED64);
    add_fixed(&t->event, bits, 8);
    add_key(&t->event, EVENT_STEP, VARINT);
    add_varint(&t->event, (uint64_t)step);
}

static void add_value(tensorboard *t, const char *tag, double number)
{
    const float x = (float)number;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    gy_buffer_reset(&t->value);
    add_bytes(&t->value, VALUE_TAG, tag, strlen(tag));
    add_key(&t->value, VALUE_SIMPLE, FIXED32);
    add_fixed(&t->value, bits, 4);
    add_bytes(&t->summary, SUMMARY_VALUE, gy_buffer_text(&t->value), t->value.bytes);
}

static void name_tag(const gy_event *event, const gy_field *f, char *out, size_t room)
{
    const char *rest = strchr(f->name, '_');
    if (f->type == GY_FIELD_PHASE)
        (void)snprintf(out, room, "phases/%s", f->name);
    else if (strcmp(event->type, "step") == 0 || rest == NULL)
        (void)snprintf(out, room, "step/%s", f->name);
    else
        (void)snprintf(out, room, "%.*s/%s", (int)(rest - f->name), f->name, rest + 1);
}

static gy_status take(void *state, const gy_event *event)
{
    tensorboard *t = state;
    char tag[128];
    bool step = strcmp(event->type, "step") == 0;
    if (!step && strcmp(event->type, "epoch") != 0 && strcmp(event->type, "evaluate") != 0)
        return GY_OK;
    gy_buffer_reset(&t->summary);
    for (int i = 0; i < event->n; i++) {
        const gy_field *f = &event->fields[i];
        if (f->type != GY_FIELD_FLOAT && f->type != GY_FIELD_PHASE) continue;
        if (!step && strcmp(f->name, "seconds") == 0) continue;
        name_tag(event, f, tag, sizeof tag);
        add_value(t, tag, f->number);
    }
    begin_event(t, event->wall, event->step);
    add_bytes(&t->event, EVENT_SUMMARY, gy_buffer_text(&t->summary), t->summary.bytes);
    GY_TRY(t->summary.status);
    GY_TRY(t->value.status);
    return write_record(t);
}

static gy_status begin_file(tensorboard *t, const gy_observed *of, const char *dir)
{
    static const char version[] = "brain.Event:2";
    char host[64] = "host";
    const double now = gy_clock_wall_s();
    (void)gethostname(host, sizeof host - 1);
    GY_TRY(gy_pool_format(&t->pool, &t->path, "%s/events.out.tfevents.%.0f.%s.%d", dir, now, host,
                          (int)getpid()));
    t->fd = open(t->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    GY_REQUIRE(t->fd >= 0, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", t->path,
               strerror(errno));
    begin_event(t, now, 0);
    add_bytes(&t->event, EVENT_VERSION, version, strlen(version));
    GY_TRY(write_record(t));
    if (of->step == 0) return GY_OK;
    gy_buffer_reset(&t->value);
    add_key(&t->value, SESSION_STATUS, VARINT);
    add_varint(&t->value, SESSION_START);
    begin_event(t, now, of->step + 1);
    add_bytes(&t->event, EVENT_SESSION, gy_buffer_text(&t->value), t->value.bytes);
    return write_record(t);
}

static void close_(void *state)
{
    tensorboard *t = state;
    if (t->fd >= 0) (void)close(t->fd);
    gy_buffer_clear(&t->value);
    gy_buffer_clear(&t->summary);
    gy_buffer_clear(&t->event);
    gy_buffer_clear(&t->record);
    gy_pool_clear(&t->pool);
    gy_free(t->ctx, t);
}

static gy_status open_(const gy_observed *of, const char *dir, void **state)
{
    tensorboard *t;
    GY_TRY(gy_new(of->ctx, &t));
    t->ctx = of->ctx;
    t->fd = -1;
    gy_pool_init(&t->pool, of->ctx);
    gy_buffer_init(&t->value, of->ctx);
    gy_buffer_init(&t->summary, of->ctx);
    gy_buffer_init(&t->event, of->ctx);
    gy_buffer_init(&t->record, of->ctx);
    gy_status status = begin_file(t, of, dir);
    if (status == GY_OK)
        *state = t;
    else
        close_(t);
    return status;
}

const gy_observer_kind gy_observer_tensorboard = {
    .kind = {.name = "tensorboard"}, .open = open_, .take = take, .close = close_};
