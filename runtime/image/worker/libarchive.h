/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libarchive's one home. It only reads and writes tar: its other readers are where most of its
 * vulnerabilities were, and its writer to disk checks symbolic links by
 * lstat(2).
 *
 * It is loaded by who opens an archive: most runs of the worker need none.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_LIBARCHIVE_H
#define YAWL_RUNTIME_IMAGE_WORKER_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/library.h"
#include "runtime/image/worker/byte_source.h"

#define LIBARCHIVE_FUNCTIONS(X)                                                                    \
    X(archive_entry_filetype)                                                                      \
    X(archive_entry_free)                                                                          \
    X(archive_entry_gid)                                                                           \
    X(archive_entry_hardlink)                                                                      \
    X(archive_entry_mode)                                                                          \
    X(archive_entry_mtime)                                                                         \
    X(archive_entry_mtime_nsec)                                                                    \
    X(archive_entry_new)                                                                           \
    X(archive_entry_pathname)                                                                      \
    X(archive_entry_rdevmajor)                                                                     \
    X(archive_entry_rdevminor)                                                                     \
    X(archive_entry_set_filetype)                                                                  \
    X(archive_entry_set_mtime)                                                                     \
    X(archive_entry_set_pathname)                                                                  \
    X(archive_entry_set_perm)                                                                      \
    X(archive_entry_set_size)                                                                      \
    X(archive_entry_size)                                                                          \
    X(archive_entry_symlink)                                                                       \
    X(archive_entry_uid)                                                                           \
    X(archive_entry_xattr_next)                                                                    \
    X(archive_entry_xattr_reset)                                                                   \
    X(archive_error_string)                                                                        \
    X(archive_filter_bytes)                                                                        \
    X(archive_read_data_block)                                                                     \
    X(archive_read_free)                                                                           \
    X(archive_read_new)                                                                            \
    X(archive_read_next_header)                                                                    \
    X(archive_read_open1)                                                                          \
    X(archive_read_set_callback_data)                                                              \
    X(archive_read_set_read_callback)                                                              \
    X(archive_read_set_skip_callback)                                                              \
    X(archive_read_support_filter_bzip2)                                                           \
    X(archive_read_support_filter_none)                                                            \
    X(archive_read_support_filter_xz)                                                              \
    X(archive_read_support_format_raw)                                                             \
    X(archive_read_support_format_tar)                                                             \
    X(archive_set_error)                                                                           \
    X(archive_write_close)                                                                         \
    X(archive_write_data)                                                                          \
    X(archive_write_fail)                                                                          \
    X(archive_write_free)                                                                          \
    X(archive_write_header)                                                                        \
    X(archive_write_new)                                                                           \
    X(archive_write_open)                                                                          \
    X(archive_write_set_bytes_in_last_block)                                                       \
    X(archive_write_set_bytes_per_block)                                                           \
    X(archive_write_set_format_pax_restricted)

/* Its functions, by their own names. */
struct libarchive {
    LIBARCHIVE_FUNCTIONS(LIBRARY_POINTER)
};

MUST_CHECK int libarchive_load(struct libarchive *ret_lib, struct error *err);

/* An archive that is read from a byte source. The error of the source is kept apart, because
 * libarchive would flatten it into its own. */
struct libarchive_feed {
    struct libarchive lib;
    struct archive *archive;
    struct byte_source *source; /* borrowed */
    struct error err;
    bool failed;
};

/* Sets up the archive, whose formats and filters are the caller's to choose. */
MUST_CHECK int libarchive_feed_init(struct libarchive_feed *feed, struct byte_source *source,
                                    struct error *err);
void libarchive_feed_done(struct libarchive_feed *feed);

MUST_CHECK int libarchive_feed_open(struct libarchive_feed *feed, struct error *err);

/* Fails with the source's error or libarchive's own; returns -1. */
int libarchive_feed_error(const struct libarchive_feed *feed, struct error *err);

#endif
