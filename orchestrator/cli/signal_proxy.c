/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/signal_proxy.h"

#include <signal.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/memory.h"
#include "orchestrator/supervise/supervisor_client.h"

enum { N_SIGNALS = 4 };

struct forward {
    const struct signal_proxy *proxy;
    int number;
    struct signal_watch *watch;
};

struct signal_proxy {
    struct signal_proxy_target target;
    struct forward forwards[N_SIGNALS];
    size_t count;
};

/* Beside the conversation that tells what changes. */
static int signal_send(const struct signal_proxy_target *target, int number, struct error *err)
{
    scoped(supervisor_client_free) struct supervisor_client *client = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    struct request request = {.command = "kill", .signal_number = number};

    string_list_add(arena, &request.containers, target->container);
    if (supervisor_connect(target->dir, target->project, &client, err) < 0)
        return -1;
    return supervisor_client_request(client, &request, err);
}

static void on_signal(void *owner)
{
    const struct forward *forward = owner;
    struct error err = {0};

    if (signal_send(&forward->proxy->target, forward->number, &err) < 0)
        log_error("%s", err.text);
}

struct signal_proxy *signal_proxy_new(struct loop *loop, struct signal_proxy_target target,
                                      bool hangup)
{
    static const int numbers[N_SIGNALS] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP};
    struct signal_proxy *proxy = memory_new(struct signal_proxy);

    proxy->target = target;
    proxy->count = hangup ? N_SIGNALS : N_SIGNALS - 1;
    for (size_t i = 0; i < proxy->count; i++) {
        struct forward *forward = &proxy->forwards[i];

        *forward = (struct forward){.proxy = proxy, .number = numbers[i]};
        forward->watch = signal_watch_new(loop, numbers[i], on_signal, forward);
    }
    return proxy;
}

void signal_proxy_free(struct signal_proxy *proxy)
{
    if (!proxy)
        return;
    for (size_t i = 0; i < proxy->count; i++)
        signal_watch_free(proxy->forwards[i].watch);
    free(proxy);
}
