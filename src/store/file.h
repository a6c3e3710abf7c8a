/** Plain files: durable writing, directories, gzip or plain streams. Local; failures name the path. */
#ifndef GY_STORE_FILE_H
#define GY_STORE_FILE_H

#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>

/** What lies at a path; links are followed. */
typedef enum gy_lies { GY_IS_NONE, GY_IS_FILE, GY_IS_DIRECTORY, GY_IS_OTHER } gy_lies;

/** @return GY_OK; GY_E_IO where that cannot be told: a failure is not "there is none" */
gy_status gy_path_kind(const char *path, gy_lies *out) GY_CHECKED;
/** Whether two paths are one file, by whatever names. */
gy_status gy_path_is_same(const char *a, const char *b, bool *out) GY_CHECKED;
/** Makes a directory and those above it, on disk; an existing one is fine. */
gy_status gy_directory_make(gy_context *ctx, const char *path) GY_CHECKED;
/** Whether one can be made, with those above it, or written to; tried in the nearest that is there. */
gy_status gy_directory_try(const char *path) GY_CHECKED;
/** Makes one that is not there, in one that is, and flushes nothing: a disk that hangs is met later. */
gy_status gy_directory_make_new(const char *path) GY_CHECKED;
/** Removes a file or a link; a missing one is fine. */
gy_status gy_file_remove(const char *path) GY_CHECKED;
/** Removes a directory with all in it; for such as this program made. Does not follow links. */
gy_status gy_tree_remove(const char *path) GY_CHECKED;
/** Names in a directory, sorted, without . and ..; free *names with one gy_pool_clear. */
gy_status gy_directory_list(gy_pool *pool, const char *path, const char *const **names,
                            int *n) GY_CHECKED;
/** Flushes a directory or file to disk. */
gy_status gy_path_sync(gy_context *ctx, const char *path) GY_CHECKED;
/** Flushes the directory that holds a path. */
gy_status gy_path_sync_above(gy_context *ctx, const char *path) GY_CHECKED;
/** The size of a file. */
gy_status gy_file_size(const char *path, int64_t *out) GY_CHECKED;
/** Asks the system to drop what it holds of a file in memory, so that it is read from the disk; of a
 * directory, of all files in it. What fails is left as it is. */
void gy_path_forget(gy_context *ctx, const char *path);
/** Renames and flushes the directory that holds it: the state is the old or the new one. */
gy_status gy_path_rename(gy_context *ctx, const char *from, const char *to) GY_CHECKED;
/** Points a link at `target`, atomically replacing an older one. */
gy_status gy_link_swap(gy_context *ctx, const char *target, const char *link) GY_CHECKED;

/** A number that nobody else draws, but by chance: for names, not for numbers that are computed. */
uint64_t gy_temporary_draw(void);
/** A name beside `path` that nobody else makes, in this process or another. */
gy_status gy_temporary_name(gy_pool *pool, const char *path, const char **out) GY_CHECKED;
/** Whether this process makes it. */
bool gy_temporary_is_own(const char *name);
/** What a thing of that name without directory was to be called; NULL: it is no such name. */
const char *gy_temporary_of(const char *name);
/** Whether nobody works at it any more: its process was of this host and is gone, or it is a day old. */
bool gy_temporary_is_left(const char *path);

/** A whole file in the making; no file that is there changes before it is committed. */
typedef struct gy_output gy_output;
/** Makes an empty file beside `path`, which must be none of a checkpoint's; end with gy_output_commit() or gy_output_abort(). */
gy_status gy_output_begin(gy_context *ctx, const char *path, gy_output **out) GY_CHECKED;
/** The same of a folder, whose place nothing has so far; its files are flushed by who writes them. */
gy_status gy_output_begin_folder(gy_context *ctx, const char *path, gy_output **out) GY_CHECKED;
/** What to write to, and to flush before the commit. */
const char *gy_output_name(const gy_output *o);
/** Writes on, behind what was added before; flushed by the commit. */
gy_status gy_output_add(gy_output *o, const void *bytes, size_t n) GY_CHECKED;
/** @return GY_OK; GY_E_USAGE where committing would replace `input` */
gy_status gy_output_spare(const gy_output *o, const char *input) GY_CHECKED;
/** Gives the file its name, durably. Frees in any case. */
gy_status gy_output_commit(gy_output *o) GY_CHECKED;
/** Removes and frees it; NULL is allowed. */
void gy_output_abort(gy_output *o);

/** Writes a whole file durably. */
gy_status gy_file_write(gy_context *ctx, const char *path, const void *bytes, size_t n) GY_CHECKED;
/** Writes to an open file. @param path  its name, for messages */
gy_status gy_file_append(gy_context *ctx, int fd, const char *path, const void *bytes,
                         size_t n) GY_CHECKED;
/**
 * Tries whether a file of so many bytes finds room in a directory: written, allotted, removed.
 * @param free  out: bytes that the file system says are free to this user
 */
gy_status gy_room_try(gy_context *ctx, const char *directory, int64_t bytes,
                      int64_t *free) GY_CHECKED;

enum { GY_LOCK_TEXT = 256 };
/** A file that one process holds at a time; {.fd = −1}: not held. */
typedef struct gy_lock {
    int fd;
    bool is_sure;     /* false: this file system does not lock, so that others may hold it, too */
    const char *path; /* the caller's */
    char text[GY_LOCK_TEXT]; /* what it says of this process; "": nothing, the disk was full */
} gy_lock;

/**
 * Holds a file for this process alone, until gy_lock_release() or its end; does not wait.
 * @param path    outlives the lock
 * @param text    who holds it then: lines, each with its end, the first for people
 * @param create  whether to make the file where there is none; else it is fine if there is none, or if
 *                it may not be written
 * @param out     fd −1: somebody else holds it, or there is no file
 * @param holder  out: that somebody's text; "" where there is none
 * @return GY_OK; GY_E_IO where it cannot be opened, or is a link
 */
gy_status gy_lock_take(gy_context *ctx, const char *path, const char *text, bool create,
                       gy_lock *out, char holder[GY_LOCK_TEXT]) GY_CHECKED;
/**
 * Holds a file in the place of a holder that is gone, whose lock a file system keeps: another file gets its
 * name at once. Should that holder live, gy_lock_check() tells it.
 * @return GY_OK; GY_E_IO, also where there is no room for the text: then nothing has changed
 */
gy_status gy_lock_inherit(gy_context *ctx, gy_pool *pool, const char *path, const char *text,
                          gy_lock *out) GY_CHECKED;
/** @return GY_OK, also where it is not held; GY_E_IO where the file is another's by now, naming that one */
gy_status gy_lock_check(const gy_lock *lock) GY_CHECKED;
/** Whether the file still has its name, by what this host knows: cheap, but over NFS that may be old. */
bool gy_lock_has_name(const gy_lock *lock);
void gy_lock_release(gy_lock *lock);

/** @return GY_OK where a file can be opened, or is not there; GY_E_IO */
gy_status gy_file_look(const char *path) GY_CHECKED;
/** Reads a whole file of at most `limit` bytes; *bytes is closed by a zero; free with gy_free(). */
gy_status gy_file_read(gy_context *ctx, const char *path, int64_t limit, gy_status status,
                       char **bytes, size_t *n) GY_CHECKED;

/**
 * Checks the seal of a file made by gy_h5_create_sealed(): the checksum of all its bytes. An HDF5
 * file without a seal passes: it was made by another program.
 * @param bytes  out: the file's size
 */
gy_status gy_seal_check(gy_context *ctx, const char *path, int64_t *bytes) GY_CHECKED;

/**
 * What a file was sealed with, without a look at its bytes.
 * @param seal  out: 0 where there is none, or it cannot be read
 * @return GY_OK; GY_E_IO where it cannot be told whether the file is there
 */
gy_status gy_seal_read(const char *path, uint64_t *seal, bool *there) GY_CHECKED;

/** A stream of a file that may be gzip; known by content. Failures are GY_E_DATA. */
typedef struct gy_stream gy_stream;
gy_status gy_stream_open(gy_context *ctx, const char *path, gy_stream **out) GY_CHECKED;
/** The deflated bytes that begin at a place of a file, as archives have them, unpacked. */
gy_status gy_stream_open_deflated(gy_context *ctx, const char *path, int64_t begin,
                                  gy_stream **out) GY_CHECKED;
void gy_stream_close(gy_stream *s);
/** Reads up to n bytes; *got < n only at the end. */
gy_status gy_stream_read(gy_stream *s, void *bytes, int64_t n, int64_t *got) GY_CHECKED;
/** To a place from the start of the uncompressed data; backwards in gzip costs reading again. */
gy_status gy_stream_seek(gy_stream *s, int64_t offset) GY_CHECKED;
bool gy_stream_is_gzip(const gy_stream *s);
/** Uncompressed size; of gzip found by reading it all once. */
gy_status gy_stream_size(gy_stream *s, int64_t *out) GY_CHECKED;

#endif
