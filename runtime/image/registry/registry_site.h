/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosts that are spoken to, and how: with which certificates, with or without TLS. A host is
 * learnt about once and remembered until the table is freed. All calls may come from any thread.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_SITE_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_SITE_H

#include <stdatomic.h>

#include "runtime/image/registry/http.h"
#include "runtime/image/registry/registry_settings.h"

/* What a host turned out to speak. */
enum site_scheme { SITE_SCHEME_UNKNOWN, SITE_SCHEME_TLS, SITE_SCHEME_PLAIN };

struct registry_site {
    const char *name;      /* as in references and settings: "docker.io" */
    const char *authority; /* where it answers: "registry-1.docker.io" */
    bool allow_plain;      /* http is tried when https does not answer */
    bool plain_first;      /* https is tried when http does not answer as a registry */
    struct http_tls tls;
    atomic_int scheme; /* enum site_scheme; settled by the first answer */
    struct registry_site *next;
};

struct registry_sites;

struct registry_sites *registry_sites_new(const struct registry_settings *settings);
void registry_sites_free(struct registry_sites *sites);
DEFINE_SCOPED(struct registry_sites *, registry_sites_free)

/* Reads the host's certificates the first time. The site lives as long as the table. */
MUST_CHECK int registry_sites_get(struct registry_sites *sites, const char *name,
                                  struct registry_site **ret_site, struct error *err);

#endif
