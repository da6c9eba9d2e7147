/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks of devices, which complete the root before it is entered: links to libraries, the cache of
 * the dynamic linker.
 *
 * They are made for OCI runtimes: they read the container's state on their standard input, go to
 * the bundle that it names, and find in its config.json where the root is. A container of ours has
 * no bundle, and its root is in no folder. So a file system in memory covers /tmp, in the
 * container's mount namespace alone, with a bundle in it that has the root; all of it goes with the
 * old root. It cannot be a folder of ours: those are not for the root of a user namespace to enter.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "runtime/cage.h"
#include "runtime/filesystem.h"

#define BUNDLE_DIR "/tmp"
#define ROOT_NAME "rootfs"
#define OCI_VERSION "1.0.2"

/* -- before the clone */

/* Lists that end with NULL, as execve() wants them. */
static const char *const *list_of(struct arena *arena, const struct string_list *list,
                                  const char *first)
{
    struct string_list copy = {0};

    if (list->count == 0 && first)
        string_list_add(arena, &copy, first);
    for (size_t i = 0; i < list->count; i++)
        string_list_add(arena, &copy, list->items[i]);
    return copy.items; /* NULL: empty */
}

static int state_make(const struct container_spec *spec, struct hook_files *ret_files,
                      struct error *err)
{
    scoped(json_release) json_t *state =
        json_pack("{s:s,s:s,s:s,s:s}", "ociVersion", OCI_VERSION, "id", spec->id, "status",
                  "creating", "bundle", BUNDLE_DIR);
    scoped_text struct text text = {0};

    json_format(state, &text);
    if (hook_files_open(NULL, ret_files, err) < 0)
        return -1;
    if (fd_write_all(ret_files->state_fd, text.data, text.length) < 0)
        return error_sys(err, "write the state for hooks");
    return 0;
}

int cage_hooks_plan(const struct container_spec *spec, struct arena *arena,
                    struct cage_hooks *hooks, struct error *err)
{
    struct hook_spec *items = arena_new_array(arena, struct hook_spec, spec->n_device_hooks);

    for (size_t i = 0; i < spec->n_device_hooks; i++) {
        const struct device_hook *hook = &spec->device_hooks[i];

        items[i] = (struct hook_spec){.path = hook->path,
                                      .args = list_of(arena, &hook->args, hook->path),
                                      .env = list_of(arena, &hook->env, NULL),
                                      .timeout_s = hook->timeout_s};
    }
    hooks->list = (struct hook_list){items, spec->n_device_hooks, "createContainer"};
    text_appendf(&hooks->config, "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"%s\"}}\n",
                 OCI_VERSION, ROOT_NAME);
    return state_make(spec, &hooks->files, err);
}

void cage_hooks_close(struct cage_hooks *hooks)
{
    text_done(&hooks->config);
    hook_files_close(&hooks->files);
}

/* -- in the child */

static int config_write(const struct cage_hooks *hooks, int dir_fd)
{
    scoped_fd int fd = openat(dir_fd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    return fd < 0 ? -1 : fd_write_all(fd, hooks->config.data, hooks->config.length);
}

int cage_attach_root_for_hooks(struct cage_state *state)
{
    static const struct filesystem_option options[] = {{"mode", "755"}, {NULL, NULL}};
    scoped_fd int fd = filesystem_make("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, options);

    if (fd < 0 || move_mount(fd, "", AT_FDCWD, BUNDLE_DIR, MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
        config_write(&state->cage->hooks, fd) < 0 || mkdirat(fd, ROOT_NAME, 0755) < 0)
        return failure_sys(&state->failure, "make a bundle for hooks on", BUNDLE_DIR);
    if (move_mount(state->root_fd, "", fd, ROOT_NAME, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return failure_sys(&state->failure, "attach the root", NULL);
    return 0;
}

int cage_run_device_hooks(struct cage_state *state)
{
    const struct cage_hooks *hooks = &state->cage->hooks;
    const struct hook_surroundings surroundings = {.files = &hooks->files, .dir = BUNDLE_DIR};

    return hooks_run(&hooks->list, &surroundings, &state->failure);
}
