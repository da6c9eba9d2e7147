/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/tcp_port.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/sha256.h"
#include "tests/unit/net/relay/lab.h"

enum { CONTAINER_PORT = 8080, BIG_BYTES = 64 * 1024 * 1024 };

/* A connection from the host's side, and its other end in the container. */
struct pair {
    struct lab lab;
    int listen_fd;
    int client_fd, container_fd;
    uint16_t host_port;
};

static void pair_open(struct pair *pair)
{
    struct lab *lab = &pair->lab;

    lab_start(lab);
    lab_send_endpoint(lab);
    pair->listen_fd = lab_bound(lab->router_netns_fd, SOCK_STREAM, LAB_CONTAINER, CONTAINER_PORT);
    cr_assert_eq(listen(pair->listen_fd, 16), 0);
    pair->host_port = lab_publish(lab, false, CONTAINER_PORT);
    pair->client_fd = lab_connect_eventually(lab->host_netns_fd, "127.0.0.1", pair->host_port);
    pair->container_fd = accept4(pair->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(pair->container_fd, 0, "%s", strerror(errno));
}

static void pair_close(struct pair *pair)
{
    fd_close(pair->client_fd);
    fd_close(pair->container_fd);
    fd_close(pair->listen_fd);
    cr_expect_eq(lab_stop(&pair->lab), 0);
}

static void reset_on_close(int fd)
{
    struct linger linger = {.l_onoff = 1};

    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
}

Test(tcp_port, is_refused_until_the_container_listens_and_again_after_it_was_closed)
{
    struct lab lab;
    scoped_fd int listen_fd = -1;
    scoped_fd int client_fd = -1;
    uint16_t port;

    lab_start(&lab);
    lab_send_endpoint(&lab);
    port = lab_publish(&lab, false, CONTAINER_PORT);
    lab_settle(&lab);
    client_fd = lab_socket(lab.host_netns_fd, AF_INET, SOCK_STREAM, 0);
    cr_expect_eq(lab_connect(client_fd, "127.0.0.1", port), ECONNREFUSED);

    listen_fd = lab_bound(lab.router_netns_fd, SOCK_STREAM, "0.0.0.0", CONTAINER_PORT);
    cr_assert_eq(listen(listen_fd, 1), 0);
    fd_close(lab_connect_eventually(lab.host_netns_fd, "127.0.0.1", port));

    fd_close(steal_fd(&listen_fd));
    /* Noticed by the first client that is not served. */
    lab_refused_eventually(lab.host_netns_fd, "127.0.0.1", port);
    cr_expect_eq(lab_stop(&lab), 0);
}

Test(tcp_port, does_not_open_for_a_listener_on_the_containers_loopback)
{
    struct lab lab;
    scoped_fd int private_fd = -1;
    scoped_fd int public_fd = -1;
    scoped_fd int client_fd = -1;
    uint16_t port, public_port;

    lab_start(&lab);
    lab_send_endpoint(&lab);
    private_fd = lab_bound(lab.router_netns_fd, SOCK_STREAM, "127.0.0.1", CONTAINER_PORT);
    cr_assert_eq(listen(private_fd, 1), 0);
    public_fd = lab_bound(lab.router_netns_fd, SOCK_STREAM, LAB_CONTAINER, CONTAINER_PORT + 1);
    cr_assert_eq(listen(public_fd, 1), 0);
    port = lab_publish(&lab, false, CONTAINER_PORT);
    public_port = lab_publish(&lab, false, CONTAINER_PORT + 1);
    fd_close(lab_connect_eventually(lab.host_netns_fd, "127.0.0.1", public_port));
    client_fd = lab_socket(lab.host_netns_fd, AF_INET, SOCK_STREAM, 0);
    cr_expect_eq(lab_connect(client_fd, "127.0.0.1", port), ECONNREFUSED);
    cr_expect_eq(lab_stop(&lab), 0);
}

Test(tcp_port, opens_for_a_listener_on_the_ipv6_wildcard)
{
    struct lab lab;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(CONTAINER_PORT)};
    scoped_fd int listen_fd = -1;
    uint16_t port;

    lab_start(&lab);
    lab_send_endpoint(&lab);
    listen_fd = lab_socket(lab.router_netns_fd, AF_INET6, SOCK_STREAM, 0);
    cr_assert_eq(bind(listen_fd, (struct sockaddr *)&any, sizeof(any)), 0);
    cr_assert_eq(listen(listen_fd, 1), 0);
    port = lab_publish(&lab, false, CONTAINER_PORT);
    fd_close(lab_connect_eventually(lab.host_netns_fd, "127.0.0.1", port));
    cr_expect_eq(lab_stop(&lab), 0);
}

Test(tcp_port, stays_closed_for_an_ipv6_listener_that_takes_no_ipv4)
{
    static const int on = 1;
    struct lab lab;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(CONTAINER_PORT)};
    scoped_fd int v6_fd = -1, v4_fd = -1, client_fd = -1;
    uint16_t port, other_port;

    lab_start(&lab);
    lab_send_endpoint(&lab);
    v6_fd = lab_socket(lab.router_netns_fd, AF_INET6, SOCK_STREAM, 0);
    cr_assert_eq(setsockopt(v6_fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)), 0);
    cr_assert_eq(bind(v6_fd, (struct sockaddr *)&any, sizeof(any)), 0);
    cr_assert_eq(listen(v6_fd, 1), 0);
    v4_fd = lab_bound(lab.router_netns_fd, SOCK_STREAM, LAB_CONTAINER, CONTAINER_PORT + 1);
    cr_assert_eq(listen(v4_fd, 1), 0);
    port = lab_publish(&lab, false, CONTAINER_PORT);
    other_port = lab_publish(&lab, false, CONTAINER_PORT + 1);
    fd_close(lab_connect_eventually(lab.host_netns_fd, "127.0.0.1", other_port));
    client_fd = lab_socket(lab.host_netns_fd, AF_INET, SOCK_STREAM, 0);
    cr_expect_eq(lab_connect(client_fd, "127.0.0.1", port), ECONNREFUSED);
    cr_expect_eq(lab_stop(&lab), 0);
}

Test(tcp_port, passes_the_end_of_either_side_on_while_the_other_goes_on)
{
    struct pair pair;
    char bytes[16];

    pair_open(&pair);
    cr_assert_eq(send(pair.client_fd, "question", 8, 0), 8);
    cr_assert_eq(shutdown(pair.client_fd, SHUT_WR), 0);
    cr_assert_eq(recv(pair.container_fd, bytes, 8, MSG_WAITALL), 8);
    cr_expect_eq(recv(pair.container_fd, bytes, sizeof(bytes), 0), 0);
    cr_assert_eq(send(pair.container_fd, "answer", 6, 0), 6);
    cr_assert_eq(recv(pair.client_fd, bytes, 6, MSG_WAITALL), 6);
    cr_expect_eq(memcmp(bytes, "answer", 6), 0);
    cr_assert_eq(shutdown(pair.container_fd, SHUT_WR), 0);
    cr_expect_eq(recv(pair.client_fd, bytes, sizeof(bytes), 0), 0);
    pair_close(&pair);
}

Test(tcp_port, passes_the_clients_reset_on)
{
    struct pair pair;
    char byte;

    pair_open(&pair);
    reset_on_close(pair.client_fd);
    fd_close(steal_fd(&pair.client_fd));
    cr_expect_eq(recv(pair.container_fd, &byte, 1, 0), -1);
    cr_expect_eq(errno, ECONNRESET);
    pair_close(&pair);
}

Test(tcp_port, passes_the_containers_reset_on)
{
    struct pair pair;
    char byte;

    pair_open(&pair);
    reset_on_close(pair.container_fd);
    fd_close(steal_fd(&pair.container_fd));
    cr_expect_eq(recv(pair.client_fd, &byte, 1, 0), -1);
    cr_expect_eq(errno, ECONNRESET);
    pair_close(&pair);
}

Test(tcp_port, passes_a_reset_on_from_a_side_that_has_ended_before)
{
    struct pair pair;
    char byte;

    pair_open(&pair);
    cr_assert_eq(shutdown(pair.client_fd, SHUT_WR), 0);
    cr_assert_eq(recv(pair.container_fd, &byte, 1, 0), 0);
    reset_on_close(pair.client_fd);
    fd_close(steal_fd(&pair.client_fd));
    /* The container, which sends nothing itself, learns it too. */
    cr_expect_eq(poll(&(struct pollfd){.fd = pair.container_fd, .events = POLLHUP}, 1, 10000), 1);
    pair_close(&pair);
}

Test(tcp_port, refuses_again_after_close_but_keeps_its_connections_and_its_number)
{
    struct pair pair;
    char key[64];
    char byte = 0;
    struct worker_message close_port = {.op = WORKER_PORT,
                                        .key = key,
                                        .instance = LAB_INSTANCE,
                                        .address = LAB_CONTAINER,
                                        .port = CONTAINER_PORT};
    scoped_fd int late_fd = -1, thief_fd = -1, again_fd = -1;
    struct inet_address taken;

    pair_open(&pair);
    cr_assert_eq(inet_address_parse("127.0.0.1", pair.host_port, &taken, NULL), 0);
    (void)snprintf(key, sizeof(key), "tcp:127.0.0.1:%u", pair.host_port);
    lab_send(&pair.lab, &close_port, NULL, 0);
    lab_settle(&pair.lab);
    late_fd = lab_socket(pair.lab.host_netns_fd, AF_INET, SOCK_STREAM, 0);
    cr_expect_eq(lab_connect(late_fd, "127.0.0.1", pair.host_port), ECONNREFUSED);
    cr_assert_eq(send(pair.client_fd, "x", 1, 0), 1);
    cr_expect_eq(recv(pair.container_fd, &byte, 1, 0), 1);
    cr_expect_eq(byte, 'x');
    thief_fd = lab_socket(pair.lab.host_netns_fd, AF_INET, SOCK_STREAM, 0);
    cr_expect_lt(bind(thief_fd, &taken.any, inet_address_length(&taken)), 0);
    close_port.open = true;
    lab_send(&pair.lab, &close_port, NULL, 0);
    lab_settle(&pair.lab);
    again_fd = lab_connect_eventually(pair.lab.host_netns_fd, "127.0.0.1", pair.host_port);
    pair_close(&pair);
}

Test(tcp_port, resets_the_connections_of_a_container_that_is_gone)
{
    struct pair pair;
    char byte;

    pair_open(&pair);
    lab_send(&pair.lab,
             &(struct worker_message){.op = WORKER_ENDPOINT_GONE, .instance = LAB_INSTANCE}, NULL,
             0);
    cr_expect_eq(recv(pair.client_fd, &byte, 1, 0), -1);
    cr_expect_eq(errno, ECONNRESET);
    pair_close(&pair);
}

Test(tcp_port, keeps_the_connections_of_an_instance_that_handed_it_over_until_that_is_gone)
{
    struct pair pair;
    char key[64];
    char byte = 0;
    struct worker_message handed_over = {.op = WORKER_PORT,
                                         .key = key,
                                         .instance = LAB_OTHER_INSTANCE,
                                         .address = LAB_OTHER_CONTAINER,
                                         .port = CONTAINER_PORT,
                                         .open = true};
    struct worker_message gone = {.op = WORKER_ENDPOINT_GONE, .instance = LAB_INSTANCE};
    scoped_fd int other_listen_fd = -1, new_client_fd = -1, new_container_fd = -1;

    pair_open(&pair);
    (void)snprintf(key, sizeof(key), "tcp:127.0.0.1:%u", pair.host_port);
    other_listen_fd =
        lab_bound(pair.lab.router_netns_fd, SOCK_STREAM, LAB_OTHER_CONTAINER, CONTAINER_PORT);
    cr_assert_eq(listen(other_listen_fd, 16), 0);
    lab_send_other_endpoint(&pair.lab);
    lab_send(&pair.lab, &handed_over, NULL, 0);
    lab_settle(&pair.lab);

    new_client_fd = lab_connect_eventually(pair.lab.host_netns_fd, "127.0.0.1", pair.host_port);
    new_container_fd = accept4(other_listen_fd, NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(new_container_fd, 0, "%s", strerror(errno));
    cr_assert_eq(send(pair.container_fd, "x", 1, 0), 1);
    cr_expect_eq(recv(pair.client_fd, &byte, 1, 0), 1);

    lab_send(&pair.lab, &gone, NULL, 0);
    cr_expect_eq(recv(pair.client_fd, &byte, 1, 0), -1);
    cr_expect_eq(errno, ECONNRESET);
    cr_assert_eq(send(new_container_fd, "y", 1, 0), 1);
    cr_expect_eq(recv(new_client_fd, &byte, 1, 0), 1);
    cr_expect_eq(byte, 'y');
    pair_close(&pair);
}

Test(tcp_port, keeps_its_connections_when_the_supervisor_is_replaced)
{
    struct pair pair;
    char key[64];
    char byte = 0;
    const char *names[] = {"web"};
    struct worker_entry entry = {
        .network = "default", .address = LAB_CONTAINER, .names = {.items = names, .count = 1}};
    const struct worker_message afresh[] = {
        {.op = WORKER_ROUTER},
        {.op = WORKER_SYNC_BEGIN},
        {.op = WORKER_NETWORK, .network = "default", .subnet = "10.89.0.0/24"},
        {.op = WORKER_ENDPOINT, .instance = LAB_INSTANCE, .entries = &entry, .n_entries = 1},
        {.op = WORKER_PORT,
         .key = key,
         .instance = LAB_INSTANCE,
         .address = LAB_CONTAINER,
         .port = CONTAINER_PORT,
         .open = true},
        {.op = WORKER_SYNC_END},
    };

    pair_open(&pair);
    (void)snprintf(key, sizeof(key), "tcp:127.0.0.1:%u", pair.host_port);
    lab_reconnect(&pair.lab);
    for (size_t i = 0; i < sizeof(afresh) / sizeof(afresh[0]); i++)
        lab_send(&pair.lab, &afresh[i], i == 0 ? &pair.lab.router_netns_fd : NULL, i == 0);
    lab_settle(&pair.lab);
    cr_assert_eq(send(pair.container_fd, "x", 1, 0), 1);
    cr_expect_eq(recv(pair.client_fd, &byte, 1, 0), 1);
    fd_close(lab_connect_eventually(pair.lab.host_netns_fd, "127.0.0.1", pair.host_port));
    pair_close(&pair);
}

Test(tcp_port, goes_when_a_new_supervisor_does_not_mention_it)
{
    struct pair pair;
    char byte;

    pair_open(&pair);
    lab_reconnect(&pair.lab);
    lab_send(&pair.lab, &(struct worker_message){.op = WORKER_SYNC_BEGIN}, NULL, 0);
    lab_send(&pair.lab, &(struct worker_message){.op = WORKER_SYNC_END}, NULL, 0);
    cr_expect_eq(recv(pair.client_fd, &byte, 1, 0), -1);
    cr_expect_eq(errno, ECONNRESET);
    lab_refused_eventually(pair.lab.host_netns_fd, "127.0.0.1", pair.host_port);
    pair_close(&pair);
}

/* One end of a big transfer: writes BIG_BYTES of a known sequence and hashes what it reads. */
struct end {
    int fd;
    uint32_t seed;
    char sent[SHA256_HEX_SIZE], received[SHA256_HEX_SIZE];
};

static void *end_write(void *owner)
{
    struct end *end = owner;
    struct sha256 *hash = sha256_new();
    uint32_t block[16 * 1024];
    uint32_t state = end->seed;

    for (size_t done = 0; done < BIG_BYTES; done += sizeof(block)) {
        for (size_t i = 0; i < sizeof(block) / sizeof(block[0]); i++)
            block[i] = state = state * 1664525U + 1013904223U;
        sha256_update(hash, block, sizeof(block));
        if (fd_write_all(end->fd, block, sizeof(block)) < 0)
            break;
    }
    (void)shutdown(end->fd, SHUT_WR);
    sha256_finish(hash, end->sent);
    return NULL;
}

static void *end_read(void *owner)
{
    struct end *end = owner;
    struct sha256 *hash = sha256_new();
    char block[64 * 1024];
    ssize_t n;

    while ((n = recv(end->fd, block, sizeof(block), 0)) > 0)
        sha256_update(hash, block, (size_t)n);
    sha256_finish(hash, end->received);
    return NULL;
}

Test(tcp_port, carries_64_mib_both_ways_at_once_unchanged, .timeout = 120)
{
    struct pair pair;
    struct end ends[2];
    pthread_t threads[4];

    pair_open(&pair);
    ends[0] = (struct end){.fd = pair.client_fd, .seed = 1};
    ends[1] = (struct end){.fd = pair.container_fd, .seed = 2};
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, i < 2 ? end_write : end_read, &ends[i % 2]),
                     0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_expect_str_eq(ends[0].sent, ends[1].received);
    cr_expect_str_eq(ends[1].sent, ends[0].received);
    pair_close(&pair);
}

/* What stands at an offset of the stream. */
static uint8_t byte_at(size_t offset)
{
    return (uint8_t)(offset % 251);
}

/* Until nothing has room any more: buffers of both connections and the pipe, but not without end.
 * Returns how much that was. */
static size_t send_until_full(int fd, size_t block_bytes)
{
    uint8_t block[64 * 1024];
    size_t sent = 0;

    for (;;) {
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        ssize_t n;

        if (poll(&room, 1, 300) == 0)
            return sent;
        for (size_t i = 0; i < block_bytes; i++)
            block[i] = byte_at(sent + i);
        n = send(fd, block, block_bytes, MSG_DONTWAIT);
        cr_assert(n > 0 || errno == EAGAIN);
        sent += n > 0 ? (size_t)n : 0;
        cr_assert_lt(sent, 256U * 1024 * 1024);
    }
}

static void expect_whole_stream(int fd, size_t expected)
{
    uint8_t block[64 * 1024];
    size_t received = 0, wrong = 0;
    ssize_t n;

    while ((n = recv(fd, block, sizeof(block), 0)) > 0)
        for (ssize_t i = 0; i < n; i++)
            wrong += block[i] != byte_at(received++);
    cr_expect_eq(n, 0);
    cr_expect_eq(received, expected);
    cr_expect_eq(wrong, 0);
}

static void send_to_a_slow_reader(size_t block_bytes)
{
    struct pair pair;
    size_t sent;

    pair_open(&pair);
    sent = send_until_full(pair.client_fd, block_bytes);
    cr_assert_eq(shutdown(pair.client_fd, SHUT_WR), 0);
    expect_whole_stream(pair.container_fd, sent);
    pair_close(&pair);
}

Test(tcp_port, stops_the_sender_while_the_reader_is_slow_and_loses_nothing)
{
    send_to_a_slow_reader(64 * 1024);
}

/* Which are copied, not spliced. */
Test(tcp_port, small_messages_to_a_slow_reader_are_not_lost_either, .timeout = 120)
{
    send_to_a_slow_reader(700);
}

enum {
    SOME_CONNECTIONS = 500,
    FILES_PER_CONNECTION = 12, /* one port has half of what the worker can hold, 6 files each */
    BYTES_PER_CONNECTION = 4096,
};

/* YAWL_TEST_CONNECTIONS; a release is tested with 10000, which takes a limit of 120000 files. */
static size_t idle_connections(void)
{
    const char *text = getenv("YAWL_TEST_CONNECTIONS");
    size_t count = text ? strtoul(text, NULL, 10) : SOME_CONNECTIONS;
    struct rlimit files;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < (count + 100) * FILES_PER_CONNECTION)
        cr_skip_test("%zu connections take a limit of %zu files; here it is %zu", count,
                     (count + 100) * FILES_PER_CONNECTION, (size_t)files.rlim_cur);
    return count;
}

static size_t resident_bytes(pid_t pid)
{
    char path[40];
    unsigned long size = 0, resident = 0;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%d/statm", pid);
    file = fopen(path, "re");
    cr_assert(file && fscanf(file, "%lu %lu", &size, &resident) == 2);
    (void)fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* Opens as many connections as asked for; they have carried a byte and do nothing since. */
static void open_idle(struct pair *pair, int (*fds)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char byte = 0;

        fds[i][0] = lab_connect_eventually(pair->lab.host_netns_fd, "127.0.0.1", pair->host_port);
        fds[i][1] = accept4(pair->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        cr_assert_geq(fds[i][1], 0, "%zu: %s", i, strerror(errno));
        cr_assert_eq(send(fds[i][0], "a", 1, 0), 1);
        cr_assert_eq(recv(fds[i][1], &byte, 1, 0), 1, "%zu: %s", i, strerror(errno));
    }
}

Test(tcp_port, holds_many_idle_connections_in_little_memory, .timeout = 600)
{
    size_t count = idle_connections(), before, after;
    int(*fds)[2] = calloc(count, sizeof(*fds));
    struct pair pair;
    char byte = 0;

    pair_open(&pair);
    open_idle(&pair, fds, 100); /* until everything has been used once */
    before = resident_bytes(pair.lab.worker);
    open_idle(&pair, fds + 100, count - 100);
    after = resident_bytes(pair.lab.worker);
    cr_log_info("%zu idle connections: %zu bytes each", count, (after - before) / (count - 100));
    cr_expect_lt(after - before, (count - 100) * BYTES_PER_CONNECTION);
    for (size_t i = 0; i < count; i++) { /* and each is still one */
        cr_assert_eq(send(fds[i][1], "b", 1, 0), 1);
        cr_assert_eq(recv(fds[i][0], &byte, 1, 0), 1);
        fd_close(fds[i][0]);
        fd_close(fds[i][1]);
    }
    free(fds);
    pair_close(&pair);
}

enum { CROWD = 60, FEW_FILES = 320 };

static size_t count_ready(struct pollfd *all, size_t count)
{
    size_t ready = 0;

    for (size_t i = 0; i < count; i++)
        ready += poll(&all[i], 1, 0) == 1 && all[i].fd >= 0;
    return ready;
}

/* Waits until every client has either its greeting or been closed by us. */
static void wait_for_greetings(struct pollfd *all, size_t count, size_t wanted)
{
    for (int i = 0; i < 10000 && count_ready(all, count) < wanted; i++)
        (void)poll(NULL, 0, 1);
    cr_expect_geq(count_ready(all, count), wanted);
}

Test(tcp_port, clients_beyond_the_descriptors_wait_and_are_served_later)
{
    struct lab lab;
    struct pollfd clients[CROWD];
    int servers[CROWD];
    scoped_fd int listen_fd = -1;
    uint16_t port;
    size_t served = 0;

    lab_start_with_files(&lab, FEW_FILES);
    lab_send_endpoint(&lab);
    listen_fd = lab_bound(lab.router_netns_fd, SOCK_STREAM, LAB_CONTAINER, CONTAINER_PORT);
    cr_assert_eq(listen(listen_fd, CROWD), 0);
    port = lab_publish(&lab, false, CONTAINER_PORT);
    for (size_t i = 0; i < CROWD; i++)
        clients[i] = (struct pollfd){
            .fd = lab_connect_eventually(lab.host_netns_fd, "127.0.0.1", port), .events = POLLIN};
    /* Each is greeted when its connection arrives, and let go when it was greeted. */
    while (served < CROWD) {
        servers[served] = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        cr_assert_geq(servers[served], 0, "%zu of %d: %s", served, CROWD, strerror(errno));
        cr_assert_eq(send(servers[served], "hi", 2, 0), 2);
        served++;
        wait_for_greetings(clients, CROWD, 1);
        for (size_t i = 0; i < CROWD; i++) {
            if (clients[i].fd >= 0 && poll(&clients[i], 1, 0) == 1) {
                fd_close(clients[i].fd);
                clients[i].fd = -1;
            }
        }
    }
    for (size_t i = 0; i < CROWD; i++)
        fd_close(servers[i]);
    cr_expect_eq(lab_stop(&lab), 0);
}
