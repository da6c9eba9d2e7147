/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/udp_port.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "tests/unit/net/relay/lab.h"

enum { CONTAINER_PORT = 5353 };

struct scene {
    struct lab lab;
    int container_fd; /* the service */
    uint16_t port;
};

static void scene_open(struct scene *scene)
{
    lab_start(&scene->lab);
    lab_send_endpoint(&scene->lab);
    scene->container_fd =
        lab_bound(scene->lab.router_netns_fd, SOCK_DGRAM, LAB_CONTAINER, CONTAINER_PORT);
    scene->port = lab_publish(&scene->lab, true, CONTAINER_PORT);
    lab_settle(&scene->lab);
}

static void scene_close(struct scene *scene)
{
    fd_close(scene->container_fd);
    cr_expect_eq(lab_stop(&scene->lab), 0);
}

/* A client that takes replies from the address it writes to alone. */
static int client(struct scene *scene)
{
    int fd = lab_socket(scene->lab.host_netns_fd, AF_INET, SOCK_DGRAM, 0);

    cr_assert_eq(lab_connect(fd, "127.0.0.1", scene->port), 0);
    return fd;
}

/* The service receives this text; who it came from. */
static struct inet_address expect_text(struct scene *scene, const char *text)
{
    struct inet_address from = {0};
    socklen_t length = sizeof(from);
    char bytes[64];
    ssize_t n = recvfrom(scene->container_fd, bytes, sizeof(bytes), 0, &from.any, &length);

    cr_assert_eq(n, (ssize_t)strlen(text), "%s", strerror(errno));
    cr_expect_eq(memcmp(bytes, text, strlen(text)), 0);
    return from;
}

static void expect_reply(int fd, const char *text)
{
    char bytes[64];

    cr_assert_eq(recv(fd, bytes, sizeof(bytes), 0), (ssize_t)strlen(text), "%s", strerror(errno));
    cr_expect_eq(memcmp(bytes, text, strlen(text)), 0);
}

static void reply(struct scene *scene, const struct inet_address *to, const char *text)
{
    cr_assert_eq(
        sendto(scene->container_fd, text, strlen(text), 0, &to->any, inet_address_length(to)),
        (ssize_t)strlen(text), "%s", strerror(errno));
}

Test(udp_port, replies_reach_the_client_that_asked)
{
    struct scene scene;
    struct inet_address from_a, from_b;
    int a, b;

    scene_open(&scene);
    a = client(&scene);
    b = client(&scene);
    cr_assert_eq(send(a, "from a", 6, 0), 6);
    from_a = expect_text(&scene, "from a");
    cr_assert_eq(send(b, "from b", 6, 0), 6);
    from_b = expect_text(&scene, "from b");
    reply(&scene, &from_b, "to b");
    reply(&scene, &from_a, "to a");
    expect_reply(a, "to a");
    expect_reply(b, "to b");
    fd_close(a);
    fd_close(b);
    scene_close(&scene);
}

Test(udp_port, one_clients_datagrams_come_from_one_address)
{
    struct scene scene;
    struct inet_address first, second;
    int fd;

    scene_open(&scene);
    fd = client(&scene);
    cr_assert_eq(send(fd, "1", 1, 0), 1);
    first = expect_text(&scene, "1");
    cr_assert_eq(send(fd, "2", 1, 0), 1);
    second = expect_text(&scene, "2");
    cr_expect(inet_address_equal(&first, &second));
    fd_close(fd);
    scene_close(&scene);
}

Test(udp_port, a_large_datagram_stays_whole)
{
    char sent[60000], received[65536];
    struct scene scene;
    int fd;

    memset(sent, 'x', sizeof(sent));
    scene_open(&scene);
    fd = client(&scene);
    cr_assert_eq(send(fd, sent, sizeof(sent), 0), (ssize_t)sizeof(sent));
    cr_expect_eq(recv(scene.container_fd, received, sizeof(received), 0), (ssize_t)sizeof(sent));
    cr_expect_eq(memcmp(sent, received, sizeof(sent)), 0);
    fd_close(fd);
    scene_close(&scene);
}

Test(udp_port, an_empty_datagram_is_carried)
{
    struct scene scene;
    int fd;

    scene_open(&scene);
    fd = client(&scene);
    cr_assert_eq(send(fd, "", 0, 0), 0);
    (void)expect_text(&scene, "");
    fd_close(fd);
    scene_close(&scene);
}

Test(udp_port, a_client_is_served_when_the_service_comes_late)
{
    struct scene scene;
    char bytes[16] = "";
    int fd;

    scene_open(&scene);
    fd_close(steal_fd(&scene.container_fd));
    fd = client(&scene);
    /* Refused by the container, which must not spoil the flow for what follows. */
    cr_assert_eq(send(fd, "lost", 4, 0), 4);
    lab_settle(&scene.lab);
    scene.container_fd =
        lab_bound(scene.lab.router_netns_fd, SOCK_DGRAM, LAB_CONTAINER, CONTAINER_PORT);
    cr_assert_eq(send(fd, "found", 5, 0), 5);
    while (strcmp(bytes, "found") != 0)
        cr_assert_gt(recv(scene.container_fd, bytes, sizeof(bytes), 0), 0, "%s", strerror(errno));
    fd_close(fd);
    scene_close(&scene);
}

Test(udp_port, nothing_passes_a_closed_port)
{
    struct scene scene;
    char key[64];
    struct worker_message change = {.op = WORKER_PORT,
                                    .key = key,
                                    .instance = LAB_INSTANCE,
                                    .address = LAB_CONTAINER,
                                    .port = CONTAINER_PORT,
                                    .udp = true};
    int fd;

    scene_open(&scene);
    (void)snprintf(key, sizeof(key), "udp:127.0.0.1:%u", scene.port);
    lab_send(&scene.lab, &change, NULL, 0);
    lab_settle(&scene.lab);
    fd = client(&scene);
    cr_assert_eq(send(fd, "early", 5, 0), 5);
    /* Taken from the socket before it opens again: the worker asks its sockets before its
     * supervisor. */
    lab_settle(&scene.lab);
    change.open = true;
    lab_send(&scene.lab, &change, NULL, 0);
    lab_settle(&scene.lab);
    cr_assert_eq(send(fd, "late", 4, 0), 4);
    (void)expect_text(&scene, "late");
    fd_close(fd);
    scene_close(&scene);
}
