/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an OCI document member by member: what is wrong is told with its file and path.
 *
 * A reader remembers the first thing that was wrong; from then on its answers are "absent", so that
 * callers read on and look once, at the end. Absent and null are the same.
 */
#ifndef YAWL_RUNTIME_OCI_OCI_JSON_H
#define YAWL_RUNTIME_OCI_OCI_JSON_H

#include "common/arena.h"
#include "common/json.h"

struct oci_reader {
    struct arena *arena;
    const char *file; /* "config.json" */
    bool failed;
    struct error err;
    struct string_list warnings;
};

/* A value and the way to it; json is NULL when it is absent. */
struct oci_at {
    const json_t *json;
    const char *path; /* "linux.resources" */
};

/* Parses a document. Integers up to 2^64-1 are numbers in OCI's documents and more than JSON's are
 * here: oci_u64() knows them. The caller owns the result. */
json_t *oci_json_parse(const char *text, size_t length, struct error *err);

/* The end of reading: 0, or -1 with what was wrong. */
MUST_CHECK int oci_finish(const struct oci_reader *reader, struct error *err);

/* Remembers what is wrong with a member (`key` may be NULL: with the value itself). */
void oci_fail(struct oci_reader *reader, struct oci_at at, const char *key, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* For what is left out and no error. */
void oci_warn(struct oci_reader *reader, struct oci_at at, const char *key, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* The member when it is an object or an array. */
struct oci_at oci_object(struct oci_reader *reader, struct oci_at at, const char *key);
struct oci_at oci_array(struct oci_reader *reader, struct oci_at at, const char *key);
size_t oci_length(struct oci_at at);
struct oci_at oci_item(struct oci_reader *reader, struct oci_at at, size_t index);

/* These leave *place as it is when the member is absent, and return whether it was there. */
bool oci_string(struct oci_reader *reader, struct oci_at at, const char *key, const char **place);
bool oci_bool(struct oci_reader *reader, struct oci_at at, const char *key, bool *place);
bool oci_int(struct oci_reader *reader, struct oci_at at, const char *key, int64_t *place);
bool oci_u64(struct oci_reader *reader, struct oci_at at, const char *key, uint64_t *place);
bool oci_u32(struct oci_reader *reader, struct oci_at at, const char *key, uint32_t *place);
bool oci_strings(struct oci_reader *reader, struct oci_at at, const char *key,
                 struct string_list *place);

/* As above, for a member that has to be there. */
const char *oci_text(struct oci_reader *reader, struct oci_at at, const char *key);

/* The position of a word, which has to be there, in a list of words. */
size_t oci_choice(struct oci_reader *reader, struct oci_at at, const char *key,
                  const char *const *words, size_t count);

/* All bits that a list of words stands for. */
struct oci_word {
    const char *name;
    uint64_t bits;
};
uint64_t oci_bits(struct oci_reader *reader, struct oci_at at, const char *key,
                  const struct oci_word *words, size_t count);

/* For what we cannot do: a member that is there, and not false, 0 or empty, is refused. */
void oci_refuse(struct oci_reader *reader, struct oci_at at, const char *key, const char *why);

#endif
