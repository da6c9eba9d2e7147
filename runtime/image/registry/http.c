/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation:
 *
 *     caller A --submit--> [list] --eventfd--> network thread: loop + curl_multi
 *     caller B --submit-->                       socket and timer sources report to libcurl
 *        ^                                       the pass takes new exchanges, ends those that are
 *        +------ condition: finished ----------- cancelled, hands over those that are complete
 *
 * The mutex guards the submitted list, `finished` of every exchange and `stopping`; all else of the
 * client belongs to the network thread while that runs.
 */
#include "runtime/image/registry/http.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/loop.h"
#include "common/memory.h"
#include "runtime/image/registry/http_exchange.h"

enum { CANCEL_CHECK_MS = 100 };

struct http_socket {
    struct http *http;
    int fd;
    struct fd_watch *watch;
};

struct http {
    struct http_options options;
    struct libcurl lib;
    bool curl_ready;
    CURLM *multi;
    struct loop *loop;
    struct timer *curl_timer;
    struct timer *cancel_timer;
    int wake_fd;
    struct fd_watch *wake_watch;
    struct http_exchange *running;

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct http_exchange *submitted;
    bool stopping;
    bool thread_runs;
    pthread_t thread;
};

static void on_socket_ready(void *owner)
{
    struct http_socket *socket = owner; /* may be gone afterwards */
    int running;

    (void)socket->http->lib.curl_multi_socket_action(socket->http->multi, socket->fd, 0, &running);
}

static void on_curl_timer(void *owner)
{
    struct http *http = owner;
    int running;

    (void)http->lib.curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static void on_woken(void *owner)
{
    struct http *http = owner;
    uint64_t count;

    (void)!read(http->wake_fd, &count, sizeof(count)); /* the pass looks for itself */
}

static void on_cancel_timer(void *owner)
{
    (void)owner; /* the pass looks for itself */
}

/* libcurl says what it waits for on a socket. */
static int http_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *owner, void *assigned)
{
    struct http *http = owner;
    struct http_socket *socket = assigned;
    int events = (what & CURL_POLL_IN ? FD_READABLE : 0) | (what & CURL_POLL_OUT ? FD_WRITABLE : 0);

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket)
            fd_watch_free(socket->watch);
        free(socket);
        return 0;
    }
    if (socket) {
        fd_watch_set_events(socket->watch, events);
        return 0;
    }
    socket = memory_new(struct http_socket);
    socket->http = http;
    socket->fd = fd;
    socket->watch = fd_watch_new(http->loop, fd, events, on_socket_ready, socket);
    (void)http->lib.curl_multi_assign(http->multi, fd, socket);
    return 0;
}

static int http_timer_wanted(CURLM *multi, long timeout_ms, void *owner)
{
    struct http *http = owner;

    (void)multi;
    timer_arm_at(http->curl_timer,
                 timeout_ms < 0 ? NEVER : loop_now_ms(http->loop) + (uint64_t)timeout_ms);
    return 0;
}

static struct http_exchange *http_take_submitted(struct http *http, bool *ret_stopping)
{
    struct http_exchange *list;

    (void)pthread_mutex_lock(&http->mutex);
    list = steal(http->submitted);
    *ret_stopping = http->stopping;
    (void)pthread_mutex_unlock(&http->mutex);
    return list;
}

static void http_hand_over(struct http *http, struct http_exchange *exchange, CURLcode result)
{
    struct http_exchange **place = &http->running;

    while (*place != exchange)
        place = &(*place)->next;
    *place = exchange->next;
    (void)http->lib.curl_multi_remove_handle(http->multi, exchange->easy);
    http_exchange_finish(exchange, result);

    (void)pthread_mutex_lock(&http->mutex);
    exchange->finished = true;
    (void)pthread_cond_broadcast(&http->changed);
    (void)pthread_mutex_unlock(&http->mutex);
}

static void http_start_submitted(struct http *http, struct http_exchange *list)
{
    struct http_exchange *next;

    for (struct http_exchange *exchange = list; exchange; exchange = next) {
        next = exchange->next;
        exchange->next = http->running;
        http->running = exchange;
        if (http->lib.curl_multi_add_handle(http->multi, exchange->easy) != CURLM_OK)
            http_hand_over(http, exchange, CURLE_FAILED_INIT);
    }
}

static void http_end_cancelled(struct http *http)
{
    struct http_exchange *next;

    for (struct http_exchange *exchange = http->running; exchange; exchange = next) {
        next = exchange->next;
        if (http_exchange_is_cancelled(exchange))
            http_hand_over(http, exchange, CURLE_ABORTED_BY_CALLBACK);
    }
}

static void http_end_complete(struct http *http)
{
    struct http_exchange *exchange;
    const CURLMsg *message;
    int left;

    while ((message = http->lib.curl_multi_info_read(http->multi, &left))) {
        char *owner = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)http->lib.curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
        exchange = (struct http_exchange *)(void *)owner;
        http_hand_over(http, exchange, message->data.result);
    }
}

static void http_pass(void *owner)
{
    struct http *http = owner;
    bool stopping;

    http_start_submitted(http, http_take_submitted(http, &stopping));
    http_end_complete(http);
    http_end_cancelled(http);
    timer_arm_at(http->cancel_timer,
                 http->running ? loop_now_ms(http->loop) + CANCEL_CHECK_MS : NEVER);
    if (stopping)
        loop_stop(http->loop);
}

static void *http_thread(void *owner)
{
    struct http *http = owner;

    loop_run(http->loop);
    return NULL;
}

/* The thread takes no signals: they are the program's, and SIGPIPE shall be an error of a write. */
static int http_start_thread(struct http *http, struct error *err)
{
    sigset_t all, before;
    int number;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    number = pthread_create(&http->thread, NULL, http_thread, http);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number != 0) {
        errno = number;
        return error_sys(err, "start the network thread");
    }
    http->thread_runs = true;
    return 0;
}

static int http_set_up_multi(struct http *http, struct error *err)
{
    if (libcurl_load(&http->lib, err) < 0)
        return -1;
    if (http->lib.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, "start libcurl");
    http->curl_ready = true;
    http->multi = http->lib.curl_multi_init();
    if (!http->multi)
        abort();
    (void)http->lib.curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, http_socket_wanted);
    (void)http->lib.curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    (void)http->lib.curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, http_timer_wanted);
    (void)http->lib.curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    (void)http->lib.curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    return 0;
}

struct http *http_new(const struct http_options *options, struct error *err)
{
    scoped(http_free) struct http *http = memory_new(struct http);

    http->options = *options;
    http->wake_fd = -1;
    (void)pthread_mutex_init(&http->mutex, NULL);
    (void)pthread_cond_init(&http->changed, NULL);
    http->loop = loop_new();
    http->curl_timer = timer_new(http->loop, on_curl_timer, http);
    http->cancel_timer = timer_new(http->loop, on_cancel_timer, http);
    loop_set_pass(http->loop, http_pass, http);
    http->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (http->wake_fd < 0) {
        error_sys(err, "create an event descriptor");
        return NULL;
    }
    http->wake_watch = fd_watch_new(http->loop, http->wake_fd, FD_READABLE, on_woken, http);
    if (http_set_up_multi(http, err) < 0 || http_start_thread(http, err) < 0)
        return NULL;
    return steal(http);
}

static void http_wake(struct http *http)
{
    uint64_t one = 1;

    (void)!write(http->wake_fd, &one, sizeof(one)); /* full means that it is awake anyway */
}

void http_free(struct http *http)
{
    if (!http)
        return;
    if (http->thread_runs) {
        (void)pthread_mutex_lock(&http->mutex);
        http->stopping = true;
        (void)pthread_mutex_unlock(&http->mutex);
        http_wake(http);
        (void)pthread_join(http->thread, NULL);
    }
    if (http->multi)
        (void)http->lib.curl_multi_cleanup(http->multi); /* ends its sockets' watches */
    if (http->curl_ready)
        http->lib.curl_global_cleanup();
    fd_watch_free(http->wake_watch);
    timer_free(http->curl_timer);
    timer_free(http->cancel_timer);
    loop_free(http->loop);
    fd_close(http->wake_fd);
    (void)pthread_cond_destroy(&http->changed);
    (void)pthread_mutex_destroy(&http->mutex);
    free(http);
}

int http_perform(struct http *http, const struct http_request *request,
                 struct http_response *response, struct error *err)
{
    struct http_exchange exchange;

    http_exchange_init(&exchange, &http->lib, &http->options, request, response);
    (void)pthread_mutex_lock(&http->mutex);
    exchange.next = http->submitted;
    http->submitted = &exchange;
    http_wake(http);
    while (!exchange.finished)
        (void)pthread_cond_wait(&http->changed, &http->mutex);
    (void)pthread_mutex_unlock(&http->mutex);

    http_exchange_done(&exchange);
    if (response->failure == HTTP_FAILURE_NONE)
        return 0;
    if (err)
        *err = exchange.problem;
    return -1;
}
