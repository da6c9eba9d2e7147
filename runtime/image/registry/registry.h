/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of image registries (OCI distribution specification 1.1, and docker's).
 *
 * Calls block and may come from many threads at once; one network thread below carries all of
 * them over shared connections. Everything that a registry says is hostile until it is checked:
 * documents are bounded and their digests computed, blobs never grow beyond their size, messages
 * lose their control characters. Credentials reach the registry they belong to and the token
 * server that it named, nobody else. Nothing here unpacks, and nothing writes but to the
 * descriptors that callers hand in.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "runtime/image/image_reference.h"

struct registry;

/* Everything is borrowed and outlives the registry. */
struct registry_options {
    /* Folders with registries.json and certs.d/, a later one wins; NULL-terminated, or NULL. */
    const char *const *config_dirs;
    const char *user_agent; /* "yawl/0.1.0" */

    /* News for people: another try, a quota that runs low, a wait on 429. `registry` is the host as
     * in references. Runs in the thread of the call that it is about, so several at once; may be
     * NULL. */
    void (*notice)(void *owner, const char *registry, const char *text);
    void *owner;

    /* Once true, all calls fail within a moment. May be NULL. */
    const atomic_bool *cancelled;

    /* 0 stands for the usual: 20 s, 60 s, 500 ms. */
    unsigned connect_timeout_ms;
    unsigned stall_timeout_ms; /* nothing, or next to nothing, moved for so long */
    unsigned retry_delay_ms;   /* before the second try; doubles with each */
};

/* Reads settings and credentials; a broken file is an error that names file, line and column. */
struct registry *registry_new(const struct registry_options *options, struct error *err);
/* No call may be running. */
void registry_free(struct registry *registry);
DEFINE_SCOPED(struct registry *, registry_free)

/* An index, manifest list or manifest, as the registry keeps it. The texts live in the arena. */
struct registry_manifest {
    bool exists; /* false: the registry has none under this name; nothing else is set then */
    const char *bytes;
    size_t length;
    const char *media_type; /* what the registry calls it, without parameters */
    const char *digest;     /* computed from the bytes */
};

/* Fetches what the reference names. The digest is checked against the reference's and against what
 * the registry claims. Bounded by LIMIT_IMAGE_DOCUMENT_BYTES; schema 1 is refused. */
MUST_CHECK int registry_get_manifest(struct registry *registry,
                                     const struct image_reference *reference, struct arena *arena,
                                     struct registry_manifest *ret_manifest, struct error *err);

/* As above without the bytes (NULL): asks by HEAD, which counts against no quota, unless the
 * registry leaves the digest out. The digest is the registry's word. */
MUST_CHECK int registry_head_manifest(struct registry *registry,
                                      const struct image_reference *reference, struct arena *arena,
                                      struct registry_manifest *ret_manifest, struct error *err);

/* Pushes a document under the reference's tag or digest. */
MUST_CHECK int registry_put_manifest(struct registry *registry,
                                     const struct image_reference *reference, const void *bytes,
                                     size_t length, const char *media_type, struct error *err);

/* One configuration or layer as it is kept in a registry. */
struct registry_blob {
    const char *digest; /* valid; see image_digest.h */
    int64_t size;
    /* Where else it may be had, from the descriptor; NULL-terminated, or NULL. Asked without
     * credentials, after the registry does not have it. */
    const char *const *urls;
    bool skip_mirrors; /* after one sent wrong bytes */
};

/* All members may be NULL. */
struct registry_progress {
    /* `total` bytes of the blob are there by now (also less than before, when a server starts
     * anew). Runs in the network thread: it must be quick and must not call the registry. */
    void (*moved)(void *owner, int64_t total);
    void *owner;
    const atomic_bool *cancelled;
};

/*
 * Brings the file up to the blob's size: what `fd` holds already is kept and the rest asked for
 * with Range; mirrors are asked first. Bytes are written once, in order, and never beyond `size`,
 * so a reader may follow `moved`. The digest is the reader's to check: when it is wrong, truncate
 * and call again. On failure the file holds what came. `progress` may be NULL.
 */
MUST_CHECK int registry_download_blob(struct registry *registry,
                                      const struct image_reference *reference,
                                      const struct registry_blob *blob, int fd,
                                      const struct registry_progress *progress, struct error *err);

MUST_CHECK int registry_has_blob(struct registry *registry, const struct image_reference *reference,
                                 const struct registry_blob *blob, bool *ret_exists,
                                 struct error *err);

struct registry_upload {
    struct registry_blob blob;
    int fd; /* read by offset from 0; the position is neither used nor moved */
    /* A repository of the same registry that may have the blob: it is mounted then. May be NULL. */
    const char *mount_from;
    struct registry_progress progress;
};

enum registry_outcome { REGISTRY_UPLOADED, REGISTRY_MOUNTED, REGISTRY_EXISTED };

/* Makes the registry have the blob, with as little traffic as possible. */
MUST_CHECK int registry_upload_blob(struct registry *registry,
                                    const struct image_reference *reference,
                                    const struct registry_upload *upload,
                                    enum registry_outcome *ret_outcome, struct error *err);

#endif
