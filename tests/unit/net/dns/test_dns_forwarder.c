/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns/dns_forwarder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "tests/unit/net/dns/dns_packets.h"

enum { SERVERS = 3, TRY_MS = 40 };

/* Name servers 127.0.0.1 to 127.0.0.3 of a namespace of its own, played by the test. */
struct server {
    struct scene *scene;
    int fd;
    struct fd_watch *watch;
    int asked;
    bool answers;
    uint8_t rcode;
    bool lies; /* answers another question first */
};

struct scene {
    struct loop *loop;
    char dir[64];
    int dir_fd;
    struct dns_forwarder *forwarder;
    struct server servers[SERVERS];
    struct dns_ask *ask;
    bool replied, searched;
    struct dns_message reply;
};

static void server_reply(const struct server *server, struct dns_message message,
                         const struct inet_address *to)
{
    uint8_t bytes[DNS_UDP_BYTES];
    size_t length;

    message.response = true;
    message.rcode = server->rcode;
    length = dns_message_encode(&message, bytes, sizeof(bytes));
    (void)sendto(server->fd, bytes, length, 0, &to->any, inet_address_length(to));
}

static void server_ready(void *owner)
{
    struct server *server = owner;
    uint8_t bytes[DNS_UDP_BYTES];
    struct inet_address from;
    socklen_t from_length = sizeof(from);
    ssize_t n = recvfrom(server->fd, bytes, sizeof(bytes), 0, &from.any, &from_length);
    struct dns_message message;

    cr_assert_gt(n, 0);
    cr_assert_eq(dns_message_decode(&message, bytes, (size_t)n, NULL), 0);
    server->asked++;
    if (server->lies) {
        struct dns_message lie = message;

        cr_assert(dns_name_from_text("evil.example", &lie.name));
        server_reply(server, lie, &from);
        lie = message;
        lie.id ^= 1;
        server_reply(server, lie, &from);
    }
    if (server->answers)
        server_reply(server, message, &from);
}

static void search_changed(void *owner, struct string_list domains)
{
    struct scene *scene = owner;

    if (scene->searched)
        loop_stop(scene->loop); /* not the first time, which is from within dns_forwarder_new() */
    scene->searched = true;
    (void)domains;
}

static void write_conf(struct scene *scene, const char *text)
{
    cr_assert_eq(file_replace(scene->dir_fd, "resolv.conf", text, strlen(text), 0644, NULL), 0);
}

static void own_namespace(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd;

    if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
        cr_skip("network namespaces are made by root");
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
    fd_close(fd);
}

static void scene_open(struct scene *scene, const char *conf)
{
    char path[96];
    struct dns_forwarder_options options = {
        .resolv_conf = path, .try_ms = TRY_MS, .search_changed = search_changed, .owner = scene};

    own_namespace();
    *scene = (struct scene){.loop = loop_new(), .dir = "/tmp/yawl-forwarder-XXXXXX"};
    cr_assert(mkdtemp(scene->dir));
    scene->dir_fd = open(scene->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    write_conf(scene, conf);
    (void)snprintf(path, sizeof(path), "%s/resolv.conf", scene->dir);
    options.loop = scene->loop;
    scene->forwarder = dns_forwarder_new(&options);
    for (uint32_t i = 0; i < SERVERS; i++) {
        struct server *server = &scene->servers[i];
        struct in_addr host = {htonl(INADDR_LOOPBACK + i)};
        struct inet_address address = inet_address_v4(host, 53);

        server->scene = scene;
        server->answers = true;
        server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        cr_assert_eq(bind(server->fd, &address.any, inet_address_length(&address)), 0);
        server->watch = fd_watch_new(scene->loop, server->fd, FD_READABLE, server_ready, server);
    }
}

static void scene_close(struct scene *scene)
{
    for (size_t i = 0; i < SERVERS; i++) {
        fd_watch_free(scene->servers[i].watch);
        fd_close(scene->servers[i].fd);
    }
    dns_forwarder_free(scene->forwarder);
    loop_free(scene->loop);
    (void)unlinkat(scene->dir_fd, "resolv.conf", 0);
    (void)rmdir(scene->dir);
    fd_close(scene->dir_fd);
}

static void ask_done(void *owner, const struct dns_buffer *reply)
{
    struct scene *scene = owner;

    scene->replied = reply != NULL;
    if (reply)
        cr_assert_eq(dns_message_decode(&scene->reply, reply->bytes, reply->length, NULL), 0);
    dns_ask_free(scene->ask);
    loop_stop(scene->loop);
}

static void ask(struct scene *scene)
{
    uint8_t bytes[DNS_UDP_BYTES];
    struct dns_buffer query = {.bytes = bytes, .size = sizeof(bytes)};
    struct dns_ask_options options = {.query = &query, .done = ask_done, .owner = scene};

    query.length = packet_question(bytes, sizeof(bytes), "WwW.example.org", DNS_A, 0);
    scene->ask = dns_ask_new(scene->forwarder, &options);
    loop_run(scene->loop);
}

static void expect_asked(const struct scene *scene, int first, int second, int third)
{
    cr_expect_eq(scene->servers[0].asked, first, "first: %d", scene->servers[0].asked);
    cr_expect_eq(scene->servers[1].asked, second, "second: %d", scene->servers[1].asked);
    cr_expect_eq(scene->servers[2].asked, third, "third: %d", scene->servers[2].asked);
}

#define TWO "nameserver 127.0.0.1\nnameserver 127.0.0.2\n"

Test(dns_forwarder, the_first_server_is_asked_and_its_answer_carries_the_askers_id)
{
    struct scene scene;

    scene_open(&scene, TWO);
    ask(&scene);
    cr_expect(scene.replied);
    cr_expect_eq(scene.reply.id, 0x4711);
    expect_asked(&scene, 1, 0, 0);
    scene_close(&scene);
}

Test(dns_forwarder, a_silent_server_is_passed_over_and_asked_last_afterwards)
{
    struct scene scene;

    scene_open(&scene, TWO);
    scene.servers[0].answers = false;
    ask(&scene);
    cr_expect(scene.replied);
    expect_asked(&scene, 1, 1, 0);
    ask(&scene);
    expect_asked(&scene, 1, 2, 0);
    scene_close(&scene);
}

Test(dns_forwarder, a_server_that_is_not_there_is_passed_over_at_once)
{
    struct scene scene;

    scene_open(&scene, "nameserver 127.0.0.9\nnameserver 127.0.0.2\n");
    ask(&scene);
    cr_expect(scene.replied);
    expect_asked(&scene, 0, 1, 0);
    scene_close(&scene);
}

Test(dns_forwarder, a_helpless_server_is_passed_over)
{
    struct scene scene;

    scene_open(&scene, TWO);
    scene.servers[0].rcode = DNS_REFUSED;
    ask(&scene);
    cr_expect_eq(scene.reply.rcode, DNS_NOERROR);
    expect_asked(&scene, 1, 1, 0);
    scene_close(&scene);
}

Test(dns_forwarder, the_last_servers_word_counts_even_if_it_is_helpless)
{
    struct scene scene;

    scene_open(&scene, TWO);
    scene.servers[0].rcode = scene.servers[1].rcode = DNS_SERVFAIL;
    ask(&scene);
    cr_expect(scene.replied);
    cr_expect_eq(scene.reply.rcode, DNS_SERVFAIL);
    scene_close(&scene);
}

Test(dns_forwarder, there_is_no_answer_when_all_are_silent)
{
    struct scene scene;

    scene_open(&scene, TWO);
    scene.servers[0].answers = scene.servers[1].answers = false;
    ask(&scene);
    cr_expect_not(scene.replied);
    expect_asked(&scene, 1, 1, 0);
    scene_close(&scene);
}

Test(dns_forwarder, answers_to_another_question_or_id_are_ignored)
{
    struct scene scene;

    scene_open(&scene, TWO);
    scene.servers[0].lies = true;
    ask(&scene);
    cr_expect(scene.replied);
    cr_expect_eq(scene.reply.name.wire[1], 'W');
    expect_asked(&scene, 1, 0, 0);
    scene_close(&scene);
}

Test(dns_forwarder, a_replaced_resolv_conf_is_followed)
{
    struct scene scene;

    scene_open(&scene, TWO);
    write_conf(&scene, "nameserver 127.0.0.3\n");
    loop_run(scene.loop); /* until it was noticed */
    ask(&scene);
    expect_asked(&scene, 0, 0, 1);
    scene_close(&scene);
}

Test(dns_forwarder, a_resolv_conf_that_is_written_in_place_is_followed)
{
    struct scene scene;
    int fd;

    scene_open(&scene, TWO);
    fd = openat(scene.dir_fd, "resolv.conf", O_WRONLY | O_TRUNC | O_CLOEXEC);
    cr_assert_eq(fd_write_all(fd, "nameserver 127.0.0.3\n", 21), 0);
    fd_close(fd);
    loop_run(scene.loop);
    ask(&scene);
    expect_asked(&scene, 0, 0, 1);
    scene_close(&scene);
}

Test(dns_forwarder, a_freed_ask_calls_nobody_back)
{
    struct scene scene;
    uint8_t bytes[DNS_UDP_BYTES];
    struct dns_buffer query = {.bytes = bytes, .size = sizeof(bytes)};
    struct dns_ask_options options = {.query = &query, .done = ask_done, .owner = &scene};

    scene_open(&scene, TWO);
    query.length = packet_question(bytes, sizeof(bytes), "a.example", DNS_A, 0);
    dns_ask_free(dns_ask_new(scene.forwarder, &options));
    ask(&scene);
    cr_expect(scene.replied);
    cr_expect_eq(scene.reply.name.wire[1], 'W');
    scene_close(&scene);
}
