/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"

enum { MAX_MOUNTS_BYTES = 4 << 20, MAX_SCHEMATA_BYTES = 64 * 1024 };

/*
 * Finding it
 */

/* "36 35 98:0 /mnt1 /place rw,noatime master:1 - type source options". */
const char *resctrl_mount(const char *mountinfo, struct arena *arena)
{
    enum { PLACE = 4 };
    char *rest = arena_strdup(arena, mountinfo), *line;

    while ((line = strsep(&rest, "\n"))) {
        const char *type = strstr(line, " - ");
        const char *place = NULL;

        if (!type || !string_starts_with(type, " - resctrl "))
            continue;
        for (size_t i = 0; i <= PLACE; i++)
            place = strsep(&line, " ");
        return place;
    }
    return NULL;
}

int resctrl_open(int *ret_root_fd, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text mountinfo = {0};
    const char *place;

    if (file_read(AT_FDCWD, "/proc/self/mountinfo", MAX_MOUNTS_BYTES, &mountinfo, NULL, err) < 0)
        return -1;
    place = resctrl_mount(text_get(&mountinfo), arena);
    if (!place)
        return error_set(err, "no resctrl file system is mounted on this host");
    *ret_root_fd = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *ret_root_fd < 0 ? error_sys(err, "open '%s'", place) : 0;
}

/*
 * Schemata
 */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* Numbers may have zeros in front; masks are hexadecimal in either case. */
static bool is_same_value(const char *a, const char *b)
{
    a = skip_blanks(a);
    b = skip_blanks(b);
    a += strspn(a, "0");
    b += strspn(b, "0");
    return strcasecmp(a, b) == 0;
}

/* The value of a domain in a list "0=f;1=f", or NULL. */
static const char *value_of(const char *list, const char *domain, struct arena *arena)
{
    char *rest = arena_strdup(arena, list), *item;

    while ((item = strsep(&rest, ";"))) {
        const char *name = strsep(&item, "=");

        if (item && is_same_value(name, domain))
            return item;
    }
    return NULL;
}

static bool has_values(const char *have, const char *wanted, struct arena *arena)
{
    char *rest = arena_strdup(arena, wanted), *item;

    while ((item = strsep(&rest, ";"))) {
        const char *domain = strsep(&item, "=");
        const char *value = item ? value_of(have, domain, arena) : NULL;

        if (!value || !is_same_value(value, item))
            return false;
    }
    return true;
}

bool resctrl_has_schema(const char *schemata, const char *line, struct arena *arena)
{
    char *rest = arena_strdup(arena, schemata), *have;
    char *wanted = arena_strdup(arena, skip_blanks(line));
    const char *resource = strsep(&wanted, ":");

    while (wanted && (have = strsep(&rest, "\n"))) {
        const char *name = strsep(&have, ":");

        if (have && string_eq(skip_blanks(name), resource))
            return has_values(have, wanted, arena);
    }
    return false;
}

static int compare(int class_fd, const struct resctrl_spec *spec, struct arena *arena,
                   struct error *err)
{
    scoped_text struct text have = {0};

    if (spec->schemata.count == 0)
        return 0;
    if (file_read(class_fd, "schemata", MAX_SCHEMATA_BYTES, &have, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < spec->schemata.count; i++)
        if (!resctrl_has_schema(text_get(&have), spec->schemata.items[i], arena))
            return error_set(err, "class '%s' is there already, without '%s'", spec->class_name,
                             spec->schemata.items[i]);
    return 0;
}

/* The kernel takes them together or, of each resource, alone. */
static int write_schemata(int class_fd, const struct resctrl_spec *spec, struct error *err)
{
    scoped_text struct text lines = {0};

    if (spec->schemata.count == 0)
        return 0;
    for (size_t i = 0; i < spec->schemata.count; i++)
        text_appendf(&lines, "%s\n", spec->schemata.items[i]);
    return file_write_existing(class_fd, "schemata", text_get(&lines), err);
}

/*
 * Groups
 */

static const char *class_of(const struct resctrl_spec *spec, const char *id)
{
    return spec->class_name ? spec->class_name : id;
}

static int prepare_class(int root_fd, const struct resctrl_spec *spec, const char *name,
                         struct arena *arena, struct resctrl_place *place, struct error *err)
{
    bool must_be_there = spec->class_name && spec->schemata.count == 0;
    scoped_fd int class_fd = -1;

    if (!must_be_there && mkdirat(root_fd, name, 0755) == 0)
        place->made_class = arena_strdup(arena, name);
    else if (!must_be_there && errno != EEXIST)
        return error_sys(err, "make class '%s'", name);
    class_fd = openat(root_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (class_fd < 0)
        return error_sys(err, "open class '%s'", name);
    return place->made_class ? write_schemata(class_fd, spec, err)
                             : compare(class_fd, spec, arena, err);
}

int resctrl_prepare(int root_fd, const struct resctrl_spec *spec, const char *id,
                    struct arena *arena, struct resctrl_place *ret_place, struct error *err)
{
    const char *name = class_of(spec, id);
    const char *monitor = arena_printf(arena, "%s/mon_groups/%s", name, id);

    *ret_place = (struct resctrl_place){NULL, NULL};
    if (prepare_class(root_fd, spec, name, arena, ret_place, err) < 0)
        return -1;
    if (!spec->monitors)
        return 0;
    if (mkdirat(root_fd, monitor, 0755) < 0)
        return error_sys(err, "make '%s'", monitor);
    ret_place->made_monitor = monitor;
    return 0;
}

int resctrl_enter(int root_fd, const struct resctrl_spec *spec, const char *id, pid_t pid,
                  struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *number = arena_printf(arena, "%d", (int)pid);
    const char *name = class_of(spec, id);

    if (file_write_existing(root_fd, arena_printf(arena, "%s/tasks", name), number, err) < 0)
        return -1;
    return spec->monitors
               ? file_write_existing(
                     root_fd, arena_printf(arena, "%s/mon_groups/%s/tasks", name, id), number, err)
               : 0;
}

int resctrl_remove(int root_fd, const struct resctrl_place *place, struct error *err)
{
    const char *const made[] = {place->made_monitor, place->made_class};

    for (size_t i = 0; i < ARRAY_LENGTH(made); i++)
        if (made[i] && unlinkat(root_fd, made[i], AT_REMOVEDIR) < 0 && errno != ENOENT)
            return error_sys(err, "remove resctrl group '%s'", made[i]);
    return 0;
}
