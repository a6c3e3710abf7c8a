/*
 * NumPy's .npy: `\x93NUMPY`, version, length of the head, and the head: a dictionary of Python's with
 * 'descr', 'fortran_order' and 'shape', padded with blanks; then the elements.
 */
#include "array.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 6, PREFIX = 12, LONGEST = 1 << 16 };

static const uint8_t magic[MAGIC] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

bool gy_array_like(const void *head, size_t n)
{
    return n >= MAGIC && memcmp(head, magic, MAGIC) == 0;
}

static gy_status refuse(const gy_array *a, const char *why, const char *hint)
{
    return gy_raise(GY_E_DATA, "cannot read the array" GY_AT "%s" GY_WHY "%s" GY_HINT "%s", a->name,
                    why, hint);
}

/* What follows a key of the head; NULL: it is not there. */
static const char *find(const char *head, const char *key)
{
    const char *at = strstr(head, key);
    if (at == NULL) return NULL;
    at += strlen(key);
    return at + strspn(at, "'\": ");
}

static gy_status parse_type(gy_array *a, const char *head)
{
    const char *t = find(head, "'descr'");
    if (t == NULL || strlen(t) < 4 || (*t != '<' && *t != '>' && *t != '|' && *t != '='))
        return refuse(a, "its elements are no numbers", "save numbers, one kind in an array");
    a->type = (gy_element_type){t[1], t[2] - '0', *t == '>'};
    if (a->type.kind == 'b' && a->type.bytes == 1) a->type.kind = 'u'; /* truth values */
    int bytes = a->type.bytes;
    bool size = (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) && !isdigit(t[3]);
    bool kind = a->type.kind == 'u' || a->type.kind == 'i' || (a->type.kind == 'f' && bytes > 1);
    return size && kind ? GY_OK
                        : refuse(a, "its elements are no integers or floats of up to 8 bytes",
                                 "convert it with astype('float32')");
}

/* "(3, 4)", "(3,)", "()" */
static gy_status parse_shape(gy_array *a, const char *head)
{
    const char *at = find(head, "'shape'");
    int axes = 0;
    if (at == NULL || *at++ != '(') return refuse(a, "its head is damaged", "save it again");
    for (;;) {
        at += strspn(at, " ,");
        if (*at == ')') break;
        char *end;
        long long length = strtoll(at, &end, 10);
        if (end == at || length < 0) return refuse(a, "its head is damaged", "save it again");
        if (axes > GY_DIMS) return refuse(a, "it has too many axes", "reshape it");
        if (axes == 0)
            a->rows = length;
        else
            a->row.d[axes - 1] = length;
        axes++;
        at = end;
    }
    if (axes == 0) return refuse(a, "it is one number, not a list of samples", "reshape it");
    a->row.n = axes - 1;
    a->count = gy_shape_count(&a->row);
    return a->count > 0 ? GY_OK : refuse(a, "its samples are empty or too large", "reshape it");
}

static gy_status parse(gy_array *a, const char *head)
{
    const char *order = find(head, "'fortran_order'");
    GY_TRY(parse_type(a, head));
    GY_TRY(parse_shape(a, head));
    if (order != NULL && strncmp(order, "True", 4) == 0 && a->count > 1)
        return refuse(a, "it lies in the order of Fortran", "save numpy.ascontiguousarray(x)");
    return GY_OK;
}

static gy_status read_head(gy_array *a, int64_t offset)
{
    uint8_t prefix[PREFIX];
    char *head;
    GY_TRY(gy_bytes_read(a->bytes, offset, PREFIX, prefix));
    if (!gy_array_like(prefix, PREFIX) || prefix[6] < 1 || prefix[6] > 3)
        return refuse(a, "it does not begin as an array of NumPy", "save it by numpy.save");
    bool small = prefix[6] == 1;
    uint32_t length = (uint32_t)prefix[8] | (uint32_t)prefix[9] << 8;
    if (!small) length |= (uint32_t)prefix[10] << 16 | (uint32_t)prefix[11] << 24;
    if (length > LONGEST) return refuse(a, "its head is too long", "save it again");
    int64_t begin = offset + (small ? 10 : 12);
    a->offset = begin + length;
    gy_context *ctx = gy_bytes_context(a->bytes);
    GY_TRY(gy_new_array(ctx, length + 1, &head));
    gy_status status = gy_bytes_read(a->bytes, begin, length, head);
    if (status == GY_OK) status = parse(a, head);
    gy_free(ctx, head);
    return status;
}

gy_status gy_array_open(const char *name, gy_bytes *bytes, int64_t offset, gy_array *out)
{
    *out = (gy_array){.name = name, .bytes = bytes};
    GY_TRY(read_head(out, offset));
    int64_t there = (gy_bytes_size(bytes) - out->offset) / out->type.bytes;
    GY_REQUIRE(out->count <= there && out->rows <= there / out->count, GY_E_DATA,
               "cannot read the array" GY_AT "%s" GY_WHY
               "the file ends after %lld of %lld samples" GY_HINT "get or make it again",
               name, (long long)(there / out->count), (long long)out->rows);
    return GY_OK;
}

void gy_array_close(gy_array *a)
{
    gy_bytes_close(a->bytes);
    a->bytes = NULL;
}

gy_status gy_array_read(const gy_array *a, int64_t first, int64_t n, uint8_t *scratch, float *out)
{
    const int64_t row = a->count * a->type.bytes;
    GY_TRY(gy_bytes_read(a->bytes, a->offset + first * row, n * row, scratch));
    gy_elements_read(a->type, scratch, n * a->count, out);
    return GY_OK;
}
