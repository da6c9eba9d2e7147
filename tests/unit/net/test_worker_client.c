/* SPDX-License-Identifier: Apache-2.0 */
#include "net/worker_client.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "net/netns.h"
#include "tests/unit/net/net_world.h"

/* The tests play the worker: they accept and write down what they are told as one line. */

static struct world world;
static int listen_fd, worker_fd;

static void setup(void)
{
    world_setup(&world);
    listen_fd = worker_fd = -1;
}

static void teardown(void)
{
    fd_close(worker_fd);
    fd_close(listen_fd);
    world_teardown(&world);
}

TestSuite(worker_client, .init = setup, .fini = teardown);

static void worker_start(void)
{
    struct error err = {0};

    cr_assert(fd_message_listen(world.run_fd, "net.sock", &listen_fd, &err) == 0, "%s", err.text);
}

static void worker_die(void)
{
    fd_close(steal_fd(&worker_fd));
}

/* "op:name/descriptors" of everything that has come. */
static const char *told(struct text *line)
{
    static const char *const ops[] = {"?",        "router", "begin",  "end",      "network",
                                      "endpoint", "gone",   "rank",   "declared", "port",
                                      "portgone", "quit",   "report", "fence"};
    enum fd_message_result result = FD_MESSAGE_GOT;
    struct error err = {0};

    if (worker_fd < 0)
        worker_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    cr_assert(ge(int, worker_fd, 0));
    while (true) {
        scoped(arena_free) struct arena *arena = arena_new();
        scoped(json_release) json_t *json = NULL;
        scoped_text struct text bytes = {0};
        struct worker_message message = {0};
        int fds[FD_MESSAGE_MAX_FDS];
        size_t n_fds;

        cr_assert(fd_message_receive(worker_fd, &bytes, fds, &n_fds, &result, &err) == 0, "%s",
                  err.text);
        if (result != FD_MESSAGE_GOT)
            break;
        json = json_parse(bytes.data, bytes.length, &err);
        cr_assert(codec_decode(worker_message_codec, json, &message, arena, &err) == 0, "%s",
                  err.text);
        text_appendf(line, "%s%s", line->length ? " " : "", ops[message.op]);
        if (message.instance || message.network || message.key)
            text_appendf(line, ":%s",
                         message.instance  ? message.instance
                         : message.network ? message.network
                                           : message.key);
        if (message.dns_servers.count > 0)
            text_appendf(line, "?%s", message.dns_servers.items[0]);
        if (n_fds > 0)
            text_appendf(line, "/%zu", n_fds);
        for (size_t i = 0; i < n_fds; i++)
            fd_close(fds[i]);
    }
    if (result == FD_MESSAGE_CLOSED)
        text_append(line, " closed");
    return text_get(line);
}

static void flush(uint64_t *ret_retry_ms)
{
    struct error err = {0};

    cr_assert(net_flush(world.net, 1000, ret_retry_ms, &err) == 0, "%s", err.text);
}

/* What the worker hears when everything pending is sent; the socket's queue is short. */
static void expect_told(const char *expected)
{
    scoped_text struct text line = {0};
    uint64_t retry_ms;

    do {
        flush(&retry_ms);
        (void)told(&line);
    } while (retry_ms != 0);
    cr_expect(strcmp(text_get(&line), expected) == 0, "told: %s", text_get(&line));
}

Test(worker_client, an_absent_worker_is_tried_again_with_growing_pauses)
{
    uint64_t first_ms, second_ms;

    world_add_network(&world, "default", false);
    flush(&first_ms);
    flush(&second_ms);
    cr_expect(gt(u64, first_ms, 1000));
    cr_expect(gt(u64, second_ms, first_ms));
}

Test(worker_client, a_connection_begins_with_everything)
{
    scoped_fd int ns = world_container();

    worker_start();
    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    expect_told("router/1 begin network:default endpoint:web-1/3 rank:web-1 end");
}

static bool is_readable(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    return poll(&readable, 1, 0) == 1;
}

Test(worker_client, a_fence_is_behind_all_else_and_readable_when_it_has_been_reached)
{
    scoped_text struct text line = {0};
    scoped_fd int fence_fd = -1;

    worker_start();
    world_add_network(&world, "default", false);
    cr_expect(net_fence(world.net, &fence_fd) && fence_fd == -1); /* nobody is connected */
    expect_told("router/1 begin network:default end");
    cr_assert(net_fence(world.net, &fence_fd));
    cr_assert(ge(int, fence_fd, 0));
    cr_expect(not(is_readable(fence_fd)));
    cr_expect_str_eq(told(&line), "fence/1");
    cr_expect(is_readable(fence_fd));
}

Test(worker_client, there_is_no_fence_before_all_has_been_told)
{
    int fence_fd;

    worker_start();
    expect_told("router/1 begin end");
    world_add_network(&world, "default", false);
    cr_expect(not(net_fence(world.net, &fence_fd)));
}

Test(worker_client, the_end_of_the_worker_opens_a_fence)
{
    scoped_fd int fence_fd = -1;

    worker_start();
    expect_told("router/1 begin end");
    cr_assert(net_fence(world.net, &fence_fd) && fence_fd >= 0);
    worker_die();
    cr_expect(is_readable(fence_fd));
}

Test(worker_client, afterwards_only_changes_are_told)
{
    scoped_fd int ns = world_container();
    const struct port_spec port = {.host_port = 8080, .container_port = 80};
    struct error err = {0};
    uint16_t host_port;

    worker_start();
    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    expect_told("router/1 begin network:default endpoint:web-1/3 rank:web-1 end");
    net_set_rank(world.net, "web-1", NAME_READY);
    expect_told("rank:web-1");
    cr_assert(net_port_reserve(world.net, "web-1", &port, &host_port, &err) == 0, "%s", err.text);
    expect_told("port:web-1/2");
    cr_assert(net_port_open(world.net, "web-1", &port, &err) == 0, "%s", err.text);
    expect_told("port:web-1");
    net_port_release(world.net, "web-1");
    net_detach(world.net, "web-1");
    expect_told("gone:web-1 portgone:tcp:*:8080");
    expect_told("");
}

Test(worker_client, name_servers_of_an_instance_are_told_with_its_endpoint)
{
    const char *server = "192.0.2.53";
    scoped_fd int ns = world_container();

    worker_start();
    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    net_set_view(world.net, "web-1", &(struct view_spec){.name_servers = {&server, 1}});
    expect_told("router/1 begin network:default endpoint:web-1?192.0.2.53/3 rank:web-1 end");
    net_set_view(world.net, "web-1", &(struct view_spec){0});
    expect_told("endpoint:web-1");
}

Test(worker_client, an_instance_that_comes_back_is_told_after_it_went)
{
    scoped_fd int first_ns = world_container();
    scoped_fd int second_ns = world_container();

    worker_start();
    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", first_ns, "default");
    expect_told("router/1 begin network:default endpoint:web-1/3 rank:web-1 end");
    net_detach(world.net, "web-1");
    world_attach(&world, "web-1", second_ns, "default");
    expect_told("gone:web-1 endpoint:web-1/3 rank:web-1");
}

Test(worker_client, a_worker_that_starts_anew_gets_everything_with_descriptors)
{
    scoped_fd int ns = world_container();
    const struct port_spec port = {.host_port = 8080, .container_port = 80};
    struct error err = {0};
    uint16_t host_port;

    worker_start();
    world_add_network(&world, "default", false);
    world_attach(&world, "web-1", ns, "default");
    cr_assert(net_port_reserve(world.net, "web-1", &port, &host_port, &err) == 0, "%s", err.text);
    expect_told("router/1 begin network:default endpoint:web-1/3 rank:web-1 port:web-1/2 end");
    worker_die();
    expect_told("router/1 begin network:default endpoint:web-1/3 rank:web-1 port:web-1/2 end");
}

Test(worker_client, the_death_of_the_worker_makes_the_descriptor_readable)
{
    struct pollfd watched = {.events = POLLIN};

    worker_start();
    expect_told("router/1 begin end");
    watched.fd = net_worker_fd(world.net);
    cr_expect(eq(int, poll(&watched, 1, 0), 0));
    worker_die();
    cr_expect(eq(int, poll(&watched, 1, 1000), 1));
}

Test(worker_client, name_sockets_that_a_living_worker_holds_are_not_sent_again)
{
    scoped_fd int ns = world_container();
    scoped_fd int udp_fd = -1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};

    worker_start();
    world_add_network(&world, "default", false);
    world_attach(&world, "first-1", ns, "default");
    net_detach(world.net, "first-1");
    {
        scoped_visit struct netns_visit visit = NETNS_HOME;

        cr_assert(netns_enter(ns, &visit, NULL) == 0);
        udp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    cr_assert(inet_pton(AF_INET, "127.0.0.11", &address.sin_addr) == 1);
    cr_assert(bind(udp_fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    world_attach(&world, "first-1", ns, "default");
    expect_told("router/1 begin network:default endpoint:first-1 rank:first-1 end");
    fd_close(steal_fd(&udp_fd));
    worker_die();
    expect_told("router/1 begin network:default endpoint:first-1/3 rank:first-1 end");
}

Test(worker_client, more_than_the_queue_of_the_socket_takes_is_told_in_the_end)
{
    char name[32];

    worker_start();
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "net-%d", i);
        world_add_network(&world, name, false);
    }
    {
        scoped_text struct text line = {0};
        uint64_t retry_ms;

        do {
            flush(&retry_ms);
            (void)told(&line);
        } while (retry_ms != 0);
        cr_expect(string_ends_with(text_get(&line), "network:net-99 end"));
    }
}

Test(worker_client, destroying_tells_the_worker_to_quit)
{
    scoped_text struct text line = {0};

    worker_start();
    net_destroy(world.net);
    world.net = NULL;
    (void)told(&line);
    cr_expect(eq(str, line.data, "quit closed"));
}
