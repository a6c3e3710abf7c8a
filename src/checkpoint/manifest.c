/*
 * checkpoints/HEAD: which checkpoints a run has, in which order they were made, which is the best, and
 * whether the run has ended. All of it changes together, by one renaming: what HEAD does not say has not
 * happened. Lines of words, the last of them a seal over the others:
 *
 *     gyre-head 1
 *     history 3f2a90c1d4e5b607        drawn anew where a run goes on from before its newest checkpoint
 *     generation 7                    rises with every change
 *     newest 15
 *     best 6 1.1718750000000000 step-000000006
 *     end {"event": "end", …}         what a run that has ended said; else the line is missing
 *     checkpoint step-000000015 generation 7 parent 12 index 0123456789abcdef
 *     gone step-000000009 generation 5 parent 6 index 89abcdef01234567
 *     seal xxh3 fedcba9876543210
 *
 * `index` is the seal of its index.h5: a directory of that name with another one is not the one meant.
 */
#include "checkpoint_impl.h"

#include "base/hash.h"
#include "base/number.h"
#include "store/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 24, WORDS = 8, SEAL = sizeof "seal xxh3 0123456789abcdef\n" - 1 };
static const char first_line[] = "gyre-head 1";

static void print_seal(const char *bytes, size_t n, char out[SEAL + 1])
{
    (void)snprintf(out, SEAL + 1, "seal xxh3 %016llx\n", (unsigned long long)gy_hash(bytes, n));
}

static void print(const gy_manifest *m, gy_buffer *out)
{
    char seal[SEAL + 1];
    gy_buffer_format(out, "%s\nhistory %016llx\ngeneration %lld\n", first_line,
                     (unsigned long long)m->history, (long long)m->generation);
    if (m->newest >= 0) gy_buffer_format(out, "newest %lld\n", (long long)m->newest);
    if (m->best > 0)
        gy_buffer_format(out, "best %lld %.17g %s\n", (long long)m->best, m->best_value,
                         m->best_name);
    if (m->end != NULL) gy_buffer_format(out, "end %s\n", m->end);
    for (int i = 0; i < m->n; i++) {
        const gy_listed *c = &m->v[i];
        gy_buffer_format(out, "%s %s generation %lld parent %lld index %016llx\n",
                         c->is_gone ? "gone" : "checkpoint", c->name, (long long)c->generation,
                         (long long)c->parent, (unsigned long long)c->seal);
    }
    print_seal(gy_buffer_text(out), out->bytes, seal);
    gy_buffer_add(out, seal);
}

gy_status gy_manifest_write(gy_pool *pool, const char *dir, const gy_manifest *m)
{
    const char *path;
    gy_buffer text;
    GY_TRY(gy_pool_format(pool, &path, "%s/%s", dir, GY_MANIFEST_NAME));
    gy_buffer_init(&text, pool->ctx);
    print(m, &text);
    gy_status status = text.status;
    if (status == GY_OK) status = gy_file_write(pool->ctx, path, text.text, text.bytes);
    gy_buffer_clear(&text);
    return status;
}

static bool read_hex(const char *text, uint64_t *out)
{
    char *end;
    if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16) return false;
    *out = strtoull(text, &end, 16);
    return *end == '\0';
}

/* word[1 …]: NAME generation N parent N index HEX. */
static bool read_listed(char *const *word, int n, gy_listed *c)
{
    *c = (gy_listed){.is_gone = strcmp(word[0], "gone") == 0};
    if (n != 8 || strcmp(word[2], "generation") != 0 || strcmp(word[4], "parent") != 0 ||
        strcmp(word[6], "index") != 0)
        return false;
    c->name = word[1]; /* it is a checkpoint's: nothing else is ever looked for, or removed */
    c->step = gy_step_number(c->name);
    c->is_best_alone = c->step < 0;
    if (c->is_best_alone) c->step = gy_best_number(c->name);
    return c->step >= 0 && gy_number_int(word[3], &c->generation) &&
           gy_number_int(word[5], &c->parent) && read_hex(word[7], &c->seal);
}

static bool read_best(char *const *word, int n, gy_manifest *m)
{
    if (n != 4 || !gy_number_int(word[1], &m->best) || !gy_number_float(word[2], &m->best_value))
        return false;
    m->best_name = word[3];
    return m->best > 0 &&
           (gy_step_number(m->best_name) == m->best || gy_best_number(m->best_name) == m->best);
}

static bool read_line(char *line, gy_manifest *m)
{
    char *word[WORDS], *rest = NULL;
    int n = 0;
    if (strncmp(line, "end ", 4) == 0) {
        m->end = line + 4;
        return true;
    }
    for (char *at = strtok_r(line, " ", &rest); at != NULL && n < WORDS;
         at = strtok_r(NULL, " ", &rest))
        word[n++] = at;
    if (n == 2 && strcmp(word[0], "history") == 0) return read_hex(word[1], &m->history);
    if (n == 2 && strcmp(word[0], "generation") == 0)
        return gy_number_int(word[1], &m->generation) && m->generation > 0;
    if (n == 2 && strcmp(word[0], "newest") == 0) return gy_number_int(word[1], &m->newest);
    if (n > 0 && strcmp(word[0], "best") == 0) return read_best(word, n, m);
    if (n > 0 && (strcmp(word[0], "checkpoint") == 0 || strcmp(word[0], "gone") == 0))
        return read_listed(word, n, &m->v[m->n++]);
    return false;
}

/* Lines into *m, which points into the text. @param v  [lines] */
static bool read_lines(char *text, gy_manifest *m)
{
    char *rest = NULL, *line = strtok_r(text, "\n", &rest);
    if (line == NULL || strcmp(line, first_line) != 0) return false;
    while ((line = strtok_r(NULL, "\n", &rest)) != NULL)
        if (!read_line(line, m)) return false;
    return m->generation > 0;
}

static bool is_sealed(const char *text, size_t bytes)
{
    char seal[SEAL + 1];
    if (bytes < SEAL || strlen(text) != bytes) return false;
    print_seal(text, bytes - SEAL, seal);
    return memcmp(text + bytes - SEAL, seal, SEAL) == 0;
}

/* @param text  the file's, in the pool */
static gy_status parse(gy_pool *pool, const char *path, char *text, size_t bytes, gy_manifest *out)
{
    int lines = 0;
    gy_manifest m = {.is_there = true, .newest = -1};
    bool good = is_sealed(text, bytes);
    for (size_t i = 0; i < bytes; i++) lines += text[i] == '\n';
    if (good) text[bytes - SEAL] = '\0';
    GY_TRY(gy_pool_array(pool, lines, &m.v));
    GY_REQUIRE(good && read_lines(text, &m), GY_E_DATA,
               "the file is damaged" GY_AT "%s" GY_WHY "it is not what it was sealed as", path);
    *out = m;
    return GY_OK;
}

gy_status gy_manifest_read(gy_pool *pool, const char *dir, gy_manifest *out)
{
    const char *path;
    char *text = NULL, *copy = NULL;
    size_t bytes = 0;
    gy_lies there;
    *out = (gy_manifest){.newest = -1};
    GY_TRY(gy_pool_format(pool, &path, "%s/%s", dir, GY_MANIFEST_NAME));
    GY_TRY(gy_path_kind(path, &there));
    if (there == GY_IS_NONE) return GY_OK;
    GY_TRY(gy_file_read(pool->ctx, path, MOST_BYTES, GY_E_IO, &text, &bytes));
    gy_status status = gy_pool_alloc(pool, bytes + 1, (void **)&copy);
    if (status == GY_OK) memcpy(copy, text, bytes + 1);
    gy_free(pool->ctx, text);
    return status == GY_OK ? parse(pool, path, copy, bytes, out) : status;
}

const gy_listed *gy_manifest_find(const gy_manifest *m, const char *name)
{
    for (int i = 0; i < m->n; i++)
        if (strcmp(m->v[i].name, name) == 0) return &m->v[i];
    return NULL;
}
