/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/http_exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/file.h"
#include "runtime/image/registry/plain_words.h"
#include "runtime/image/registry/registry_limits.h"

enum {
    RECEIVE_BUFFER_BYTES = 256 * 1024,
    SLOWEST_BYTES_PER_S = 256, /* less than this is a stall */
};

const char *http_method_name(enum http_method method)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PATCH", "PUT"};

    return names[method];
}

/* Host and port within the request's address, for messages. */
static const char *exchange_authority(const struct http_exchange *exchange, int *ret_length)
{
    const char *text = strstr(exchange->request->url, "://");

    text = text ? text + 3 : exchange->request->url;
    *ret_length = (int)strcspn(text, "/?#");
    return text;
}

/* Headers and body ------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    size_t offset;
} kept_headers[] = {
    {"Location", offsetof(struct http_response, location)},
    {"Content-Type", offsetof(struct http_response, content_type)},
    {"Content-Range", offsetof(struct http_response, content_range)},
    {"Docker-Content-Digest", offsetof(struct http_response, content_digest)},
    {"Range", offsetof(struct http_response, range)},
    {"RateLimit-Limit", offsetof(struct http_response, rate_limit)},
    {"RateLimit-Remaining", offsetof(struct http_response, rate_remaining)},
};

static void response_keep_header(struct http_response *response, const char *name,
                                 const char *value)
{
    if (strcasecmp(name, "WWW-Authenticate") == 0)
        string_list_add(response->arena, &response->www_authenticate, value);
    for (size_t i = 0; i < ARRAY_LENGTH(kept_headers); i++)
        if (strcasecmp(name, kept_headers[i].name) == 0)
            memcpy((char *)response + kept_headers[i].offset, &value, sizeof(value));
}

/* A new status line: what an interim answer (100) said does not count. */
static void response_forget_headers(struct http_response *response)
{
    response->www_authenticate = (struct string_list){0};
    for (size_t i = 0; i < ARRAY_LENGTH(kept_headers); i++)
        memset((char *)response + kept_headers[i].offset, 0, sizeof(const char *));
}

static void response_take_line(struct http_response *response, const char *line, size_t length)
{
    char *name, *value;
    const char *colon;

    while (length > 0 && strchr(" \t\r\n", line[length - 1]))
        length--;
    colon = memchr(line, ':', length);
    if (!colon)
        return;
    name = arena_strndup(response->arena, line, (size_t)(colon - line));
    colon++;
    value = arena_strndup(response->arena, colon, (size_t)(line + length - colon));
    response_keep_header(response, name, value + strspn(value, " \t"));
}

static void exchange_note_length(struct http_exchange *exchange)
{
    curl_off_t length = -1;

    (void)exchange->lib->curl_easy_getinfo(exchange->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                                           &length);
    exchange->response->content_length = length;
}

static size_t exchange_on_header(char *line, size_t size, size_t count, void *owner)
{
    struct http_exchange *exchange = owner;
    size_t length = size * count;
    long status = 0;

    exchange->header_bytes += length;
    if (exchange->header_bytes > LIMIT_HTTP_HEADER_BYTES) {
        error_set(&exchange->problem, "headers of more than %d bytes", LIMIT_HTTP_HEADER_BYTES);
        return 0;
    }
    if (length >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        response_forget_headers(exchange->response);
        (void)exchange->lib->curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
        exchange->response->status = (int)status;
        return length;
    }
    response_take_line(exchange->response, line, length);
    if (line[0] == '\r' || line[0] == '\n')
        exchange_note_length(exchange);
    return length;
}

static bool response_is_success(const struct http_response *response)
{
    return response->status >= 200 && response->status < 300;
}

/* 0 ends the exchange. */
static size_t exchange_keep_body(struct http_exchange *exchange, const char *bytes, size_t length)
{
    struct http_response *response = exchange->response;
    bool success = response_is_success(response);
    size_t limit = success ? exchange->request->limit_bytes : LIMIT_HTTP_ERROR_BYTES;

    if (length <= limit - response->body.length) {
        text_append_bytes(&response->body, bytes, length);
        return length;
    }
    if (success) {
        error_set(&exchange->problem, "answer of more than %zu bytes", limit);
        return 0;
    }
    text_append_bytes(&response->body, bytes, limit - response->body.length);
    response->body_cut = true;
    return 0;
}

static size_t exchange_on_body(char *bytes, size_t size, size_t count, void *owner)
{
    struct http_exchange *exchange = owner;
    const struct http_sink *sink = &exchange->request->sink;
    struct http_response *response = exchange->response;
    size_t length = size * count;

    if (length == 0)
        return 0;
    if (!sink->take || !response_is_success(response))
        return exchange_keep_body(exchange, bytes, length);
    return sink->take(sink->owner, response, bytes, length, &exchange->problem) < 0 ? 0 : length;
}

/* What is sent ----------------------------------------------------------------------------------
 */

static size_t exchange_on_read(char *buffer, size_t size, size_t count, void *owner)
{
    struct http_exchange *exchange = owner;
    const struct http_body *body = &exchange->request->body;
    size_t room = size * count;
    ssize_t n;

    if ((int64_t)room > body->length - exchange->sent)
        room = (size_t)(body->length - exchange->sent);
    do
        n = room > 0 ? pread(body->fd, buffer, room, body->offset + exchange->sent) : 0;
    while (n < 0 && errno == EINTR);
    if (n < 0 || (n == 0 && room > 0)) {
        error_set(&exchange->problem, "read what is to be sent: %s",
                  n < 0 ? strerror(errno) : "file is shorter than it was");
        return CURL_READFUNC_ABORT;
    }
    exchange->sent += n;
    if (body->moved)
        body->moved(body->owner, exchange->sent);
    return (size_t)n;
}

/* libcurl would send it all again when a connection that it kept is lost at once. The other side
 * may have taken a part by then: our caller asks it. */
static int exchange_on_seek(void *owner, curl_off_t offset, int origin)
{
    const struct http_exchange *exchange = owner;

    return origin == SEEK_SET && offset == exchange->sent ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

/* libcurl reads each value as the type that belongs to the option. */
static void exchange_set_number(struct http_exchange *exchange, CURLoption option, long value)
{
    (void)exchange->lib->curl_easy_setopt(exchange->easy, option, value);
}

static void exchange_set_size(struct http_exchange *exchange, CURLoption option, curl_off_t value)
{
    (void)exchange->lib->curl_easy_setopt(exchange->easy, option, value);
}

static void exchange_set_text(struct http_exchange *exchange, CURLoption option, const char *value)
{
    (void)exchange->lib->curl_easy_setopt(exchange->easy, option, value);
}

static void exchange_set_owner(struct http_exchange *exchange, CURLoption option)
{
    (void)exchange->lib->curl_easy_setopt(exchange->easy, option, exchange);
}

static void exchange_set_method(struct http_exchange *exchange)
{
    const struct http_request *request = exchange->request;
    const struct http_body *body = &request->body;

    if (request->method == HTTP_GET)
        return;
    if (request->method == HTTP_HEAD) {
        exchange_set_number(exchange, CURLOPT_NOBODY, 1);
        return;
    }
    if (body->bytes || body->length == 0) {
        exchange_set_number(exchange, CURLOPT_POST, 1);
        exchange_set_size(exchange, CURLOPT_POSTFIELDSIZE_LARGE, body->length);
        exchange_set_text(exchange, CURLOPT_POSTFIELDS, body->bytes ? body->bytes : "");
    } else {
        exchange_set_number(exchange, CURLOPT_UPLOAD, 1);
        exchange_set_size(exchange, CURLOPT_INFILESIZE_LARGE, body->length);
        (void)exchange->lib->curl_easy_setopt(exchange->easy, CURLOPT_READFUNCTION,
                                              exchange_on_read);
        exchange_set_owner(exchange, CURLOPT_READDATA);
        (void)exchange->lib->curl_easy_setopt(exchange->easy, CURLOPT_SEEKFUNCTION,
                                              exchange_on_seek);
        exchange_set_owner(exchange, CURLOPT_SEEKDATA);
        exchange_set_number(exchange, CURLOPT_UPLOAD_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
    }
    exchange_set_text(exchange, CURLOPT_CUSTOMREQUEST, http_method_name(request->method));
}

static void exchange_add_header(struct http_exchange *exchange, const char *line)
{
    struct curl_slist *longer = exchange->lib->curl_slist_append(exchange->headers, line);

    if (!longer)
        abort();
    exchange->headers = longer;
}

static void exchange_set_headers(struct http_exchange *exchange)
{
    const struct http_request *request = exchange->request;

    for (size_t i = 0; request->headers && request->headers[i]; i++)
        exchange_add_header(exchange, request->headers[i]);
    if (request->authorization) {
        scoped_text struct text line = {0};

        text_appendf(&line, "Authorization: %s", request->authorization);
        exchange_add_header(exchange, text_get(&line));
        explicit_bzero(line.data, line.length);
    }
    exchange_add_header(exchange, "Expect:"); /* no round trip before a body: we have been let in */
    if (request->body.length == 0)
        exchange_add_header(exchange, "Content-Type:"); /* libcurl would call it a form */
    (void)exchange->lib->curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->headers);
    /* A proxy gets none of them. */
    exchange_set_number(exchange, CURLOPT_HEADEROPT, CURLHEADER_SEPARATE);
}

/* Authorities of ours come besides the system's. libcurl keeps a default folder of them beside a
 * text of ours, but no default file. */
static void exchange_set_authorities(struct http_exchange *exchange, const char *authorities)
{
    scoped_text struct text all = {0};
    char *file = NULL, *folder = NULL;
    struct curl_blob blob = {.flags = CURL_BLOB_COPY};

    (void)exchange->lib->curl_easy_getinfo(exchange->easy, CURLINFO_CAINFO, &file);
    (void)exchange->lib->curl_easy_getinfo(exchange->easy, CURLINFO_CAPATH, &folder);
    if (file && !folder && file_read(AT_FDCWD, file, LIMIT_AUTHORITIES_BYTES, &all, NULL, NULL) < 0)
        text_clear(&all); /* a system without authorities */
    text_append_char(&all, '\n');
    text_append(&all, authorities);
    blob.data = all.data;
    blob.len = all.length;
    (void)exchange->lib->curl_easy_setopt(exchange->easy, CURLOPT_CAINFO_BLOB, &blob);
}

static void exchange_set_tls(struct http_exchange *exchange, const struct http_tls *tls)
{
    if (tls->insecure) {
        exchange_set_number(exchange, CURLOPT_SSL_VERIFYPEER, 0);
        exchange_set_number(exchange, CURLOPT_SSL_VERIFYHOST, 0);
    }
    if (tls->authorities)
        exchange_set_authorities(exchange, tls->authorities);
    if (tls->certificate_file) {
        exchange_set_text(exchange, CURLOPT_SSLCERT, tls->certificate_file);
        exchange_set_text(exchange, CURLOPT_SSLKEY, tls->key_file);
    }
}

static void exchange_set_times(struct http_exchange *exchange)
{
    const struct http_request *request = exchange->request;
    unsigned stall_ms =
        request->stall_timeout_ms ? request->stall_timeout_ms : exchange->options->stall_timeout_ms;

    exchange_set_number(exchange, CURLOPT_CONNECTTIMEOUT_MS, exchange->options->connect_timeout_ms);
    exchange_set_number(exchange, CURLOPT_LOW_SPEED_LIMIT, SLOWEST_BYTES_PER_S);
    exchange_set_number(exchange, CURLOPT_LOW_SPEED_TIME, (long)(stall_ms + 999) / 1000);
    exchange_set_number(exchange, CURLOPT_TIMEOUT_MS, request->timeout_ms);
}

/* Documents share a connection. A blob has one of its own: in streams of one connection blobs wait
 * for each other's windows, and all of them for one lost packet. */
static long exchange_version(const struct http_request *request)
{
    return request->sink.take ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS;
}

static void exchange_set_protocol(struct http_exchange *exchange)
{
    exchange_set_text(exchange, CURLOPT_URL, exchange->request->url);
    exchange_set_text(exchange, CURLOPT_PROTOCOLS_STR, "http,https");
    exchange_set_number(exchange, CURLOPT_FOLLOWLOCATION, 0);
    exchange_set_number(exchange, CURLOPT_HTTP_VERSION, exchange_version(exchange->request));
    /* Rather a stream than a connection; without TLS there are no streams to wait for. */
    exchange_set_number(exchange, CURLOPT_PIPEWAIT,
                        string_starts_with(exchange->request->url, "https:") ? 1 : 0);
    exchange_set_text(exchange, CURLOPT_USERAGENT, exchange->options->user_agent);
    exchange_set_number(exchange, CURLOPT_NOSIGNAL, 1);
    exchange_set_number(exchange, CURLOPT_TCP_KEEPALIVE, 1);
    exchange_set_number(exchange, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
    exchange_set_number(exchange, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
    (void)exchange->lib->curl_easy_setopt(exchange->easy, CURLOPT_ERRORBUFFER, exchange->words);
    exchange_set_owner(exchange, CURLOPT_PRIVATE);
    (void)exchange->lib->curl_easy_setopt(exchange->easy, CURLOPT_HEADERFUNCTION,
                                          exchange_on_header);
    exchange_set_owner(exchange, CURLOPT_HEADERDATA);
    (void)exchange->lib->curl_easy_setopt(exchange->easy, CURLOPT_WRITEFUNCTION, exchange_on_body);
    exchange_set_owner(exchange, CURLOPT_WRITEDATA);
}

void http_exchange_init(struct http_exchange *exchange, const struct libcurl *lib,
                        const struct http_options *options, const struct http_request *request,
                        struct http_response *response)
{
    *exchange = (struct http_exchange){.lib = lib,
                                       .options = options,
                                       .request = request,
                                       .response = response,
                                       .easy = lib->curl_easy_init()};
    if (!exchange->easy)
        abort();
    if (!response->arena)
        response->arena = arena_new();
    response->content_length = -1;
    exchange_set_protocol(exchange);
    exchange_set_times(exchange);
    exchange_set_method(exchange);
    exchange_set_headers(exchange);
    if (request->tls)
        exchange_set_tls(exchange, request->tls);
}

void http_exchange_done(struct http_exchange *exchange)
{
    for (struct curl_slist *line = exchange->headers; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    exchange->lib->curl_easy_cleanup(exchange->easy);
    exchange->lib->curl_slist_free_all(exchange->headers);
}

bool http_exchange_is_cancelled(const struct http_exchange *exchange)
{
    const atomic_bool *all = exchange->options->cancelled;
    const atomic_bool *own = exchange->request->cancelled;

    return (all && atomic_load(all)) || (own && atomic_load(own));
}

/* How it ended ----------------------------------------------------------------------------------
 */

static enum http_failure failure_of(const struct http_exchange *exchange, CURLcode result)
{
    curl_off_t connected_us = 0;

    switch (result) {
    case CURLE_ABORTED_BY_CALLBACK:
        return HTTP_FAILURE_CANCELLED;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return HTTP_FAILURE_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        (void)exchange->lib->curl_easy_getinfo(exchange->easy, CURLINFO_CONNECT_TIME_T,
                                               &connected_us);
        return connected_us == 0 ? HTTP_FAILURE_CONNECT : HTTP_FAILURE_BROKEN;
    case CURLE_SSL_CONNECT_ERROR:
        return HTTP_FAILURE_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return HTTP_FAILURE_UNTRUSTED;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return HTTP_FAILURE_BROKEN;
    default:
        return HTTP_FAILURE_REFUSED;
    }
}

static void exchange_tell(struct http_exchange *exchange, CURLcode result)
{
    struct error *problem = &exchange->problem;
    const char *words =
        exchange->words[0] ? exchange->words : exchange->lib->curl_easy_strerror(result);
    char plain[CURL_ERROR_SIZE];
    long number = 0;
    int length;
    const char *authority = exchange_authority(exchange, &length);

    (void)exchange->lib->curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &number);
    plain_words(words, strlen(words), plain, sizeof(plain));
    switch (exchange->response->failure) {
    case HTTP_FAILURE_CANCELLED:
        error_set(problem, "cancelled");
        break;
    case HTTP_FAILURE_CONNECT:
        if (result == CURLE_COULDNT_CONNECT && number != 0)
            error_set(problem, "connect to '%.*s': %s", length, authority, strerror((int)number));
        else
            error_set(problem, "reach '%.*s': %s", length, authority, plain);
        break;
    case HTTP_FAILURE_TLS:
        error_set(problem, "speak TLS with '%.*s': %s", length, authority, plain);
        break;
    case HTTP_FAILURE_UNTRUSTED:
        error_set(problem, "trust the certificate of '%.*s': %s", length, authority, plain);
        break;
    case HTTP_FAILURE_BROKEN:
        error_set(problem, "lost '%.*s': %s", length, authority, plain);
        break;
    default:
        error_set(problem, "talk with '%.*s': %s", length, authority, plain);
        break;
    }
}

void http_exchange_finish(struct http_exchange *exchange, CURLcode result)
{
    struct http_response *response = exchange->response;
    curl_off_t value = 0;

    if (exchange->lib->curl_easy_getinfo(exchange->easy, CURLINFO_RETRY_AFTER, &value) ==
            CURLE_OK &&
        value > 0)
        response->retry_after_s = value > LIMIT_RETRY_AFTER_MS ? LIMIT_RETRY_AFTER_MS : (int)value;
    if (result == CURLE_OK || (response->body_cut && !exchange->problem.text[0]))
        return;
    if (exchange->problem.text[0]) {
        response->failure = HTTP_FAILURE_REFUSED;
        return;
    }
    response->failure = failure_of(exchange, result);
    exchange_tell(exchange, result);
}

void http_response_done(struct http_response *response)
{
    arena_free(response->arena);
    text_done(&response->body);
    *response = (struct http_response){0};
}
