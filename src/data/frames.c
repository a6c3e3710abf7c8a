/*
 * Reading frames. Samples are sorted by their place in the files; neighbours, and those so near that
 * reading over the gap costs less than another call, are joined into one read of a data set, whose
 * frames are then dealt out. Bytes stay bytes until then.
 */
#include "frames.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 1024, /* samples sorted at once */
    SCRATCH_BYTES = 1 << 20,
    GAP_BYTES = 1 << 14 /* read rather than skipped */
};

/* Where a sample begins: `at` counts rows, or times of a row in trajectories. */
struct gy_frames_order {
    int file;
    int64_t row, at, place;
};

size_t gy_frames_bytes(gy_h5_type type)
{
    return type == GY_H5_UINT8 ? 1 : type == GY_H5_FLOAT64 ? 8 : 4;
}

gy_status gy_frames_make_room(gy_frames *f)
{
    int64_t largest = 0;
    for (int side = 0; side < GY_FRAMES_SIDES; side++) {
        const gy_frames_side *s = &f->sides[side];
        for (int i = 0; i < s->n; i++) {
            gy_frames_field *field = &s->fields[i];
            int64_t count = gy_shape_count(&field->shape);
            int64_t bytes = count * (int64_t)gy_frames_bytes(field->type);
            int64_t span = (s->frames - 1) * f->settings->step + 1;
            field->room = SCRATCH_BYTES / bytes > span ? SCRATCH_BYTES / bytes : span;
            if (count > largest) largest = count;
            GY_TRY(gy_alloc_array(f->ctx, field->room, (size_t)bytes, &field->scratch));
        }
    }
    GY_TRY(gy_new_array(f->ctx, largest, &f->frame));
    return gy_new_array(f->ctx, BLOCK, &f->order);
}

const gy_frames_file *gy_frames_locate(const gy_frames *f, int64_t sample, int64_t *before,
                                       int64_t *row, int64_t *at)
{
    int low = 0, high = f->n - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (sample < f->files[middle].samples)
            high = middle;
        else
            low = middle + 1;
    }
    const gy_frames_file *file = &f->files[low];
    *before = low == 0 ? 0 : f->files[low - 1].samples;
    *row = file->from + (sample - *before) / file->starts;
    *at = f->settings->window > 0 ? (sample - *before) % file->starts : 0;
    return file;
}

static void locate(const gy_frames *f, int64_t sample, int64_t place, gy_frames_order *out)
{
    int64_t before;
    const gy_frames_file *file = gy_frames_locate(f, sample, &before, &out->row, &out->at);
    out->file = (int)(file - f->files);
    out->place = place;
    if (f->settings->window == 0) out->at = out->row;
}

static int compare(const void *a, const void *b)
{
    const gy_frames_order *l = a, *r = b;
    if (l->file != r->file) return (l->file > r->file) - (l->file < r->file);
    if (l->row != r->row) return (l->row > r->row) - (l->row < r->row);
    return (l->at > r->at) - (l->at < r->at);
}

static bool is_sorted(const gy_frames_order *order, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        if (compare(&order[i - 1], &order[i]) > 0) return false;
    return true;
}

/* A frame as numbers. */
static void convert(const gy_frames_field *field, const void *frame, float *out)
{
    const int64_t n = field->places * field->depth;
    if (field->type == GY_H5_UINT8) {
        const uint8_t *from = frame;
        for (int64_t i = 0; i < n; i++) out[i] = (float)from[i];
    } else if (field->type == GY_H5_FLOAT64) {
        const double *from = frame;
        for (int64_t i = 0; i < n; i++)
            out[i] = from[i] == field->fill ? NAN : (float)(from[i] * field->scale + field->offset);
    } else {
        memcpy(out, frame, (size_t)n * sizeof *out);
    }
}

/* Puts a frame among a sample's channels. @param to  the sample's, where the frame's begin */
static void deal(const gy_frames *f, const gy_frames_side *s, const gy_frames_field *field,
                 const void *frame, float *to)
{
    const int64_t all = s->frames * s->depth, depth = field->depth, places = field->places;
    if (all == depth && !field->first) {
        convert(field, frame, to);
        return;
    }
    convert(field, frame, f->frame);
    to += field->channel;
    for (int64_t p = 0; p < places; p++)
        for (int64_t c = 0; c < depth; c++)
            to[p * all + c] = f->frame[field->first ? c * places + p : p * depth + c];
}

/* Frames [first, first + n) of a field, counted as `order.at` is. */
static gy_status read_run(const gy_frames *f, gy_frames_file *file, const gy_frames_field *field,
                          int64_t row, int64_t first, int64_t n)
{
    gy_h5_data *data = file->data[field - f->fields];
    const gy_shape *shape = gy_h5_data_shape(data);
    if (field->axes == 2)
        return gy_h5_data_read_box(data, row, 1, first, n, field->type, field->scratch);
    if (field->axes == 1) return gy_h5_data_read(data, first, n, field->type, field->scratch);
    return gy_h5_data_read(data, 0, shape->n == 0 ? 1 : shape->d[0], field->type, field->scratch);
}

/* Whether weights or groups, which have no times, are read: then places are rows. */
static bool is_still(const gy_frames *f, const gy_frames_field *field)
{
    return field->axes - (f->settings->each == 0) == 0;
}

/* What is packed, frame by frame out of the blocks. */
static gy_status read_packed(gy_frames *f, const gy_frames_side *s, gy_frames_field *field,
                             int64_t n, float *out)
{
    const bool still = is_still(f, field);
    for (const gy_frames_order *o = f->order; o < f->order + n; o++) {
        const int64_t first = still ? o->row : o->at + s->ahead;
        for (int64_t j = 0; j < s->frames; j++) {
            const void *frame;
            const int64_t at = first + j * f->settings->step;
            GY_TRY(gy_frames_block_find(f, field, o->file, field->axes == 2 ? o->row : at, at,
                                        &frame));
            deal(f, s, field, frame, out + o->place * s->count + j * s->depth);
        }
    }
    return GY_OK;
}

/* Whether samples lie in the files as they do in memory. */
static bool is_straight(const gy_frames_side *s, const gy_frames_field *field)
{
    return field->type == GY_H5_FLOAT32 && !field->first && s->frames * s->depth == field->depth;
}

/* Whether the order's k-th from here lies so many behind this one, in the file and in the batch. */
static bool follows(const gy_frames_order *o, int64_t k, bool still)
{
    const bool next = still ? o[k].row == o->row + k : o[k].row == o->row && o[k].at == o->at + k;
    return next && o[k].file == o->file && o[k].place == o->place + k;
}

/* What lies straight is read into its place, as many samples at once as follow each other. */
static gy_status read_straight(gy_frames *f, const gy_frames_side *s, const gy_frames_field *field,
                               int64_t n, float *out, bool *done)
{
    const bool still = is_still(f, field);
    for (int64_t i = 0, some; i < n; i += some) {
        const gy_frames_order *o = &f->order[i];
        const int64_t first = still ? o->row : o->at + s->ahead;
        gy_frames_file *file;
        GY_TRY(gy_frames_file_open(f, o->file, &file));
        gy_h5_data *data = file->data[field - f->fields];
        *done = field->axes > 0 && gy_h5_data_is_plain(data);
        if (!*done) return GY_OK;
        for (some = 1; i + some < n && follows(o, some, still);) some++;
        float *to = out + o->place * s->count;
        if (field->axes == 2)
            GY_TRY(gy_h5_data_read_box(data, o->row, 1, first, some, field->type, to));
        else
            GY_TRY(gy_h5_data_read(data, first, some, field->type, to));
    }
    return GY_OK;
}

static gy_status read_field(gy_frames *f, const gy_frames_side *s, gy_frames_field *field,
                            int64_t n, float *out)
{
    bool done = false;
    if (field->blocks.d[0] > 0) return read_packed(f, s, field, n, out);
    if (is_straight(s, field)) GY_TRY(read_straight(f, s, field, n, out, &done));
    if (done) return GY_OK;
    const int64_t bytes = field->places * field->depth * (int64_t)gy_frames_bytes(field->type);
    const bool still = is_still(f, field);
    const int64_t step = f->settings->step, span = still ? 1 : (s->frames - 1) * step + 1;
    const int64_t gap = span + GAP_BYTES / bytes;
    for (int64_t i = 0; i < n;) {
        const gy_frames_order *head = &f->order[i];
        const int64_t first = still ? head->row : head->at + s->ahead;
        int64_t last = first, end = i + 1;
        for (; end < n; end++) {
            const gy_frames_order *o = &f->order[end];
            int64_t at = still ? o->row : o->at + s->ahead;
            bool same = o->file == head->file && (still || o->row == head->row);
            if (!same || at - last > gap || at + span - first > field->room) break;
            last = at;
        }
        gy_frames_file *file;
        GY_TRY(gy_frames_file_open(f, head->file, &file));
        GY_TRY(read_run(f, file, field, head->row, first, last + span - first));
        for (; i < end; i++) {
            const gy_frames_order *o = &f->order[i];
            int64_t at = (still ? o->row : o->at + s->ahead) - first;
            for (int64_t j = 0; j < s->frames; j++)
                deal(f, s, field, (const char *)field->scratch + (at + j * step) * bytes,
                     out + o->place * s->count + j * s->depth);
        }
    }
    return GY_OK;
}

gy_status gy_frames_read(gy_frames *f, int side, const int64_t *index, int64_t n, float *out)
{
    const gy_frames_side *s = &f->sides[side];
    for (int64_t done = 0; done < n;) {
        int64_t some = n - done < BLOCK ? n - done : BLOCK;
        for (int64_t i = 0; i < some; i++) locate(f, index[done + i], i, &f->order[i]);
        if (!is_sorted(f->order, some)) qsort(f->order, (size_t)some, sizeof *f->order, compare);
        for (int i = 0; i < s->n; i++)
            GY_TRY(read_field(f, s, &s->fields[i], some, out + done * s->count));
        done += some;
    }
    return GY_OK;
}

#define AT(field) .offset = offsetof(gy_frames_settings, field)

static const char *const layouts[] = {"auto", "channels_last", "channels_first", NULL};
static const char *const eaches[] = {"none", "file", NULL};

const gy_setting gy_frames_rows[] = {
    {.key = "x",
     .type = GY_SETTING_STRINGS,
     AT(x),
     .standard = "",
     .help = "data sets that samples are made of, joined on the channels; none: x"},
    {.key = "y",
     .type = GY_SETTING_STRINGS,
     AT(y),
     .standard = "",
     .help = "data sets that are predicted; none: y where it is there"},
    {.key = "weight",
     .type = GY_SETTING_STRING,
     AT(weight),
     .standard = "",
     .help = "data set of weights, [N] or of positions"},
    {.key = "group",
     .type = GY_SETTING_STRING,
     AT(group),
     .standard = "",
     .help = "data set of numbers [N] that tell which samples belong together (a speaker's)"},
    {.key = "rows",
     .type = GY_SETTING_STRING,
     AT(rows),
     .standard = "",
     .help = "FROM:TO, samples (trajectories) from 0, TO not included"},
    {.key = "layout",
     .type = GY_SETTING_CHOICE,
     AT(layout),
     .standard = "auto",
     .choices = layouts,
     .help = "where channels stand; channels_first turns them to last"},
    {.key = "each",
     .type = GY_SETTING_CHOICE,
     AT(each),
     .standard = "none",
     .choices = eaches,
     .help = "file: data sets have no N, a file is a sample (a trajectory)"},
    {.key = "window",
     .type = GY_SETTING_INT,
     AT(window),
     .standard = "0",
     .min = 0,
     .max = 1 << 20,
     .help = "of trajectories [N, T, …]: times of a sample; 0 = they are none"},
    {.key = "horizon",
     .type = GY_SETTING_INT,
     AT(horizon),
     .standard = "1",
     .min = 1,
     .max = 1 << 20,
     .help = "times after them that are predicted"},
    {.key = "step",
     .type = GY_SETTING_INT,
     AT(step),
     .standard = "1",
     .min = 1,
     .max = 1 << 20,
     .help = "times from one to the next"},
    GY_SETTING_END,
};
