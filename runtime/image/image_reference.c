/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_reference.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ALPHANUMERIC LOWER UPPER DIGITS

static const char default_registry[] = "docker.io";
static const char old_default_registry[] = "index.docker.io";
static const char official[] = "library/";

static bool is_alphanumeric(char c)
{
    return c && strchr(ALPHANUMERIC, c) != NULL;
}

/* Letters, digits and inner hyphens. */
static bool host_label_is_valid(const char *label, size_t length)
{
    return length > 0 && strspn(label, ALPHANUMERIC "-") >= length && label[0] != '-' &&
           label[length - 1] != '-';
}

static bool host_name_is_valid(const char *host, size_t length)
{
    if (length >= 2 && host[0] == '[')
        return host[length - 1] == ']' && strspn(host + 1, DIGITS "abcdefABCDEF:") == length - 2;

    for (size_t start = 0; start <= length;) {
        size_t label = strcspn(host + start, ".");

        if (start + label > length)
            label = length - start;
        if (!host_label_is_valid(host + start, label))
            return false;
        start += label + 1;
    }
    return true;
}

/* host or host:port */
static bool registry_is_valid(const char *registry)
{
    const char *colon = strrchr(registry, ':');
    size_t host_length = strlen(registry);

    if (colon && !strchr(colon, ']')) {
        size_t digits = strspn(colon + 1, DIGITS);

        if (digits == 0 || digits > 5 || colon[1 + digits] != '\0')
            return false;
        host_length = (size_t)(colon - registry);
    }
    return host_name_is_valid(registry, host_length);
}

/* The length of what may stand between letters or digits: one '.', one or two '_', any number of
 * '-'. */
static size_t separator_length(const char *at)
{
    if (*at == '.')
        return 1;
    if (*at == '_')
        return at[1] == '_' ? 2 : 1;
    return strspn(at, "-");
}

/* Whether the repository's components are lower-case letters and digits with single separators. */
static bool repository_is_valid(const char *repository)
{
    const char *at = repository;

    for (;;) {
        size_t length = strspn(at, LOWER DIGITS);

        if (length == 0)
            return false;
        at += length;
        if (*at == '\0')
            return true;
        if (*at == '/') {
            at++;
            continue;
        }
        length = separator_length(at);
        if (length == 0)
            return false;
        at += length;
    }
}

static int tag_check(const char *tag, struct error *err)
{
    size_t length = strlen(tag);

    if (length == 0)
        return error_set(err, "the tag is empty");
    if (length > LIMIT_REFERENCE_TAG_BYTES)
        return error_set(err, "the tag is longer than %d characters", LIMIT_REFERENCE_TAG_BYTES);
    if (strspn(tag, ALPHANUMERIC "_.-") != length || (!is_alphanumeric(tag[0]) && tag[0] != '_'))
        return error_set(err, "'%s' is not a tag (letters, digits, '_', '.', '-')", tag);
    return 0;
}

/* Whether the text before the first slash names a registry rather than the first part of a path. */
static bool names_registry(const char *first)
{
    if (strpbrk(first, ".:") || string_eq(first, "localhost"))
        return true;
    return strpbrk(first, UPPER) != NULL;
}

/* Cuts `name` (without tag and digest) into registry and repository. */
static void split_registry(const char *name, struct arena *arena, struct image_reference *out)
{
    const char *slash = strchr(name, '/');
    const char *first = slash ? arena_strndup(arena, name, (size_t)(slash - name)) : NULL;

    out->registry = default_registry;
    out->repository = name;
    if (first && names_registry(first)) {
        out->registry = string_eq(first, old_default_registry) ? default_registry : first;
        out->repository = slash + 1;
    }
    if (string_eq(out->registry, default_registry) && !strchr(out->repository, '/'))
        out->repository = arena_printf(arena, "%s%s", official, out->repository);
}

static int check_parts(const struct image_reference *reference, struct error *err)
{
    size_t length = strlen(reference->registry) + 1 + strlen(reference->repository);

    if (length > LIMIT_REFERENCE_NAME_BYTES)
        return error_set(err, "the name is longer than %d characters", LIMIT_REFERENCE_NAME_BYTES);
    if (!registry_is_valid(reference->registry))
        return error_set(err, "'%s' is not a registry (host or host:port)", reference->registry);
    if (strpbrk(reference->repository, UPPER))
        return error_set(err, "the repository '%s' must be lower case", reference->repository);
    if (!repository_is_valid(reference->repository))
        return error_set(err, "'%s' is not a repository name", reference->repository);
    if (reference->tag)
        return tag_check(reference->tag, err);
    return 0;
}

static int parse(const char *text, struct arena *arena, struct image_reference *ret_reference,
                 struct error *err)
{
    struct image_reference out = {0};
    char *name = arena_strdup(arena, text);
    char *at = strchr(name, '@');
    char *colon;

    if (image_digest_is_hex(text, SHA256_HEX_SIZE - 1))
        return error_set(err, "64 hexadecimal digits are an image id, not a name");
    if (at) {
        *at = '\0';
        out.digest = at + 1;
        if (image_digest_check(out.digest, err) < 0)
            return -1;
    }
    /* The colon of a port is followed by a slash, a tag's is not. */
    colon = strrchr(name, ':');
    if (colon && !strchr(colon, '/')) {
        *colon = '\0';
        out.tag = colon + 1;
    }
    if (!*name)
        return error_set(err, "the name is empty");
    split_registry(name, arena, &out);
    if (!out.tag && !out.digest)
        out.tag = "latest";
    if (check_parts(&out, err) < 0)
        return -1;
    if (out.digest)
        out.tag = NULL;
    *ret_reference = out;
    return 0;
}

int image_reference_parse(const char *text, struct arena *arena,
                          struct image_reference *ret_reference, struct error *err)
{
    enum { LIMIT_TEXT = LIMIT_REFERENCE_NAME_BYTES + LIMIT_REFERENCE_TAG_BYTES + 100 };

    if (strnlen(text, LIMIT_TEXT + 1) > LIMIT_TEXT)
        return error_set(err, "image reference '%.60s...' is too long", text);
    if (parse(text, arena, ret_reference, err) < 0)
        return error_wrap(err, "image reference '%s'", text);
    return 0;
}

static char *format(const struct image_reference *reference, const char *registry,
                    const char *repository, struct arena *arena)
{
    return arena_printf(arena, "%s%s%s%s%s", registry, *registry ? "/" : "", repository,
                        reference->digest ? "@" : ":",
                        reference->digest ? reference->digest : reference->tag);
}

char *image_reference_format(const struct image_reference *reference, struct arena *arena)
{
    return format(reference, reference->registry, reference->repository, arena);
}

/* Whether the repository would be read as registry and repository, standing alone. */
static bool looks_like_registry(const char *repository)
{
    char first[LIMIT_REFERENCE_NAME_BYTES + 1];
    size_t length = strcspn(repository, "/");

    if (!repository[length] || length >= sizeof(first))
        return false;
    memcpy(first, repository, length);
    first[length] = '\0';
    return names_registry(first);
}

char *image_reference_familiar(const struct image_reference *reference, struct arena *arena)
{
    const char *repository = reference->repository;

    if (!string_eq(reference->registry, default_registry) || looks_like_registry(repository))
        return image_reference_format(reference, arena);
    if (string_starts_with(repository, official) && !strchr(repository + strlen(official), '/'))
        repository += strlen(official);
    return format(reference, "", repository, arena);
}

int image_reference_normalise(const char *text, struct arena *arena, const char **ret_text,
                              struct error *err)
{
    struct image_reference reference;

    if (image_reference_parse(text, arena, &reference, err) < 0)
        return -1;
    *ret_text = image_reference_format(&reference, arena);
    return 0;
}
