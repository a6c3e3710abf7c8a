/** Plain files: durable writing, directories, gzip or plain streams. Local; failures name the path. */
#ifndef GY_STORE_FILE_H
#define GY_STORE_FILE_H

#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>

bool gy_path_exists(const char *path);
bool gy_path_is_directory(const char *path);
/** Makes a directory and those above it; an existing one is fine. */
gy_status gy_directory_make(const char *path) GY_CHECKED;
/** Removes a file, or a directory with all in it; a missing one is fine. Does not follow links. */
gy_status gy_path_remove(gy_context *ctx, const char *path) GY_CHECKED;
/** Names in a directory, sorted, without . and ..; free *names with one gy_pool_clear. */
gy_status gy_directory_list(gy_pool *pool, const char *path, const char *const **names,
                            int *n) GY_CHECKED;
/** Flushes a directory or file to disk. */
gy_status gy_path_sync(gy_context *ctx, const char *path) GY_CHECKED;
/** Asks the system to drop what it holds of a file in memory, so that it is read from the disk; of a
 * directory, of all files in it. What fails is left as it is. */
void gy_path_forget(gy_context *ctx, const char *path);
/** Renames and flushes the directory that holds it: the state is the old or the new one. */
gy_status gy_path_rename(gy_context *ctx, const char *from, const char *to) GY_CHECKED;
/** Points a link at `target`, atomically replacing an older one. */
gy_status gy_link_swap(gy_context *ctx, const char *target, const char *link) GY_CHECKED;
/** Writes a whole file durably: temporary name, flush, rename. */
gy_status gy_file_write(gy_context *ctx, const char *path, const void *bytes, size_t n) GY_CHECKED;
/** Writes to an open file. @param path  its name, for messages */
gy_status gy_file_append(gy_context *ctx, int fd, const char *path, const void *bytes,
                         size_t n) GY_CHECKED;
/**
 * Tries whether a file of so many bytes finds room in a directory: written, allotted, removed.
 * @param name  of the file, which nobody else has
 * @param free  out: bytes that the file system says are free to this user
 */
gy_status gy_room_try(gy_context *ctx, const char *directory, const char *name, int64_t bytes,
                      int64_t *free) GY_CHECKED;
enum { GY_LOCK_TEXT = 256 };
/**
 * Holds a file for this process alone, until gy_lock_release() or its end; does not wait.
 * @param text    one line: who holds it then
 * @param create  whether to make the file where there is none; else it is fine if it cannot be opened
 * @param fd      out: what to release; −1: somebody else holds it, or there is no file
 * @param holder  out: that somebody's text; "" where there is none
 */
gy_status gy_lock_take(gy_context *ctx, const char *path, const char *text, bool create, int *fd,
                       char holder[GY_LOCK_TEXT]) GY_CHECKED;
/** Sets *fd to −1, where it may have been before. */
void gy_lock_release(int *fd);

/** Reads a whole file of at most `limit` bytes; *bytes is closed by a zero; free with gy_free(). */
gy_status gy_file_read(gy_context *ctx, const char *path, int64_t limit, gy_status status,
                       char **bytes, size_t *n) GY_CHECKED;

/**
 * Checks the seal of a file made by gy_h5_create_sealed(): the checksum of all its bytes. An HDF5
 * file without a seal passes: it was made by another program.
 * @param bytes  out: the file's size
 */
gy_status gy_seal_check(gy_context *ctx, const char *path, int64_t *bytes) GY_CHECKED;

/** A stream of a file that may be gzip; known by content. Failures are GY_E_DATA. */
typedef struct gy_stream gy_stream;
gy_status gy_stream_open(gy_context *ctx, const char *path, gy_stream **out) GY_CHECKED;
void gy_stream_close(gy_stream *s);
/** Reads up to n bytes; *got < n only at the end. */
gy_status gy_stream_read(gy_stream *s, void *bytes, int64_t n, int64_t *got) GY_CHECKED;
/** To a place from the start of the uncompressed data; backwards in gzip costs reading again. */
gy_status gy_stream_seek(gy_stream *s, int64_t offset) GY_CHECKED;
bool gy_stream_is_gzip(const gy_stream *s);
/** Uncompressed size; of gzip found by reading it all once. */
gy_status gy_stream_size(gy_stream *s, int64_t *out) GY_CHECKED;

#endif
