/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp object of an OCI configuration as a program for the kernel; this is libseccomp's one
 * home.
 */
#ifndef YAWL_RUNTIME_OCI_SECCOMP_PROFILE_H
#define YAWL_RUNTIME_OCI_SECCOMP_PROFILE_H

#include <linux/filter.h>

#include "runtime/oci/oci_json.h"

/* `at` is the object. System calls that this library does not know are left out, as the
 * specification allows. The program lives in the arena. */
void seccomp_profile_compile(struct oci_reader *reader, struct oci_at at,
                             struct sock_fprog *ret_filter, unsigned *ret_flags);

/* For `features`: the words that a profile may have. The caller owns it. */
json_t *seccomp_profile_features(void);

#endif
