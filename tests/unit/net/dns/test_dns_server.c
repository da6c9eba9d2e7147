/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns/dns_server.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "tests/unit/net/dns/dns_packets.h"
#include "tests/unit/net/relay/lab.h"

/* The lab with a container that asks, and the host's name server, which the test plays. */
struct scene {
    struct lab lab;
    int asker_fd;    /* UDP, connected to the container's DNS socket */
    int upstream_fd; /* UDP, bound to LAB_NAME_SERVER */
    struct packet_answer answer;
};

static void scene_open(struct scene *scene)
{
    const char *declared[] = {"web", "db"};
    struct lab *lab = &scene->lab;

    lab_start(lab);
    lab_send_endpoint(lab);
    lab_send(
        lab,
        &(struct worker_message){.op = WORKER_RANK, .instance = LAB_INSTANCE, .rank = NAME_READY},
        NULL, 0);
    lab_send(
        lab,
        &(struct worker_message){.op = WORKER_DECLARED, .names = {.items = declared, .count = 2}},
        NULL, 0);
    lab_settle(lab);
    scene->asker_fd = lab_socket(lab->router_netns_fd, AF_INET, SOCK_DGRAM, 0);
    cr_assert_eq(lab_connect(scene->asker_fd, LAB_CONTAINER, 53), 0);
    scene->upstream_fd = lab_bound(lab->host_netns_fd, SOCK_DGRAM, LAB_NAME_SERVER, 53);
}

static void scene_close(struct scene *scene)
{
    fd_close(scene->asker_fd);
    fd_close(scene->upstream_fd);
    cr_expect_eq(lab_stop(&scene->lab), 0);
}

static void ask(struct scene *scene, const char *name, uint16_t type)
{
    uint8_t bytes[DNS_UDP_BYTES];
    size_t length = packet_question(bytes, sizeof(bytes), name, type, 0);

    cr_assert_eq(send(scene->asker_fd, bytes, length, 0), (ssize_t)length);
}

static void read_answer(struct scene *scene)
{
    uint8_t bytes[DNS_MESSAGE_BYTES];
    ssize_t n = recv(scene->asker_fd, bytes, sizeof(bytes), 0);

    cr_assert_gt(n, 0, "%s", strerror(errno));
    packet_read(bytes, (size_t)n, &scene->answer);
}

/* What has reached the name server; to be answered to `from`. */
struct received {
    uint8_t bytes[DNS_UDP_BYTES];
    size_t length;
    struct dns_message head;
    struct inet_address from;
};

static void upstream_receive(struct scene *scene, struct received *ret_received)
{
    socklen_t length = sizeof(ret_received->from);
    ssize_t n = recvfrom(scene->upstream_fd, ret_received->bytes, sizeof(ret_received->bytes), 0,
                         &ret_received->from.any, &length);

    cr_assert_gt(n, 0, "%s", strerror(errno));
    ret_received->length = (size_t)n;
    cr_assert_eq(dns_message_decode(&ret_received->head, ret_received->bytes, (size_t)n, NULL), 0);
}

static void upstream_answer(struct scene *scene, const struct received *received, uint8_t rcode)
{
    struct dns_message answer = received->head;
    uint8_t bytes[DNS_UDP_BYTES];
    size_t length;

    answer.response = true;
    answer.rcode = rcode;
    length = dns_message_encode(&answer, bytes, sizeof(bytes));
    cr_assert_eq(sendto(scene->upstream_fd, bytes, length, 0, &received->from.any,
                        inet_address_length(&received->from)),
                 (ssize_t)length);
}

Test(dns_server, answers_an_own_name_by_udp)
{
    struct scene scene;

    scene_open(&scene);
    ask(&scene, "WEB", DNS_A);
    read_answer(&scene);
    cr_expect_eq(scene.answer.head.id, 0x4711);
    cr_assert_eq(scene.answer.n_addresses, 1);
    cr_expect_str_eq(scene.answer.addresses[0], LAB_CONTAINER);
    scene_close(&scene);
}

Test(dns_server, forwards_a_strangers_name_under_another_id_and_gives_the_answer_back)
{
    struct scene scene;
    struct received first, second;

    scene_open(&scene);
    ask(&scene, "Www.example.org", DNS_A);
    ask(&scene, "Www.example.org", DNS_A);
    upstream_receive(&scene, &first);
    upstream_receive(&scene, &second);
    cr_expect_neq(inet_address_port(&first.from), inet_address_port(&second.from));
    cr_expect(dns_name_equal(&first.head.name, &second.head.name));
    upstream_answer(&scene, &first, DNS_NXDOMAIN);
    read_answer(&scene);
    cr_expect_eq(scene.answer.head.id, 0x4711);
    cr_expect_eq(scene.answer.head.rcode, DNS_NXDOMAIN);
    scene_close(&scene);
}

Test(dns_server, never_sends_a_declared_name_to_the_hosts_name_server)
{
    struct scene scene;
    struct received received;
    char name[DNS_NAME_TEXT_SIZE];

    scene_open(&scene);
    ask(&scene, "db", DNS_A);
    read_answer(&scene);
    cr_expect_eq(scene.answer.head.rcode, DNS_NXDOMAIN);
    ask(&scene, "db.corp.example", DNS_AAAA);
    read_answer(&scene);
    cr_expect_eq(scene.answer.head.rcode, DNS_NXDOMAIN);
    ask(&scene, "db", DNS_AAAA);
    read_answer(&scene);
    /* The first packet that arrives there is the one after them. */
    ask(&scene, "stranger.example", DNS_A);
    upstream_receive(&scene, &received);
    cr_expect(dns_name_to_text(&received.head.name, name));
    cr_expect_str_eq(name, "stranger.example");
    scene_close(&scene);
}

Test(dns_server, says_servfail_when_no_name_server_is_there)
{
    struct scene scene;

    scene_open(&scene);
    fd_close(steal_fd(&scene.upstream_fd));
    ask(&scene, "www.example.org", DNS_A);
    read_answer(&scene);
    cr_expect_eq(scene.answer.head.rcode, DNS_SERVFAIL);
    scene_close(&scene);
}

Test(dns_server, goes_on_after_a_malformed_packet)
{
    struct scene scene;

    scene_open(&scene);
    cr_assert_eq(send(scene.asker_fd, "garbage", 7, 0), 7);
    ask(&scene, "web", DNS_A);
    read_answer(&scene);
    cr_expect_eq(scene.answer.n_addresses, 1);
    scene_close(&scene);
}

/* One question in TCP's frame. */
static size_t framed(uint8_t *out, size_t size, const char *name)
{
    size_t length = packet_question(out + 2, size - 2, name, DNS_A, 0);

    out[0] = (uint8_t)(length >> 8);
    out[1] = (uint8_t)length;
    return length + 2;
}

static void read_framed(struct scene *scene, int fd)
{
    uint8_t head[2], bytes[DNS_MESSAGE_BYTES];
    size_t length;

    cr_assert_eq(recv(fd, head, 2, MSG_WAITALL), 2);
    length = (size_t)head[0] << 8 | head[1];
    cr_assert_eq(recv(fd, bytes, length, MSG_WAITALL), (ssize_t)length);
    packet_read(bytes, length, &scene->answer);
}

Test(dns_server, answers_several_questions_of_one_tcp_connection_however_they_are_cut)
{
    struct scene scene;
    uint8_t bytes[DNS_UDP_BYTES];
    size_t length;
    scoped_fd int fd = -1;

    scene_open(&scene);
    fd = lab_connect_eventually(scene.lab.router_netns_fd, LAB_CONTAINER, 53);
    length = framed(bytes, 256, "web");
    length += framed(bytes + length, 256, "db");
    cr_assert_eq(send(fd, bytes, 5, 0), 5);
    cr_assert_eq(send(fd, bytes + 5, length - 5, 0), (ssize_t)length - 5);
    read_framed(&scene, fd);
    cr_expect_eq(scene.answer.n_addresses, 1);
    read_framed(&scene, fd);
    cr_expect_eq(scene.answer.head.rcode, DNS_NXDOMAIN);
    scene_close(&scene);
}

Test(dns_server, forwards_questions_by_tcp_over_tcp)
{
    struct scene scene;
    uint8_t bytes[DNS_UDP_BYTES];
    size_t length;
    scoped_fd int fd = -1, listen_fd = -1, upstream_fd = -1;

    scene_open(&scene);
    listen_fd = lab_bound(scene.lab.host_netns_fd, SOCK_STREAM, LAB_NAME_SERVER, 53);
    cr_assert_eq(listen(listen_fd, 1), 0);
    fd = lab_connect_eventually(scene.lab.router_netns_fd, LAB_CONTAINER, 53);
    length = framed(bytes, sizeof(bytes), "www.example.org");
    cr_assert_eq(send(fd, bytes, length, 0), (ssize_t)length);
    upstream_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(upstream_fd, 0);
    cr_assert_eq(recv(upstream_fd, bytes, length, MSG_WAITALL), (ssize_t)length);
    bytes[4] |= 0x80; /* a response */
    cr_assert_eq(send(upstream_fd, bytes, length, 0), (ssize_t)length);
    read_framed(&scene, fd);
    cr_expect_eq(scene.answer.head.id, 0x4711);
    cr_expect(scene.answer.head.response);
    scene_close(&scene);
}
