/** Data sources as users handle them: looking into one, and turning one into HDF5. */
#ifndef GYRE_DATA_H
#define GYRE_DATA_H

#include <gyre/context.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How text sources are cut; the configuration's data.sequence and data.tokens. */
typedef struct gy_data_text {
    int64_t sequence;      /* tokens a sample; 0: 256 */
    const char *tokens;    /* "bytes", "chars", "words" or "bpe"; NULL: bytes */
    const char *tokenizer; /* of bpe: a folder */
} gy_data_text;

/**
 * Says what a source holds: format, samples, shapes, classes and how many of each, range of x. Local.
 *
 * @param source  e.g. "digits.h5:/train"
 * @param text    may be NULL
 * @param json    one JSON object instead of a line a fact
 * @param line    takes the text, a line at a time without its newline
 * @return GY_OK; GY_E_DATA naming the source; GY_E_USAGE for an unknown kind of tokens; GY_E_NOMEM
 */
GY_API gy_status gy_data_info(gy_context *ctx, const char *source, const gy_data_text *text,
                              bool json, void (*line)(void *user, const char *text),
                              void *user) GY_CHECKED;

/** A source and the group of the new file that it becomes. */
typedef struct gy_data_part {
    const char *source;
    const char *group; /* "/train"; "/" for the root */
} gy_data_part;

/**
 * Writes sources into one HDF5 file, a group with x and y each. Bytes and small classes stay bytes.
 * Dictionaries, vocabularies and class names come from the first. Replaces `path` once all is
 * written, else leaves it alone. Local.
 *
 * @param parts    [n], n ≥ 1
 * @param deflate  0: contiguous and uncompressed; 1 … 9: in compressed chunks
 * @return GY_OK; GY_E_DATA; GY_E_IO; GY_E_USAGE; GY_E_NOMEM
 */
GY_API gy_status gy_data_convert(gy_context *ctx, const gy_data_part *parts, int n,
                                 const gy_data_text *text, int deflate,
                                 const char *path) GY_CHECKED;

/**
 * Describes the formats and the keys of their sources, a line each, to `line`. Local.
 *
 * @param format  "csv"; NULL: all
 * @return whether there is such a format
 */
GY_API bool gy_data_describe(gy_context *ctx, const char *format,
                             void (*line)(void *user, const char *text), void *user);

#ifdef __cplusplus
}
#endif
#endif
