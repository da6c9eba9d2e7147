/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/http_url.h"

#include <ctype.h>
#include <string.h>

#include "common/text.h"
#include "runtime/image/registry/libcurl.h"
#include "runtime/image/registry/registry_limits.h"

/* An address in libcurl's hands. */
struct url_parser {
    struct libcurl lib;
    CURLU *handle;
};

static void url_parser_done(struct url_parser *parser)
{
    if (parser->handle)
        parser->lib.curl_url_cleanup(parser->handle);
}

static int url_parser_init(struct url_parser *parser, struct error *err)
{
    if (libcurl_load(&parser->lib, err) < 0)
        return -1;
    parser->handle = parser->lib.curl_url();
    if (!parser->handle)
        abort();
    return 0;
}

static bool url_parser_set(struct url_parser *parser, CURLUPart part, const char *value,
                           unsigned flags)
{
    return parser->lib.curl_url_set(parser->handle, part, value, flags) == CURLUE_OK;
}

/* Copies one part into the arena; NULL when there is none. */
static const char *url_part(const struct url_parser *parser, CURLUPart part, unsigned flags,
                            struct arena *arena)
{
    const char *copy;
    char *value;

    if (parser->lib.curl_url_get(parser->handle, part, &value, flags) != CURLUE_OK)
        return NULL;
    copy = arena_strdup(arena, value);
    parser->lib.curl_free(value);
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

static int url_split(const struct url_parser *parser, struct arena *arena, struct http_url *ret_url,
                     struct error *err)
{
    const char *scheme = url_part(parser, CURLUPART_SCHEME, 0, arena);
    const char *host = url_part(parser, CURLUPART_HOST, 0, arena);
    const char *port = url_part(parser, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT, arena);
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

static int url_read(struct url_parser *parser, const char *text, const struct http_url *base,
                    struct arena *arena, struct http_url *ret_url, struct error *err)
{
    struct http_url url = {0};

    if ((base && !url_parser_set(parser, CURLUPART_URL, base->text, 0)) ||
        !url_parser_set(parser, CURLUPART_URL, text, CURLU_DISALLOW_USER) ||
        !url_parser_set(parser, CURLUPART_FRAGMENT, NULL, 0))
        return error_set(err, "malformed address '%.200s'", text);
    if (url_split(parser, arena, &url, err) < 0)
        return -1;
    url.text = url_part(parser, CURLUPART_URL, 0, arena);
    if (!url.text || url_part(parser, CURLUPART_USER, 0, arena))
        return error_set(err, "malformed address '%.200s'", text);
    if (base && base->secure && !url.secure)
        return error_set(err, "address 'http://%s' without TLS, named over TLS", url.authority);
    *ret_url = url;
    return 0;
}

int http_url_parse(const char *text, const struct http_url *base, struct arena *arena,
                   struct http_url *ret_url, struct error *err)
{
    struct url_parser parser = {0};
    int result;

    if (!url_is_plain(text))
        return error_set(err, "address that is empty, too long or has characters that none has");
    result = url_parser_init(&parser, err);
    if (result == 0)
        result = url_read(&parser, text, base, arena, ret_url, err);
    url_parser_done(&parser);
    return result;
}

bool http_url_same_origin(const struct http_url *a, const struct http_url *b)
{
    return a->secure == b->secure && strcmp(a->authority, b->authority) == 0;
}

void http_url_escape(const char *value, struct text *out)
{
    for (; *value; value++) {
        if (isalnum((unsigned char)*value) || strchr("-._~", *value))
            text_append_char(out, *value);
        else
            text_appendf(out, "%%%02X", (unsigned char)*value);
    }
}

const char *http_url_add_query(const char *url, const char *name, const char *value,
                               struct arena *arena)
{
    scoped_text struct text escaped = {0};

    http_url_escape(value, &escaped);
    return arena_printf(arena, "%s%c%s=%s", url, strchr(url, '?') ? '&' : '?', name,
                        text_get(&escaped));
}
