/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image says about how to run it: the "config" of an OCI image configuration (image-spec
 * config.md) and docker's healthcheck extension, as plain data.
 *
 * All of it was written by whoever made the image. The reader bounds and types it; whoever uses a
 * value (a user name, a path, a port) checks it again as hostile text.
 */
#ifndef YAWL_RUNTIME_IMAGE_IMAGE_CONFIG_H
#define YAWL_RUNTIME_IMAGE_IMAGE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"

struct image_healthcheck {
    struct string_list test; /* "CMD", ...; "CMD-SHELL", text; "NONE"; empty: none given */
    int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
    int64_t retries;
};

struct image_config {
    const char *digest; /* "sha256:..." of the configuration: the image id */
    const char *architecture, *os;
    const char *variant; /* "v8", or "" */
    struct string_list entrypoint, command, env;
    struct string_list shell;                     /* for CMD-SHELL; empty: /bin/sh -c */
    struct string_list volumes, exposed_ports;    /* "/data", "80/tcp" */
    struct string_list labels;                    /* "k=v" */
    const char *user, *working_dir, *stop_signal; /* "" when not given */
    struct image_healthcheck healthcheck;
    struct string_list diff_ids; /* "sha256:...", lowest first */
};

/*
 * Reads an image configuration document of OCI or docker (they differ in the media type only). The
 * digest is computed from the bytes. Everything is copied into the arena. null stands for "not
 * given" everywhere, as in Go. Fails on wrong types, on diff_ids that are no digests, and on more
 * layers than LIMIT_LAYERS.
 */
MUST_CHECK int image_config_parse(const char *bytes, size_t length, struct arena *arena,
                                  struct image_config *ret_config, struct error *err);

#endif
