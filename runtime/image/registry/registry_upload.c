/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs go up in a session: POST opens it and names its address, which changes with each answer.
 *
 *     POST --> PUT all at once -------------------------------------------------> 201
 *                |  lost half way: GET the session tells how much there is
 *                |  too large for one piece (413), not known (404, 405, 411, 415)
 *                +--> PATCH piece by piece, each with its Content-Range --> PUT --> 201
 *
 * A session that the registry forgot is opened anew.
 */
#include "runtime/image/registry/registry.h"

#include <stdio.h>
#include <string.h>

#include "runtime/image/image_digest.h"
#include "runtime/image/registry/registry_call.h"
#include "runtime/image/registry/registry_limits.h"
#include "runtime/image/registry/retry.h"

enum {
    PIECE_BYTES = 16 * 1024 * 1024,   /* small enough for proxies that limit bodies */
    PROGRESS_BYTES = 1024 * 1024,     /* so much makes earlier failures forgotten */
    COMMIT_STALL_MS = 15 * 60 * 1000, /* registries copy a blob before they answer */
};

struct session {
    struct registry *registry;
    const struct registry_upload *upload;
    struct registry_site *site;
    struct arena *arena;
    const char *repository;
    const char *scopes;
    const char *url; /* where the session is by now */
    int64_t sent;    /* bytes that the registry has */
    int64_t piece_from;
    bool in_pieces;
};

static struct registry_call session_call(const struct session *session, enum http_method method)
{
    return (struct registry_call){.site = session->site,
                                  .repository = session->repository,
                                  .scopes = session->scopes,
                                  .url = session->url,
                                  .stay = true,
                                  .request = {.method = method,
                                              .limit_bytes = LIMIT_HTTP_ERROR_BYTES,
                                              .timeout_ms = LIMIT_DOCUMENT_MS,
                                              .cancelled = session->upload->progress.cancelled}};
}

static void on_piece_moved(void *owner, int64_t sent)
{
    const struct session *session = owner;
    const struct registry_progress *progress = &session->upload->progress;

    if (progress->moved)
        progress->moved(progress->owner, session->piece_from + sent);
}

/* The answer's Location is where the session goes on; it may be relative to where it was. */
static int session_move(struct session *session, const struct http_url *base,
                        const struct http_response *response, struct error *err)
{
    struct http_url next;

    if (!response->location)
        return session->url ? 0 : error_set(err, "it opens an upload and does not say where");
    if (http_url_parse(response->location, base, session->arena, &next, err) < 0)
        return error_wrap(err, "it sends the upload to a wrong place");
    session->url = next.text;
    return 0;
}

static int session_follow(struct session *session, const struct http_response *response,
                          struct error *err)
{
    struct http_url base;

    if (http_url_parse(session->url, NULL, session->arena, &base, err) < 0)
        return -1;
    return session_move(session, &base, response, err);
}

/* Opening -----------------------------------------------------------------------------------------
 */

/* `query` may mount; *ret_mounted says whether that was done. */
static int session_open(struct session *session, const char *query, bool *ret_mounted,
                        struct error *err)
{
    struct registry_call call = session_call(session, HTTP_POST);
    struct http_response response = {0};
    struct http_url base;
    int result;

    *ret_mounted = false;
    session->url = NULL;
    session->sent = 0;
    call.url = NULL;
    call.path = arena_printf(session->arena, "%s/blobs/uploads/%s", session->repository, query);
    result = registry_call_perform(session->registry, &call, LIMIT_TRIES, &response, err);
    if (result == 0 && response.status == 201)
        *ret_mounted = query[0] != '\0';
    if (result == 0 && !*ret_mounted && response.status != 202)
        result = registry_call_unexpected(session->registry, &call, &response, err);
    if (result == 0 && !*ret_mounted)
        result = registry_call_url(session->site, call.path, session->arena, &base, err);
    if (result == 0 && !*ret_mounted)
        result = session_move(session, &base, &response, err);
    http_response_done(&response);
    return result;
}

/* Another repository's blob; where that may not be read, the upload is an ordinary one. */
static int session_open_or_mount(struct session *session, bool *ret_mounted, struct error *err)
{
    const struct registry_upload *upload = session->upload;
    const char *scopes = session->scopes;
    const char *query = "";
    int result;

    if (!upload->mount_from)
        return session_open(session, "", ret_mounted, err);
    query = http_url_add_query(query, "mount", upload->blob.digest, session->arena);
    query = http_url_add_query(query, "from", upload->mount_from, session->arena);
    session->scopes =
        arena_printf(session->arena, "%s repository:%s:pull", scopes, upload->mount_from);
    result = session_open(session, query, ret_mounted, NULL);
    session->scopes = scopes;
    return result == 0 ? 0 : session_open(session, "", ret_mounted, err);
}

/* Sending -----------------------------------------------------------------------------------------
 */

/* "0-99", also "bytes=0-99", is 100 bytes. */
static bool range_length(const char *text, int64_t *ret_length)
{
    long long first, last;

    if (!text)
        return false;
    if (string_starts_with(text, "bytes="))
        text += strlen("bytes=");
    if (sscanf(text, "%lld-%lld", &first, &last) != 2 || first != 0 || last < 0)
        return false;
    *ret_length = last + 1;
    return true;
}

/* Asks how much of it the registry has; false when the session is lost. */
static bool session_ask(struct session *session)
{
    struct registry_call call = session_call(session, HTTP_GET);
    struct http_response response = {0};
    int64_t length = 0;
    bool known =
        registry_call_perform(session->registry, &call, LIMIT_TRIES, &response, NULL) == 0 &&
        (response.status == 204 || response.status == 202) &&
        session_follow(session, &response, NULL) == 0;

    /* "0-0" stands for nothing as well as for one byte: the byte is sent again then, or refused. */
    if (known && range_length(response.range, &length) && length > 1 &&
        length <= session->upload->blob.size)
        session->sent = length;
    else
        session->sent = 0;
    http_response_done(&response);
    return known;
}

/* Whether the answer says that pieces might be taken where the whole was not. */
static bool status_wants_pieces(int status)
{
    return status == 404 || status == 405 || status == 411 || status == 413 || status == 415;
}

static int session_perform(struct session *session, struct registry_call *call,
                           struct http_response *response, struct error *err)
{
    struct http_body *body = &call->request.body;

    body->fd = session->upload->fd;
    body->moved = on_piece_moved;
    body->owner = session;
    session->piece_from = body->offset;
    call->request.timeout_ms = 0;
    call->request.stall_timeout_ms = COMMIT_STALL_MS;
    return registry_call_once(session->registry, call, response, err);
}

/* The end of it: what is left, or nothing, and the digest. */
static int session_put(struct session *session, struct http_response *response, struct error *err)
{
    const struct registry_blob *blob = &session->upload->blob;
    static const char *const headers[] = {"Content-Type: application/octet-stream", NULL};
    struct registry_call call = session_call(session, HTTP_PUT);

    call.url = http_url_add_query(session->url, "digest", blob->digest, session->arena);
    call.request.headers = headers;
    call.request.body.offset = session->sent;
    call.request.body.length = blob->size - session->sent;
    if (session_perform(session, &call, response, err) < 0)
        return -1;
    if (response->status == 201 || response->status == 204) {
        session->sent = blob->size;
        return 0;
    }
    return registry_call_unexpected(session->registry, &call, response, err);
}

static int session_patch(struct session *session, struct http_response *response, struct error *err)
{
    int64_t left = session->upload->blob.size - session->sent;
    int64_t length = left < PIECE_BYTES ? left : PIECE_BYTES;
    char range[64];
    const char *const headers[] = {"Content-Type: application/octet-stream", range, NULL};
    struct registry_call call = session_call(session, HTTP_PATCH);
    int64_t taken;

    (void)snprintf(range, sizeof(range), "Content-Range: %lld-%lld", (long long)session->sent,
                   (long long)(session->sent + length - 1));
    call.request.headers = headers;
    call.request.body.offset = session->sent;
    call.request.body.length = length;
    if (session_perform(session, &call, response, err) < 0)
        return -1;
    if (response->status != 202)
        return registry_call_unexpected(session->registry, &call, response, err);
    taken = session->sent + length;
    if (range_length(response->range, &taken) && taken <= session->sent)
        return error_set(err, "it took a piece and has no more than before");
    if (taken > session->sent + length)
        return error_set(err, "it says to have more than it was sent");
    session->sent = taken;
    return session_follow(session, response, err);
}

/* One request; *ret_done when the blob is committed. */
static int session_step(struct session *session, struct http_response *response, bool *ret_done,
                        struct error *err)
{
    bool all_at_once = !session->in_pieces || session->sent == session->upload->blob.size;
    int result;

    *ret_done = false;
    if (!all_at_once)
        return session_patch(session, response, err);
    result = session_put(session, response, err);
    *ret_done = result == 0;
    return result;
}

/* After a failed step: whether there is a way on. */
static bool session_recover(struct session *session, struct retry *retry,
                            const struct http_response *response, const struct error *why)
{
    bool wants_pieces = response->failure == HTTP_FAILURE_NONE && !session->in_pieces &&
                        status_wants_pieces(response->status);
    bool lost = response->status == 416 || (response->status == 404 && session->in_pieces);
    bool out_of_step =
        response->failure == HTTP_FAILURE_NONE && lost && retry->failed++ < retry->max_tries;
    bool mounted;

    if (!wants_pieces && !out_of_step && !retry_again(retry, response, why))
        return false;
    if (wants_pieces || response->failure == HTTP_FAILURE_BROKEN || out_of_step)
        session->in_pieces = true; /* what is there counts */
    if (!wants_pieces && session_ask(session))
        return true;
    return session_open(session, "", &mounted, NULL) == 0;
}

static int session_run(struct session *session, struct error *err)
{
    struct retry retry = {.options = &session->registry->options,
                          .registry = session->site->name,
                          .cancelled = session->upload->progress.cancelled,
                          .max_tries = LIMIT_TRIES};
    struct error problem = {0};
    bool done = false, way_on = true;

    while (!done && way_on) {
        struct http_response response = {0};
        int64_t before = session->sent;

        if (session_step(session, &response, &done, &problem) < 0)
            way_on = session_recover(session, &retry, &response, &problem);
        if (session->sent - before >= PROGRESS_BYTES)
            retry.failed = 0;
        http_response_done(&response);
    }
    if (done)
        return 0;
    if (err)
        *err = problem;
    return -1;
}

/* Interface ---------------------------------------------------------------------------------------
 */

static int blob_head(struct registry *registry, const struct registry_source *source,
                     const struct registry_blob *blob, bool *ret_exists, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct registry_call call = {
        .site = source->site,
        .repository = source->repository,
        .scopes = source->scopes,
        .path = arena_printf(arena, "%s/blobs/%s", source->repository, blob->digest),
        .stay = true,
        .request = {.method = HTTP_HEAD, .timeout_ms = LIMIT_DOCUMENT_MS}};
    struct http_response response = {0};
    int result = registry_call_perform(registry, &call, LIMIT_TRIES, &response, err);

    /* A redirection leads to the storage that has it. */
    *ret_exists = result == 0 && response.status >= 200 && response.status < 400;
    if (result == 0 && !*ret_exists && response.status != 404)
        result = registry_call_unexpected(registry, &call, &response, err);
    http_response_done(&response);
    return result;
}

int registry_has_blob(struct registry *registry, const struct image_reference *reference,
                      const struct registry_blob *blob, bool *ret_exists, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct registry_sources sources;

    if (image_digest_check(blob->digest, err) < 0 ||
        registry_sources_of(registry, reference, false, arena, &sources, err) < 0 ||
        blob_head(registry, &sources.items[0], blob, ret_exists, err) < 0) {
        error_wrap(err, "ask for blob '%s'", blob->digest);
        return error_wrap(err, "registry '%s'", reference->registry);
    }
    return 0;
}

static int upload_at(struct registry *registry, struct registry_source *source,
                     const struct registry_upload *upload, enum registry_outcome *ret_outcome,
                     struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct session session = {.registry = registry,
                              .upload = upload,
                              .site = source->site,
                              .arena = arena,
                              .repository = source->repository,
                              .scopes = source->scopes};
    bool exists, mounted;

    if (blob_head(registry, source, &upload->blob, &exists, err) < 0)
        return -1;
    *ret_outcome = REGISTRY_EXISTED;
    if (exists)
        return 0;
    if (session_open_or_mount(&session, &mounted, err) < 0)
        return -1;
    *ret_outcome = REGISTRY_MOUNTED;
    if (mounted)
        return 0;
    *ret_outcome = REGISTRY_UPLOADED;
    return session_run(&session, err);
}

int registry_upload_blob(struct registry *registry, const struct image_reference *reference,
                         const struct registry_upload *upload, enum registry_outcome *ret_outcome,
                         struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    enum registry_outcome outcome;
    struct registry_sources sources;

    if (image_digest_check(upload->blob.digest, err) < 0 ||
        registry_sources_of(registry, reference, false, arena, &sources, err) < 0)
        return error_wrap(err, "registry '%s'", reference->registry);
    sources.items[0].scopes = arena_printf(arena, "repository:%s:pull,push", reference->repository);
    if (upload_at(registry, &sources.items[0], upload, &outcome, err) < 0) {
        error_wrap(err, "blob '%s'", upload->blob.digest);
        return error_wrap(err, "registry '%s'", reference->registry);
    }
    *ret_outcome = outcome;
    return 0;
}
