/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's group consists of one directory in the v2 tree, wherever there is one, and of one
 * in each v1 hierarchy whose controller it needs:
 *
 *     v2      /sys/fs/cgroup/yawl/PROJECT/ID                   limits, kill, freeze, devices, birth
 *     hybrid  /sys/fs/cgroup/unified/yawl/PROJECT/ID           kill, freeze, devices, birth
 * ("mirror") /sys/fs/cgroup/memory/OWN/yawl/PROJECT/ID        memory limits; likewise cpu, cpuset,
 * pids v1      as hybrid, without the mirror; freezer and devices are v1 hierarchies as well
 *
 * On v1 OWN is the group of whoever made the container, and a later caller may sit somewhere else.
 * So the mirror remembers the roots, one "controller=root" a line, in an extended attribute that is
 * written before the v1 groups are made and vanishes with the mirror, which is removed last.
 */
#include "runtime/cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/own_ids.h"
#include "common/text.h"
#include "runtime/cgroup/cgroup_device_program.h"
#include "runtime/cgroup/cgroup_devices.h"
#include "runtime/cgroup/cgroup_handle.h"
#include "runtime/cgroup/cgroup_kill.h"
#include "runtime/cgroup/cgroup_layout.h"
#include "runtime/cgroup/cgroup_limits.h"
#include "runtime/cgroup/cgroup_parts.h"
#include "runtime/cgroup/cgroup_processes.h"
#include "runtime/cgroup/cgroup_settings.h"
#include "runtime/cgroup/cgroup_tree.h"
#include "runtime/cgroup/cgroup_v1.h"
#include "runtime/cgroup/cgroup_v2.h"

#define ROOTS_ATTRIBUTE "user.yawl.v1"

/* This host as a function sees it that has to find or make groups. */
struct site {
    struct arena *arena; /* borrowed */
    struct cgroup_layout layout;
};

/* Several controllers can share one hierarchy; then the first has the directory. */
static bool is_first_of_hierarchy(const struct cgroup_parts *parts, size_t controller)
{
    for (size_t i = 0; i < controller; i++)
        if (parts->v1_roots[i] && string_eq(parts->v1_roots[i], parts->v1_roots[controller]))
            return false;
    return true;
}

/*
 * Finding
 */

/* Whether the group is systemd's; *parent becomes the way from the root then. */
static bool take_given(const char **parent)
{
    bool is_given = string_starts_with(*parent, "//");

    *parent += is_given;
    return is_given;
}

/* Checks the name and reads the layout; *ret_path has no root yet. */
static int site_visit(struct site *site, const char *parent, const char *id,
                      struct cgroup_path *ret_path, struct error *err)
{
    bool is_given = take_given(&parent);

    *ret_path = (struct cgroup_path){NULL, parent, id, is_given};
    if (cgroup_path_check(parent, id, err) < 0 ||
        cgroup_layout_read(site->arena, &site->layout, err) < 0)
        return -1;
    if (is_given)
        site->layout.v2.root = site->layout.v2.mount;
    for (size_t i = 0; is_given && i < CONTROLLER_COUNT; i++)
        site->layout.v1[i].root = NULL;
    return 0;
}

/* Takes the roots that the mirror remembers, as far as they are in the hierarchies of this host. */
static void recall_roots(struct arena *arena, const struct cgroup_layout *layout, int v2_fd,
                         struct cgroup_parts *parts)
{
    char *text = arena_alloc(arena, 16 * 1024);
    ssize_t length = fgetxattr(v2_fd, ROOTS_ATTRIBUTE, text, 16 * 1024 - 1);
    char *line;

    if (length <= 0)
        return;
    while ((line = strsep(&text, "\n"))) {
        const char *name = strsep(&line, "=");

        for (size_t i = 0; line && i < CONTROLLER_COUNT; i++) {
            const char *mount = layout->v1[i].mount;

            if (mount && string_eq(name, cgroup_controller_name((enum cgroup_controller)i)) &&
                string_starts_with(line, mount) && !strstr(line, "/.."))
                parts->v1_roots[i] = line;
        }
    }
}

/* Finds the parts of a group that exists. *ret_v2_fd is the mirror or v2 group, or -1. */
static int find_parts(struct site *site, struct cgroup_path path, struct cgroup_parts *ret_parts,
                      int *ret_v2_fd, struct error *err)
{
    const struct cgroup_layout *layout = &site->layout;

    *ret_parts = (struct cgroup_parts){.v2_root = layout->v2.root};
    *ret_v2_fd = -1;
    if (layout->v2.root) {
        path.root = layout->v2.root;
        if (cgroup_tree_open(&path, ret_v2_fd, err) < 0)
            return -1;
        if (*ret_v2_fd >= 0)
            recall_roots(site->arena, layout, *ret_v2_fd, ret_parts);
        return 0;
    }
    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        ret_parts->v1_roots[i] = layout->v1[i].root;
    return 0;
}

/* An ordinary user has groups in some of his sessions and none in others, and cannot help it: he
 * goes without what is not there. */
static bool is_ordinary_user(void)
{
    return geteuid() != 0 || !own_ids_are_all();
}

static bool may_have_groups(const struct cgroup_layout *layout)
{
    bool may = layout->v2.root;

    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        may = may || layout->v1[i].root;
    return may;
}

int cgroup_open(const char *parent, const char *id, struct cgroup **ret_cgroup, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(cgroup_free) struct cgroup *cgroup = cgroup_new();
    struct site site = {.arena = arena};
    struct cgroup_path path;
    struct cgroup_parts parts;
    bool exists;

    if (site_visit(&site, parent, id, &path, err) < 0 ||
        find_parts(&site, path, &parts, &cgroup->v2_fd, err) < 0)
        return -1;
    exists = cgroup->v2_fd >= 0 || is_ordinary_user() || !may_have_groups(&site.layout);
    for (size_t i = 0; i < CONTROLLER_COUNT; i++) {
        path.root = parts.v1_roots[i];
        if (path.root && cgroup_tree_open(&path, &cgroup->v1_fds[i], err) < 0)
            return -1;
        exists = exists || cgroup->v1_fds[i] >= 0;
    }
    *ret_cgroup = exists ? steal(cgroup) : NULL;
    return 0;
}

/*
 * Removing
 */

/* Removes what is there of the parts, the mirror last. */
static int remove_parts(const struct cgroup_layout *layout, const struct cgroup_parts *parts,
                        struct cgroup_path path, struct error *err)
{
    for (size_t i = 0; i < CONTROLLER_COUNT; i++) {
        path.root = parts->v1_roots[i];
        if (!path.root || !is_first_of_hierarchy(parts, i))
            continue;
        if (cgroup_tree_remove(&path, err) < 0)
            return -1;
        /* Below somebody else's root nobody finds the parents again, once the mirror is gone. */
        if (!string_eq(path.root, layout->v1[i].root))
            cgroup_tree_remove_parents(path.root, path.parent);
    }
    path.root = parts->v2_root;
    return path.root ? cgroup_tree_remove(&path, err) : 0;
}

static int remove_found(struct site *site, struct cgroup_path path, struct error *err)
{
    struct cgroup_parts parts;
    scoped_fd int v2_fd = -1;

    if (find_parts(site, path, &parts, &v2_fd, err) < 0)
        return -1;
    return remove_parts(&site->layout, &parts, path, err);
}

int cgroup_remove(const char *parent, const char *id, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct site site = {.arena = arena};
    struct cgroup_path path;

    if (site_visit(&site, parent, id, &path, err) < 0)
        return -1;
    return remove_found(&site, path, err);
}

static void remove_parents(const struct cgroup_layout *layout, const char *parent)
{
    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        if (layout->v1[i].root)
            cgroup_tree_remove_parents(layout->v1[i].root, parent);
    if (layout->v2.root)
        cgroup_tree_remove_parents(layout->v2.root, parent);
}

void cgroup_remove_parent(const char *parent)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct site site = {.arena = arena};
    struct cgroup_path path;

    if (site_visit(&site, parent, NULL, &path, NULL) == 0)
        remove_parents(&site.layout, path.parent);
}

/*
 * Creating
 */

static int remember_roots(const struct cgroup *cgroup, const struct cgroup_parts *parts,
                          struct error *err)
{
    scoped_text struct text lines = {0};

    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        if (parts->v1_roots[i])
            text_appendf(&lines, "%s=%s\n", cgroup_controller_name((enum cgroup_controller)i),
                         parts->v1_roots[i]);
    if (cgroup->v2_fd < 0 || lines.length == 0)
        return 0;
    if (fsetxattr(cgroup->v2_fd, ROOTS_ATTRIBUTE, lines.data, lines.length, 0) < 0)
        return error_sys(err, "note the v1 groups");
    return 0;
}

/* What the groups of a controller's hierarchy need before one is made below them; NULL: nothing. */
static const struct cgroup_preparation *preparation_of(const struct cgroup_layout *layout,
                                                       size_t controller,
                                                       const struct resource_spec *resources)
{
    const char *mount = layout->v1[controller].mount;

    if (string_eq(mount, layout->v1[CONTROLLER_CPUSET].mount))
        return &cgroup_v1_cpuset_preparation;
    if (string_eq(mount, layout->v1[CONTROLLER_CPU].mount) && cgroup_v1_is_realtime(resources))
        return &cgroup_v1_realtime_preparation;
    return NULL;
}

static int make_v1(struct cgroup *cgroup, const struct cgroup_parts *parts,
                   const struct cgroup_layout *layout, const struct resource_spec *resources,
                   struct cgroup_path path, struct error *err)
{
    for (size_t i = 0; i < CONTROLLER_COUNT; i++) {
        const struct cgroup_preparation *preparation;

        path.root = parts->v1_roots[i];
        if (!path.root)
            continue;
        if (!is_first_of_hierarchy(parts, i)) {
            if (cgroup_tree_open(&path, &cgroup->v1_fds[i], err) < 0)
                return -1;
            continue;
        }
        preparation = preparation_of(layout, i, resources);
        if (cgroup_tree_make(&path, preparation, &cgroup->v1_fds[i], err) < 0 ||
            (preparation && preparation->prepare(cgroup->v1_fds[i], false, NULL, err) < 0))
            return -1;
    }
    return 0;
}

static int make_parts(struct cgroup *cgroup, const struct cgroup_layout *layout,
                      const struct resource_spec *resources, struct cgroup_path path,
                      struct error *err)
{
    struct cgroup_parts parts;
    unsigned v2_controllers;
    struct cgroup_preparation preparation = {cgroup_v2_enable, &v2_controllers};
    /* Above his own unit an ordinary user changes nothing, and systemd has done it. */
    bool may_prepare = !path.is_there || !is_ordinary_user();

    if (cgroup_parts_choose(layout, resources, is_ordinary_user(), &parts, &v2_controllers, err) <
        0)
        return -1;
    path.root = parts.v2_root;
    if ((path.root &&
         cgroup_tree_make(&path, may_prepare ? &preparation : NULL, &cgroup->v2_fd, err) < 0) ||
        remember_roots(cgroup, &parts, err) < 0 ||
        make_v1(cgroup, &parts, layout, resources, path, err) < 0 ||
        cgroup_v1_limit(cgroup->v1_fds, resources, err) < 0 ||
        (v2_controllers && cgroup_v2_limit(cgroup->v2_fd, v2_controllers, resources, err) < 0) ||
        cgroup_settings_write(cgroup->v2_fd, cgroup->v1_fds, resources->settings,
                              resources->n_settings, is_ordinary_user(), err) < 0) {
        if (!path.is_there) {
            (void)!remove_parts(layout, &parts, path, NULL);
            remove_parents(layout, path.parent);
        }
        return -1;
    }
    return 0;
}

int cgroup_check(const struct resource_spec *resources, struct error *ret_lack, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct cgroup_layout layout;
    struct cgroup_parts parts;
    bool wishes = is_ordinary_user();
    unsigned v2_controllers;

    *ret_lack = (struct error){0};
    if (cgroup_limits_check(resources, err) < 0 || cgroup_layout_read(arena, &layout, err) < 0)
        return -1;
    if (cgroup_parts_choose(&layout, resources, false, &parts, &v2_controllers,
                            wishes ? ret_lack : err) < 0)
        return wishes ? 0 : -1;
    cgroup_parts_lack(&layout, resources, ret_lack);
    return 0;
}

int cgroup_create(const char *parent, const char *id, const struct resource_spec *resources,
                  struct cgroup **ret_cgroup, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(cgroup_free) struct cgroup *cgroup = cgroup_new();
    struct site site = {.arena = arena};
    struct cgroup_path path;

    if (cgroup_limits_check(resources, err) < 0 || site_visit(&site, parent, id, &path, err) < 0)
        return -1;
    /* What is left of an earlier start goes first, wherever its parts are. */
    if (!path.is_there && remove_found(&site, path, err) < 0)
        return error_wrap(err, "make a fresh control group");
    if (make_parts(cgroup, &site.layout, resources, path, err) < 0)
        return -1;
    *ret_cgroup = steal(cgroup);
    return 0;
}

/*
 * Using
 */

int cgroup_enter(struct cgroup *cgroup, pid_t pid, bool and_v2, struct error *err)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%d", (int)pid);
    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        if (cgroup->v1_fds[i] >= 0 &&
            file_write_existing(cgroup->v1_fds[i], "cgroup.procs", text, err) < 0)
            return error_wrap(err, "move process %s to its %s group", text,
                              cgroup_controller_name((enum cgroup_controller)i));
    if (and_v2 && cgroup->v2_fd >= 0 &&
        file_write_existing(cgroup->v2_fd, "cgroup.procs", text, err) < 0)
        return error_wrap(err, "move process %s to its control group", text);
    return 0;
}

int cgroup_set(struct cgroup *cgroup, const struct cgroup_setting *settings, size_t n_settings,
               struct error *err)
{
    return cgroup_settings_write(cgroup->v2_fd, cgroup->v1_fds, settings, n_settings, false, err);
}

const struct cgroup_setting *cgroup_lacking(const struct cgroup *cgroup,
                                            const struct cgroup_setting *settings,
                                            size_t n_settings)
{
    return cgroup_settings_lacking(cgroup->v2_fd, cgroup->v1_fds, settings, n_settings);
}

int cgroup_set_device_rules(struct cgroup *cgroup, const struct device_rules *rules,
                            struct device_program_cache *cache, struct error *err)
{
    if (cgroup->v2_fd >= 0)
        return device_program_attach(rules, cgroup->v2_fd, cache, err);
    if (cgroup->v1_fds[CONTROLLER_DEVICES] >= 0)
        return device_rules_write_v1(rules, cgroup->v1_fds[CONTROLLER_DEVICES], err);
    return 0;
}

int cgroup_allow_devices(struct cgroup *cgroup, const struct device_spec *devices, size_t n_devices,
                         struct device_program_cache *cache, struct error *err)
{
    struct device_rules rules;

    if (device_rules_make(devices, n_devices, &rules, err) < 0)
        return -1;
    return cgroup_set_device_rules(cgroup, &rules, cache, err);
}

/* A group is the same in all its hierarchies. */
static int any_fd(const struct cgroup *cgroup)
{
    int fd = cgroup->v2_fd;

    for (size_t i = 0; fd < 0 && i < CONTROLLER_COUNT; i++)
        fd = cgroup->v1_fds[i];
    return fd;
}

void cgroup_visit(const struct cgroup *cgroup, void (*visit)(pid_t pid, void *context),
                  void *context)
{
    int fd = any_fd(cgroup);

    if (fd >= 0)
        (void)cgroup_processes_visit(fd, visit, context);
}

int cgroup_read(const struct cgroup *cgroup, const char *controller, const char *v1_file,
                const char *v2_file, struct text *ret_text)
{
    enum { MAX_BYTES = 1024 * 1024 };
    int number = cgroup_controller_number(controller);
    int fd = number < 0 ? -1 : cgroup->v1_fds[number];

    if (fd >= 0)
        return v1_file ? file_read(fd, v1_file, MAX_BYTES, ret_text, NULL, NULL) : -1;
    if (cgroup->v2_fd < 0 || !v2_file)
        return -1;
    return file_read(cgroup->v2_fd, v2_file, MAX_BYTES, ret_text, NULL, NULL);
}

int cgroup_kill(struct cgroup *cgroup, struct error *err)
{
    if (cgroup->v2_fd >= 0)
        return file_write_existing(cgroup->v2_fd, "cgroup.kill", "1", err);
    if (cgroup->v1_fds[CONTROLLER_FREEZER] >= 0)
        return cgroup_kill_by_freezer(cgroup->v1_fds[CONTROLLER_FREEZER], err);
    return 0;
}

bool cgroup_can_freeze(const struct cgroup *cgroup)
{
    return cgroup->v2_fd >= 0 || cgroup->v1_fds[CONTROLLER_FREEZER] >= 0;
}

int cgroup_freeze(struct cgroup *cgroup, bool frozen, struct error *err)
{
    if (cgroup->v2_fd >= 0)
        return cgroup_v2_freeze(cgroup->v2_fd, frozen, err);
    if (cgroup->v1_fds[CONTROLLER_FREEZER] >= 0)
        return cgroup_v1_freeze(cgroup->v1_fds[CONTROLLER_FREEZER], frozen, err);
    return error_set(err, "%s processes: there is no control group of our own here",
                     frozen ? "freeze" : "thaw");
}

int cgroup_open_mount(const struct cgroup *cgroup, const char *controllers)
{
    int fd = controllers ? -1 : cgroup->v2_fd;

    for (size_t i = 0; controllers && fd < 0 && i < CONTROLLER_COUNT; i++)
        if (cgroup_list_has(controllers, cgroup_controller_name((enum cgroup_controller)i)))
            fd = cgroup->v1_fds[i];
    return fd < 0 ? -1 : open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

bool cgroup_is_frozen(const struct cgroup *cgroup)
{
    scoped_text struct text state = {0};
    int freezer_fd = cgroup->v1_fds[CONTROLLER_FREEZER];

    if (cgroup->v2_fd >= 0)
        return file_read(cgroup->v2_fd, "cgroup.freeze", 16, &state, NULL, NULL) == 0 &&
               string_starts_with(text_get(&state), "1");
    return freezer_fd >= 0 && file_read(freezer_fd, "freezer.state", 16, &state, NULL, NULL) == 0 &&
           !string_starts_with(text_get(&state), "THAWED");
}

bool cgroup_oom_killed(const struct cgroup *cgroup)
{
    if (cgroup->v1_fds[CONTROLLER_MEMORY] >= 0)
        return cgroup_v1_oom_killed(cgroup->v1_fds[CONTROLLER_MEMORY]);
    return cgroup->v2_fd >= 0 && cgroup_v2_oom_killed(cgroup->v2_fd);
}

void cgroup_measure(const struct cgroup *cgroup, pid_t leader, struct cgroup_usage *ret_usage)
{
    cgroup_usage_measure(cgroup->v2_fd, cgroup->v1_fds, leader, ret_usage);
}

void cgroup_measure_memory(const struct cgroup *cgroup, struct cgroup_memory *ret_memory)
{
    cgroup_usage_measure_memory(cgroup->v2_fd, cgroup->v1_fds[CONTROLLER_MEMORY], ret_memory);
}
