/* SPDX-License-Identifier: Apache-2.0 */
#include "common/subordinate_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/helper_program.h"
#include "common/id_map_program.h"
#include "common/text.h"

enum { FILE_BYTES = 4 * 1024 * 1024, SUGGESTED_COUNT = 65536 };

/* -- parsing */

static void range_add(struct subordinate_ranges *ranges, unsigned long long first,
                      unsigned long long count)
{
    if (first == 0 || count == 0 || first > UINT32_MAX - 1 || count > UINT32_MAX - first ||
        ranges->count == SUBORDINATE_RANGES_MAX)
        return;
    ranges->items[ranges->count++] = (struct subordinate_range){(uint32_t)first, (uint32_t)count};
}

/* The two numbers behind the owner. */
static bool numbers_parse(char *rest, const char *separator, unsigned long long *ret_first,
                          unsigned long long *ret_count)
{
    const char *first = strsep(&rest, separator);
    const char *count = rest;

    return first && count && string_to_u64(first, UINT32_MAX, ret_first) &&
           string_to_u64(count, UINT32_MAX, ret_count);
}

/* "0: " in front of a line of getsubids. */
static char *skip_number(char *line)
{
    size_t digits = strspn(line, "0123456789");

    return digits > 0 && string_starts_with(line + digits, ": ") ? line + digits + 2 : NULL;
}

void subordinate_ranges_parse(const char *text, const char *name, uid_t uid,
                              struct subordinate_ranges *ret_ranges)
{
    scoped_text struct text copy = {0};
    char number[16], *rest, *line;

    *ret_ranges = (struct subordinate_ranges){0};
    (void)snprintf(number, sizeof(number), "%u", (unsigned)uid);
    text_append(&copy, text);
    rest = copy.data;
    while ((line = strsep(&rest, "\n"))) {
        char *asked = skip_number(line);
        const char *separator = asked ? " " : ":";
        char *at = asked ? asked : line;
        const char *owner = strsep(&at, separator);
        unsigned long long first, count;

        if (at && (string_eq(owner, name) || string_eq(owner, number)) &&
            numbers_parse(at, separator, &first, &count))
            range_add(ret_ranges, first, count);
    }
}

/* -- what there is */

static int ranges_find(const char *name, bool groups, struct subordinate_ranges *ret_ranges,
                       struct error *err)
{
    const char *const args[] = {"getsubids", groups ? "-g" : name, groups ? name : NULL, NULL};
    scoped_text struct text list = {0};
    struct helper_end end;
    bool exists;

    if (helper_program_run(args, &list, &end, err) < 0)
        return -1;
    if (!end.found && file_read(AT_FDCWD, groups ? "/etc/subgid" : "/etc/subuid", FILE_BYTES, &list,
                                &exists, err) < 0)
        return -1;
    subordinate_ranges_parse(text_get(&list), name, getuid(), ret_ranges);
    return 0;
}

/* Behind all that the file has lent to anybody. */
static unsigned long long first_free(const char *path)
{
    scoped_text struct text list = {0};
    unsigned long long free_from = 100000;
    char *rest, *line;
    bool exists;

    if (file_read(AT_FDCWD, path, FILE_BYTES, &list, &exists, NULL) < 0)
        return free_from;
    rest = list.data;
    while ((line = strsep(&rest, "\n"))) {
        unsigned long long first, count;

        (void)strsep(&line, ":");
        if (line && numbers_parse(line, ":", &first, &count) && first + count > free_from)
            free_from = first + count;
    }
    return free_from;
}

static int refuse(const char *name, struct error *err)
{
    unsigned long long users = first_free("/etc/subuid"), groups = first_free("/etc/subgid");

    return error_set(err,
                     "user '%s' has no subordinate ids, and containers need some; an administrator "
                     "gives them with: usermod --add-subuids %llu-%llu --add-subgids %llu-%llu %s",
                     name, users, users + SUGGESTED_COUNT - 1, groups, groups + SUGGESTED_COUNT - 1,
                     name);
}

int subordinate_ids_find(struct subordinate_ids *ret_ids, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const struct passwd *entry = getpwuid(getuid());
    const char *name =
        entry ? arena_strdup(arena, entry->pw_name) : arena_printf(arena, "%u", (unsigned)getuid());

    if (ranges_find(name, false, &ret_ids->users, err) < 0 ||
        ranges_find(name, true, &ret_ids->groups, err) < 0)
        return error_wrap(err, "find the subordinate ids of user '%s'", name);
    if (ret_ids->users.count == 0 || ret_ids->groups.count == 0)
        return refuse(name, err);
    return 0;
}

/* -- mapping */

static int map_one(const char *program, pid_t pid, unsigned own_id,
                   const struct subordinate_ranges *ranges, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct string_list args = {0};
    uint32_t inside = 1;

    string_list_add(arena, &args, program);
    string_list_add(arena, &args, arena_printf(arena, "%d", (int)pid));
    string_list_add(arena, &args, "0");
    string_list_add(arena, &args, arena_printf(arena, "%u", own_id));
    string_list_add(arena, &args, "1");
    for (size_t i = 0; i < ranges->count && ranges->items[i].count < UINT32_MAX - inside; i++) {
        string_list_add(arena, &args, arena_printf(arena, "%u", inside));
        string_list_add(arena, &args, arena_printf(arena, "%u", ranges->items[i].first));
        string_list_add(arena, &args, arena_printf(arena, "%u", ranges->items[i].count));
        inside += ranges->items[i].count;
    }
    return id_map_program_run(&args, err);
}

int subordinate_ids_map(const struct subordinate_ids *ids, pid_t pid, struct error *err)
{
    if (map_one("newuidmap", pid, (unsigned)getuid(), &ids->users, err) < 0)
        return -1;
    return map_one("newgidmap", pid, (unsigned)getgid(), &ids->groups, err);
}
