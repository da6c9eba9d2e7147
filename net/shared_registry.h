/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The networks of this machine that several projects may use, by name: what they are
 * ("networks/NAME" below the data root: definition and book of addresses) and who is on them
 * ("networks/NAME" below the run root: one page for each project). Files only; nothing of the
 * kernel's.
 *
 * A page is there as long as its project uses the network. Whoever reads to decide and then writes
 * holds the lock, which is one for all networks and never held for long; a page alone may be
 * replaced by its project without it.
 */
#ifndef YAWL_NET_SHARED_REGISTRY_H
#define YAWL_NET_SHARED_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "common/text.h"
#include "net/network_spec.h"

struct shared_registry;

/* Nothing is made below the roots until it is needed. */
MUST_CHECK int shared_registry_open(const char *data_root, const char *run_root,
                                    struct shared_registry **ret_registry, struct error *err);
void shared_registry_free(struct shared_registry *registry);
DEFINE_SCOPED(struct shared_registry *, shared_registry_free)

/* Waits for its turn; closing the descriptor gives the lock back. */
MUST_CHECK int shared_registry_lock(const struct shared_registry *registry, int *ret_lock_fd,
                                    struct error *err);

struct shared_definition {
    const char *name;
    const char *project; /* that defines it, or NULL: made by a command */
    uint64_t created_ns; /* since 1970 */
    struct string_list labels;
    struct network_spec asked; /* what its maker said; without names */
    struct network_spec spec;  /* the same with subnets and gateways settled */
};

/* Letters, digits, '_', '.' and '-', the first a letter or a digit; as Docker has it. */
bool shared_name_is_valid(const char *name);

/* *ret_definition is NULL when there is no network of the name. */
MUST_CHECK int shared_registry_find(const struct shared_registry *registry, const char *name,
                                    struct arena *arena, struct shared_definition **ret_definition,
                                    struct error *err);
/* Names of all, sorted. */
MUST_CHECK int shared_registry_list(const struct shared_registry *registry, struct arena *arena,
                                    struct string_list *ret_names, struct error *err);
/* Settles definition->spec beside the other networks and the host's routes, and keeps it; replaces
 * an earlier one. Subnets and gateways that are in it already stay. Under the lock, in the host's
 * network namespace. */
MUST_CHECK int shared_registry_define(const struct shared_registry *registry,
                                      struct shared_definition *definition, struct arena *arena,
                                      struct error *err);
/* Under the lock. Who uses it is the caller's to ask. */
MUST_CHECK int shared_registry_remove(const struct shared_registry *registry, const char *name,
                                      struct error *err);

/* Whether a project's definition of a network is the one that is kept. */
bool shared_definition_is(const struct shared_definition *definition,
                          const struct network_spec *asked);

/* What the network is for a project that asks for it (asked->shared_name): the kept definition,
 * under the project's own name for it, or `asked` itself while nobody has made it. Fails when it is
 * somebody else's to make and nobody has, and when it is the project's own and others use it with
 * another definition. */
MUST_CHECK int shared_registry_resolve(const struct shared_registry *registry, const char *project,
                                       const struct network_spec *asked, struct arena *arena,
                                       struct network_spec *ret_spec, struct error *err);

/* A container's place on the network, as its project tells the others. */
struct shared_place {
    const char *instance;
    const char *address, *address6; /* one may be NULL */
    struct string_list names;
    int rank; /* enum name_rank */
};

struct shared_page {
    const char *project;
    const char *router; /* the project's own address on the network, which is its containers'
                           gateway; a number only where the network has no IPv4 */
    struct shared_place *places;
    size_t n_places;
};

struct shared_pages {
    struct shared_page *items;
    size_t count;
};

/* Of all projects that use the network, by name. */
MUST_CHECK int shared_registry_read_pages(const struct shared_registry *registry, const char *name,
                                          struct arena *arena, struct shared_pages *ret_pages,
                                          struct error *err);
const struct shared_page *shared_pages_find(const struct shared_pages *pages, const char *project);
/* "shop (shop-web-1, shop-db-1), blog": those but `except`, which may be NULL. Says whether there
 * are any. */
bool shared_pages_words(const struct shared_pages *pages, const char *except, struct text *out);

MUST_CHECK int shared_registry_write_page(const struct shared_registry *registry, const char *name,
                                          const struct shared_page *page, struct error *err);
/* The project has ended: its pages go, and the networks that it has defined and nobody else uses.
 * Takes the lock. */
MUST_CHECK int shared_registry_leave(const struct shared_registry *registry, const char *project,
                                     struct error *err);

/* The network's directories, made when they are not there. */
MUST_CHECK int shared_registry_open_data(const struct shared_registry *registry, const char *name,
                                         int *ret_dir_fd, struct error *err);
MUST_CHECK int shared_registry_open_run(const struct shared_registry *registry, const char *name,
                                        int *ret_dir_fd, struct error *err);

#endif
