/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/caller.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "common/file.h"
#include "common/id_map_program.h"
#include "common/user_namespace.h"
#include "runtime/bundle_mounts.h"

struct id_ranges caller_ranges(const struct id_ranges *asked, uint32_t own, struct arena *arena)
{
    struct id_ranges ranges = {arena_new_array(arena, struct id_range, asked->count + 1), 0};
    bool has_own = false;

    for (size_t i = 0; i < asked->count; i++) {
        const struct id_range *range = &asked->items[i];

        has_own = has_own || (own >= range->outside && own - range->outside < range->count);
        ranges.items[ranges.count++] =
            (struct id_range){range->outside, range->outside, range->count};
    }
    if (!has_own)
        ranges.items[ranges.count++] = (struct id_range){own, own, 1};
    return ranges;
}

/*
 * In the helper that stays outside
 */

struct maps {
    struct id_ranges uids, gids;
};

static int run_program(const char *program, pid_t pid, const struct id_ranges *ranges,
                       struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct string_list words = {0};

    string_list_add(arena, &words, program);
    string_list_add(arena, &words, arena_printf(arena, "%d", (int)pid));
    for (size_t i = 0; i < ranges->count; i++) {
        string_list_add(arena, &words, arena_printf(arena, "%u", ranges->items[i].inside));
        string_list_add(arena, &words, arena_printf(arena, "%u", ranges->items[i].outside));
        string_list_add(arena, &words, arena_printf(arena, "%u", ranges->items[i].count));
    }
    return id_map_program_run(&words, err);
}

/* Himself alone anybody may map, who gives up to drop groups for it. */
static int map_self(const struct maps *maps, pid_t pid, struct error *err)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
    if (file_write_existing(AT_FDCWD, path, "deny", err) < 0)
        return -1;
    return id_ranges_write(pid, &maps->uids, &maps->gids, err);
}

static bool is_one(const struct id_ranges *ranges)
{
    return ranges->count == 1 && ranges->items[0].count == 1;
}

static int map(const void *owner, pid_t pid, struct error *err)
{
    const struct maps *maps = owner;

    if (is_one(&maps->uids) && is_one(&maps->gids))
        return map_self(maps, pid, err);
    if (run_program("newuidmap", pid, &maps->uids, err) < 0)
        return -1;
    return run_program("newgidmap", pid, &maps->gids, err);
}

/*
 * Entering
 */

int caller_enter(const struct bundle_spec *bundle, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct maps maps;

    if (geteuid() == 0)
        return 0;
    maps.uids = caller_ranges(&bundle->uids, geteuid(), arena);
    maps.gids = caller_ranges(&bundle->gids, getegid(), arena);
    if (user_namespace_enter(map, &maps, err) < 0)
        return -1;
    if (unshare(CLONE_NEWNS) < 0)
        return user_namespace_refused("make a mount namespace", err);
    return 0;
}
