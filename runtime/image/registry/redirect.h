/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows where a server points to, for GET and HEAD.
 *
 * Authorization stays with the scheme, host and port it was meant for: it is dropped at the first
 * step elsewhere and does not come back. Each host is spoken to with its own certificates. https
 * never leads to http, and the way has at most LIMIT_HTTP_REDIRECTS steps.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_REDIRECT_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_REDIRECT_H

#include "runtime/image/registry/http.h"
#include "runtime/image/registry/http_url.h"
#include "runtime/image/registry/registry_site.h"

/* As http_perform(), at `url` (request->url and request->tls are ignored). Of a method that is not
 * followed the redirection itself is the answer. */
MUST_CHECK int redirect_perform(struct http *http, struct registry_sites *sites,
                                const struct http_request *request, const struct http_url *url,
                                struct http_response *response, struct error *err);

#endif
