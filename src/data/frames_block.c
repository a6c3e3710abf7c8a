/*
 * Packed data sets are unpacked chunk by chunk, and what was unpacked last is kept: a block is all that
 * lies in the chunks of some rows (and times). How many are kept is said beforehand by who reads, in
 * samples that he goes back and forth among; the memory is taken then.
 */
#include "frames.h"

#include "base/count.h"

enum { FEWEST = 2, MOST_MIB = 1024 };

/* Whether the first axis of a data set counts times. */
static bool begins_with_time(const gy_frames *f)
{
    return f->settings->each != 0;
}

static int64_t frame_bytes(const gy_frames_field *field)
{
    return gy_shape_count(&field->shape) * (int64_t)gy_frames_bytes(field->type);
}

/* Blocks that there are in all files, and a part of one more in each. */
static int64_t count_blocks(const gy_frames *f, const gy_frames_field *field)
{
    const gy_frames_blocks *b = &field->blocks;
    int64_t n = 0;
    for (int i = 0; i < f->n; i++) {
        const gy_frames_file *file = &f->files[i];
        const int64_t rows = begins_with_time(f) ? file->times : file->rows;
        n += (gy_pieces(rows, b->d[0]) + 1) *
             (field->axes == 2 ? gy_pieces(file->times, b->d[1]) : 1);
    }
    return n;
}

/* Blocks of a side's field that hold so many samples, and those begun at both ends. */
static int64_t blocks_for(const gy_frames *f, const gy_frames_side *s, const gy_frames_field *field,
                          int64_t samples)
{
    const gy_frames_blocks *b = &field->blocks;
    const int64_t span = (s->frames - 1) * f->settings->step + 1;
    const int64_t times = field->axes == 2 ? b->d[1] : begins_with_time(f) ? b->d[0] : span;
    int64_t n = gy_pieces(samples, b->d[0] * (field->axes == 2 ? b->d[1] : 1));
    if (field->axes == 2 && b->d[0] > 1) n = gy_most(n, gy_pieces(f->files[0].times, b->d[1]));
    return n + gy_pieces(span, times) + FEWEST - 1;
}

static void forget(gy_frames *f, gy_frames_field *field)
{
    gy_frames_blocks *b = &field->blocks;
    for (int64_t i = 0; i < b->n; i++) gy_free(f->ctx, b->v[i].values);
    gy_free(f->ctx, b->v);
    gy_free(f->ctx, b->heads);
    b->v = NULL;
    b->heads = NULL;
    b->n = 0;
}

static gy_status keep(gy_frames *f, const gy_frames_side *s, gy_frames_field *field,
                      int64_t samples)
{
    gy_frames_blocks *b = &field->blocks;
    const int64_t frames = b->d[0] * (field->axes == 2 ? b->d[1] : 1);
    const int64_t bytes = frames * frame_bytes(field);
    int64_t n = gy_least(blocks_for(f, s, field, samples), count_blocks(f, field));
    n = gy_most(gy_least(n, ((int64_t)MOST_MIB << 20) / bytes), 1);
    forget(f, field);
    GY_TRY(gy_new_array(f->ctx, n, &b->v));
    GY_TRY(gy_new_array(f->ctx, n, &b->heads));
    for (int64_t i = 0; i < n; i++) b->heads[i] = -1;
    for (; b->n < n; b->n++) {
        b->v[b->n].file = -1;
        GY_TRY(gy_alloc_array(f->ctx, frames, (size_t)frame_bytes(field), &b->v[b->n].values));
    }
    return GY_OK;
}

gy_status gy_frames_keep(gy_frames *f, int64_t samples)
{
    for (int side = 0; side < GY_FRAMES_SIDES; side++) {
        const gy_frames_side *s = &f->sides[side];
        for (int i = 0; i < s->n; i++)
            if (s->fields[i].blocks.d[0] > 0) GY_TRY(keep(f, s, &s->fields[i], samples));
    }
    return GY_OK;
}

void gy_frames_forget(gy_frames *f)
{
    for (int i = 0; i < f->n_fields; i++) forget(f, &f->fields[i]);
}

/* Reads a block; what stands beyond the ends of the data set is left as it was. */
static gy_status fill(gy_frames *f, const gy_frames_field *field, const gy_frames_block *block)
{
    gy_frames_file *file;
    const gy_frames_blocks *b = &field->blocks;
    GY_TRY(gy_frames_file_open(f, block->file, &file));
    gy_h5_data *data = file->data[field - f->fields];
    const int64_t *d = gy_h5_data_shape(data)->d;
    const int64_t rows = gy_least(b->d[0], d[0] - block->at[0]);
    if (field->axes == 1)
        return gy_h5_data_read(data, block->at[0], rows, field->type, block->values);
    const int64_t times = gy_least(b->d[1], d[1] - block->at[1]);
    if (times == b->d[1])
        return gy_h5_data_read_box(data, block->at[0], rows, block->at[1], times, field->type,
                                   block->values);
    char *to = block->values; /* rows are as far apart as in a whole block */
    for (int64_t r = 0; r < rows; r++, to += b->d[1] * frame_bytes(field))
        GY_TRY(
            gy_h5_data_read_box(data, block->at[0] + r, 1, block->at[1], times, field->type, to));
    return GY_OK;
}

/* Where the chain begins that a block would be in. */
static int64_t *head_of(const gy_frames_blocks *b, int file, const int64_t at[2])
{
    const uint64_t place = (uint64_t)(at[0] / b->d[0]) * 0x9E3779B97F4A7C15U +
                           (uint64_t)at[1] * 0xC2B2AE3D27D4EB4FU + (uint64_t)file;
    return &b->heads[place % (uint64_t)b->n];
}

/* The one that was not used for longest, out of its chain. */
static gy_frames_block *give_up_oldest(gy_frames_blocks *b)
{
    gy_frames_block *oldest = b->v;
    for (int64_t i = 0; i < b->n; i++)
        if (b->v[i].used < oldest->used) oldest = &b->v[i];
    if (oldest->file < 0) return oldest;
    int64_t *link = head_of(b, oldest->file, oldest->at);
    while (&b->v[*link] != oldest) link = &b->v[*link].next;
    *link = oldest->next;
    oldest->file = -1;
    return oldest;
}

gy_status gy_frames_block_find(gy_frames *f, gy_frames_field *field, int file, int64_t row,
                               int64_t time, const void **out)
{
    gy_frames_blocks *b = &field->blocks;
    const int64_t at[2] = {row / b->d[0] * b->d[0],
                           field->axes == 2 ? time / b->d[1] * b->d[1] : 0};
    int64_t *head = head_of(b, file, at), i = *head;
    while (i >= 0 && (b->v[i].file != file || b->v[i].at[0] != at[0] || b->v[i].at[1] != at[1]))
        i = b->v[i].next;
    if (i < 0) {
        gy_frames_block *v = give_up_oldest(b);
        const gy_frames_block wanted = {.file = file, .at = {at[0], at[1]}, .values = v->values};
        GY_TRY(fill(f, field, &wanted));
        *v = wanted;
        v->next = *head;
        *head = i = v - b->v;
    }
    b->v[i].used = ++b->clock;
    const int64_t frame = field->axes == 2 ? (row - at[0]) * b->d[1] + time - at[1] : row - at[0];
    *out = (const char *)b->v[i].values + frame * frame_bytes(field);
    return GY_OK;
}

/* The field whose chunks matter: packed rather than not, with the most bytes of a frame. */
static const gy_frames_field *weightiest(const gy_frames *f)
{
    const gy_frames_field *best = NULL;
    for (int i = 0; i < f->n_fields; i++) {
        const gy_frames_field *field = &f->fields[i];
        if (field->chunk.d[0] == 0) continue;
        bool more =
            best == NULL || field->chunk.packed > best->chunk.packed ||
            (field->chunk.packed == best->chunk.packed && frame_bytes(field) > frame_bytes(best));
        if (more) best = field;
    }
    return best;
}

gy_status gy_frames_make_blocks(gy_frames *f, gy_source_chunk *out)
{
    const gy_frames_field *most = weightiest(f);
    const bool alone = begins_with_time(f) && f->settings->window == 0; /* a sample a file */
    for (int i = 0; i < f->n_fields && !alone; i++) {
        gy_frames_field *field = &f->fields[i];
        const gy_h5_chunk *c = &field->chunk;
        const bool several = c->d[0] * (field->axes == 2 ? c->d[1] : 1) > 1;
        if (c->packed && several && field->axes > 0) field->blocks.d[0] = c->d[0];
        field->blocks.d[1] = c->d[1];
    }
    *out = (gy_source_chunk){.samples = 1};
    if (most == NULL || alone) return gy_frames_keep(f, 0);
    const int64_t starts = gy_most(f->files[0].starts, 1);
    f->chunk_rows = begins_with_time(f) ? 1 : most->chunk.d[0];
    f->chunk_times = begins_with_time(f) ? most->chunk.d[0] : most->chunk.d[1];
    if (f->settings->window == 0 || f->chunk_rows > 1) f->chunk_times = 0;
    out->samples = f->chunk_times > 0 ? f->chunk_times : f->chunk_rows * starts;
    out->packed = most->chunk.packed;
    for (int i = 0; i < f->n_fields; i++)
        out->bytes += frame_bytes(&f->fields[i]) *
                      (f->chunk_times > 0 ? f->chunk_times : f->chunk_rows * f->files[0].times);
    return gy_frames_keep(f, 0);
}

void gy_frames_chunk(const gy_frames *f, int64_t sample, int64_t *first, int64_t *n)
{
    int64_t before, row, at;
    const gy_frames_file *file = gy_frames_locate(f, sample, &before, &row, &at);
    *first = sample;
    *n = 1;
    if (f->chunk_rows == 0) return;
    int64_t begin = row / f->chunk_rows * f->chunk_rows, end = begin + f->chunk_rows;
    begin = gy_most(begin, file->from);
    end = gy_least(end, file->from + file->rows);
    if (f->chunk_times > 0) {
        const int64_t from = at / f->chunk_times * f->chunk_times;
        *first = before + (row - file->from) * file->starts + from;
        *n = gy_least(f->chunk_times, file->starts - from);
        return;
    }
    *first = before + (begin - file->from) * file->starts;
    *n = (end - begin) * file->starts;
}
