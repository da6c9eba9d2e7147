/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a credential helper, a program `docker-credential-NAME`, for what it keeps of a registry
 * (github.com/docker/docker-credential-helpers): the registry goes to its stdin, JSON comes from
 * its stdout.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_CREDENTIAL_HELPER_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_CREDENTIAL_HELPER_H

#include <stdbool.h>

#include "common/error.h"

/* What proves who we are to a registry. */
struct credential {
    char *username; /* may be NULL with an identity token */
    char *secret;   /* password, or identity token */
    bool is_identity_token;
};

/* Wipes and frees. */
void credential_done(struct credential *credential);
#define scoped_credential __attribute__((cleanup(credential_done), unused))

/* A name that cannot leave the search path: letters, digits, "-", "_" and ".". */
bool credential_helper_name_is_valid(const char *name);

/* *ret_found is false when the helper has none for this registry. Blocks until it answers, or
 * LIMIT_CREDENTIAL_HELPER_MS are over; it is killed then. */
MUST_CHECK int credential_helper_get(const char *name, const char *registry,
                                     struct credential *ret_credential, bool *ret_found,
                                     struct error *err);

#endif
