/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/net/relay/lab.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/file.h"
#include "common/json.h"
#include "net/worker.h"

enum { PATIENCE_MS = 10000 };

#define NEED(condition) cr_assert((condition), "%s: %s", #condition, strerror(errno))

static void interface_up(const char *name, const char *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = {0};

    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (address) {
        struct inet_address parsed;

        NEED(inet_address_parse(address, 0, &parsed, NULL) == 0);
        memcpy(&request.ifr_addr, &parsed.v4, sizeof(parsed.v4));
        NEED(ioctl(fd, SIOCSIFADDR, &request) == 0);
    } else {
        request.ifr_flags = IFF_UP;
        NEED(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
    }
    fd_close(fd);
}

static int fresh_namespace(void)
{
    int fd;

    NEED(unshare(CLONE_NEWNET) == 0);
    interface_up("lo", NULL);
    fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    NEED(fd >= 0);
    return fd;
}

/* A child that dies with its parent; 0 in the child. */
static pid_t fork_bound(void)
{
    pid_t child = fork();

    if (child == 0)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

static _Noreturn void exit_like(pid_t child)
{
    int status = 0;

    (void)waitpid(child, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int private_mounts(void)
{
    return unshare(CLONE_NEWNS) < 0 ? -1 : mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

/*
 * Runs the worker below a process 1 of its own: that one dies with the test, however the test ends,
 * and takes the worker along. (The worker itself changes its ids, which cancels PR_SET_PDEATHSIG.)
 * In a grandchild only it returns: the worker's code. The caller's mounts are private.
 */
static int run_worker(int listen_fd)
{
    pid_t child;

    if (unshare(CLONE_NEWPID) < 0)
        _exit(99);
    child = fork_bound();
    if (child != 0)
        exit_like(child);
    /* Where the leak check looks for itself by its number, and finds another process or none. */
    if (mount("proc", "/proc", "proc", 0, NULL) < 0)
        _exit(99);
    child = fork_bound();
    if (child != 0)
        exit_like(child);
    return net_worker_main(listen_fd);
}

pid_t lab_spawn_worker(int listen_fd)
{
    pid_t child = fork_bound();

    NEED(child >= 0);
    if (child == 0) {
        if (private_mounts() < 0)
            _exit(99);
        _exit(run_worker(listen_fd)); /* the test's memory is no leak of the worker's */
    }
    return child;
}

static _Noreturn void run_lab_worker(const struct lab *lab)
{
    struct rlimit files = {lab->max_files, lab->max_files};
    char resolv_conf[128];

    if (lab->max_files > 0 && setrlimit(RLIMIT_NOFILE, &files) < 0)
        _exit(99);

    (void)snprintf(resolv_conf, sizeof(resolv_conf), "%s/resolv.conf", lab->dir);
    if (setns(lab->host_netns_fd, CLONE_NEWNET) < 0 || private_mounts() < 0 ||
        mount(resolv_conf, "/etc/resolv.conf", NULL, MS_BIND, NULL) < 0)
        _exit(99);
    exit(run_worker(lab->listen_fd));
}

void lab_start(struct lab *lab)
{
    lab_start_with_files(lab, 0);
}

void lab_start_with_files(struct lab *lab, unsigned max_files)
{
    struct worker_message network = {.op = WORKER_NETWORK,
                                     .network = "default",
                                     .subnet = "10.89.0.0/24",
                                     .gateway = LAB_GATEWAY};
    struct error err = {0};

    if (geteuid() != 0)
        cr_skip("network namespaces are made by root");
    *lab = (struct lab){.supervisor_fd = -1, .max_files = max_files, .dir = "/tmp/yawl-lab-XXXXXX"};
    lab->router_netns_fd = fresh_namespace();
    interface_up("lo:1", LAB_CONTAINER);
    interface_up("lo:2", LAB_GATEWAY);
    interface_up("lo:3", LAB_OTHER_CONTAINER);
    lab->host_netns_fd = fresh_namespace();
    NEED(mkdtemp(lab->dir));
    lab->dir_fd = open(lab->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    NEED(fchmod(lab->dir_fd, 0755) == 0);
    cr_assert(file_replace(lab->dir_fd, "resolv.conf", LAB_RESOLV_CONF, strlen(LAB_RESOLV_CONF),
                           0644, &err) == 0,
              "%s", err.text);
    cr_assert(fd_message_listen(lab->dir_fd, "net.sock", &lab->listen_fd, &err) == 0, "%s",
              err.text);
    lab->worker = fork_bound();
    NEED(lab->worker >= 0);
    if (lab->worker == 0)
        run_lab_worker(lab);
    lab_reconnect(lab);
    lab_send(lab, &(struct worker_message){.op = WORKER_ROUTER, .project = "shop"},
             &lab->router_netns_fd, 1);
    lab_send(lab, &network, NULL, 0);
}

void lab_reconnect(struct lab *lab)
{
    struct error err = {0};

    fd_close(lab->supervisor_fd);
    cr_assert(fd_message_connect(lab->dir_fd, "net.sock", &lab->supervisor_fd, &err) == 0, "%s",
              err.text);
    cr_assert_geq(lab->supervisor_fd, 0);
}

int lab_stop(struct lab *lab)
{
    int status = 0;

    lab_send(lab, &(struct worker_message){.op = WORKER_QUIT}, NULL, 0);
    NEED(waitpid(lab->worker, &status, 0) == lab->worker);
    (void)unlinkat(lab->dir_fd, "net.sock", 0);
    (void)unlinkat(lab->dir_fd, "resolv.conf", 0);
    (void)rmdir(lab->dir);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void lab_send(struct lab *lab, const struct worker_message *message, const int *fds, size_t n_fds)
{
    scoped(json_release) json_t *json = codec_encode(worker_message_codec, message);
    scoped_text struct text text = {0};
    struct error err = {0};

    json_format(json, &text);
    cr_assert(fd_message_send(lab->supervisor_fd, text.data, text.length, fds, n_fds, &err) == 0,
              "%s", err.text);
}

static void send_endpoint(struct lab *lab, const char *instance, const char *address)
{
    const char *names[] = {"web", "shop-web-1", "www"};
    struct worker_entry entry = {
        .network = "default", .address = address, .names = {.items = names, .count = 3}};
    struct worker_message endpoint = {
        .op = WORKER_ENDPOINT, .instance = instance, .entries = &entry, .n_entries = 1};
    int fds[] = {
        lab_bound(lab->router_netns_fd, SOCK_DGRAM, address, 53),
        lab_bound(lab->router_netns_fd, SOCK_STREAM, address, 53),
        lab_socket(lab->router_netns_fd, AF_NETLINK, SOCK_DGRAM, NETLINK_SOCK_DIAG),
    };

    NEED(listen(fds[1], 64) == 0);
    lab_send(lab, &endpoint, fds, 3);
    for (size_t i = 0; i < 3; i++)
        fd_close(fds[i]);
}

void lab_send_endpoint(struct lab *lab)
{
    send_endpoint(lab, LAB_INSTANCE, LAB_CONTAINER);
}

void lab_send_other_endpoint(struct lab *lab)
{
    send_endpoint(lab, LAB_OTHER_INSTANCE, LAB_OTHER_CONTAINER);
}

/* Messages are applied in order, so when the descriptor of a last one is let go all are. */
void lab_settle(struct lab *lab)
{
    int pipe_fds[2];
    struct pollfd end;

    NEED(pipe2(pipe_fds, O_CLOEXEC) == 0);
    lab_send(lab, &(struct worker_message){.op = WORKER_PORT_GONE, .key = "none"}, &pipe_fds[1], 1);
    fd_close(pipe_fds[1]);
    end = (struct pollfd){.fd = pipe_fds[0]};
    cr_assert_eq(poll(&end, 1, PATIENCE_MS), 1);
    fd_close(pipe_fds[0]);
}

int lab_socket(int netns_fd, int family, int type, int protocol)
{
    static const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    scoped_fd int back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int fd;

    NEED(setns(netns_fd, CLONE_NEWNET) == 0);
    fd = socket(family, type | SOCK_CLOEXEC, protocol);
    NEED(fd >= 0);
    NEED(setns(back, CLONE_NEWNET) == 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    return fd;
}

int lab_bound(int netns_fd, int type, const char *address, uint16_t port)
{
    static const int on = 1;
    struct inet_address local;
    int fd;

    NEED(inet_address_parse(address, port, &local, NULL) == 0);
    fd = lab_socket(netns_fd, local.any.sa_family, type, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    NEED(bind(fd, &local.any, inet_address_length(&local)) == 0);
    return fd;
}

uint16_t lab_port_of(int fd)
{
    struct inet_address local;

    NEED(inet_address_local(fd, &local));
    return inet_address_port(&local);
}

int lab_connect(int fd, const char *address, uint16_t port)
{
    struct inet_address remote;

    NEED(inet_address_parse(address, port, &remote, NULL) == 0);
    return connect(fd, &remote.any, inet_address_length(&remote)) == 0 ? 0 : errno;
}

/* One look at a state of the worker that announces itself to nobody. */
static int connect_once(int netns_fd, const char *address, uint16_t port, int *ret_fd)
{
    int number;

    *ret_fd = lab_socket(netns_fd, strchr(address, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    number = lab_connect(*ret_fd, address, port);
    if (number != 0) {
        fd_close(*ret_fd);
        *ret_fd = -1;
    }
    return number;
}

int lab_connect_eventually(int netns_fd, const char *address, uint16_t port)
{
    int fd;

    for (int i = 0; i < PATIENCE_MS; i++) {
        if (connect_once(netns_fd, address, port, &fd) == 0)
            return fd;
        (void)poll(NULL, 0, 1);
    }
    cr_assert_fail("%s:%d refuses connections", address, port);
    return -1;
}

void lab_refused_eventually(int netns_fd, const char *address, uint16_t port)
{
    int fd;

    for (int i = 0; i < PATIENCE_MS; i++) {
        if (connect_once(netns_fd, address, port, &fd) == ECONNREFUSED)
            return;
        fd_close(fd);
        (void)poll(NULL, 0, 1);
    }
    cr_assert_fail("%s:%d accepts connections", address, port);
}

uint16_t lab_publish(struct lab *lab, bool udp, uint16_t container_port)
{
    int type = udp ? SOCK_DGRAM : SOCK_STREAM;
    scoped_fd int fd = lab_bound(lab->host_netns_fd, type, "127.0.0.1", 0);
    uint16_t host_port = lab_port_of(fd);
    char key[64];
    struct worker_message port = {.op = WORKER_PORT,
                                  .key = key,
                                  .instance = LAB_INSTANCE,
                                  .address = LAB_CONTAINER,
                                  .port = container_port,
                                  .host_port = host_port,
                                  .udp = udp,
                                  .open = true};

    (void)snprintf(key, sizeof(key), "%s:127.0.0.1:%u", udp ? "udp" : "tcp", host_port);
    lab_send(lab, &port, &fd, 1);
    return host_port;
}
