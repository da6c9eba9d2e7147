/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs come down in pieces: each try asks for what is missing. A server that knows Range sends
 * that (206); one that does not starts at the beginning (200), and the bytes that are there already
 * are passed over. Either way the file only grows, and never beyond its size.
 */
#include "runtime/image/registry/registry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/image/image_digest.h"
#include "runtime/image/registry/registry_call.h"
#include "runtime/image/registry/registry_limits.h"
#include "runtime/image/registry/retry.h"

enum {
    MIRROR_TRIES = 2,
    PROGRESS_BYTES = 1024 * 1024, /* so much makes earlier failures forgotten */
};

struct download {
    struct registry *registry;
    const struct registry_blob *blob;
    const struct registry_progress *progress;
    int fd;
    int64_t have; /* written by the network thread while a call runs, read between calls */
    int64_t asked_from;
    bool begun;   /* the answer's head was checked */
    int64_t skip; /* bytes of the body that are there already */
};

/* "bytes FIRST-LAST/TOTAL", TOTAL perhaps "*". */
static bool range_is(const char *text, int64_t first, int64_t total)
{
    long long got_first, got_last, got_total = total;
    int length = 0;

    if (!text || sscanf(text, "bytes %lld-%lld/%n", &got_first, &got_last, &length) < 2 ||
        length == 0)
        return false;
    if (strcmp(text + length, "*") != 0 && sscanf(text + length, "%lld", &got_total) != 1)
        return false;
    return got_first == first && got_last < total && got_last >= first && got_total == total;
}

static int download_begin(struct download *download, const struct http_response *response,
                          struct error *err)
{
    int64_t size = download->blob->size;
    int64_t length = response->content_length;

    download->begun = true;
    download->skip = 0;
    if (response->status == 206) {
        if (!range_is(response->content_range, download->asked_from, size))
            return error_set(err, "it was asked for bytes from %lld on, of %lld, and sends others",
                             (long long)download->asked_from, (long long)size);
        return 0;
    }
    download->skip = download->asked_from;
    if (length >= 0 && length != size)
        return error_set(err, "it has %lld bytes, not %lld", (long long)length, (long long)size);
    return 0;
}

static int download_write(struct download *download, const char *bytes, size_t length,
                          struct error *err)
{
    while (length > 0) {
        ssize_t n = pwrite(download->fd, bytes, length, download->have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_sys(err, "write what came");
        bytes += n;
        length -= (size_t)n;
        download->have += n;
    }
    if (download->progress && download->progress->moved)
        download->progress->moved(download->progress->owner, download->have);
    return 0;
}

static int download_take(void *owner, const struct http_response *response, const void *bytes,
                         size_t length, struct error *err)
{
    struct download *download = owner;
    size_t passed;

    if (!download->begun && download_begin(download, response, err) < 0)
        return -1;
    passed = download->skip < (int64_t)length ? (size_t)download->skip : length;
    download->skip -= (int64_t)passed;
    length -= passed;
    if ((int64_t)length > download->blob->size - download->have)
        return error_set(err, "it sends more than its %lld bytes", (long long)download->blob->size);
    return download_write(download, (const char *)bytes + passed, length, err);
}

/* What an answer is worth when the file is not complete with it. Failures that another try may mend
 * are marked as broken. */
static int download_judge(const struct download *download, const struct registry_call *call,
                          struct http_response *response, struct error *err)
{
    if (response->status != 200 && response->status != 206)
        return registry_call_unexpected(download->registry, call, response, err);
    response->failure = HTTP_FAILURE_BROKEN;
    return error_set(err, "the blob ends after %lld of %lld bytes", (long long)download->have,
                     (long long)download->blob->size);
}

static int download_try(struct download *download, const struct registry_call *call,
                        struct http_response *response, struct error *err)
{
    char range[64];
    const char *const headers[] = {download->have > 0 ? range : NULL, NULL};
    struct registry_call try = *call;

    (void)snprintf(range, sizeof(range), "Range: bytes=%lld-%lld", (long long)download->have,
                   (long long)download->blob->size - 1);
    download->asked_from = download->have;
    download->begun = false;
    try.request.method = HTTP_GET;
    try.request.headers = headers;
    try.request.sink = (struct http_sink){.take = download_take, .owner = download};
    try.request.cancelled = download->progress ? download->progress->cancelled : NULL;
    return registry_call_once(download->registry, &try, response, err);
}

/* All tries at one place. */
static int download_from(struct download *download, const struct registry_call *call,
                         unsigned max_tries, struct error *err)
{
    struct retry retry = {.options = &download->registry->options,
                          .registry = call->site->name,
                          .cancelled = download->progress ? download->progress->cancelled : NULL,
                          .max_tries = max_tries};
    struct error problem = {0};
    bool again = true;

    while (download->have < download->blob->size && again) {
        struct http_response response = {0};
        int64_t before = download->have;

        if (download_try(download, call, &response, &problem) == 0 &&
            download->have < download->blob->size)
            (void)download_judge(download, call, &response, &problem);
        if (download->have - before >= PROGRESS_BYTES)
            retry.failed = 0;
        again = download->have < download->blob->size && retry_again(&retry, &response, &problem);
        http_response_done(&response);
    }
    if (download->have == download->blob->size)
        return 0;
    if (err)
        *err = problem;
    return -1;
}

static int download_from_source(struct download *download, const struct registry_source *source,
                                struct arena *arena, struct error *err)
{
    struct registry_call call = {
        .site = source->site,
        .repository = source->repository,
        .scopes = source->scopes,
        .path = arena_printf(arena, "%s/blobs/%s", source->repository, download->blob->digest)};

    return download_from(download, &call, source->is_mirror ? MIRROR_TRIES : LIMIT_TRIES, err);
}

static int download_from_url(struct download *download, const struct registry_source *origin,
                             const char *url, struct error *err)
{
    struct registry_call call = {.site = origin->site,
                                 .repository = origin->repository,
                                 .scopes = origin->scopes,
                                 .url = url,
                                 .anonymous = true};

    return download_from(download, &call, MIRROR_TRIES, err);
}

/* Mirrors, the registry, and then where its descriptor says that others have it. The registry's
 * own failure is the one to tell. */
static int download_from_anywhere(struct download *download, const struct registry_sources *sources,
                                  struct arena *arena, struct error *err)
{
    const struct registry_source *origin = &sources->items[sources->count - 1];
    const struct registry_options *options = &download->registry->options;
    struct error problem = {0};

    for (size_t i = 0; i < sources->count; i++) {
        const struct registry_source *source = &sources->items[i];

        if (download_from_source(download, source, arena, &problem) == 0)
            return 0;
        if (source->is_mirror)
            registry_notice(options, origin->site->name, "mirror '%s' is passed over: %s",
                            source->site->name, problem.text);
    }
    for (const char *const *url = download->blob->urls; url && *url; url++)
        if (download_from_url(download, origin, *url, NULL) == 0)
            return 0;
    return error_set(err, "%s", problem.text);
}

int registry_download_blob(struct registry *registry, const struct image_reference *reference,
                           const struct registry_blob *blob, int fd,
                           const struct registry_progress *progress, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct download download = {.registry = registry, .blob = blob, .progress = progress, .fd = fd};
    struct registry_sources sources;
    struct stat status;

    if (image_digest_check(blob->digest, err) < 0)
        return -1;
    if (fstat(fd, &status) < 0)
        return error_sys(err, "look at the file of blob '%s'", blob->digest);
    download.have = status.st_size;
    if (download.have > blob->size)
        return error_set(err, "the file of blob '%s' has more than its %lld bytes", blob->digest,
                         (long long)blob->size);
    if (registry_sources_of(registry, reference, !blob->skip_mirrors, arena, &sources, err) < 0 ||
        download_from_anywhere(&download, &sources, arena, err) < 0) {
        error_wrap(err, "blob '%s'", blob->digest);
        return error_wrap(err, "registry '%s'", reference->registry);
    }
    return 0;
}
