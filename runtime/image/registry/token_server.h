/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a token server for a token: GET with Basic credentials or none, or OAuth2 by POST where
 * there is an identity token or the server does not know GET.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_TOKEN_SERVER_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_TOKEN_SERVER_H

#include "runtime/image/registry/credential_helper.h"
#include "runtime/image/registry/http_url.h"
#include "runtime/image/registry/registry.h"
#include "runtime/image/registry/registry_site.h"

struct token_question {
    struct http *http;
    struct registry_sites *sites;
    const struct registry_options *options;
    const char *registry;                /* for the news */
    struct http_url realm;               /* checked by the caller */
    const char *service;                 /* or NULL */
    const char *scopes;                  /* with blanks between */
    const struct credential *credential; /* or NULL */
    const atomic_bool *cancelled;        /* or NULL */
};

struct token {
    char *text; /* fit for a header */
    uint64_t lifetime_ms;
};

void token_done(struct token *token);
#define scoped_token __attribute__((cleanup(token_done), unused))

MUST_CHECK int token_server_ask(const struct token_question *question, struct token *ret_token,
                                struct error *err);

/* "Basic ..."; the caller frees it with secret_free(). */
char *basic_authorization(const struct credential *credential);

#endif
