/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds on everything that a file, a registry, a container or a peer controls.
 */
#ifndef YAWL_COMMON_LIMITS_H
#define YAWL_COMMON_LIMITS_H

enum {
    LIMIT_JSON_BYTES = 16 * 1024 * 1024, /* one JSON document */
    LIMIT_YAML_BYTES = 8 * 1024 * 1024,  /* one Compose file */
    LIMIT_YAML_NODES = 500 * 1000,       /* nodes of one file after alias expansion */
    LIMIT_YAML_DEPTH = 128,              /* nesting of one file */
    LIMIT_YAML_ALIAS_NODES = 100 * 1000, /* nodes that come through aliases */
    LIMIT_ENV_FILE_BYTES = 4 * 1024 * 1024,
    LIMIT_VALUE_BYTES = 1024 * 1024, /* one value after interpolation */
    LIMIT_INTERPOLATION_DEPTH = 64,
    LIMIT_DIAGNOSTICS = 500,          /* kept; the rest is counted */
    LIMIT_INSTANCES = 4096,           /* containers of one project */
    LIMIT_PASSWD_BYTES = 1024 * 1024, /* /etc/passwd and /etc/group of an image */
    LIMIT_LAYERS = 400,               /* of one image; overlayfs takes 500 */
    LIMIT_CONTROL_REQUEST_BYTES = 64 * 1024,
};

#endif
