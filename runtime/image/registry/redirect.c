/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/redirect.h"

#include "runtime/image/registry/registry_limits.h"

static bool response_leads_on(const struct http_request *request,
                              const struct http_response *response)
{
    int status = response->status;

    return (request->method == HTTP_GET || request->method == HTTP_HEAD) && response->location &&
           (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

int redirect_perform(struct http *http, struct registry_sites *sites,
                     const struct http_request *request, const struct http_url *url,
                     struct http_response *response, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct http_request step = *request;
    struct http_url here = *url, there;
    struct registry_site *site;

    for (unsigned steps = 0;; steps++) {
        if (registry_sites_get(sites, here.authority, &site, err) < 0)
            return -1;
        step.url = here.text;
        step.tls = &site->tls;
        if (http_perform(http, &step, response, err) < 0)
            return steps > 0 ? error_wrap(err, "follow to 'http%s://%s'", here.secure ? "s" : "",
                                          here.authority)
                             : -1;
        if (!response_leads_on(request, response))
            return 0;
        response->failure = HTTP_FAILURE_REFUSED;
        if (steps == LIMIT_HTTP_REDIRECTS)
            return error_set(err, "follow more than %d redirections", LIMIT_HTTP_REDIRECTS);
        if (http_url_parse(response->location, &here, arena, &there, err) < 0)
            return error_wrap(err, "follow a redirection");
        if (!http_url_same_origin(&here, &there))
            step.authorization = NULL;
        here = there;
        http_response_done(response);
    }
}
