/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole small files below a directory descriptor: read bounded, replaced in one step.
 */
#ifndef YAWL_COMMON_FILE_H
#define YAWL_COMMON_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/text.h"

/* Reads a file of at most limit_bytes. *ret_exists is false (and the call succeeds) when there is
 * none; pass NULL to make absence an error. */
MUST_CHECK int file_read(int dir_fd, const char *name, size_t limit_bytes, struct text *ret_text,
                         bool *ret_exists, struct error *err);

/* Replaces the file by rename: a reader sees the old text or the new one, never half of it. */
MUST_CHECK int file_replace(int dir_fd, const char *name, const void *bytes, size_t length,
                            mode_t mode, struct error *err);

/* Writes over the file, or makes it: whoever has it open or mounted sees the new text, and may see
 * a part of it for a moment. One that has the text already is left alone. */
MUST_CHECK int file_update(int dir_fd, const char *name, const void *bytes, size_t length,
                           mode_t mode, struct error *err);

/* Writes to an existing file, as /proc and /sys want it: one write(2), no creation. */
MUST_CHECK int file_write_existing(int dir_fd, const char *name, const char *text,
                                   struct error *err);

#endif
