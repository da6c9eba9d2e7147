/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/http_url.h"

#include <ctype.h>
#include <string.h>

#include <curl/curl.h>

#include "common/text.h"
#include "runtime/image/registry/registry_limits.h"

DEFINE_SCOPED(CURLU *, curl_url_cleanup)

/* Copies one part into the arena; NULL when there is none. */
static const char *url_part(CURLU *handle, CURLUPart part, unsigned flags, struct arena *arena)
{
    const char *copy;
    char *value;

    if (curl_url_get(handle, part, &value, flags) != CURLUE_OK)
        return NULL;
    copy = arena_strdup(arena, value);
    curl_free(value);
    return copy;
}

static bool url_is_plain(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length > LIMIT_URL_BYTES)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isgraph((unsigned char)text[i]) || strchr("\\\"<>", text[i]))
            return false;
    return true;
}

static int url_split(CURLU *handle, struct arena *arena, struct http_url *ret_url,
                     struct error *err)
{
    const char *scheme = url_part(handle, CURLUPART_SCHEME, 0, arena);
    const char *host = url_part(handle, CURLUPART_HOST, 0, arena);
    const char *port = url_part(handle, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT, arena);
    char *lower;

    if (!scheme || !host || host[0] == '\0')
        return error_set(err, "address without a host");
    if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        return error_set(err, "address of scheme '%.20s', which is neither http nor https", scheme);
    lower = arena_strdup(arena, host);
    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    ret_url->secure = strcmp(scheme, "https") == 0;
    ret_url->host = lower;
    ret_url->authority = port ? arena_printf(arena, "%s:%s", lower, port) : lower;
    return 0;
}

int http_url_parse(const char *text, const struct http_url *base, struct arena *arena,
                   struct http_url *ret_url, struct error *err)
{
    scoped(curl_url_cleanup) CURLU *handle = curl_url();
    struct http_url url = {0};

    if (!handle)
        abort();
    if (!url_is_plain(text))
        return error_set(err, "address that is empty, too long or has characters that none has");
    if ((base && curl_url_set(handle, CURLUPART_URL, base->text, 0) != CURLUE_OK) ||
        curl_url_set(handle, CURLUPART_URL, text, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK)
        return error_set(err, "malformed address '%.200s'", text);
    if (url_split(handle, arena, &url, err) < 0)
        return -1;
    url.text = url_part(handle, CURLUPART_URL, 0, arena);
    if (!url.text || url_part(handle, CURLUPART_USER, 0, arena))
        return error_set(err, "malformed address '%.200s'", text);
    if (base && base->secure && !url.secure)
        return error_set(err, "address 'http://%s' without TLS, named over TLS", url.authority);
    *ret_url = url;
    return 0;
}

bool http_url_same_origin(const struct http_url *a, const struct http_url *b)
{
    return a->secure == b->secure && strcmp(a->authority, b->authority) == 0;
}

const char *http_url_add_query(const char *url, const char *name, const char *value,
                               struct arena *arena)
{
    char *escaped = curl_easy_escape(NULL, value, (int)strlen(value));
    const char *joined;

    if (!escaped)
        abort();
    joined = arena_printf(arena, "%s%c%s=%s", url, strchr(url, '?') ? '&' : '?', name, escaped);
    curl_free(escaped);
    return joined;
}
