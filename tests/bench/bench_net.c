/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the network of a hundred containers costs: making it and letting it go.
 *
 *     bench_net [CONTAINERS]
 *
 * Each container is a fresh network namespace that is attached to the project's one network, as the
 * supervisor does it. The time until the namespace is there is told apart: containers get theirs
 * with the clone. No net worker listens: what is told to it waits.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "net/net.h"
#include "net/netns.h"

enum { DEFAULT_CONTAINERS = 100, MAX_CONTAINERS = 250 };

static _Noreturn void give_up(const char *text)
{
    (void)fprintf(stderr, "bench_net: %s\n", text);
    exit(1);
}

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static void report(const char *what, double *samples, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += samples[i];
    qsort(samples, count, sizeof(*samples), compare);
    (void)printf("%-24s min %6.3f ms   median %6.3f ms   all %7.1f ms\n", what, samples[0],
                 samples[count / 2], sum);
}

static const struct endpoint_spec endpoint = {.network = "default"};

/* As the supervisor does it before it starts the first. */
static void choose_address(struct arena *arena, struct net *net, size_t number)
{
    struct string_list addresses;
    struct error err;
    char name[32];

    (void)snprintf(name, sizeof(name), "bench-%zu", number);
    if (net_addresses_of(net, name, &endpoint, arena, &addresses, &err) < 0)
        give_up(err.text);
}

static void attach(struct net *net, size_t number, int netns_fd)
{
    struct error err;
    char name[32];

    (void)snprintf(name, sizeof(name), "bench-%zu", number);
    if (net_attach(net, name, netns_fd, &endpoint, 1, &err) < 0)
        give_up(err.text);
}

static void run(struct arena *arena, struct net *net, size_t count)
{
    double *made = arena_new_array(arena, double, count);
    double *attached = arena_new_array(arena, double, count);
    int *fds = arena_new_array(arena, int, count);
    struct error err;
    double begin;

    begin = now_ms();
    for (size_t i = 0; i < count; i++)
        choose_address(arena, net, i);
    if (net_save_addresses(net, &err) < 0)
        give_up(err.text);
    (void)printf("choose all addresses, and keep them                       %7.1f ms\n",
                 now_ms() - begin);
    for (size_t i = 0; i < count; i++) {
        begin = now_ms();
        if (netns_create(&fds[i], &err) < 0)
            give_up(err.text);
        made[i] = now_ms() - begin;
        begin = now_ms();
        attach(net, i, fds[i]);
        attached[i] = now_ms() - begin;
    }
    report("make a namespace", made, count);
    report("attach it", attached, count);

    begin = now_ms();
    for (size_t i = 0; i < count; i++)
        fd_close(fds[i]);
    net_destroy(net);
    (void)printf("let all of it go                                        %7.1f ms\n",
                 now_ms() - begin);
}

int main(int argc, char **argv)
{
    const struct network_spec network = {.name = "default"};
    unsigned long long count = DEFAULT_CONTAINERS;
    struct arena *arena = arena_new();
    struct net_options options = {.project = "bench", .router_netns_fd = -1, .uplink_fd = -1};
    struct net *net;
    struct error err;
    char dir[64];

    if (geteuid() != 0) {
        (void)printf("skipped: only root can do this\n");
        arena_free(arena);
        return 77;
    }
    if (argc > 1 && (!string_to_u64(argv[1], MAX_CONTAINERS, &count) || count == 0))
        give_up("the number of containers is wrong");
    (void)snprintf(dir, sizeof(dir), "/tmp/yawl-bench-%d", (int)getpid());
    if (path_make_dirs(AT_FDCWD, dir, 0700, &err) < 0)
        give_up(err.text);
    options.run_dir_fd = options.state_dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (options.run_dir_fd < 0 || net_open(&options, &net, &err) < 0 ||
        net_add_network(net, &network, &err) < 0)
        give_up(err.text);
    run(arena, net, (size_t)count);
    fd_close(options.run_dir_fd);
    if (path_remove_tree(AT_FDCWD, dir, &err) < 0)
        give_up(err.text);
    arena_free(arena);
    return 0;
}
