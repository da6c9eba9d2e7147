/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP by libcurl: one network thread runs all transfers over shared connections (HTTP/2 where the
 * server speaks it); callers in other threads wait for theirs.
 *
 * One call is one exchange: redirects and authentication are the caller's decisions, so no
 * credential travels by itself. Only http and https are spoken. Proxies come from the environment
 * as curl reads it. http*.c and http_exchange.h are libcurl's one home.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_HTTP_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/text.h"

/* Borrowed for the life of the client. */
struct http_options {
    const char *user_agent;
    const atomic_bool *cancelled; /* ends every exchange; may be NULL */
    unsigned connect_timeout_ms;
    unsigned stall_timeout_ms; /* rounded up to whole seconds */
};

struct http;

struct http *http_new(const struct http_options *options, struct error *err);
/* No exchange may be running. */
void http_free(struct http *http);
DEFINE_SCOPED(struct http *, http_free)

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PATCH, HTTP_PUT };

const char *http_method_name(enum http_method method);

/* How a server proves who it is, and we to it. */
struct http_tls {
    bool insecure;                /* whoever answers is believed */
    const char *authorities;      /* certificates (PEM) besides the system's, or NULL */
    const char *certificate_file; /* PEM; or NULL */
    const char *key_file;
};

/* What is sent: memory, or `length` bytes of a file from `offset`. */
struct http_body {
    const void *bytes;
    int fd; /* when bytes is NULL and length is not 0 */
    int64_t offset, length;
    /* May be NULL; runs in the network thread. `sent` counts from the body's start and may go back.
     */
    void (*moved)(void *owner, int64_t sent);
    void *owner;
};

enum http_failure {
    HTTP_FAILURE_NONE,
    HTTP_FAILURE_CONNECT,   /* nobody answered; nothing was sent */
    HTTP_FAILURE_TLS,       /* the other side does not speak TLS as we do */
    HTTP_FAILURE_UNTRUSTED, /* its certificate proves nothing to us */
    HTTP_FAILURE_BROKEN,    /* connection lost, body short, nothing moved for too long */
    HTTP_FAILURE_REFUSED,   /* we do not take what came: too large, malformed, sink said no */
    HTTP_FAILURE_CANCELLED,
};

struct http_response {
    enum http_failure failure;
    int status;
    int64_t content_length; /* as the server announced it; -1: unknown */
    int retry_after_s;      /* 0: not said */
    struct text body;
    bool body_cut;                       /* of an error's body only the beginning is kept */
    struct string_list www_authenticate; /* one item a header */
    const char *location;                /* the texts live in the response's arena; NULL: none */
    const char *content_type;
    const char *content_range;
    const char *content_digest; /* Docker-Content-Digest */
    const char *range;          /* of an upload */
    const char *rate_limit, *rate_remaining;
    struct arena *arena;
};

void http_response_done(struct http_response *response);

/* Takes the body of a 2xx response in pieces, in the network thread; `response` has status and
 * headers. -1 with an error ends the exchange. */
struct http_sink {
    int (*take)(void *owner, const struct http_response *response, const void *bytes, size_t length,
                struct error *err);
    void *owner;
};

struct http_request {
    enum http_method method;
    const char *url;
    const char *authorization;  /* value of that header, or NULL */
    const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
    struct http_body body;
    struct http_sink sink;      /* without: the body is kept in memory */
    size_t limit_bytes;         /* of a 2xx body in memory; more is an error */
    unsigned timeout_ms;        /* for the whole exchange; 0: as long as bytes move */
    unsigned stall_timeout_ms;  /* 0: the client's */
    const struct http_tls *tls; /* NULL: the system's authorities */
    const atomic_bool *cancelled;
};

/*
 * Runs one exchange. Any complete answer is success, whatever its status; a larger error body than
 * is kept is cut. `response` is zeroed by the caller and released by it in every case; on failure
 * its `failure` says of which kind.
 */
MUST_CHECK int http_perform(struct http *http, const struct http_request *request,
                            struct http_response *response, struct error *err);

#endif
