/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people set about registries: `registries.json` in our configuration folders, and
 * certificates in certs.d (ours, docker's, containers').
 *
 *     {
 *       "registries": {
 *         "docker.io": {"mirrors": ["mirror.example:5000"]},
 *         "registry.example:5000": {"insecure": true, "ca": "/etc/ssl/example.pem"}
 *       },
 *       "insecure-registries": ["10.0.0.0/8", "other.example:5000"],
 *       "registry-mirrors": ["https://mirror.example"]
 *     }
 *
 * The last two are as in docker's daemon.json: registry-mirrors are docker.io's. A mirror may have
 * a path, which comes before repositories, and "http://" names it insecure. Only a registry that is
 * named insecure is ever spoken to without TLS or without proof of who it is; one on loopback may
 * do without TLS. What a later folder says about a registry replaces what an earlier one said.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_SETTINGS_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_SETTINGS_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"
#include "runtime/image/registry/http.h"

struct registry_mirror {
    const char *host;   /* with port */
    const char *prefix; /* "" or "path/" */
};

struct registry_settings;

/* Folders are as in struct registry_options; names and texts are copied. */
struct registry_settings *registry_settings_new(const char *const *config_dirs, struct error *err);
void registry_settings_free(struct registry_settings *settings);
DEFINE_SCOPED(struct registry_settings *, registry_settings_free)

/* Reads the text of one file over what was read before. */
MUST_CHECK int registry_settings_parse(struct registry_settings *settings, const char *file,
                                       const char *bytes, size_t length, struct error *err);

/* In the order in which they are asked, before the registry itself. Returns how many. */
size_t registry_settings_mirrors(const struct registry_settings *settings, const char *registry,
                                 const struct registry_mirror **ret_mirrors);

/* Whether it is on this machine, by its name alone. */
bool registry_settings_is_loopback(const char *host);

/* Whether it may be spoken to without TLS. */
bool registry_settings_allow_plain(const struct registry_settings *settings, const char *host);

/* How TLS is spoken with a host; texts live in the arena. */
MUST_CHECK int registry_settings_tls(const struct registry_settings *settings, const char *host,
                                     struct arena *arena, struct http_tls *ret_tls,
                                     struct error *err);

#endif
