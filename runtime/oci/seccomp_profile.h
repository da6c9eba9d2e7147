/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp object of an OCI configuration as a program for the kernel.
 */
#ifndef YAWL_RUNTIME_OCI_SECCOMP_PROFILE_H
#define YAWL_RUNTIME_OCI_SECCOMP_PROFILE_H

#include "runtime/bundle_spec.h"
#include "runtime/oci/oci_json.h"

/* `at` is the object. System calls that we do not know are left out, as the specification allows.
 * Sets the filter of the process and all that belongs to it; it lives in the arena. */
void seccomp_profile_compile(struct oci_reader *reader, struct oci_at at,
                             struct process_spec *process);

/* Who listens for the filter's questions. The rest of the profile is not looked at. */
void seccomp_profile_listener(struct oci_reader *reader, struct oci_at at,
                              struct process_spec *process);

/* For `features`: the words that a profile may have. The caller owns it. */
json_t *seccomp_profile_features(void);

#endif
