/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation between a starter and the process that it cloned: typed messages with
 * descriptors over one SOCK_SEQPACKET pair. The child's end is close-on-exec, so its end of file
 * says that execve happened.
 *
 * Nothing here allocates, so that the child may use it between clone3() and execve().
 */
#ifndef YAWL_RUNTIME_CHANNEL_H
#define YAWL_RUNTIME_CHANNEL_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

enum { CHANNEL_MAX_FDS = 64, CHANNEL_MAX_BYTES = 4096 };

enum channel_kind {
    /* child to starter */
    CHANNEL_ALIVE = 1, /* the first thing a child says */
    CHANNEL_TTY,       /* with the master of the terminal */
    CHANNEL_PROCESS,   /* with a pidfd of the process that the helper made */
    CHANNEL_READY,     /* everything is made; START is awaited */
    CHANNEL_LISTENER,  /* see seccomp_listener.h */
    CHANNEL_EXEC,      /* execve is the next thing that happens */
    CHANNEL_FAILED,    /* a struct failure */
    /* starter to child */
    CHANNEL_ENTERED,  /* the ids are mapped and the control groups entered */
    CHANNEL_IDENTITY, /* a struct identity */
    CHANNEL_MOUNTS,   /* with detached mounts, in the order of the plan */
    CHANNEL_START,
};

struct channel_message {
    enum channel_kind kind;
    size_t length;
    size_t n_fds;
    int fds[CHANNEL_MAX_FDS];
    alignas(8) unsigned char bytes[CHANNEL_MAX_BYTES];
};

/* Both ends are close-on-exec and blocking. Returns 0, or -1 with errno. */
MUST_CHECK int channel_open(int *ret_starter_fd, int *ret_child_fd);

/* A message of nothing but its kind. Returns 0, or -1 with errno; never raises SIGPIPE. */
MUST_CHECK int channel_say(int fd, enum channel_kind kind);

/* A message with bytes. */
MUST_CHECK int channel_send(int fd, enum channel_kind kind, const void *bytes, size_t length);

/* A message with descriptors, which stay the caller's. */
MUST_CHECK int channel_send_fds(int fd, enum channel_kind kind, const int *fds, size_t n_fds);

/* Receives one message. Returns 1, or 0 when the other end is closed, or -1 with errno (EPROTO: it
 * was cut or is none of ours; EAGAIN: `wait` is false and there is none). Descriptors are the
 * caller's. */
MUST_CHECK int channel_receive(int fd, bool wait, struct channel_message *ret_message);

/* Waits for a message of this kind. Returns 0, or -1 with errno (EPIPE: the other end is closed).
 */
MUST_CHECK int channel_expect(int fd, enum channel_kind kind, struct channel_message *ret_message);

#endif
