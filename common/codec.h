/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain structs to JSON and back, told by one table of fields per struct.
 *
 * Used for everything of ours that is kept on disk or sent to another of our processes: plans,
 * records, requests. Members that are zero, NULL or empty are left out; unknown members are ignored
 * on reading, so that an older record still loads.
 */
#ifndef YAWL_COMMON_CODEC_H
#define YAWL_COMMON_CODEC_H

#include <stddef.h>

#include "common/arena.h"
#include "common/json.h"

enum codec_kind {
    CODEC_END,
    CODEC_STRING,      /* const char * */
    CODEC_BOOL,        /* bool */
    CODEC_INT,         /* int, also enums */
    CODEC_INT64,       /* int64_t */
    CODEC_UINT64,      /* uint64_t */
    CODEC_DOUBLE,      /* double */
    CODEC_STRINGS,     /* struct string_list */
    CODEC_STRUCT,      /* a nested struct, by value */
    CODEC_STRUCT_LIST, /* `T *items` at offset and `size_t n` at count_offset */
};

struct codec_field {
    const char *name;
    enum codec_kind kind;
    size_t offset;
    size_t count_offset;             /* CODEC_STRUCT_LIST */
    size_t item_size;                /* CODEC_STRUCT_LIST */
    const struct codec_field *table; /* CODEC_STRUCT, CODEC_STRUCT_LIST */
};

#define CODEC_FIELD(type, member, codec_kind)                                                      \
    {                                                                                              \
#member, codec_kind, offsetof(type, member), 0, 0, NULL                                    \
    }
#define CODEC_NESTED(type, member, nested_table)                                                   \
    {                                                                                              \
#member, CODEC_STRUCT, offsetof(type, member), 0, 0, nested_table                          \
    }
#define CODEC_LIST(type, member, count_member, nested_table)                                       \
    {                                                                                              \
#member, CODEC_STRUCT_LIST, offsetof(type, member), offsetof(type, count_member),          \
            sizeof(*((type *)0)->member), nested_table                                             \
    }

/* The caller owns the result. */
json_t *codec_encode(const struct codec_field *table, const void *object);

/* Appends what json_format() would make of that, without an object in between: for what is written
 * often, as records are. */
void codec_format(const struct codec_field *table, const void *object, struct text *out);

/* A deep copy, as if it had gone through JSON: `copy` (zeroed by the caller) has texts and lists of
 * its own, in the arena. */
void codec_copy(const struct codec_field *table, const void *object, void *copy,
                struct arena *arena);

/* Fills `object` (zeroed by the caller); texts and lists live in the arena. A member of the wrong
 * type is an error that names it. */
MUST_CHECK int codec_decode(const struct codec_field *table, const json_t *json, void *object,
                            struct arena *arena, struct error *err);

#endif
