/*
 * YAML text to a tree, on the events of libyaml. This file is the only door to libyaml.
 *
 * What a configuration does not need is refused rather than guessed at: anchors and aliases (a
 * small file could unfold to a huge one), tags, several documents, keys that are no scalars,
 * duplicate keys, and trees deeper than GY_TREE_DEPTH.
 */
#include "tree.h"

#include "base/setting.h"
#include "utf8.h"

#include <yaml.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 16 << 20 };

typedef struct reader {
    yaml_parser_t parser;
    gy_pool *pool;
    const char *file;
} reader;

static gy_status refuse(const reader *r, yaml_mark_t mark, const char *why, const char *hint)
{
    return gy_raise(GY_E_CONFIG, "not valid YAML" GY_AT "%s:%zu:%zu" GY_WHY "%s" GY_HINT "%s",
                    r->file, mark.line + 1, mark.column + 1, why, hint);
}

/* Line and column, from 0, of a byte of the text. */
static yaml_mark_t place_of(const char *text, size_t at)
{
    yaml_mark_t mark = {.index = at};
    for (size_t i = 0; i < at; i++) {
        mark.column++;
        if (text[i] != '\n') continue;
        mark.line++;
        mark.column = 0;
    }
    return mark;
}

static gy_status parser_failed(const reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return gy_raise(GY_E_NOMEM, "out of memory" GY_AT "%s" GY_WHY "no room for its tree",
                        r->file);
    const char *why = p->problem == NULL ? "it cannot be parsed" : p->problem;
    yaml_mark_t mark = p->problem_mark;
    if (p->error == YAML_READER_ERROR)
        mark = place_of((const char *)p->input.string.start, p->problem_offset);
    const bool colon = strstr(why, "mapping values are not allowed") != NULL;
    return refuse(r, mark, why,
                  colon ? "put a text that has or ends in a colon between quotes; check the "
                          "indentation there and above"
                        : "check the indentation and brackets there and above");
}

static gy_status next(reader *r, yaml_event_t *event)
{
    return yaml_parser_parse(&r->parser, event) ? GY_OK : parser_failed(r);
}

static gy_status new_node(reader *r, gy_node_type type, yaml_mark_t mark, gy_node **out)
{
    gy_node *node;
    GY_TRY(gy_pool_new(r->pool, &node));
    node->type = type;
    node->file = r->file;
    node->line = (int)mark.line + 1;
    node->column = (int)mark.column + 1;
    *out = node;
    return GY_OK;
}

static gy_status refuse_marks(const reader *r, const yaml_event_t *e, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    if (anchor != NULL)
        return refuse(r, e->start_mark, "it has an anchor", "write the value out where it is used");
    if (tag != NULL) return refuse(r, e->start_mark, "it has a tag", "leave the tag out");
    return GY_OK;
}

static gy_status read_text(const reader *r, const yaml_event_t *e, const char **out)
{
    GY_TRY(refuse_marks(r, e, e->data.scalar.anchor, e->data.scalar.tag));
    const char *value = (const char *)e->data.scalar.value;
    if (strlen(value) != e->data.scalar.length)
        return refuse(r, e->start_mark, "it has a NUL character", "leave it out");
    return gy_pool_string(r->pool, value, out);
}

static int by_key(const void *a, const void *b)
{
    const gy_node *x = *(const gy_node *const *)a, *y = *(const gy_node *const *)b;
    int order = strcmp(x->key, y->key);
    if (order != 0) return order;
    if (x->key_line != y->key_line) return x->key_line < y->key_line ? -1 : 1;
    return x->key_column < y->key_column ? -1 : x->key_column > y->key_column;
}

static gy_status refuse_duplicates(reader *r, const gy_node *map)
{
    const gy_node **sorted;
    GY_TRY(gy_new_array(r->pool->ctx, map->n, &sorted));
    int n = 0;
    for (const gy_node *child = map->first; child != NULL; child = child->next) sorted[n++] = child;
    qsort(sorted, (size_t)n, sizeof(gy_node *), by_key);
    gy_status status = GY_OK;
    for (int i = 1; i < n && status == GY_OK; i++) {
        const gy_node *again = sorted[i];
        if (strcmp(sorted[i - 1]->key, again->key) != 0) continue;
        status = gy_raise(GY_E_CONFIG,
                          "key '%s' stands twice" GY_AT "%s:%d:%d" GY_WHY
                          "it was already given in line %d" GY_HINT "remove one of them",
                          again->key, r->file, again->key_line, again->key_column,
                          sorted[i - 1]->key_line);
    }
    gy_free(r->pool->ctx, sorted);
    return status;
}

static gy_status read_children(reader *r, gy_node *parent, int depth);

/* The node that an event begins. */
static gy_status read_node(reader *r, const yaml_event_t *e, int depth, gy_node **out)
{
    gy_node *node = NULL;
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        GY_TRY(new_node(r, GY_NODE_SCALAR, e->start_mark, &node));
        GY_TRY(read_text(r, e, &node->text));
        node->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        break;
    case YAML_SEQUENCE_START_EVENT:
        GY_TRY(refuse_marks(r, e, e->data.sequence_start.anchor, e->data.sequence_start.tag));
        GY_TRY(new_node(r, GY_NODE_LIST, e->start_mark, &node));
        break;
    case YAML_MAPPING_START_EVENT:
        GY_TRY(refuse_marks(r, e, e->data.mapping_start.anchor, e->data.mapping_start.tag));
        GY_TRY(new_node(r, GY_NODE_MAP, e->start_mark, &node));
        break;
    default:
        return refuse(r, e->start_mark, "it has an alias", "write the value out where it is used");
    }
    if (node->type != GY_NODE_SCALAR) {
        if (depth == GY_TREE_DEPTH)
            return refuse(r, e->start_mark, "it is nested too deeply", "use at most 64 levels");
        GY_TRY(read_children(r, node, depth + 1));
    }
    *out = node;
    return GY_OK;
}

static gy_status read_key(reader *r, const yaml_event_t *e, gy_node *key)
{
    if (e->type != YAML_SCALAR_EVENT)
        return refuse(r, e->start_mark, "a key must be a word", "check the brackets and dashes");
    GY_TRY(read_text(r, e, &key->key));
    key->key_line = (int)e->start_mark.line + 1;
    key->key_column = (int)e->start_mark.column + 1;
    return GY_OK;
}

/* One event's child, put at the end of the list; `ended` where the event closes the parent. */
static gy_status read_child(reader *r, gy_node *parent, int depth, gy_node ***end, bool *ended)
{
    gy_node key = {0}, *child = NULL;
    yaml_event_t event;
    gy_status status = GY_OK;
    GY_TRY(next(r, &event));
    *ended = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
    if (*ended) goto done;
    if (parent->type == GY_NODE_MAP) {
        GY_TRY_GOTO(done, read_key(r, &event, &key));
        yaml_event_delete(&event);
        GY_TRY(next(r, &event));
    }
    GY_TRY_GOTO(done, read_node(r, &event, depth, &child));
    child->key = key.key;
    child->key_line = key.key_line;
    child->key_column = key.key_column;
    **end = child;
    *end = &child->next;
    parent->n++;
done:
    yaml_event_delete(&event);
    return status;
}

static gy_status read_children(reader *r, gy_node *parent, int depth)
{
    gy_node **end = &parent->first;
    for (bool ended = false; !ended;) GY_TRY(read_child(r, parent, depth, &end, &ended));
    return parent->type == GY_NODE_MAP ? refuse_duplicates(r, parent) : GY_OK;
}

static gy_status read_document(reader *r, gy_node **out)
{
    gy_node *root = NULL;
    for (bool ended = false; !ended;) {
        yaml_event_t event;
        gy_status status = GY_OK;
        GY_TRY(next(r, &event));
        switch (event.type) {
        case YAML_STREAM_END_EVENT:
            ended = true;
            break;
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            if (root != NULL)
                status = refuse(r, event.start_mark, "a second document begins",
                                "put it in a file of its own");
            break;
        default:
            status = read_node(r, &event, 0, &root);
        }
        yaml_event_delete(&event);
        GY_TRY(status);
    }
    bool empty = root == NULL || (root->type == GY_NODE_SCALAR && !root->quoted && !*root->text);
    if (empty) GY_TRY(new_node(r, GY_NODE_MAP, (yaml_mark_t){0}, &root));
    *out = root;
    return GY_OK;
}

static gy_status refuse_bytes(const reader *r, const char *text, size_t bytes)
{
    if (bytes > MOST_BYTES)
        return gy_raise(GY_E_CONFIG, "not valid YAML" GY_AT "%s" GY_WHY "it is larger than 16 MiB",
                        r->file);
    const char *nul = bytes == 0 ? NULL : memchr(text, '\0', bytes);
    if (nul != NULL)
        return refuse(r, place_of(text, (size_t)(nul - text)), "it has a NUL byte",
                      "check that this is a text file");
    size_t valid = gy_utf8_valid(text, bytes);
    if (valid < bytes)
        return refuse(r, place_of(text, valid), "it is not UTF-8", "save the file as UTF-8");
    return GY_OK;
}

gy_status gy_yaml_parse(gy_pool *pool, const char *file, const char *text, size_t bytes,
                        gy_node **out)
{
    reader r = {.pool = pool};
    static const char mark[] = "\xEF\xBB\xBF"; /* some editors begin UTF-8 with it */
    if (bytes >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        bytes -= 3;
    }
    GY_TRY(gy_pool_string(pool, file, &r.file));
    GY_TRY(refuse_bytes(&r, text, bytes));
    GY_REQUIRE(yaml_parser_initialize(&r.parser), GY_E_NOMEM,
               "out of memory" GY_AT "%s" GY_WHY "no room for its parser", file);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, bytes);
    gy_status status = read_document(&r, out);
    yaml_parser_delete(&r.parser);
    return status;
}

static gy_status read_file(FILE *file, const char *path, gy_buffer *out)
{
    char piece[4096];
    size_t n;
    while (out->status == GY_OK && out->bytes <= MOST_BYTES &&
           (n = fread(piece, 1, sizeof piece, file)) > 0)
        gy_buffer_add_bytes(out, piece, n);
    if (ferror(file))
        return gy_raise(GY_E_CONFIG, "cannot read the configuration" GY_AT "%s" GY_WHY "%s", path,
                        strerror(errno));
    return out->status;
}

gy_status gy_yaml_read(gy_pool *pool, const char *path, gy_node **out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return gy_raise(GY_E_CONFIG,
                        "cannot read the configuration" GY_AT "%s" GY_WHY "%s" GY_HINT
                        "check the path",
                        path, strerror(errno));
    gy_status status;
    gy_buffer text;
    gy_buffer_init(&text, pool->ctx);
    GY_TRY_GOTO(done, read_file(file, path, &text));
    GY_TRY_GOTO(done, gy_yaml_parse(pool, path, gy_buffer_text(&text), text.bytes, out));
done:
    gy_buffer_clear(&text);
    (void)fclose(file);
    return status;
}

void gy_yaml_scalar(gy_buffer *b, const char *text)
{
    gy_setting_print_text(text, b);
}

const gy_node *gy_node_find(const gy_node *map, const char *key)
{
    if (map->type != GY_NODE_MAP) return NULL;
    for (const gy_node *child = map->first; child != NULL; child = child->next)
        if (strcmp(child->key, key) == 0) return child;
    return NULL;
}
