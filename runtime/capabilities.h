/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capability sets of a container, as bit masks (bit N is capability N of capabilities(7)).
 */
#ifndef YAWL_RUNTIME_CAPABILITIES_H
#define YAWL_RUNTIME_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/container_spec.h"
#include "runtime/failure.h"

struct capability_sets {
    uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* The set that the spec asks for: docker's default ones, or all when privileged, changed by cap_add
 * and cap_drop. In a user namespace MKNOD and AUDIT_WRITE are left out of the default, where they
 * have no effect. Capabilities that this process has not itself are left out, except in a user
 * namespace. */
MUST_CHECK int capabilities_of(const struct container_spec *spec, bool in_user_namespace,
                               uint64_t *ret_set, struct error *err);

/* All capabilities that the running kernel knows. */
uint64_t capabilities_all(void);

/* Those that this process has. */
uint64_t capabilities_permitted(void);

/*
 * The rest runs in the child; a user that is not root keeps nothing across the change of ids.
 */

/* Takes everything else out of the bounding set and clears the ambient set. */
MUST_CHECK int capabilities_bound(uint64_t set, struct failure *failure);
/* Sets all but the bounding one. Ours leave inheritable empty (CVE-2022-24769). An ambient
 * capability that the kernel refuses, because it is not inheritable, is left out, as runc and crun
 * do. */
MUST_CHECK int capabilities_set(const struct capability_sets *sets, struct failure *failure);

/* The name of a capability, without CAP_; NULL beyond the last that is known. */
const char *capabilities_name(size_t number);

/* Adds the capability of that name ("CAP_CHOWN", "chown") to the set; false when there is none. */
bool capabilities_add_name(const char *name, uint64_t *set);

/* Puts the effective set back to all that is permitted; errno on -1. */
MUST_CHECK int capabilities_raise(void);

#endif
