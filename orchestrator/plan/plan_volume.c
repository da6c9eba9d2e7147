/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/plan/plan_volume.h"

#include <string.h>

#include "common/text.h"

const char *plan_volume_option(const struct volume *volume, const char *name)
{
    for (size_t i = 0; i < volume->driver_opts.count; i++)
        if (string_eq(volume->driver_opts.items[i].name, name))
            return volume->driver_opts.items[i].value;
    return NULL;
}

bool plan_volume_has_flag(const struct volume *volume, const char *flag)
{
    const char *rest = plan_volume_option(volume, "o");
    size_t length = strlen(flag);

    while (rest && *rest) {
        size_t word = strcspn(rest, ",");

        if (word == length && strncmp(rest, flag, length) == 0)
            return true;
        rest += word + (rest[word] == ',');
    }
    return false;
}

enum plan_volume_kind plan_volume_kind(const struct volume *volume)
{
    const char *type = plan_volume_option(volume, "type");

    if (volume->driver_opts.count == 0)
        return VOLUME_IS_DIRECTORY;
    if (string_eq(type, "tmpfs"))
        return VOLUME_IS_TMPFS;
    if ((!type || !*type || string_eq(type, "none") || string_eq(type, "bind")) &&
        (plan_volume_has_flag(volume, "bind") || plan_volume_has_flag(volume, "rbind")))
        return VOLUME_IS_BIND;
    if (type && *type && !string_eq(type, "none") && !string_eq(type, "bind"))
        return VOLUME_IS_FILESYSTEM;
    return VOLUME_IS_UNKNOWN;
}

bool plan_volume_is_remote(const struct volume *volume)
{
    const char *type = plan_volume_option(volume, "type");

    return plan_volume_kind(volume) == VOLUME_IS_FILESYSTEM && string_starts_with(type, "nfs");
}

void plan_volume_check(const struct volume *volume, const char *path,
                       struct diagnostics *diagnostics)
{
    static const char *const known[] = {"type", "device", "o"};
    const char *type = plan_volume_option(volume, "type");
    const char *device = plan_volume_option(volume, "device");

    for (size_t i = 0; i < volume->driver_opts.count; i++) {
        const struct pair *option = &volume->driver_opts.items[i];
        bool is_known = false;

        for (size_t j = 0; j < ARRAY_LENGTH(known); j++)
            is_known = is_known || string_eq(known[j], option->name);
        if (!is_known)
            diagnostics_error(diagnostics, option->at, path,
                              "the local driver has no option '%s': it has type, device and o",
                              option->name);
    }
    if (plan_volume_kind(volume) == VOLUME_IS_UNKNOWN)
        diagnostics_error(diagnostics, volume->at, path,
                          "volumes of type '%s' are not mounted: there is 'none' with 'o: bind', "
                          "'tmpfs', and what the kernel has, like 'nfs'",
                          type ? type : "");
    if (plan_volume_kind(volume) == VOLUME_IS_FILESYSTEM && (!device || !*device))
        diagnostics_error(diagnostics, volume->at, path, "type '%s' takes a 'device'", type);
    if (plan_volume_kind(volume) == VOLUME_IS_BIND && (!device || device[0] != '/'))
        diagnostics_error(diagnostics, volume->at, path,
                          "'o: bind' takes the absolute path of a directory as 'device'");
}
