/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange as libcurl sees it: what is sent, and where the answer goes. Used by http.c alone.
 *
 * Set up in the caller's thread; from then until it is finished the network thread alone touches
 * it and the response behind it.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_HTTP_EXCHANGE_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_HTTP_EXCHANGE_H

#include "runtime/image/registry/http.h"
#include "runtime/image/registry/libcurl.h"

struct http_exchange {
    const struct libcurl *lib;
    const struct http_options *options;
    const struct http_request *request;
    struct http_response *response;
    CURL *easy;
    struct curl_slist *headers;
    char words[CURL_ERROR_SIZE]; /* libcurl's */
    struct error problem;        /* ours, said in a callback */
    size_t header_bytes;
    int64_t sent;

    struct http_exchange *next; /* in a list of http.c */
    bool finished;
};

/* What it is given is borrowed until it is done. */
void http_exchange_init(struct http_exchange *exchange, const struct libcurl *lib,
                        const struct http_options *options, const struct http_request *request,
                        struct http_response *response);
void http_exchange_done(struct http_exchange *exchange);

/* Whether somebody wants this to end. */
bool http_exchange_is_cancelled(const struct http_exchange *exchange);

/* Fills in the rest of the response. Whether it is complete is known by failure and problem. */
void http_exchange_finish(struct http_exchange *exchange, CURLcode result);

#endif
