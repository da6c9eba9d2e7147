/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/registry_call.h"

#include "runtime/image/image_limits.h"
#include "runtime/image/registry/redirect.h"
#include "runtime/image/registry/registry_words.h"
#include "runtime/image/registry/retry.h"
#include "runtime/image/registry/secret.h"

enum { PLAIN_ANSWER_MS = 2000 };

/* Only a host that has never spoken TLS is tried without: later, a failure is a failure. Calls that
 * began together may learn that it does not at the same time. */
static bool call_may_go_plain(const struct registry_site *site, const struct http_url *tried,
                              const struct http_response *response)
{
    if (!site->allow_plain || !tried->secure || atomic_load(&site->scheme) == SITE_SCHEME_TLS)
        return false;
    return response->failure == HTTP_FAILURE_TLS || response->failure == HTTP_FAILURE_CONNECT ||
           (response->failure == HTTP_FAILURE_BROKEN && response->status == 0);
}

static int site_url(const struct registry_site *site, bool plain, const char *path,
                    struct arena *arena, struct http_url *ret_url, struct error *err)
{
    const char *text =
        arena_printf(arena, "http%s://%s/v2/%s", plain ? "" : "s", site->authority, path);

    return http_url_parse(text, NULL, arena, ret_url, err);
}

int registry_call_url(const struct registry_site *site, const char *path, struct arena *arena,
                      struct http_url *ret_url, struct error *err)
{
    return site_url(site, atomic_load(&site->scheme) == SITE_SCHEME_PLAIN, path, arena, ret_url,
                    err);
}

/* Sends it with the authorization that there is. */
static int call_send(struct registry *registry, const struct registry_call *call,
                     const struct http_url *url, struct http_response *response, struct error *err)
{
    struct http_request request = call->request;

    if (!call->stay)
        return redirect_perform(registry->http, registry->sites, &request, url, response, err);
    request.url = url->text;
    request.tls = &call->site->tls;
    return http_perform(registry->http, &request, response, err);
}

static void site_settle_scheme(struct registry_site *site, const struct http_url *url)
{
    int unknown = SITE_SCHEME_UNKNOWN;

    (void)atomic_compare_exchange_strong(&site->scheme, &unknown,
                                         url->secure ? SITE_SCHEME_TLS : SITE_SCHEME_PLAIN);
}

/* Sends it to the site's own address, and again with an answer to its challenge. */
static int call_with_auth(struct registry *registry, const struct registry_call *call,
                          const struct http_url *url, struct http_response *response,
                          struct error *err)
{
    struct registry_access access = {.site = call->site,
                                     .repository = call->repository,
                                     .scopes = call->scopes,
                                     .cancelled = call->request.cancelled};
    scoped(secret_free) char *recalled = registry_auth_recall(registry->auth, &access);
    scoped(secret_free) char *answer = NULL;
    struct registry_call again = *call;

    again.request.authorization = recalled;
    if (call_send(registry, &again, url, response, err) < 0)
        return -1;
    site_settle_scheme(call->site, url);
    if (response->status != 401)
        return 0;
    response->failure = HTTP_FAILURE_REFUSED;
    if (registry_auth_answer(registry->auth, &access, response, &answer, err) < 0)
        return -1;
    http_response_done(response);
    again.request.authorization = answer;
    if (call_send(registry, &again, url, response, err) < 0)
        return -1;
    if (response->status != 401)
        return 0;
    response->failure = HTTP_FAILURE_REFUSED;
    return registry_auth_refused(registry->auth, &access, response, err);
}

static int call_elsewhere(struct registry *registry, const struct registry_call *call,
                          struct arena *arena, struct http_response *response, struct error *err)
{
    struct http_url url, own;

    response->failure = HTTP_FAILURE_REFUSED;
    if (registry_call_url(call->site, "", arena, &own, err) < 0 ||
        http_url_parse(call->url, &own, arena, &url, err) < 0)
        return -1;
    response->failure = HTTP_FAILURE_NONE;
    if (!call->anonymous && http_url_same_origin(&url, &own))
        return call_with_auth(registry, call, &url, response, err);
    return redirect_perform(registry->http, registry->sites, &call->request, &url, response, err);
}

/* Asks without TLS and without credentials. Says whether a registry has answered, which is settled
 * then. */
static bool site_answers_plain(struct registry *registry, const struct registry_call *call,
                               const struct http_request *question, const char *path,
                               struct http_response *response)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct http_request request = *question;
    struct http_url url;

    if (site_url(call->site, true, path, arena, &url, NULL) < 0)
        return false;
    request.url = url.text;
    request.tls = &call->site->tls;
    request.timeout_ms = PLAIN_ANSWER_MS;
    if (http_perform(registry->http, &request, response, NULL) < 0 ||
        (response->status != 200 && response->status != 401))
        return false;
    site_settle_scheme(call->site, &url);
    return true;
}

/* A registry on loopback seldom speaks TLS, and to prepare for TLS takes longer than to ask:
 * reading the authorities that the system trusts costs some 40 ms. What is asked is the call
 * itself if it has no body either way, which saves a round trip; else "/v2/", which is answered
 * with 200 or 401 by all that follow the distribution specification ("Determining Support").
 * Returns whether `response` is the call's answer; otherwise it is as before. */
static bool call_try_plain(struct registry *registry, const struct registry_call *call,
                           struct http_response *response)
{
    struct http_request support = {.method = HTTP_GET,
                                   .limit_bytes = LIMIT_IMAGE_DOCUMENT_BYTES,
                                   .cancelled = call->request.cancelled};
    bool answered = false;

    if (!call->site->plain_first || atomic_load(&call->site->scheme) != SITE_SCHEME_UNKNOWN)
        return false;
    if (call->request.method == HTTP_HEAD) {
        answered = site_answers_plain(registry, call, &call->request, call->path, response);
        if (answered && response->status == 200)
            return true;
        http_response_done(response);
    }
    if (!answered) {
        (void)site_answers_plain(registry, call, &support, "", response);
        http_response_done(response);
    }
    return false;
}

static int call_at_site(struct registry *registry, const struct registry_call *call,
                        struct arena *arena, struct http_response *response, struct error *err)
{
    struct http_url url;

    if (call_try_plain(registry, call, response))
        return 0;
    response->failure = HTTP_FAILURE_REFUSED;
    if (registry_call_url(call->site, call->path, arena, &url, err) < 0)
        return -1;
    response->failure = HTTP_FAILURE_NONE;
    if (call_with_auth(registry, call, &url, response, err) == 0)
        return 0;
    if (!call_may_go_plain(call->site, &url, response) ||
        site_url(call->site, true, call->path, arena, &url, err) < 0)
        return -1;
    http_response_done(response);
    return call_with_auth(registry, call, &url, response, err);
}

/* What a person can do about a failure of TLS. */
static void call_add_advice(const struct registry_call *call, const struct http_response *response,
                            struct error *err)
{
    struct error problem;

    if (!err)
        return;
    problem = *err;
    if (response->failure == HTTP_FAILURE_UNTRUSTED)
        error_set(err,
                  "%s (put its authority's certificate into certs.d/%s/ca.crt beside "
                  "registries.json)",
                  problem.text, call->site->name);
    if (response->failure == HTTP_FAILURE_TLS)
        error_set(err,
                  "%s (if it is meant to be without, name '%s' under \"insecure-registries\" in "
                  "registries.json)",
                  problem.text, call->site->name);
}

int registry_call_once(struct registry *registry, const struct registry_call *call,
                       struct http_response *response, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    int result = call->path ? call_at_site(registry, call, arena, response, err)
                            : call_elsewhere(registry, call, arena, response, err);

    if (result < 0)
        call_add_advice(call, response, err);
    return result;
}

int registry_call_perform(struct registry *registry, const struct registry_call *call,
                          unsigned max_tries, struct http_response *response, struct error *err)
{
    struct retry retry = {.options = &registry->options,
                          .registry = call->site->name,
                          .cancelled = call->request.cancelled,
                          .max_tries = max_tries};
    struct error problem = {0};
    int result;

    for (;;) {
        result = registry_call_once(registry, call, response, &problem);
        if (!retry_again(&retry, response, &problem))
            break;
        http_response_done(response);
    }
    if (result < 0 && err)
        *err = problem;
    return result;
}

int registry_call_unexpected(struct registry *registry, const struct registry_call *call,
                             const struct http_response *response, struct error *err)
{
    struct registry_access access = {.site = call->site, .repository = call->repository};
    char quota[REGISTRY_QUOTA_SIZE];
    struct error words = {0};

    if (response->status == 403 && !call->anonymous)
        return registry_auth_refused(registry->auth, &access, response, err);
    (void)registry_words_of_answer(response, &words);
    if (response->status != 429)
        return error_set(err, "%s", words.text);
    registry_words_of_quota(response, quota);
    return error_set(
        err, "%s%s%s%s (try again later; with 'docker login %s' the limit may be higher)",
        words.text, quota[0] ? " (" : "", quota, quota[0] ? ")" : "", call->site->name);
}

/* Sources -----------------------------------------------------------------------------------------
 */

static int sources_add(struct registry *registry, struct registry_sources *sources,
                       const char *host, const char *repository, struct arena *arena)
{
    struct registry_source *source = &sources->items[sources->count];
    struct error problem = {0};

    if (registry_sites_get(registry->sites, host, &source->site, &problem) < 0) {
        registry_notice(&registry->options, host, "%s", problem.text);
        return -1;
    }
    source->repository = repository;
    source->scopes = arena_printf(arena, "repository:%s:pull", repository);
    source->is_mirror = true;
    sources->count++;
    return 0;
}

int registry_sources_of(struct registry *registry, const struct image_reference *reference,
                        bool with_mirrors, struct arena *arena,
                        struct registry_sources *ret_sources, struct error *err)
{
    const struct registry_mirror *mirrors;
    size_t n_mirrors = registry_settings_mirrors(registry->settings, reference->registry, &mirrors);
    struct registry_sources sources = {
        .items = arena_new_array(arena, struct registry_source, n_mirrors + 1)};
    struct registry_source *origin;

    for (size_t i = 0; with_mirrors && i < n_mirrors; i++)
        (void)sources_add(registry, &sources, mirrors[i].host,
                          arena_printf(arena, "%s%s", mirrors[i].prefix, reference->repository),
                          arena);
    origin = &sources.items[sources.count++];
    origin->repository = reference->repository;
    origin->scopes = arena_printf(arena, "repository:%s:pull", reference->repository);
    if (registry_sites_get(registry->sites, reference->registry, &origin->site, err) < 0)
        return -1;
    *ret_sources = sources;
    return 0;
}
