/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry of ours on loopback (tests/tools/registry_server.py) and a client for it, for one
 * test.
 */
#ifndef YAWL_TESTS_UNIT_RUNTIME_IMAGE_REGISTRY_REGISTRY_FIXTURE_H
#define YAWL_TESTS_UNIT_RUNTIME_IMAGE_REGISTRY_REGISTRY_FIXTURE_H

#include <pthread.h>

#include "common/json.h"
#include "runtime/image/registry/registry.h"

struct fixture {
    char folder[64]; /* HOME and configuration of the test */
    pid_t server;
    int server_stdin;
    json_t *world; /* what the server said when it started */
    struct arena *arena;
    struct image_reference reference; /* team/app:latest there */
    struct registry *registry;
    unsigned stall_timeout_ms; /* long: this machine may be busy */
    atomic_bool cancelled;

    pthread_mutex_t mutex;
    struct text notices; /* a line each, "HOST: TEXT" */
};

/* A folder of its own and a clean environment; for tests without a server too. */
void fixture_prepare(struct fixture *fixture);

/* Starts the server with these arguments; NULL-terminated. The reference names it. */
void fixture_serve(struct fixture *fixture, const char *const *arguments);

/* Makes the client, in place of one that is there; files are read now. */
void fixture_connect(struct fixture *fixture);

/* A client that is not patient with a server that stalls. */
void fixture_connect_impatiently(struct fixture *fixture);

/* All three, with faults. */
#define fixture_start(fixture, ...)                                                                \
    fixture_start_with((fixture), (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
void fixture_start_with(struct fixture *fixture, const char *const *faults);

void fixture_stop(struct fixture *fixture);

/* A file in the folder, with its folders. */
const char *fixture_write(struct fixture *fixture, const char *name, const char *text);

/* user:secret for the server, in ~/.docker/config.json. */
void fixture_log_in(struct fixture *fixture);

const char *fixture_text(const struct fixture *fixture, const char *name); /* of the world */
int64_t fixture_number(const struct fixture *fixture, const char *name);

/* Requests in the log whose line has both texts ("" is in all). */
unsigned fixture_requests(const struct fixture *fixture, const char *one, const char *other);

/* What was told so far. */
const char *fixture_notices(struct fixture *fixture);

/* The layer, into a new file. Returns -1 as registry_download_blob(). */
int fixture_download(struct fixture *fixture, int *ret_fd, struct error *err);
/* Whether the file is the layer. */
bool fixture_is_layer(const struct fixture *fixture, int fd);

#endif
