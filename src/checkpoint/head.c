/* What stands in a checkpoint besides its tensors: read by rank 0, sent to all as one message. */
#include "checkpoint_impl.h"

#include "store/file.h"

#include <string.h>

/* The beginning of the message; then a packed_note each; then texts, each closed by a zero. */
typedef struct packed_head {
    int64_t step, epoch, sample_in_epoch, world_size, parameters;
    uint64_t seed;
    int64_t n_notes, n_slots;
} packed_head;

typedef struct packed_note {
    double number;
    int64_t is_text;
} packed_note;

static void pack_text(gy_buffer *b, const char *text)
{
    gy_buffer_add_bytes(b, text, strlen(text) + 1);
}

static gy_status pack(const gy_checkpoint_head *h, gy_buffer *b)
{
    packed_head head = {.step = h->step,
                        .epoch = h->epoch,
                        .sample_in_epoch = h->sample_in_epoch,
                        .world_size = h->world_size,
                        .parameters = h->parameters,
                        .seed = h->seed,
                        .n_notes = h->n_notes,
                        .n_slots = h->n_slots};
    gy_buffer_add_bytes(b, &head, sizeof head);
    for (int i = 0; i < h->n_notes; i++) {
        packed_note note = {h->notes[i].number, h->notes[i].text != NULL};
        gy_buffer_add_bytes(b, &note, sizeof note);
    }
    pack_text(b, h->config);
    pack_text(b, h->created);
    pack_text(b, h->version);
    for (int i = 0; i < h->n_slots; i++) pack_text(b, h->slots[i]);
    for (int i = 0; i < h->n_notes; i++) {
        pack_text(b, h->notes[i].group);
        pack_text(b, h->notes[i].name);
        if (h->notes[i].text != NULL) pack_text(b, h->notes[i].text);
    }
    return b->status;
}

static const char *next_text(const char **at)
{
    const char *text = *at;
    *at += strlen(text) + 1;
    return text;
}

/* The message, which stays: texts point into it. */
static void unpack(const char *at, gy_checkpoint_note *notes, const char **slots,
                   gy_checkpoint_head *out)
{
    packed_head head;
    memcpy(&head, at, sizeof head);
    *out = (gy_checkpoint_head){.step = head.step,
                                .epoch = head.epoch,
                                .sample_in_epoch = head.sample_in_epoch,
                                .world_size = head.world_size,
                                .parameters = head.parameters,
                                .seed = head.seed,
                                .notes = notes,
                                .n_notes = (int)head.n_notes,
                                .slots = slots,
                                .n_slots = (int)head.n_slots};
    const char *packed = at + sizeof head;
    at = packed + out->n_notes * (int64_t)sizeof(packed_note);
    out->config = next_text(&at);
    out->created = next_text(&at);
    out->version = next_text(&at);
    for (int i = 0; i < out->n_slots; i++) slots[i] = next_text(&at);
    for (int i = 0; i < out->n_notes; i++) {
        packed_note note;
        memcpy(&note, packed + i * (int64_t)sizeof note, sizeof note);
        notes[i].number = note.number;
        notes[i].group = next_text(&at);
        notes[i].name = next_text(&at);
        notes[i].text = note.is_text != 0 ? next_text(&at) : NULL;
    }
}

static gy_status read_packed(gy_context *ctx, const char *path, gy_buffer *b)
{
    gy_index index;
    gy_place place;
    const char *dir;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_place_find(&pool, path, &place, &dir);
    if (status == GY_OK && place != GY_PLACE_CHECKPOINT)
        status = gy_raise(GY_E_USAGE, "no checkpoint" GY_AT "%s" GY_WHY "it is a %s" GY_HINT "%s",
                          path, place == GY_PLACE_RUN ? "run's directory" : "file without index",
                          place == GY_PLACE_RUN ? "name one of its checkpoints, e.g. "
                                                  "checkpoints/latest"
                                                : "name the directory of a checkpoint");
    if (status == GY_OK) status = gy_index_read_head(ctx, dir, &pool, &index);
    if (status == GY_OK) {
        index.head.slots = index.slots;
        index.head.n_slots = index.n_vectors - 1;
        status = pack(&index.head, b);
    }
    gy_pool_clear(&pool);
    return status;
}

/* @param sizes  bytes, notes, slots */
static gy_status spread(gy_comm *comm, const gy_buffer *b, gy_pool *pool, int64_t sizes[3],
                        gy_checkpoint_head *out)
{
    char *bytes = NULL;
    gy_checkpoint_note *notes = NULL;
    const char **slots = NULL;
    GY_TRY(gy_comm_broadcast(comm, sizes, 3 * (int64_t)sizeof *sizes, 0));
    gy_status status = gy_pool_alloc(pool, (size_t)sizes[0], (void **)&bytes);
    if (status == GY_OK) status = gy_pool_array(pool, sizes[1], &notes);
    if (status == GY_OK) status = gy_pool_array(pool, sizes[2], &slots);
    GY_TRY(gy_comm_agree(comm, status));
    if (gy_comm_rank(comm) == 0) memcpy(bytes, b->text, b->bytes);
    GY_TRY(gy_comm_broadcast(comm, bytes, sizes[0], 0));
    unpack(bytes, notes, slots, out);
    return GY_OK;
}

gy_status gy_checkpoint_read_head(gy_context *ctx, gy_comm *comm, const char *path, gy_pool *pool,
                                  gy_checkpoint_head *out)
{
    gy_status status = GY_OK;
    int64_t sizes[3] = {0, 0, 0};
    gy_buffer b;
    gy_buffer_init(&b, ctx);
    if (gy_comm_rank(comm) == 0) status = read_packed(ctx, path, &b);
    status = gy_comm_agree(comm, status);
    if (status == GY_OK && gy_comm_rank(comm) == 0) {
        packed_head head;
        memcpy(&head, b.text, sizeof head);
        sizes[0] = (int64_t)b.bytes;
        sizes[1] = head.n_notes;
        sizes[2] = head.n_slots;
    }
    if (status == GY_OK) status = spread(comm, &b, pool, sizes, out);
    gy_buffer_clear(&b);
    return status;
}

const gy_checkpoint_note *gy_checkpoint_note_find(const gy_checkpoint_head *head, const char *group,
                                                  const char *name)
{
    for (int i = 0; i < head->n_notes; i++)
        if (strcmp(head->notes[i].group, group) == 0 && strcmp(head->notes[i].name, name) == 0)
            return &head->notes[i];
    return NULL;
}

bool gy_checkpoint_has_slot(const gy_checkpoint_head *head, const char *name)
{
    for (int i = 0; i < head->n_slots; i++)
        if (strcmp(head->slots[i], name) == 0) return true;
    return false;
}
