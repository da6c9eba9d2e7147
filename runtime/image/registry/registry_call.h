/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of the protocol at one host: with or without TLS as the host can, let in as it asks,
 * redirected, and tried again where that helps. Also the state that all steps share.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_CALL_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_CALL_H

#include "runtime/image/registry/credentials.h"
#include "runtime/image/registry/http.h"
#include "runtime/image/registry/http_url.h"
#include "runtime/image/registry/registry.h"
#include "runtime/image/registry/registry_auth.h"
#include "runtime/image/registry/registry_settings.h"
#include "runtime/image/registry/registry_site.h"

struct registry {
    struct registry_options options; /* without zeros */
    struct registry_settings *settings;
    struct credentials *credentials;
    struct registry_sites *sites;
    struct http *http;
    struct registry_auth *auth;
    atomic_long quota_told; /* pulls left when that was last told */
};

struct registry_call {
    struct registry_site *site;
    const char *repository;
    const char *scopes; /* see registry_auth.h */
    const char *path;   /* below "/v2/" of the site; or NULL: */
    const char *url;    /* anywhere; the site's credentials go there only if it is the site */
    bool anonymous;     /* no credentials at all */
    bool stay;          /* a redirection is the answer */
    struct http_request request; /* url, authorization and tls are filled in here */
};

/* One try. Success is any answer but a challenge that cannot be met; on failure response->failure
 * says of which kind. `response` is zeroed by the caller and released by it in every case. */
MUST_CHECK int registry_call_once(struct registry *registry, const struct registry_call *call,
                                  struct http_response *response, struct error *err);

/* Up to `max_tries` tries, of a call that may be repeated as it is. */
MUST_CHECK int registry_call_perform(struct registry *registry, const struct registry_call *call,
                                     unsigned max_tries, struct http_response *response,
                                     struct error *err);

/* Makes an error of an answer that is none to be content with. Returns -1. */
int registry_call_unexpected(struct registry *registry, const struct registry_call *call,
                             const struct http_response *response, struct error *err);

/* Where a path of the site is, as far as is known how it is spoken to. */
MUST_CHECK int registry_call_url(const struct registry_site *site, const char *path,
                                 struct arena *arena, struct http_url *ret_url, struct error *err);

/* Where an image may be pulled from. */
struct registry_source {
    struct registry_site *site;
    const char *repository;
    const char *scopes;
    bool is_mirror;
};

struct registry_sources {
    struct registry_source *items; /* mirrors, and last the registry itself */
    size_t count;
};

MUST_CHECK int registry_sources_of(struct registry *registry,
                                   const struct image_reference *reference, bool with_mirrors,
                                   struct arena *arena, struct registry_sources *ret_sources,
                                   struct error *err);

#endif
