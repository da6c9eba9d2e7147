/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modes of COPY --chmod: a number like 755, or changes like "u=rwX,go-w", as chmod(1) of POSIX
 * has them; who is not named is everybody, whatever the umask.
 */
#ifndef YAWL_RUNTIME_BUILD_FILE_MODE_H
#define YAWL_RUNTIME_BUILD_FILE_MODE_H

#include <stdbool.h>
#include <sys/stat.h>

/* What a file with the mode `old`, which says what kind of file it is, gets: permissions alone.
 * False when the text is no mode. */
bool file_mode_apply(const char *text, mode_t old, mode_t *ret_mode);

#endif
