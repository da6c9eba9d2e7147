/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The credentials that people keep in docker's and containers' files, and their helpers.
 *
 * Looked up in this order: $DOCKER_CONFIG/config.json (~/.docker/config.json without it),
 * $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json.
 * Within a file the registry's own helper (credHelpers) comes first, then the common one
 * (credsStore), then `auths`, where "host/namespace" is nearer than "host". Nothing is ever
 * written. Lookups may come from several threads.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_CREDENTIALS_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_CREDENTIALS_H

#include "runtime/image/registry/credential_helper.h"

struct credentials;

struct credentials *credentials_new(void);
/* Wipes what it knows. */
void credentials_free(struct credentials *credentials);
DEFINE_SCOPED(struct credentials *, credentials_free)

/* Reads the files above, those that are there. */
MUST_CHECK int credentials_read_files(struct credentials *credentials, struct error *err);

/* Reads the text of one file, to be asked after those before. */
MUST_CHECK int credentials_parse(struct credentials *credentials, const char *file,
                                 const char *bytes, size_t length, struct error *err);

/* `registry` as in references ("docker.io"). */
MUST_CHECK int credentials_find(const struct credentials *credentials, const char *registry,
                                const char *repository, struct credential *ret_credential,
                                bool *ret_found, struct error *err);

#endif
