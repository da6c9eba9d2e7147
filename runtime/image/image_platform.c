/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_platform.h"

#include <ctype.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/text.h"

enum { LIMIT_PLATFORM_BYTES = 100 };

static const struct machine {
    const char *uname;
    const char *architecture;
    const char *variant;
} machines[] = {
    {"x86_64", "amd64", ""}, {"aarch64", "arm64", ""},       {"armv7l", "arm", "v7"},
    {"armv8l", "arm", "v7"}, {"armv6l", "arm", "v6"},        {"i686", "386", ""},
    {"i586", "386", ""},     {"riscv64", "riscv64", ""},     {"ppc64le", "ppc64le", ""},
    {"s390x", "s390x", ""},  {"loongarch64", "loong64", ""}, {"mips64", "mips64le", ""},
};

struct image_platform image_platform_host(void)
{
    struct image_platform host = {.os = "linux", .architecture = "", .variant = ""};
    struct utsname name;

    if (uname(&name) < 0)
        return host;
    for (size_t i = 0; i < ARRAY_LENGTH(machines); i++) {
        if (string_eq(machines[i].uname, name.machine)) {
            host.architecture = machines[i].architecture;
            host.variant = machines[i].variant;
        }
    }
    return host;
}

/* "v7" is 7; no variant is the architecture's usual one. */
static unsigned variant_number(const char *architecture, const char *variant)
{
    if (variant && variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9' && !variant[2])
        return (unsigned)(variant[1] - '0');
    if (string_eq(architecture, "arm64"))
        return 8;
    if (string_eq(architecture, "arm"))
        return 7;
    return 1;
}

/* What people call an architecture, and what it is called here. */
static const struct alias {
    const char *architecture, *variant; /* as written; NULL: any */
    const char *to_architecture, *to_variant;
} aliases[] = {
    {"x86_64", NULL, "amd64", NULL},  {"x86-64", NULL, "amd64", NULL}, {"i386", NULL, "386", NULL},
    {"aarch64", NULL, "arm64", NULL}, {"armhf", NULL, "arm", "v7"},    {"armel", NULL, "arm", "v6"},
    {"amd64", "v1", "amd64", ""},     {"arm64", "8", "arm64", ""},     {"arm64", "v8", "arm64", ""},
    {"arm", "", "arm", "v7"},         {"arm", "5", "arm", "v5"},       {"arm", "6", "arm", "v6"},
    {"arm", "7", "arm", "v7"},        {"arm", "8", "arm", "v8"},
};

/* An alias may lead to a later one. */
static void normalise(struct image_platform *platform)
{
    for (size_t i = 0; i < ARRAY_LENGTH(aliases); i++) {
        const struct alias *alias = &aliases[i];

        if (!string_eq(platform->architecture, alias->architecture) ||
            (alias->variant && !string_eq(platform->variant, alias->variant)))
            continue;
        platform->architecture = alias->to_architecture;
        if (alias->to_variant)
            platform->variant = alias->to_variant;
    }
}

/* The text up to the next slash in lower case; `*place` moves behind it. NULL when it is no word.
 */
static const char *next_word(const char **place, struct arena *arena)
{
    size_t length = strcspn(*place, "/");
    char *word = arena_strndup(arena, *place, length);

    for (char *c = word; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *place += length + ((*place)[length] == '/');
    return length > 0 && strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == length ? word
                                                                                           : NULL;
}

int image_platform_parse(const char *text, struct arena *arena, struct image_platform *ret_platform,
                         struct error *err)
{
    struct image_platform platform = image_platform_host();
    const char *place = text;

    if (strnlen(text, LIMIT_PLATFORM_BYTES) == LIMIT_PLATFORM_BYTES)
        return error_set(err, "the platform '%.20s...' is too long", text);
    platform.os = next_word(&place, arena);
    if (*place) {
        platform.architecture = next_word(&place, arena);
        platform.variant = *place ? next_word(&place, arena) : "";
    }
    if (!platform.os || !platform.architecture || !platform.variant || *place ||
        string_ends_with(text, "/"))
        return error_set(err, "'%s' is no platform: it is written OS/ARCHITECTURE[/VARIANT]", text);
    normalise(&platform);
    *ret_platform = platform;
    return 0;
}

char *image_platform_format(const struct image_platform *platform, struct arena *arena)
{
    bool has_variant = platform->variant && *platform->variant;

    return arena_printf(arena, "%s/%s%s%s", platform->os, platform->architecture,
                        has_variant ? "/" : "", has_variant ? platform->variant : "");
}

int image_platform_key(const char *text, struct arena *arena, const char **ret_key,
                       struct error *err)
{
    struct image_platform host = image_platform_host();
    struct image_platform platform = host;
    const char *key;

    if (text && image_platform_parse(text, arena, &platform, err) < 0)
        return -1;
    key = image_platform_format(&platform, arena);
    *ret_key = string_eq(key, image_platform_format(&host, arena)) ? NULL : key;
    return 0;
}

unsigned image_platform_match(const struct image_platform *machine,
                              const struct image_platform *image)
{
    unsigned have, needed;

    if (!string_eq(machine->os, image->os) ||
        !string_eq(machine->architecture, image->architecture))
        return 0;
    have = variant_number(machine->architecture, machine->variant);
    needed = variant_number(image->architecture, image->variant);
    if (needed > have)
        return 0;
    return 1 + needed;
}
