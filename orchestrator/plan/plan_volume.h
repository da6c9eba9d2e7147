/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a named volume is: a directory of ours, or what `driver_opts` of the local driver name, as
 * mount(8) would: a directory of the host (`type: none`, `o: bind`), memory (`type: tmpfs`), or any
 * file system (`type: nfs`), which is mounted once for all who use it, on the directory that it
 * would be otherwise.
 */
#ifndef YAWL_ORCHESTRATOR_PLAN_PLAN_VOLUME_H
#define YAWL_ORCHESTRATOR_PLAN_PLAN_VOLUME_H

#include "common/diagnostics.h"
#include "orchestrator/compose/project.h"

enum plan_volume_kind {
    VOLUME_IS_DIRECTORY,
    VOLUME_IS_BIND,
    VOLUME_IS_TMPFS,
    VOLUME_IS_FILESYSTEM,
    VOLUME_IS_UNKNOWN,
};

enum plan_volume_kind plan_volume_kind(const struct volume *volume);

/* "type", "device" or "o"; NULL when it is not given. */
const char *plan_volume_option(const struct volume *volume, const char *name);

/* Whether one of the comma-separated words of `o` is this one. */
bool plan_volume_has_flag(const struct volume *volume, const char *flag);

/* Whether another machine keeps its files, which knows nothing of ids that are mapped here. */
bool plan_volume_is_remote(const struct volume *volume);

/* What cannot be mounted is an error at its place. */
void plan_volume_check(const struct volume *volume, const char *path,
                       struct diagnostics *diagnostics);

#endif
