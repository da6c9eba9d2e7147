/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_platform.h"

#include <sys/utsname.h>

#include "common/text.h"

static const struct machine {
    const char *uname;
    const char *architecture;
    const char *variant;
} machines[] = {
    {"x86_64", "amd64", "v1"}, {"aarch64", "arm64", "v8"},     {"armv7l", "arm", "v7"},
    {"armv8l", "arm", "v7"},   {"armv6l", "arm", "v6"},        {"i686", "386", ""},
    {"i586", "386", ""},       {"riscv64", "riscv64", ""},     {"ppc64le", "ppc64le", ""},
    {"s390x", "s390x", ""},    {"loongarch64", "loong64", ""}, {"mips64", "mips64le", ""},
};

struct image_platform image_platform_host(void)
{
    struct image_platform host = {.os = "linux", .architecture = "", .variant = ""};
    struct utsname name;

    if (uname(&name) < 0)
        return host;
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
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
