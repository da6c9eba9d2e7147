/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fd.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd_message.h"

Test(fd, a_message_carries_text_and_descriptors)
{
    scoped_text struct text text = {0};
    int pair[2], pipe_fds[2], got[FD_MESSAGE_MAX_FDS];
    enum fd_message_result result;
    struct error err = {0};
    size_t n_got;
    char c;

    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    cr_assert_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
    cr_assert_eq(fd_message_send(pair[0], "hello", 5, &pipe_fds[1], 1, &err), 0, "%s", err.text);

    cr_assert_eq(fd_message_receive(pair[1], &text, got, &n_got, &result, &err), 0, "%s", err.text);
    cr_expect_eq(result, FD_MESSAGE_GOT);
    cr_expect_str_eq(text_get(&text), "hello");
    cr_assert_eq(n_got, 1);
    cr_expect_eq(write(got[0], "x", 1), 1);
    cr_expect_eq(read(pipe_fds[0], &c, 1), 1);
    cr_expect(fcntl(got[0], F_GETFD) & FD_CLOEXEC);

    fd_close(pair[0]);
    cr_assert_eq(fd_message_receive(pair[1], &text, got, &n_got, &result, &err), 0);
    cr_expect_eq(result, FD_MESSAGE_CLOSED);
}

Test(fd, reading_stops_at_the_limit)
{
    scoped_text struct text text = {0};
    struct error err = {0};
    scoped_fd int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

    cr_expect_eq(fd_read_all(fd, 100000, &text, &err), -1);
    cr_expect_str_eq(err.text, "larger than 100000 bytes");
}
