/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets us in: from a registry's challenge (401) to the Authorization header that answers it
 * (distribution specification, docker's token authentication and its OAuth2 form).
 *
 * Credentials go to the registry they are kept for, by Basic only when it asks for that, and to the
 * token server that it names, provided that it is the same host or that the registry proved by TLS
 * who it is. A token server is asked over TLS, unless the registry itself does without. Tokens are
 * remembered until they expire, and are shown to nobody but the registry they were made for.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_AUTH_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_AUTH_H

#include "runtime/image/registry/credentials.h"
#include "runtime/image/registry/http.h"
#include "runtime/image/registry/registry.h"
#include "runtime/image/registry/registry_site.h"

struct registry_auth;

/* Everything is borrowed. */
struct registry_auth *registry_auth_new(struct http *http, struct registry_sites *sites,
                                        const struct credentials *credentials,
                                        const struct registry_options *options);
/* Wipes what it knows. */
void registry_auth_free(struct registry_auth *auth);
DEFINE_SCOPED(struct registry_auth *, registry_auth_free)

/* What is asked for. */
struct registry_access {
    const struct registry_site *site;
    const char *repository;
    const char *scopes;           /* "repository:x/y:pull", several with blanks between */
    const atomic_bool *cancelled; /* may be NULL */
};

/* The header's value that was good before, or NULL; the caller frees it with secret_free(). */
char *registry_auth_recall(struct registry_auth *auth, const struct registry_access *access);

/* Answers the challenge in a response of status 401. *ret_authorization (the caller's, to be freed
 * with secret_free()) is remembered in place of what was there. */
MUST_CHECK int registry_auth_answer(struct registry_auth *auth,
                                    const struct registry_access *access,
                                    const struct http_response *response, char **ret_authorization,
                                    struct error *err);

/* Says why an answer to a challenge was not good enough, and what to do. Returns -1. */
int registry_auth_refused(struct registry_auth *auth, const struct registry_access *access,
                          const struct http_response *response, struct error *err);

#endif
