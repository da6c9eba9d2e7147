/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/url_source.h"

#include <stdint.h>
#include <string.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/registry/http.h"
#include "runtime/image/registry/http_url.h"
#include "runtime/image/worker/registry_setup.h"

enum { REDIRECTS_MOST = 10, CONNECT_MS = 30 * 1000, STALL_MS = 60 * 1000 };

struct fetch {
    int fd;
    struct sha256 *hash;
    int64_t length;
};

bool url_source_is(const char *text)
{
    return string_starts_with(text, "http://") || string_starts_with(text, "https://");
}

int url_source_name(const char *url, struct arena *arena, const char **ret_name, struct error *err)
{
    const char *path = strstr(url, "://") + 3;
    size_t length = strcspn(path, "?#");
    const char *name = path_base_name(arena_strndup(arena, path, length));

    if (!memchr(path, '/', length) || !*name || string_eq(name, ".") || string_eq(name, ".."))
        return error_set(err, "'%s' has no file name; end the destination with one", url);
    *ret_name = name;
    return 0;
}

static int take(void *owner, const struct http_response *response UNUSED, const void *bytes,
                size_t length, struct error *err)
{
    struct fetch *fetch = owner;

    fetch->length += (int64_t)length;
    if (fetch->length > LIMIT_LAYER_BYTES)
        return error_set(err, "it is too large");
    sha256_update(fetch->hash, bytes, length);
    return fd_write_all(fetch->fd, bytes, length) < 0 ? error_sys(err, "write") : 0;
}

/* *ret_next: where it leads on, or NULL. */
static int exchange(struct http *http, struct fetch *fetch, const struct http_url *url,
                    const char **ret_next, struct arena *arena, struct error *err)
{
    const struct http_request request = {
        .method = HTTP_GET, .url = url->text, .sink = {take, fetch}};
    struct http_response response = {0};
    int result = http_perform(http, &request, &response, err);

    *ret_next = NULL;
    if (result == 0 && response.status >= 300 && response.status < 400 && response.location)
        *ret_next = arena_strdup(arena, response.location);
    else if (result == 0 && (response.status < 200 || response.status > 299))
        result = error_set(err, "the server answered %d", response.status);
    http_response_done(&response);
    return result;
}

static int follow(struct http *http, struct fetch *fetch, const char *text, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct http_url *url = NULL;

    for (unsigned steps = 0; text; steps++) {
        struct http_url *next = arena_new_object(arena, struct http_url);

        if (steps > REDIRECTS_MOST)
            return error_set(err, "there are more than %d redirections", REDIRECTS_MOST);
        if (http_url_parse(text, url, arena, next, err) < 0)
            return -1;
        url = next;
        if (exchange(http, fetch, url, &text, arena, err) < 0)
            return -1;
    }
    return 0;
}

int url_source_fetch(const char *url, const char *checksum, int fd,
                     char ret_digest[IMAGE_DIGEST_SIZE], struct error *err)
{
    const struct http_options options = {.user_agent = registry_user_agent(),
                                         .connect_timeout_ms = CONNECT_MS,
                                         .stall_timeout_ms = STALL_MS};
    scoped(http_free) struct http *http = http_new(&options, err);
    struct fetch fetch = {.fd = fd};
    char hex[SHA256_HEX_SIZE];
    int result;

    if (!http)
        return -1;
    fetch.hash = sha256_new();
    result = follow(http, &fetch, url, err);
    sha256_finish(fetch.hash, hex);
    image_digest_of_hex(hex, ret_digest);
    if (result == 0 && checksum && !string_eq(checksum, ret_digest))
        result = error_set(err, "its digest is '%s', not '%s'", ret_digest, checksum);
    return result < 0 ? error_wrap(err, "fetch '%s'", url) : 0;
}
