/* SPDX-License-Identifier: Apache-2.0 */
#include "net/port.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "net/net.h"
#include "tests/unit/net/net_world.h"

static struct world world;

static void setup(void)
{
    world_setup(&world);
}

static void teardown(void)
{
    world_teardown(&world);
}

TestSuite(port, .init = setup, .fini = teardown);

static struct port_binding bound(struct port_spec spec)
{
    struct port_binding binding = {0};
    struct error err = {0};

    cr_assert(port_bind(&spec, 0, &binding, &err) == 0, "%s", err.text);
    return binding;
}

static void refused(struct port_spec spec, const char *words)
{
    struct error err = {0};

    cr_expect(eq(int, net_port_check(&spec, &err), -1));
    cr_expect(strcmp(err.text, words) == 0, "%s", err.text);
}

Test(port, both_families_are_bound_when_no_address_is_given)
{
    scoped_binding struct port_binding binding = bound((struct port_spec){.host_port = 8080});

    cr_expect(eq(sz, binding.n_fds, 2));
    cr_expect(eq(int, port_of_socket(binding.fds[0]), 8080));
    cr_expect(eq(int, port_of_socket(binding.fds[1]), 8080));
}

Test(port, a_bound_port_refuses_until_somebody_listens)
{
    scoped_binding struct port_binding binding = bound((struct port_spec){.host_port = 8080});
    scoped_fd int client_fd = world_connect(-1, "127.0.0.1", 8080);

    cr_expect(eq(int, client_fd, -1));
    cr_expect(eq(int, errno, ECONNREFUSED));
    cr_assert(listen(binding.fds[0], 1) == 0);
    client_fd = world_connect(-1, "127.0.0.1", 8080);
    cr_expect(ge(int, client_fd, 0));
}

Test(port, a_bound_port_is_not_shared_with_who_asks_for_reuse)
{
    scoped_binding struct port_binding binding = bound((struct port_spec){.host_port = 8080});
    scoped_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8080)};
    int one = 1;

    cr_assert(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
    cr_expect(eq(int, bind(fd, (struct sockaddr *)&address, sizeof(address)), -1));
    cr_expect(eq(int, errno, EADDRINUSE));
}

Test(port, a_busy_port_names_its_holder)
{
    scoped_fd int listen_fd = world_listen(-1, "127.0.0.1", 5432);
    char words[128], command[16] = "";
    FILE *comm = fopen("/proc/self/comm", "r");

    cr_assert(comm != NULL && fscanf(comm, "%15[^\n]", command) == 1);
    (void)fclose(comm);
    (void)snprintf(words, sizeof(words), "port 5432 is held by '%s' (pid %d)", command,
                   (int)getpid());
    refused((struct port_spec){.host_port = 5432}, words);
}

Test(port, a_port_that_is_bound_without_listening_names_its_holder_too)
{
    scoped_binding struct port_binding binding = bound((struct port_spec){.host_port = 5432});
    struct port_spec again = {.host_port = 5432};
    struct error err = {0};

    cr_expect(eq(int, net_port_check(&again, &err), -1));
    cr_expect(eq(int, err.number, EADDRINUSE));
    cr_expect(strstr(err.text, "port 5432 is held by ") != NULL, "%s", err.text);
}

Test(port, udp_and_tcp_do_not_meet)
{
    scoped_binding struct port_binding tcp = bound((struct port_spec){.host_port = 53});
    scoped_binding struct port_binding udp =
        bound((struct port_spec){.host_port = 53, .udp = true});

    cr_expect(eq(sz, tcp.n_fds + udp.n_fds, 4));
}

Test(port, a_busy_udp_port_is_refused)
{
    scoped_binding struct port_binding udp =
        bound((struct port_spec){.host_port = 53, .udp = true});
    struct port_spec again = {.host_port = 53, .udp = true};
    struct error err = {0};

    cr_expect(eq(int, net_port_check(&again, &err), -1));
    cr_expect(strstr(err.text, "port 53/udp is held by ") == err.text, "%s", err.text);
}

Test(port, a_range_gives_its_first_free_port)
{
    scoped_fd int listen_fd = world_listen(-1, "0.0.0.0", 8000);
    scoped_binding struct port_binding binding =
        bound((struct port_spec){.host_port = 8000, .host_port_end = 8002});

    cr_expect(eq(int, binding.host_port, 8001));
}

Test(port, a_range_without_a_free_port_says_so)
{
    scoped_binding struct port_binding first = bound((struct port_spec){.host_port = 8000});
    scoped_binding struct port_binding second = bound((struct port_spec){.host_port = 8001});
    struct port_spec range = {.host_port = 8000, .host_port_end = 8001};
    struct error err = {0};

    cr_expect(eq(int, net_port_check(&range, &err), -1));
    cr_expect(strstr(err.text, "no free port in 8000-8001: ") == err.text, "%s", err.text);
}

Test(port, an_ephemeral_port_is_the_same_in_both_families)
{
    scoped_binding struct port_binding binding = bound((struct port_spec){0});

    cr_expect(gt(int, binding.host_port, 0));
    cr_expect(eq(int, port_of_socket(binding.fds[0]), binding.host_port));
    cr_expect(eq(int, port_of_socket(binding.fds[1]), binding.host_port));
}

Test(port, a_preferred_ephemeral_port_is_taken_when_it_is_free)
{
    struct port_spec spec = {0};
    struct port_binding binding;

    cr_assert(eq(int, port_bind(&spec, 45678, &binding, NULL), 0));
    cr_expect(eq(int, binding.host_port, 45678));
    port_binding_done(&binding);
}

Test(port, an_address_binds_one_family_and_that_address_alone)
{
    scoped_binding struct port_binding four =
        bound((struct port_spec){.host_ip = "127.0.0.1", .host_port = 8080});
    scoped_binding struct port_binding other =
        bound((struct port_spec){.host_ip = "127.0.0.2", .host_port = 8080});
    scoped_binding struct port_binding six =
        bound((struct port_spec){.host_ip = "::1", .host_port = 8080});

    cr_expect(eq(sz, four.n_fds, 1));
    cr_expect(eq(sz, six.n_fds, 1));
}

Test(port, an_address_that_the_host_does_not_have_is_named)
{
    refused((struct port_spec){.host_ip = "198.51.100.7", .host_port = 80},
            "bind port 80: this machine does not have the address '198.51.100.7'");
}

Test(port, an_address_that_is_none_is_refused)
{
    refused((struct port_spec){.host_ip = "localhost", .host_port = 80},
            "host address 'localhost' is none");
}

Test(port, a_low_port_without_privilege_says_what_would_allow_it)
{
    cr_assert(seteuid(65534) == 0);
    refused((struct port_spec){.host_port = 80},
            "bind port 80: ports below 1024 need privilege (lower "
            "net.ipv4.ip_unprivileged_port_start, or publish a higher port)");
    cr_assert(seteuid(0) == 0);
}
