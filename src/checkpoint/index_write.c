/*
 * index.h5: the whole model as one HDF5 file.
 *
 *     /                     attributes: what the checkpoint is
 *     /params/…             virtual, over /values of the shards; small ones (small.c) stored here
 *     /buffers/…            stored here, each with its checksum
 *     /optimizer/<slot>/…   likewise, over /optimizer/<slot> of the shards; trainable tensors only
 *     /compressed/…         parameters in forms: forms.c
 *     /metrics /data /state attributes: notes
 *     /shards               attributes: count, slots; a group each:
 *     /shards/00000         attributes: file; <vector>_offset, _count, _checksum
 *
 * Parameters, and tensors of slots that lie otherwise than these, bear their `offset` in the flat vector,
 * so that a reader can go to the shards and check them. The file is sealed (store/seal.c), for its attributes have no checksums.
 */
#include "checkpoint_impl.h"

#include <gyre/gyre.h>

#include "base/clock.h"
#include "base/hash.h"
#include "store/file.h"
#include "store/hdf5.h"

#include <string.h>

static gy_status write_head(gy_writer *w, gy_h5 *f)
{
    const gy_checkpoint *c = &w->c;
    char created[21];
    gy_clock_utc(created);
    GY_TRY(gy_h5_write_text(f, "/", "format", GY_FORMAT_NAME));
    GY_TRY(gy_h5_write_int(f, "/", "format_version", GY_FORMAT_VERSION));
    GY_TRY(gy_h5_write_int(f, "/", "step", c->step));
    GY_TRY(gy_h5_write_int(f, "/", "epoch", c->epoch));
    GY_TRY(gy_h5_write_int(f, "/", "sample_in_epoch", c->sample_in_epoch));
    GY_TRY(gy_h5_write_int(f, "/", "world_size", w->ranks));
    GY_TRY(gy_h5_write_uint64(f, "/", "seed", c->seed));
    GY_TRY(gy_h5_write_text(f, "/", "config", c->config == NULL ? "" : c->config));
    GY_TRY(gy_h5_write_int(f, "/", "parameters", c->params->elements));
    GY_TRY(gy_h5_write_text(f, "/", "created", created));
    return gy_h5_write_text(f, "/", "version", gy_version());
}

static gy_status write_notes(const gy_checkpoint *c, gy_h5 *f)
{
    GY_TRY(gy_h5_group(f, "/metrics"));
    GY_TRY(gy_h5_group(f, "/data"));
    GY_TRY(gy_h5_group(f, "/state"));
    for (int i = 0; i < c->n_notes; i++) {
        const gy_checkpoint_note *n = &c->notes[i];
        GY_TRY(n->text == NULL ? gy_h5_write_float(f, n->group, n->name, n->number)
                               : gy_h5_write_text(f, n->group, n->name, n->text));
    }
    return GY_OK;
}

/* A tensor of vector k, over the shards that hold parts of it. @return how many */
static int list_pieces(const gy_writer *w, int k, const gy_param *p, gy_h5_piece *pieces)
{
    int n = 0;
    for (int i = 0; i < w->n_shards; i++) {
        const gy_slice *s = &w->shards[i].v[k];
        int64_t from = p->offset > s->offset ? p->offset : s->offset;
        int64_t end = p->offset + p->count, stop = s->offset + s->count;
        int64_t to = end < stop ? end : stop;
        if (from >= to) continue;
        pieces[n++] = (gy_h5_piece){.file = w->shards[i].file,
                                    .data = w->vectors[k].data,
                                    .source_count = s->count,
                                    .from = from - s->offset,
                                    .to = from - p->offset,
                                    .n = to - from};
    }
    return n;
}

/* @param pieces  [n_shards] */
static gy_status write_tensor(gy_writer *w, gy_h5_maker *m, int k, const gy_param *p,
                              const char *name, gy_h5_piece *pieces)
{
    const gy_h5_mark offset = {"offset", (uint64_t)p->offset};
    const gy_h5_mark *mark =
        k == 0 || gy_vector_table(w, k) != w->c.params ? &offset : NULL; /* else the parameter's */
    const float *x = gy_smalls_find(w, k, p->offset, p->count);
    if (x != NULL) return gy_h5_make_tensor(m, name, &p->shape, x, mark);
    return gy_h5_make_virtual(m, name, &p->shape, pieces, list_pieces(w, k, p, pieces), mark);
}

static gy_status write_vectors(gy_writer *w, gy_h5 *f, gy_h5_maker *m)
{
    gy_h5_piece *pieces;
    const char *name;
    GY_TRY(gy_pool_array(&w->pool, w->n_shards, &pieces));
    GY_TRY(gy_h5_group(f, "/params"));
    for (int k = 0; k < w->n_vectors; k++) {
        const gy_params *table = gy_vector_table(w, k);
        for (int i = 0; i < table->n; i++) {
            const gy_param *p = &table->v[i];
            if (k > 0 && !p->trainable) continue;
            GY_TRY(gy_pool_format(&w->pool, &name, "%s/%s", k == 0 ? "/params" : w->vectors[k].data,
                                  p->name));
            GY_TRY(write_tensor(w, m, k, p, name, pieces));
            if (k == 0 && w->c.holds != NULL && w->c.holds[i] != GY_HOLD_NOTHING)
                GY_TRY(gy_h5_write_text(f, name, GY_KEEPS, gy_hold_names[w->c.holds[i]]));
        }
    }
    return GY_OK;
}

static gy_status write_buffers(gy_writer *w, gy_h5 *f, gy_h5_maker *m)
{
    const gy_params *buffers = w->c.buffers;
    GY_TRY(gy_h5_group(f, "/buffers"));
    for (int i = 0; buffers != NULL && i < buffers->n; i++) {
        const gy_param *b = &buffers->v[i];
        const float *x = w->c.buffer_values + b->offset;
        const gy_h5_mark checksum = {"checksum", gy_hash(x, (size_t)b->count * sizeof *x)};
        const char *name;
        GY_TRY(gy_pool_format(&w->pool, &name, "/buffers/%s", b->name));
        GY_TRY(gy_h5_make_tensor(m, name, &b->shape, x, &checksum));
    }
    return GY_OK;
}

static gy_status write_tensors(gy_writer *w, gy_h5 *f)
{
    gy_h5_maker *m;
    GY_TRY(gy_h5_maker_create(f, &m));
    gy_status status = write_vectors(w, f, m);
    if (status == GY_OK) status = write_buffers(w, f, m);
    gy_h5_maker_free(m);
    return status;
}

static gy_status write_slice(gy_writer *w, gy_h5 *f, const char *group, int k, const gy_slice *s)
{
    const char *vector = k == 0 ? "values" : w->c.slots[k - 1].name, *name;
    GY_TRY(gy_pool_format(&w->pool, &name, "%s_offset", vector));
    GY_TRY(gy_h5_write_int(f, group, name, s->offset));
    GY_TRY(gy_pool_format(&w->pool, &name, "%s_count", vector));
    GY_TRY(gy_h5_write_int(f, group, name, s->count));
    GY_TRY(gy_pool_format(&w->pool, &name, "%s_checksum", vector));
    return gy_h5_write_uint64(f, group, name, s->checksum);
}

static gy_status write_shards(gy_writer *w, gy_h5 *f)
{
    gy_buffer slots;
    gy_buffer_init(&slots, w->ctx);
    for (int k = 1; k < w->n_vectors; k++)
        gy_buffer_format(&slots, "%s%s", k > 1 ? " " : "", w->c.slots[k - 1].name);
    gy_status status = slots.status;
    if (status == GY_OK) status = gy_h5_group(f, "/shards");
    if (status == GY_OK) status = gy_h5_write_text(f, "/shards", "slots", gy_buffer_text(&slots));
    gy_buffer_clear(&slots);
    GY_TRY(status);
    GY_TRY(gy_h5_write_int(f, "/shards", "count", w->n_shards));
    for (int i = 0; i < w->n_shards; i++) {
        const char *group;
        GY_TRY(gy_pool_format(&w->pool, &group, "/shards/%05d", i));
        GY_TRY(gy_h5_group(f, group));
        GY_TRY(gy_h5_write_text(f, group, "file", w->shards[i].file));
        for (int k = 0; k < w->n_vectors; k++)
            GY_TRY(write_slice(w, f, group, k, &w->shards[i].v[k]));
    }
    return GY_OK;
}

static gy_status write_all(gy_writer *w, gy_h5 *f)
{
    GY_TRY(write_head(w, f));
    GY_TRY(write_notes(&w->c, f));
    if (w->c.is_best_alone) GY_TRY(gy_h5_write_int(f, "/state", "best_alone", 1));
    GY_TRY(write_tensors(w, f));
    if (w->c.forms != NULL) GY_TRY(gy_forms_write(f, &w->pool, w->c.forms));
    return write_shards(w, f);
}

gy_status gy_index_write(gy_writer *w)
{
    const char *path;
    gy_h5 *f;
    GY_TRY(gy_pool_format(&w->pool, &path, "%s/index.h5", w->commit.made));
    GY_TRY(gy_h5_create_sealed(w->ctx, path, &f));
    gy_status status = write_all(w, f);
    gy_error first = *gy_error_last();
    gy_status closed = gy_h5_close(f);
    if (status == GY_OK) return closed;
    return gy_error_restore(&first);
}
