/*
 * Opening the files of a source: which data sets, their shapes, how many samples. Every file is looked
 * into once; a few are kept open, the one that was opened first makes room for the next.
 */
#include "frames.h"

#include "source_text.h"

#include <math.h>
#include <string.h>

enum { MOST_OPEN = 64, MOST_FIELDS = 256 };

static void close_file(gy_frames *f, gy_frames_file *file)
{
    for (int i = 0; file->data != NULL && i < f->n_fields; i++) {
        gy_h5_data_close(file->data[i]);
        file->data[i] = NULL;
    }
    if (gy_h5_close(file->h5) != GY_OK) {} /* nothing was written: nothing is lost */
    file->h5 = NULL;
}

/* What lies in another file is refused by name, not taken for missing. */
static gy_status refuse_links(const gy_frames *f, const gy_frames_file *file, const char *name)
{
    GY_REQUIRE(!gy_h5_is_elsewhere(file->h5, name), GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "%s is a link to another file" GY_HINT
               "name that file, or copy the data here with h5copy",
               f->text, name);
    return GY_OK;
}

static gy_status list_name(void *user, const char *name)
{
    gy_buffer *b = user;
    enum { LONGEST = 120 };
    if (b->bytes < LONGEST) gy_buffer_format(b, "%s%s", b->bytes > 0 ? ", " : "are ", name);
    return b->status;
}

static gy_status no_data_set(const gy_frames *f, const gy_frames_file *file, const char *name)
{
    gy_buffer names;
    gy_buffer_init(&names, f->ctx);
    if (gy_h5_visit(file->h5, "/", list_name, &names) != GY_OK) gy_buffer_reset(&names);
    gy_status status = gy_raise(GY_E_DATA,
                                "no samples" GY_AT "%s" GY_WHY "the file has no %s" GY_HINT
                                "name data sets by FILE:/GROUP?x=NAME&y=NAME; there %s",
                                f->n > 1 ? file->path : f->text, name,
                                names.bytes > 0 ? gy_buffer_text(&names) : "is none");
    gy_buffer_clear(&names);
    return status;
}

gy_status gy_frames_file_open(gy_frames *f, int index, gy_frames_file **out)
{
    gy_frames_file *file = &f->files[index];
    *out = file;
    if (file->h5 != NULL) return GY_OK;
    int *place = &f->opened[f->oldest];
    if (*place > 0) close_file(f, &f->files[*place - 1]);
    *place = 0;
    GY_TRY(gy_h5_open(f->ctx, file->path, GY_E_DATA, &file->h5));
    *place = index + 1;
    f->oldest = (f->oldest + 1) % MOST_OPEN;
    if (file->data == NULL) GY_TRY(gy_pool_array(f->pool, f->n_fields, &file->data));
    for (int i = 0; i < f->n_fields; i++) {
        const char *name = f->fields[i].name;
        GY_TRY(refuse_links(f, file, name));
        if (!gy_h5_exists(file->h5, name)) return no_data_set(f, file, name);
        GY_TRY(gy_h5_data_open(file->h5, name, &file->data[i]));
    }
    return GY_OK;
}

static gy_status add_field(gy_frames *f, int side, const char *name)
{
    const char *slash = f->group[strlen(f->group) - 1] == '/' || name[0] == '/' ? "" : "/";
    gy_frames_field *field = &f->fields[f->n_fields];
    GY_REQUIRE(f->n_fields < MOST_FIELDS, GY_E_DATA,
               "cannot read the source" GY_AT "%s" GY_WHY "it names more than %d data sets",
               f->text, MOST_FIELDS);
    *field = (gy_frames_field){.scale = 1.0, .fill = NAN};
    GY_TRY(gy_pool_format(f->pool, &field->name, "%s%s%s", f->group, slash, name));
    gy_frames_side *s = &f->sides[side];
    if (s->n++ == 0) s->fields = field;
    f->n_fields++;
    return GY_OK;
}

static gy_status add_fields(gy_frames *f, int side, const gy_strings *names)
{
    for (int i = 0; i < names->n; i++) GY_TRY(add_field(f, side, names->v[i]));
    return GY_OK;
}

/* y is there where it is named, or stands in the first file; trajectories go on as they are. */
static gy_status choose_fields(gy_frames *f)
{
    static const char *const standard[] = {"x", "y"};
    const gy_frames_settings *set = f->settings;
    gy_strings x = set->x, y = set->y;
    gy_h5 *h5 = NULL;
    if (x.n == 0) x = (gy_strings){standard, 1};
    if (y.n == 0 && set->window > 0) y = x;
    GY_TRY(gy_pool_array(f->pool, MOST_FIELDS, &f->fields));
    GY_TRY(add_fields(f, GY_FRAMES_X, &x));
    if (y.n == 0) {
        GY_TRY(gy_h5_open(f->ctx, f->files[0].path, GY_E_DATA, &h5));
        gy_status status = add_field(f, GY_FRAMES_Y, standard[1]);
        const char *name = f->fields[f->n_fields - 1].name;
        bool there = status != GY_OK || gy_h5_exists(h5, name) || gy_h5_is_elsewhere(h5, name);
        if (gy_h5_close(h5) != GY_OK) {} /* nothing was written */
        GY_TRY(status);
        if (!there) {
            f->sides[GY_FRAMES_Y] = (gy_frames_side){.n = 0};
            f->n_fields--;
        }
    }
    GY_TRY(add_fields(f, GY_FRAMES_Y, &y));
    if (set->weight != NULL) GY_TRY(add_field(f, GY_FRAMES_W, set->weight));
    return set->group == NULL ? GY_OK : add_field(f, GY_FRAMES_GROUP, set->group);
}

/* The attribute as a number, where it is there. */
static gy_status take_number(gy_h5 *h5, const char *name, const char *attribute, bool *there,
                             double *out)
{
    *there = gy_h5_has_attribute(h5, name, attribute);
    return *there ? gy_h5_read_float(h5, name, attribute, out) : GY_OK;
}

/* How NetCDF packs numbers, by the attributes that its users know. */
static gy_status take_packing(gy_h5 *h5, gy_frames_field *field)
{
    bool scaled, moved, filled, missing;
    GY_TRY(take_number(h5, field->name, "scale_factor", &scaled, &field->scale));
    GY_TRY(take_number(h5, field->name, "add_offset", &moved, &field->offset));
    GY_TRY(take_number(h5, field->name, "missing_value", &missing, &field->fill));
    GY_TRY(take_number(h5, field->name, "_FillValue", &filled, &field->fill));
    if (scaled || moved || filled || missing) field->type = GY_H5_FLOAT64;
    return GY_OK;
}

/* Whether a field has no times: it is of rows. */
static bool is_of_rows(const gy_frames *f, const gy_frames_field *field)
{
    return field == f->sides[GY_FRAMES_W].fields || field == f->sides[GY_FRAMES_GROUP].fields;
}

/* A field as the first file has it. */
static gy_status describe(gy_frames *f, gy_frames_file *file, int i)
{
    gy_frames_field *field = &f->fields[i];
    const gy_shape *shape = gy_h5_data_shape(file->data[i]);
    field->axes = (f->settings->each == 0) + (f->settings->window > 0 && !is_of_rows(f, field));
    GY_REQUIRE(shape->n >= field->axes, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "%s has %d axes, and is to have %s",
               f->text, field->name, shape->n,
               field->axes == 2 ? "one of trajectories and one of times"
                                : "one of samples or times");
    field->shape.n = shape->n - field->axes;
    memcpy(field->shape.d, shape->d + field->axes, (size_t)field->shape.n * sizeof *shape->d);
    field->type = gy_h5_data_type(file->data[i]) == GY_H5_UINT8 ? GY_H5_UINT8 : GY_H5_FLOAT32;
    GY_TRY(gy_h5_data_chunk(file->data[i], &field->chunk));
    return take_packing(file->h5, field);
}

/* The same in another file. */
static gy_status compare(const gy_frames *f, const gy_frames_file *file, int i)
{
    const gy_frames_field *field = &f->fields[i];
    const gy_shape *shape = gy_h5_data_shape(file->data[i]);
    char one[GY_SHAPE_TEXT], other[GY_SHAPE_TEXT];
    gy_shape here = {.n = shape->n - field->axes};
    if (here.n >= 0) memcpy(here.d, shape->d + field->axes, (size_t)here.n * sizeof *shape->d);
    GY_REQUIRE(here.n >= 0 && gy_shape_equal(&here, &field->shape), GY_E_DATA,
               "files differ" GY_AT "%s" GY_WHY "samples of %s are %s in %s, %s in %s", f->text,
               field->name, gy_shape_text(&field->shape, one), f->files[0].path,
               here.n < 0 ? "numbers" : gy_shape_text(&here, other), file->path);
    return GY_OK;
}

/* Lengths of the axes before a frame's own; 1 where there is none. */
static int64_t rows_of(const gy_frames *f, const gy_frames_file *file, int i)
{
    return f->settings->each != 0 ? 1 : gy_h5_data_shape(file->data[i])->d[0];
}

static int64_t times_of(const gy_frames *f, const gy_frames_file *file, int i)
{
    const int64_t *d = gy_h5_data_shape(file->data[i])->d;
    return f->settings->window > 0 ? d[f->settings->each == 0] : 1;
}

static gy_status differ(const gy_frames *f, const gy_frames_file *file, int i, const char *what,
                        int64_t one, int64_t other)
{
    return gy_raise(
        GY_E_DATA, "data sets differ in number" GY_AT "%s" GY_WHY "%s holds %lld %s, %s %lld",
        file->path, f->fields[0].name, (long long)one, what, f->fields[i].name, (long long)other);
}

/* Rows and samples of a file; every data set must agree on them. */
static gy_status count(const gy_frames *f, gy_frames_file *file)
{
    const gy_frames_settings *set = f->settings;
    const int64_t taken = (set->window + set->horizon - 1) * set->step;
    const int64_t times = times_of(f, file, 0);
    file->rows = rows_of(f, file, 0);
    file->times = times;
    for (int i = 1; i < f->n_fields; i++) {
        if (rows_of(f, file, i) != file->rows)
            return differ(f, file, i, "samples", file->rows, rows_of(f, file, i));
        if (!is_of_rows(f, &f->fields[i]) && times_of(f, file, i) != times)
            return differ(f, file, i, "times", times, times_of(f, file, i));
    }
    file->starts = set->window == 0 ? 1 : times > taken ? times - taken : 0;
    return GY_OK;
}

/* rows=FROM:TO counts the rows of all files. */
static gy_status choose_rows(gy_frames *f)
{
    int64_t from, to, row = 0;
    GY_TRY(gy_rows_parse(f->text, f->settings->rows, &from, &to));
    for (int i = 0; i < f->n; i++) {
        gy_frames_file *file = &f->files[i];
        int64_t end = row + file->rows;
        int64_t first = from > row ? from : row, last = to < end ? to : end;
        file->from = first - row;
        file->rows = last > first ? last - first : 0;
        f->samples += file->rows * file->starts;
        file->samples = f->samples;
        row = end;
    }
    GY_REQUIRE(f->samples > 0, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "it holds no samples%s", f->text,
               row == 0 ? ""
               : f->settings->window > 0
                   ? ": window, horizon and step take more times, or rows others"
                   : ": rows are others");
    return GY_OK;
}

static gy_status look(gy_frames *f)
{
    for (int k = 0; k < f->n; k++) {
        gy_frames_file *file;
        GY_TRY(gy_frames_file_open(f, k, &file));
        for (int i = 0; i < f->n_fields; i++)
            GY_TRY(k == 0 ? describe(f, file, i) : compare(f, file, i));
        GY_TRY(count(f, file));
    }
    return choose_rows(f);
}

static gy_status shape_sides(gy_frames *f, const gy_source_options *options)
{
    const int axes[GY_FRAMES_SIDES] = {options->x_axes, options->y_axes, 0};
    const gy_frames_settings *set = f->settings;
    for (int i = 0; i < GY_FRAMES_SIDES; i++) {
        gy_frames_side *s = &f->sides[i];
        if (s->n == 0) continue;
        s->frames = 1;
        if (set->window > 0 && i == GY_FRAMES_X) s->frames = set->window;
        if (set->window > 0 && i == GY_FRAMES_Y) {
            s->frames = set->horizon;
            s->ahead = set->window * set->step;
        }
        GY_TRY(gy_frames_shape_side(f, i, axes[i], s));
    }
    return GY_OK;
}

gy_status gy_frames_open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                         const gy_frames_settings *settings, const gy_source_options *options,
                         gy_frames *out)
{
    *out = (gy_frames){.ctx = ctx,
                       .pool = pool,
                       .settings = settings,
                       .text = text->text,
                       .group = text->group == NULL ? "/" : text->group,
                       .n = text->n_files};
    GY_TRY(gy_pool_array(pool, out->n, &out->files));
    GY_TRY(gy_pool_array(pool, MOST_OPEN, &out->opened));
    for (int i = 0; i < out->n; i++) out->files[i].path = text->files[i];
    GY_TRY(choose_fields(out));
    GY_TRY(look(out));
    GY_TRY(shape_sides(out, options));
    return gy_frames_make_room(out);
}

void gy_frames_close(gy_frames *f)
{
    for (int i = 0; f->opened != NULL && i < MOST_OPEN; i++)
        if (f->opened[i] > 0) close_file(f, &f->files[f->opened[i] - 1]);
    for (int i = 0; i < f->n_fields; i++) gy_free(f->ctx, f->fields[i].scratch);
    gy_frames_forget(f);
    gy_free(f->ctx, f->order);
    gy_free(f->ctx, f->frame);
}
