/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/registry.h"

#include <string.h>

#include "common/memory.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/registry/manifest_type.h"
#include "runtime/image/registry/plain_words.h"
#include "runtime/image/registry/registry_call.h"
#include "runtime/image/registry/registry_limits.h"
#include "runtime/image/registry/registry_words.h"
#include "runtime/image/registry/retry.h"

enum {
    CONNECT_TIMEOUT_MS = 20 * 1000,
    STALL_TIMEOUT_MS = 60 * 1000,
    RETRY_DELAY_MS = 500,
};

static struct registry_options options_without_zeros(const struct registry_options *options)
{
    struct registry_options filled = *options;

    if (filled.connect_timeout_ms == 0)
        filled.connect_timeout_ms = CONNECT_TIMEOUT_MS;
    if (filled.stall_timeout_ms == 0)
        filled.stall_timeout_ms = STALL_TIMEOUT_MS;
    if (filled.retry_delay_ms == 0)
        filled.retry_delay_ms = RETRY_DELAY_MS;
    return filled;
}

struct registry *registry_new(const struct registry_options *options, struct error *err)
{
    scoped(registry_free) struct registry *registry = memory_new(struct registry);
    struct http_options http;

    registry->options = options_without_zeros(options);
    registry->quota_told = -1;
    http = (struct http_options){.user_agent = options->user_agent,
                                 .cancelled = options->cancelled,
                                 .connect_timeout_ms = registry->options.connect_timeout_ms,
                                 .stall_timeout_ms = registry->options.stall_timeout_ms};
    registry->settings = registry_settings_new(options->config_dirs, err);
    registry->credentials = credentials_new();
    if (!registry->settings || credentials_read_files(registry->credentials, err) < 0)
        return NULL;
    registry->sites = registry_sites_new(registry->settings);
    registry->http = http_new(&http, err);
    if (!registry->http)
        return NULL;
    registry->auth = registry_auth_new(registry->http, registry->sites, registry->credentials,
                                       &registry->options);
    return steal(registry);
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    registry_auth_free(registry->auth);
    http_free(registry->http);
    registry_sites_free(registry->sites);
    credentials_free(registry->credentials);
    registry_settings_free(registry->settings);
    free(registry);
}

/* Manifests ---------------------------------------------------------------------------------------
 */

static const char *reference_name(const struct image_reference *reference)
{
    return reference->digest ? reference->digest : reference->tag ? reference->tag : "latest";
}

static struct registry_call manifest_call(const struct registry_source *source,
                                          enum http_method method,
                                          const struct image_reference *reference,
                                          struct arena *arena)
{
    static const char *const headers[] = {manifest_type_accept, NULL};

    return (struct registry_call){.site = source->site,
                                  .repository = source->repository,
                                  .scopes = source->scopes,
                                  .path = arena_printf(arena, "%s/manifests/%s", source->repository,
                                                       reference_name(reference)),
                                  .request = {.method = method,
                                              .headers = headers,
                                              .limit_bytes = LIMIT_IMAGE_DOCUMENT_BYTES,
                                              .timeout_ms = LIMIT_DOCUMENT_MS}};
}

/* The digest that is claimed has to be that of the bytes; other algorithms than ours are not known.
 */
static int check_digest(const char *digest, const char *claimed, const char *who, struct error *err)
{
    char words[100];

    if (!claimed || !string_starts_with(claimed, "sha256:") || string_eq(digest, claimed))
        return 0;
    plain_words(claimed, strlen(claimed), words, sizeof(words));
    return error_set(err, "manifest has digest %s, and %s says %s", digest, who, words);
}

static int manifest_take(const struct http_response *response,
                         const struct image_reference *reference, struct arena *arena,
                         struct registry_manifest *ret_manifest, struct error *err)
{
    struct registry_manifest manifest = {.exists = true, .length = response->body.length};
    char digest[IMAGE_DIGEST_SIZE];
    char *bytes = arena_alloc(arena, manifest.length + 1);

    memcpy(bytes, text_get(&response->body), manifest.length);
    image_digest_of_bytes(bytes, manifest.length, digest);
    if (check_digest(digest, reference->digest, "the reference", err) < 0 ||
        check_digest(digest, response->content_digest, "the registry", err) < 0 ||
        manifest_type_of(bytes, manifest.length, response->content_type, arena,
                         &manifest.media_type, err) < 0)
        return -1;
    manifest.bytes = bytes;
    manifest.digest = arena_strdup(arena, digest);
    *ret_manifest = manifest;
    return 0;
}

/* A quota that runs low is told once for each number. */
static void tell_quota(struct registry *registry, const struct registry_site *site,
                       const struct http_response *response)
{
    char words[REGISTRY_QUOTA_SIZE];
    long left;

    if (!registry_quota_is_low(response))
        return;
    registry_words_of_quota(response, words);
    left = strtol(words, NULL, 10);
    if (atomic_exchange(&registry->quota_told, left) != left)
        registry_notice(&registry->options, site->name, "%s", words);
}

/* What to ask for at one source, and what becomes of the answer. */
struct manifest_question {
    enum http_method method;
    const struct image_reference *reference;
    struct arena *arena;
};

/* Only what GET would tell as well is taken from HEAD; false when something is left out. */
static bool manifest_take_head(const struct http_response *response, struct arena *arena,
                               struct registry_manifest *ret_manifest)
{
    const char *type = manifest_type_plain(response->content_type, arena);

    if (!image_digest_is_valid(response->content_digest) || response->content_length < 0)
        return false;
    *ret_manifest =
        (struct registry_manifest){.exists = true,
                                   .length = (size_t)response->content_length,
                                   .media_type = type,
                                   .digest = arena_strdup(arena, response->content_digest)};
    return true;
}

static int manifest_ask(struct registry *registry, const struct manifest_question *question,
                        const struct registry_source *source,
                        struct registry_manifest *ret_manifest, struct error *err)
{
    struct registry_call call =
        manifest_call(source, question->method, question->reference, question->arena);
    struct manifest_question by_get = *question;
    struct http_response response = {0};
    bool complete = true;
    int result =
        registry_call_perform(registry, &call, source->is_mirror ? 2 : LIMIT_TRIES, &response, err);

    if (result == 0 && response.status == 404)
        *ret_manifest = (struct registry_manifest){0};
    else if (result == 0 && response.status != 200)
        result = registry_call_unexpected(registry, &call, &response, err);
    else if (result == 0 && question->method == HTTP_HEAD)
        complete = manifest_take_head(&response, question->arena, ret_manifest);
    else if (result == 0)
        result = manifest_take(&response, question->reference, question->arena, ret_manifest, err);
    tell_quota(registry, source->site, &response);
    http_response_done(&response);
    if (complete)
        return result;
    by_get.method = HTTP_GET;
    if (manifest_ask(registry, &by_get, source, ret_manifest, err) < 0)
        return -1;
    ret_manifest->bytes = NULL;
    return 0;
}

/* Mirrors that fail or do not have it are passed over; the registry itself decides. */
static int manifest_find(struct registry *registry, const struct manifest_question *question,
                         struct registry_manifest *ret_manifest, struct error *err)
{
    const struct image_reference *reference = question->reference;
    struct registry_manifest found = {0};
    struct registry_sources sources;

    if (registry_sources_of(registry, reference, true, question->arena, &sources, err) < 0)
        return error_wrap(err, "registry '%s'", reference->registry);
    for (size_t i = 0; i < sources.count && !found.exists; i++) {
        const struct registry_source *source = &sources.items[i];
        struct error problem = {0};

        if (manifest_ask(registry, question, source, &found, &problem) == 0)
            continue;
        if (!source->is_mirror) {
            (void)error_set(err, "%s", problem.text);
            return error_wrap(err, "registry '%s'", reference->registry);
        }
        registry_notice(&registry->options, reference->registry, "mirror '%s' is passed over: %s",
                        source->site->name, problem.text);
    }
    *ret_manifest = found;
    return 0;
}

int registry_get_manifest(struct registry *registry, const struct image_reference *reference,
                          struct arena *arena, struct registry_manifest *ret_manifest,
                          struct error *err)
{
    struct manifest_question question = {
        .method = HTTP_GET, .reference = reference, .arena = arena};

    return manifest_find(registry, &question, ret_manifest, err);
}

int registry_head_manifest(struct registry *registry, const struct image_reference *reference,
                           struct arena *arena, struct registry_manifest *ret_manifest,
                           struct error *err)
{
    struct manifest_question question = {
        .method = HTTP_HEAD, .reference = reference, .arena = arena};

    return manifest_find(registry, &question, ret_manifest, err);
}

static int manifest_put(struct registry *registry, const struct registry_call *call,
                        const char *digest, struct error *err)
{
    struct http_response response = {0};
    int result = registry_call_perform(registry, call, LIMIT_TRIES, &response, err);

    if (result == 0 && (response.status < 200 || response.status > 299))
        result = registry_call_unexpected(registry, call, &response, err);
    if (result == 0)
        result = check_digest(digest, response.content_digest, "the registry", err);
    http_response_done(&response);
    return result;
}

int registry_put_manifest(struct registry *registry, const struct image_reference *reference,
                          const void *bytes, size_t length, const char *media_type,
                          struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    char digest[IMAGE_DIGEST_SIZE];
    const char *const headers[] = {arena_printf(arena, "Content-Type: %s", media_type), NULL};
    struct registry_sources sources;
    struct registry_call call;

    image_digest_of_bytes(bytes, length, digest);
    if (registry_sources_of(registry, reference, false, arena, &sources, err) < 0)
        return error_wrap(err, "registry '%s'", reference->registry);
    call = manifest_call(&sources.items[0], HTTP_PUT, reference, arena);
    call.scopes = arena_printf(arena, "repository:%s:pull,push", reference->repository);
    call.request.headers = headers;
    call.request.body = (struct http_body){.bytes = bytes, .length = (int64_t)length};
    if (check_digest(digest, reference->digest, "the reference", err) < 0 ||
        manifest_put(registry, &call, digest, err) < 0)
        return error_wrap(err, "registry '%s'", reference->registry);
    return 0;
}
