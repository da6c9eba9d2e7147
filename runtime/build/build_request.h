/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What yawl asks of `yawl-image build`: one JSON document with all builds of a run, in an order in
 * which each comes behind those that it names as `service:`.
 */
#ifndef YAWL_RUNTIME_BUILD_BUILD_REQUEST_H
#define YAWL_RUNTIME_BUILD_BUILD_REQUEST_H

#include "common/codec.h"
#include "runtime/container_spec.h"

/* A named value: an additional context, an ssh agent ("default", its socket). */
struct build_pair {
    const char *name, *value;
};

/* Its bytes come from a file of the host, or are the value. */
struct build_secret {
    const char *id;
    const char *file, *value;
};

/* A context or a Dockerfile that is read from the worker's standard input. */
#define CONTEXT_STDIN "-"

/* Members that are not given are NULL, 0 or empty. */
struct build_request {
    const char *name;       /* the service; unique in the order */
    const char *context;    /* absolute path of a directory, a remote one, or CONTEXT_STDIN */
    const char *dockerfile; /* absolute, relative to the context, or CONTEXT_STDIN */
    const char *dockerfile_inline;
    const char *target, *platform;
    struct string_list args; /* "NAME=value" */
    struct string_list labels;
    struct string_list tags; /* as written; the first is what the build is called */
    struct build_pair *contexts;
    size_t n_contexts;
    struct build_secret *secrets;
    size_t n_secrets;
    struct build_pair *ssh;
    size_t n_ssh;
    struct string_list extra_hosts;          /* "name=address" */
    struct string_list entitlements;         /* "network.host", "security.insecure" */
    struct string_list cache_from, cache_to; /* as written, see cache_spec.h */
    const char *directory;                   /* what their folders are relative to */
    struct string_list no_cache_filter;      /* stages that are always built anew */
    const char *network;                     /* "none", "host"; NULL: a network of its own */
    int64_t shm_bytes;
    struct ulimit_spec *ulimits;
    size_t n_ulimits;
    bool no_cache, pull, privileged;
};

struct build_order {
    struct build_request *builds;
    size_t n_builds;
    const char *run_root;   /* for what must not reach a disk: secrets */
    int64_t id_base;        /* of the user namespaces of RUN; see struct id_map */
    int64_t id_count;       /* 0: none */
    bool rewrite_timestamp; /* what steps write is not newer than SOURCE_DATE_EPOCH, an argument */
    bool check;             /* only look at the Dockerfiles */
    bool debug_shell;
};

extern const struct codec_field build_order_codec[];

#endif
