/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of http and https: where one leads, seen from another.
 *
 * An address with a user or password in it, of another scheme, or with control characters or blanks
 * is refused. From https nothing leads to http.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_HTTP_URL_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_HTTP_URL_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/text.h"

struct http_url {
    const char *text; /* absolute, without fragment */
    bool secure;
    const char *host;      /* in lower case; IPv6 addresses in brackets */
    const char *authority; /* host, and ":port" unless it is the scheme's own */
};

/* `base` is where `text` was found when it may be relative, else NULL. */
MUST_CHECK int http_url_parse(const char *text, const struct http_url *base, struct arena *arena,
                              struct http_url *ret_url, struct error *err);

/* Same scheme, host and port: what may be told to one may be told to the other. */
bool http_url_same_origin(const struct http_url *a, const struct http_url *b);

/* Appends the value as it stands in a query or a form: what is not unreserved (RFC 3986, 2.3) as
 * %XX. */
void http_url_escape(const char *value, struct text *out);

/* Appends "name=value" with what belongs between (? or &); the value is escaped. */
const char *http_url_add_query(const char *url, const char *name, const char *value,
                               struct arena *arena);

#endif
