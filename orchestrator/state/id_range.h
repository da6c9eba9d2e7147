/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which ids of the host a project's user namespaces use: 65536 of its own, the same ones for as
 * long as the project has data. Kept in DATA/idmaps.json under a lock, so that no two projects
 * share a range.
 *
 * An ordinary user has not that many: there all projects use the ids that he has, unshifted (base
 * 0), so that what a container's root writes is his own. Nothing is kept then.
 */
#ifndef YAWL_ORCHESTRATOR_STATE_ID_RANGE_H
#define YAWL_ORCHESTRATOR_STATE_ID_RANGE_H

#include <stdint.h>

#include "common/error.h"

enum { ID_RANGE_COUNT = 65536 };

/* Above the ranges that useradd hands out in /etc/subuid (up to 600100000 by login.defs' default).
 */
#define ID_RANGE_FIRST UINT32_C(1879048192)

struct id_range {
    uint32_t base, count;
};

MUST_CHECK int id_range_take(const char *data_root, const char *project, struct id_range *ret_range,
                             struct error *err);
MUST_CHECK int id_range_release(const char *data_root, const char *project, struct error *err);

#endif
