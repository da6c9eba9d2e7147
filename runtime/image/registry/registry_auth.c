/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/registry_auth.h"

#include <pthread.h>
#include <string.h>

#include "common/memory.h"
#include "common/process.h"
#include "runtime/image/registry/challenge.h"
#include "runtime/image/registry/plain_words.h"
#include "runtime/image/registry/registry_limits.h"
#include "runtime/image/registry/registry_words.h"
#include "runtime/image/registry/secret.h"
#include "runtime/image/registry/token_server.h"

#define NEVER_EXPIRES UINT64_MAX

/* One way in that was found. */
struct pass {
    struct pass *next;
    const struct registry_site *site;
    char *scopes;
    char *authorization;
    uint64_t expires_ms;
};

struct registry_auth {
    struct http *http;
    struct registry_sites *sites;
    const struct credentials *credentials;
    const struct registry_options *options;

    pthread_mutex_t mutex; /* guards what follows */
    struct pass *passes;
    size_t n_passes;
};

struct registry_auth *registry_auth_new(struct http *http, struct registry_sites *sites,
                                        const struct credentials *credentials,
                                        const struct registry_options *options)
{
    struct registry_auth *auth = memory_new(struct registry_auth);

    auth->http = http;
    auth->sites = sites;
    auth->credentials = credentials;
    auth->options = options;
    (void)pthread_mutex_init(&auth->mutex, NULL);
    return auth;
}

/* Memory of passes --------------------------------------------------------------------------------
 */

static void pass_free(struct pass *pass)
{
    free(pass->scopes);
    secret_free(pass->authorization);
    free(pass);
}

static void passes_forget(struct registry_auth *auth)
{
    struct pass *next;

    for (struct pass *pass = auth->passes; pass; pass = next) {
        next = pass->next;
        pass_free(pass);
    }
    auth->passes = NULL;
    auth->n_passes = 0;
}

void registry_auth_free(struct registry_auth *auth)
{
    if (!auth)
        return;
    passes_forget(auth);
    (void)pthread_mutex_destroy(&auth->mutex);
    free(auth);
}

static struct pass *passes_find(const struct registry_auth *auth,
                                const struct registry_access *access)
{
    struct pass *pass = auth->passes;

    while (pass && (pass->site != access->site || !string_eq(pass->scopes, access->scopes)))
        pass = pass->next;
    return pass;
}

static void passes_keep(struct registry_auth *auth, const struct registry_access *access,
                        const char *authorization, uint64_t lifetime_ms)
{
    struct pass *pass;

    (void)pthread_mutex_lock(&auth->mutex);
    pass = passes_find(auth, access);
    if (!pass) {
        if (auth->n_passes == LIMIT_TOKENS)
            passes_forget(auth);
        pass = memory_new(struct pass);
        pass->site = access->site;
        pass->scopes = memory_strdup(access->scopes);
        pass->next = auth->passes;
        auth->passes = pass;
        auth->n_passes++;
    }
    secret_free(pass->authorization);
    pass->authorization = secret_copy(authorization);
    pass->expires_ms =
        lifetime_ms == NEVER_EXPIRES ? NEVER_EXPIRES : clock_monotonic_ms() + lifetime_ms;
    (void)pthread_mutex_unlock(&auth->mutex);
}

char *registry_auth_recall(struct registry_auth *auth, const struct registry_access *access)
{
    const struct pass *pass;
    char *authorization = NULL;

    (void)pthread_mutex_lock(&auth->mutex);
    pass = passes_find(auth, access);
    if (pass && clock_monotonic_ms() < pass->expires_ms)
        authorization = secret_copy(pass->authorization);
    (void)pthread_mutex_unlock(&auth->mutex);
    return authorization;
}

/* Answers -----------------------------------------------------------------------------------------
 */

/* Whether the registry is who it says, so that those it names may be trusted as well. */
static bool site_is_proven(const struct registry_site *site)
{
    return atomic_load(&site->scheme) == SITE_SCHEME_TLS && !site->tls.insecure;
}

static bool same_host(const struct registry_site *site, const struct http_url *url)
{
    size_t length = strlen(url->host);

    return strncmp(site->authority, url->host, length) == 0 &&
           (site->authority[length] == '\0' || site->authority[length] == ':');
}

static int check_realm(const struct registry_site *site, const struct http_url *realm,
                       bool has_credential, struct error *err)
{
    if (!realm->secure && atomic_load(&site->scheme) != SITE_SCHEME_PLAIN)
        return error_set(err, "it names token server 'http://%s', which is without TLS",
                         realm->authority);
    if (has_credential && !site_is_proven(site) && !same_host(site, realm))
        return error_set(err,
                         "it names token server '%s' without proof of who it is itself; "
                         "credentials are kept from there (let the registry speak TLS)",
                         realm->authority);
    return 0;
}

/* What we ask for, and what the registry says that it wants, if that differs. */
static const char *scopes_with(const char *scopes, const char *wanted, struct arena *arena)
{
    if (!wanted || wanted[0] == '\0' || strstr(scopes, wanted))
        return scopes;
    return arena_printf(arena, "%s %s", scopes, wanted);
}

static int answer_bearer(struct registry_auth *auth, const struct registry_access *access,
                         const struct challenge *challenge, const struct credential *credential,
                         char **ret_authorization, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_token struct token token = {0};
    const char *realm = challenge_get(challenge, "realm");
    struct text header = {0};
    struct token_question question = {
        .http = auth->http,
        .sites = auth->sites,
        .options = auth->options,
        .registry = access->site->name,
        .service = challenge_get(challenge, "service"),
        .scopes = scopes_with(access->scopes, challenge_get(challenge, "scope"), arena),
        .credential = credential,
        .cancelled = access->cancelled};

    if (!realm)
        return error_set(err, "it asks for a token and does not say where to get it");
    if (http_url_parse(realm, NULL, arena, &question.realm, err) < 0)
        return error_wrap(err, "it names a token server by a wrong address");
    if (check_realm(access->site, &question.realm, credential != NULL, err) < 0 ||
        token_server_ask(&question, &token, err) < 0)
        return -1;
    (void)text_reserve(&header, strlen(token.text) + 16);
    text_appendf(&header, "Bearer %s", token.text);
    *ret_authorization = text_steal(&header);
    passes_keep(auth, access, *ret_authorization, token.lifetime_ms);
    return 0;
}

static int answer_basic(struct registry_auth *auth, const struct registry_access *access,
                        const struct credential *credential, char **ret_authorization,
                        struct error *err)
{
    if (!credential || credential->is_identity_token)
        return error_set(err,
                         "it wants a user name and password, and there are none: run "
                         "'docker login %s' or 'podman login %s'",
                         access->site->name, access->site->name);
    *ret_authorization = basic_authorization(credential);
    passes_keep(auth, access, *ret_authorization, NEVER_EXPIRES);
    return 0;
}

int registry_auth_answer(struct registry_auth *auth, const struct registry_access *access,
                         const struct http_response *response, char **ret_authorization,
                         struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_credential struct credential credential = {0};
    struct challenges challenges;
    const struct challenge *bearer, *basic;
    char words[40];
    bool found;

    if (challenges_parse(&response->www_authenticate, arena, &challenges, err) < 0 ||
        credentials_find(auth->credentials, access->site->name, access->repository, &credential,
                         &found, err) < 0)
        return -1;
    bearer = challenges_find(&challenges, "bearer");
    basic = challenges_find(&challenges, "basic");
    if (bearer)
        return answer_bearer(auth, access, bearer, found ? &credential : NULL, ret_authorization,
                             err);
    if (basic)
        return answer_basic(auth, access, found ? &credential : NULL, ret_authorization, err);
    if (challenges.count == 0)
        return registry_words_of_answer(response, err);
    plain_words(challenges.items[0].scheme, strlen(challenges.items[0].scheme), words,
                sizeof(words));
    return error_set(err, "it wants authentication of kind '%s'; Bearer and Basic are known",
                     words);
}

int registry_auth_refused(struct registry_auth *auth, const struct registry_access *access,
                          const struct http_response *response, struct error *err)
{
    scoped_credential struct credential credential = {0};
    bool found = false;

    if (credentials_find(auth->credentials, access->site->name, access->repository, &credential,
                         &found, err) < 0)
        return -1;
    (void)registry_words_of_answer(response, err);
    if (found)
        return error_wrap(err,
                          "access to repository '%s' denied, also with the credentials that "
                          "there are",
                          access->repository);
    return error_wrap(err,
                      "access to repository '%s' denied: it does not exist, or needs 'docker login "
                      "%s' or 'podman login %s'",
                      access->repository, access->site->name, access->site->name);
}
