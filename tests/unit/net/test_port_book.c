/* SPDX-License-Identifier: Apache-2.0 */
#include "net/port_book.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
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

TestSuite(port_book, .init = setup, .fini = teardown);

static struct port_book *opened(void)
{
    struct port_book *book = NULL;
    struct error err = {0};

    cr_assert(port_book_open(world.run_fd, &book, &err) == 0, "%s", err.text);
    return book;
}

static struct port_binding reserved(struct port_book *book, struct port_spec spec)
{
    struct port_binding binding = {0};
    struct error err = {0};

    cr_assert(port_book_reserve(book, "web-1", &spec, &binding, &err) == 0, "%s", err.text);
    return binding;
}

static void ignore_key(void *owner, const char *key)
{
    (void)owner;
    (void)key;
}

/* A process that holds what its parent has open until the gate closes. */
static pid_t holder_new(int *ret_gate)
{
    int gate[2];
    char byte;
    pid_t child;

    cr_assert(pipe2(gate, O_CLOEXEC) == 0);
    child = fork();
    if (child == 0) {
        (void)close(gate[1]);
        (void)!read(gate[0], &byte, 1);
        _exit(0);
    }
    (void)close(gate[0]);
    *ret_gate = gate[1];
    return child;
}

Test(port_book, a_new_supervisor_takes_the_sockets_of_a_living_worker_back)
{
    struct port_spec spec = {.host_port = 8080, .container_port = 80};
    scoped(port_book_free) struct port_book *first = opened();
    scoped(port_book_free) struct port_book *second = NULL;
    struct port_binding before = reserved(first, spec);
    scoped_binding struct port_binding after = {0};
    struct stat was, is;
    int gate;
    pid_t worker = holder_new(&gate);

    cr_assert(fstat(before.fds[1], &was) == 0);
    port_binding_done(&before);
    second = opened();
    after = reserved(second, spec);
    cr_assert(eq(sz, after.n_fds, 2));
    cr_assert(fstat(after.fds[1], &is) == 0);
    cr_expect(eq(u64, was.st_ino, is.st_ino));
    (void)close(gate);
    (void)waitpid(worker, NULL, 0);
}

Test(port_book, a_dead_worker_leaves_the_port_to_be_bound_again)
{
    struct port_spec spec = {.host_port = 8080, .container_port = 80};
    scoped(port_book_free) struct port_book *first = opened();
    scoped(port_book_free) struct port_book *second = NULL;
    struct port_binding before = reserved(first, spec);
    scoped_binding struct port_binding after = {0};

    port_binding_done(&before);
    second = opened();
    after = reserved(second, spec);
    cr_expect(eq(int, after.host_port, 8080));
}

Test(port_book, the_port_of_a_stranger_is_not_taken)
{
    struct port_spec spec = {.host_port = 8080, .container_port = 80};
    scoped(port_book_free) struct port_book *first = opened();
    scoped(port_book_free) struct port_book *second = NULL;
    struct port_binding before = reserved(first, spec);
    struct port_binding after;
    scoped_fd int stranger = -1;
    struct error err = {0};

    port_binding_done(&before);
    stranger = world_listen(-1, "0.0.0.0", 8080);
    second = opened();
    cr_expect(eq(int, port_book_reserve(second, "web-1", &spec, &after, &err), -1));
    cr_expect(eq(int, err.number, EADDRINUSE));
}

Test(port_book, an_ephemeral_port_comes_back_after_a_release)
{
    struct port_spec spec = {.container_port = 80};
    scoped(port_book_free) struct port_book *first = opened();
    scoped(port_book_free) struct port_book *second = NULL;
    struct port_binding before = reserved(first, spec);
    scoped_binding struct port_binding after = {0};

    port_binding_done(&before);
    cr_assert(port_book_release(first, "web-1", ignore_key, NULL, NULL) == 0);
    second = opened();
    after = reserved(second, spec);
    cr_expect(eq(int, after.host_port, before.host_port));
}

Test(port_book, replicas_share_a_range)
{
    struct port_spec spec = {.host_port = 8000, .host_port_end = 8001, .container_port = 80};
    scoped(port_book_free) struct port_book *book = opened();
    scoped_binding struct port_binding first = reserved(book, spec);
    scoped_binding struct port_binding second = {0};
    struct error err = {0};

    cr_assert(port_book_reserve(book, "web-2", &spec, &second, &err) == 0, "%s", err.text);
    cr_expect(eq(int, first.host_port, 8000));
    cr_expect(eq(int, second.host_port, 8001));
}

Test(port_book, a_torn_file_is_as_good_as_none)
{
    scoped_fd int fd = openat(world.run_fd, "ports.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    scoped(port_book_free) struct port_book *book = NULL;

    cr_assert(write(fd, "{\"pages\":[{\"inst", 16) == 16);
    book = opened();
    cr_expect(book != NULL);
}

Test(port_book, a_reservation_can_become_another_instances)
{
    scoped(port_book_free) struct port_book *book = opened();
    struct port_spec spec = {.host_ip = "127.0.0.1", .container_port = 80};
    scoped_binding struct port_binding binding = reserved(book, spec);
    struct error err = {0};

    cr_expect_eq(port_book_move(book, "web-1", "web-2", &spec, &err), 0, "%s", err.text);
    cr_expect_eq(port_book_find(book, "web-1", &spec), 0);
    cr_expect_eq(port_book_find(book, "web-2", &spec), binding.host_port);
    cr_expect_eq(port_book_move(book, "web-1", "web-3", &spec, &err), -1);
}
