/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds on what an image may bring along. Each is far above what real images hold (the largest
 * public ones have some 500,000 files and 40 GiB) and low enough that a hostile one fails early.
 */
#ifndef YAWL_RUNTIME_IMAGE_IMAGE_LIMITS_H
#define YAWL_RUNTIME_IMAGE_IMAGE_LIMITS_H

#include <stdint.h>

enum {
    LIMIT_REFERENCE_NAME_BYTES = 255,             /* registry host and path, as docker */
    LIMIT_REFERENCE_TAG_BYTES = 128,              /* the tag alone */
    LIMIT_IMAGE_DOCUMENT_BYTES = 4 * 1024 * 1024, /* index, manifest or configuration */
    LIMIT_INDEX_DEPTH = 3,                        /* an index that names an index */
    LIMIT_INDEX_ENTRIES = 1000,                   /* of one index */
    LIMIT_CONFIG_STRINGS = 10000,                 /* of one list in a configuration */
    LIMIT_STEP_RECORDS = 2000,                    /* steps of builds, of one configuration */
    LIMIT_ARCHIVE_MEMBERS = 65536,                /* of one image archive */

    LIMIT_LAYER_ENTRIES = 2 * 1000 * 1000,
    LIMIT_ENTRY_NAME_BYTES = 255,  /* one component, NAME_MAX */
    LIMIT_ENTRY_PATH_BYTES = 4000, /* below PATH_MAX, so that /proc can still name it */
    LIMIT_ENTRY_LINK_BYTES = 4095, /* target of a symbolic link */
    LIMIT_ENTRY_DEPTH = 256,       /* components */
    LIMIT_ENTRY_XATTRS = 256,      /* extended attributes of one entry */
    LIMIT_XATTR_NAME_BYTES = 255,  /* XATTR_NAME_MAX */
    LIMIT_XATTR_BYTES = 64 * 1024, /* XATTR_SIZE_MAX */
    LIMIT_DEFAULT_ACL_BYTES = 64 * 1024 * 1024, /* of all directories of a layer */
    LIMIT_SYMLINK_DEPTH = 40,              /* links that are followed to make missing parents */
    LIMIT_IMPLICIT_DIRS = 100000,          /* of one layer */
    LIMIT_MEND_LOOKUPS = 20 * 1000 * 1000, /* while one chain is assembled */
};

#define LIMIT_ARCHIVE_BYTES (INT64_C(256) << 30) /* an image archive, decompressed */
#define LIMIT_LAYER_BYTES (INT64_C(256) << 30)   /* one layer, decompressed */
#define LIMIT_FILE_BYTES (INT64_C(1) << 40)      /* the logical size of one (sparse) file */
#define LIMIT_ENTRY_ID INT64_C(4294967294)       /* the highest uid or gid; 2^32-1 means "none" */

#endif
