/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Container Device Interface: files by which vendors say what a container needs for one of their
 * devices (github.com/cncf-tags/container-device-interface, SPEC.md). YAML or JSON.
 *
 * Files come from the machine's owner, and are still read with the bounds of Compose files. What of
 * an edit is not ours to follow (the owner of a node, which is the host's own here) is left out.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_CDI_SPEC_H
#define YAWL_ORCHESTRATOR_COMPOSE_CDI_SPEC_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

struct cdi_node {
    const char *path, *host_path; /* absolute */
    const char *permissions;      /* some of "rwm" */
};

struct cdi_mount {
    const char *host_path, *container_path; /* absolute */
    const char *type;                       /* NULL: a bind mount */
    struct string_list options;
};

struct cdi_hook {
    const char *name; /* "createContainer", ... */
    const char *path; /* absolute */
    struct string_list args, env;
    int timeout_s; /* 0: none */
};

struct cdi_edits {
    struct string_list env; /* "NAME=value" */
    struct string_list groups;
    struct cdi_node *nodes;
    size_t n_nodes;
    struct cdi_mount *mounts;
    size_t n_mounts;
    struct cdi_hook *hooks;
    size_t n_hooks;
};

struct cdi_device {
    const char *name;
    struct cdi_edits edits;
};

struct cdi_spec {
    const char *kind;       /* "vendor.com/class" */
    const char *path;       /* of the file, for messages */
    struct cdi_edits edits; /* for whoever gets any of the devices */
    struct cdi_device *devices;
    size_t n_devices;
};

/* Reads a file's text. `path` is borrowed; all else is in the arena. The first mistake is an error
 * with its place. */
MUST_CHECK int cdi_spec_parse(const char *bytes, size_t length, const char *path,
                              struct arena *arena, struct cdi_spec *ret_spec, struct error *err);

/* "vendor.com/class=name", the name of a device in full. */
bool cdi_name_is_qualified(const char *text);

/* The specifications of this machine, those that win first. */
struct cdi_specs {
    struct cdi_spec *items;
    size_t count;
};

/* The device of this name in full and its specification; false when there is none. */
bool cdi_specs_find(const struct cdi_specs *specs, const char *name,
                    const struct cdi_spec **ret_spec, const struct cdi_device **ret_device);

#endif
