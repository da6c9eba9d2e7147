/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key tables: what may stand where in a Compose file, and what it means.
 *
 * A shape describes one value; a key is a row of a mapping's table and names its value's shape. The
 * rows of a table are in the order in which `config` prints them. Everything that the loader does
 * per key it does by reading these tables: casts while interpolating, short to long form, merging,
 * validation, defaults, typing, paths, printing, decoding into `struct project`, suggestions,
 * documentation. The rows come from the Compose specification and what docker compose does.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_SHAPE_H
#define YAWL_ORCHESTRATOR_COMPOSE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "orchestrator/compose/loader.h"

/* The YAML forms that a value may be written in. */
enum {
    FORM_NULL = 1,
    FORM_BOOL = 2,
    FORM_INT = 4,
    FORM_FLOAT = 8,
    FORM_NUMBER = FORM_INT | FORM_FLOAT,
    FORM_STRING = 16,
    FORM_LIST = 32,
    FORM_MAP = 64,
    FORM_ANY = 127,
};

/* What a scalar is once everything is resolved. */
enum scalar_type {
    SCALAR_ANY,      /* stays what it is */
    SCALAR_STRING,   /* text; numbers and booleans become their text */
    SCALAR_BOOL,     /* true, false; "yes", "on" and the like with a warning */
    SCALAR_INT,      /* decimal */
    SCALAR_FLOAT,    /* single precision, as the reference keeps it */
    SCALAR_BYTES,    /* "1g" becomes the text "1073741824" */
    SCALAR_DURATION, /* "90s" becomes the text "1m30s" */
    SCALAR_MICROS,   /* microseconds, or a duration */
    SCALAR_MODE,     /* octal text "0440" */
    SCALAR_OCTAL,    /* octal text to a number */
};

enum merge_rule {
    MERGE_DEEP,    /* mappings by key, lists appended, scalars replaced, null keeps what is below */
    MERGE_REPLACE, /* as a whole; null removes */
    MERGE_DRIVER,  /* deep when both name the same driver or one names none, else as a whole */
    MERGE_SUBNET,  /* list items with the same subnet are merged deep */
};

enum name_rule {
    NAMES_ANY,
    NAMES_RESOURCE, /* [a-zA-Z0-9._-]+ */
    NAMES_LOWER,    /* [a-z]+ */
};

struct key;
struct decoder;

struct shape {
    unsigned forms;
    enum scalar_type scalar;
    enum merge_rule merge;

    /* FORM_MAP: fixed keys, or free names whose values all have one shape (NULL: anything). */
    const struct key *keys;
    size_t n_keys;
    const struct shape *each;
    enum name_rule names;
    bool extensions; /* x-* is allowed */

    /* FORM_LIST. Items with the same identity are one item, the later one, in the place of the
     * first. Without an identity, `unique` makes equal items a mistake. */
    const struct shape *item;
    bool unique;
    const char *(*identity)(struct arena *arena, const struct node *item);

    /* FORM_STRING: the only words allowed, or what must hold (with its name in words). */
    const char *const *words; /* NULL-terminated */
    bool (*accepts)(const char *text);

    /* FORM_INT */
    bool bounded;
    int64_t least, most;

    /* Short form to long form; returns the node or its replacement. Leaves alone what it does not
     * understand; validation comes later. */
    struct node *(*canonical)(struct loader *loader, struct node *node, const struct trail *trail);
    /* Fills in what the user left out, after all files are merged. */
    void (*defaults)(struct loader *loader, struct node *node);
    /* Makes relative paths in the value absolute. */
    void (*resolve)(struct loader *loader, const char *directory, struct node *node);
    /* Rewrites the typed value into the form that is printed. */
    struct node *(*finish)(struct loader *loader, struct node *node, const struct trail *trail);
    /* Fills the field of `struct project` and its parts; NULL: by the scalar's type. */
    void (*decode)(struct decoder *decoder, const struct node *node, void *field);
};

enum support {
    ACTED,   /* yawl does what the key says */
    NOTED,   /* accepted and printed; a warning says that it has no effect */
    REFUSED, /* accepted in the file; running it is an error */
};

enum {
    KEY_REQUIRED = 1,
    KEY_KEEP = 2,        /* printed also when it is zero or empty */
    KEY_JSON_NULL = 4,   /* JSON shows it as null when it is absent */
    KEY_JSON_EMPTY = 8,  /* JSON shows it as {} when it is absent */
    KEY_HIDDEN = 16,     /* consumed by the loader, never printed */
    KEY_CAPITAL = 32,    /* JSON spells it with a capital letter */
    KEY_OPT_OUT = 64,    /* YAML shows it only when it is false */
    KEY_YAML_ONLY = 128, /* not in JSON */
};

struct key {
    const char *name;
    const struct shape *shape;
    enum support support;
    const char *about;
    unsigned flags;
    size_t field;       /* 1 + offset in the struct that the mapping decodes into; 0: none */
    const char *reason; /* NOTED, REFUSED: why */
    /* NOTED, REFUSED: the values that this is said of; NULL: all of them. */
    bool (*concerns)(const struct node *value);
};

/* The row of a mapping's table, or NULL. */
const struct key *shape_find_key(const struct shape *shape, const char *name);

/* The shape of a child mapping entry: the key's, or `each`; NULL when nothing is known about it. */
const struct shape *shape_of_entry(const struct shape *shape, const char *name);

/* The shape of a list's items; NULL when nothing is known. */
const struct shape *shape_of_item(const struct shape *shape);

/* The nearest key of the table, or NULL. */
const char *shape_suggest_key(struct arena *arena, const struct shape *shape, const char *name);

/* True for "x-..." keys. */
bool is_extension(const char *name);

#endif
