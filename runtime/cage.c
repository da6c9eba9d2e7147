/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/path.h"
#include "runtime/descriptors.h"
#include "runtime/filesystem.h"
#include "runtime/kernel.h"

int cage_expect(struct cage_state *state, enum channel_kind kind)
{
    if (channel_expect(state->cage->channel_fd, kind, &state->message) < 0) {
        /* Nobody listens any more when the starter is gone. */
        if (errno == EPIPE)
            _exit(EXIT_CODE_OURS);
        return failure_sys(&state->failure, "hear from the starter", NULL);
    }
    return 0;
}

/* Whether its mounts are others' than ours. */
static bool has_mounts(const struct container_spec *spec)
{
    return !spec->bundle || bundle_has_namespace(spec->bundle, CLONE_NEWNS);
}

/* Becomes root of the new user namespace, with all capabilities there. */
static int enter_namespaces(struct cage_state *state)
{
    const struct container_spec *spec = state->cage->spec;

    /* As long as /proc/self is ours to write. */
    if (spec->bundle && cage_enter_time(state) < 0)
        return -1;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return failure_sys(&state->failure, "become non-dumpable", NULL);
    if (spec_has_user_namespace(spec) &&
        ((!state->cage->program.keeps_groups && kernel_setgroups(0, NULL) < 0) ||
         kernel_setresgid(0) < 0 || kernel_setresuid(0) < 0))
        return failure_sys(&state->failure, "become root of the user namespace", NULL);
    /* After the control groups are entered: this one's root is where we are. */
    if ((spec->bundle ? (spec->bundle->new_namespaces & CLONE_NEWCGROUP) != 0
                      : !spec->host_cgroup) &&
        unshare(CLONE_NEWCGROUP) < 0)
        return failure_sys(&state->failure, "make a cgroup namespace", NULL);
    if (!spec->host_uts && spec->hostname &&
        sethostname(spec->hostname, strlen(spec->hostname)) < 0)
        return failure_sys(&state->failure, "set host name", spec->hostname);
    if (!spec->host_uts && spec->domainname &&
        setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
        return failure_sys(&state->failure, "set domain name", spec->domainname);
    if (spec->bundle && cage_raise_loopback(state) < 0)
        return -1;
    if (has_mounts(spec) && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return failure_sys(&state->failure, "cut off mount propagation", NULL);
    return 0;
}

/* The root comes attached on the host's: pivot_root() does not care where it is, and no path is
 * needed. */
static int attach_root(struct cage_state *state)
{
    const struct bundle_spec *bundle = state->cage->spec->bundle;
    const char *target = NULL;

    if (cage_expect(state, CHANNEL_MOUNTS) < 0)
        return -1;
    if (state->message.n_fds < 1)
        return failure_set(&state->failure, "attach the root", NULL, "no descriptor came");
    state->root_fd = state->message.fds[0];
    if (mount_plan_take_images(&state->cage->mounts, state->message.fds + 1,
                               state->message.n_fds - 1, &target) < 0)
        return failure_sys(&state->failure, "mount an image on", target);
    /* Hooks of a bundle look for it where it was. */
    if (bundle &&
        move_mount(state->root_fd, "", AT_FDCWD, bundle->root_dir, MOVE_MOUNT_F_EMPTY_PATH) == 0)
        return 0;
    if (state->cage->hooks.list.count > 0)
        return cage_attach_root_for_hooks(state);
    if (!has_mounts(state->cage->spec) ||
        move_mount(state->root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return failure_sys(&state->failure, "attach the root", NULL);
    return 0;
}

/* A missing working directory is made, as docker does; what else is wrong with it chdir() will
 * tell. */
static int make_cwd(struct cage_state *state)
{
    const char *cwd = state->cage->program.cwd;
    scoped_fd int fd = path_open_in_root(state->root_fd, cwd, O_PATH | O_DIRECTORY, 0);

    if (fd >= 0 || errno != ENOENT)
        return 0;
    fd = path_make_dirs_in_root(state->root_fd, cwd, 0755);
    if (fd < 0)
        return failure_sys(&state->failure, "make working directory", cwd);
    return 0;
}

static int furnish_as_docker(struct cage_state *state)
{
    if (cage_attach_systems(state) < 0 || cage_attach_dev(state) < 0 ||
        cage_attach_mounts(state) < 0)
        return -1;
    return cage_hide(state);
}

static int run_create_hooks(struct cage_state *state)
{
    const struct bundle_spec *bundle = state->cage->spec->bundle;
    const struct hook_surroundings surroundings =
        hook_surroundings_outside(bundle, &state->cage->bundle.hook_files);

    return hooks_run(&bundle->hooks.create_container, &surroundings, &state->failure);
}

static int furnish(struct cage_state *state)
{
    const struct container_spec *spec = state->cage->spec;
    bool is_read_only = spec->read_only || (!spec->upper_dir && !spec->bundle);

    if ((spec->bundle ? cage_furnish_bundle(state) : furnish_as_docker(state)) < 0 ||
        make_cwd(state) < 0)
        return -1;
    if (cage_expect(state, CHANNEL_IDENTITY) < 0)
        return -1;
    if (state->message.length != sizeof(state->identity))
        return failure_set(&state->failure, "take the identity", NULL, "it has the wrong size");
    memcpy(&state->identity, state->message.bytes, sizeof(state->identity));
    if (spec->tty && cage_open_tty(state) < 0)
        return -1;
    if (spec->bundle ? run_create_hooks(state) < 0
                     : state->cage->hooks.list.count > 0 && cage_run_device_hooks(state) < 0)
        return -1;
    if (is_read_only && filesystem_make_read_only(state->root_fd, false) < 0)
        return failure_sys(&state->failure, "make the root read-only", NULL);
    return 0;
}

/* Whether something is mounted over our root: ".." of the root leads onto what covers it. */
static int root_is_covered(bool *ret_covered)
{
    struct statx root, above;

    if (statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &root) < 0 ||
        statx(AT_FDCWD, "/..", 0, STATX_MNT_ID, &above) < 0)
        return -1;
    *ret_covered = root.stx_mnt_id != above.stx_mnt_id;
    return 0;
}

/* Where nothing can be mounted over what is to be hidden, it is taken away. */
static int hide_old(struct cage_state *state, const char *path)
{
    if (umount2(path, MNT_DETACH) == 0 || errno == ENOENT)
        return 0;
    if ((errno != EINVAL && errno != EPERM) || mount("tmpfs", path, "tmpfs", 0, NULL) < 0)
        return failure_sys(&state->failure, "hide the old root's", path);
    return 0;
}

/* Where the root of the mount namespace cannot be left, as on a ramfs: it is covered. Who comes to
 * be root of a namespace of his own in there must find no whole /proc or /sys below. */
static int move_root(struct cage_state *state)
{
    if (hide_old(state, "/sys") < 0 || hide_old(state, "/proc") < 0)
        return -1;
    if (fchdir(state->root_fd) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
        return failure_sys(&state->failure, "move the root", NULL);
    return 0;
}

/*
 * The old root ends up mounted over the new one (pivot_root(2), "pivot_root(".", ".")"), and with
 * it whatever was mounted over the old root. All of it goes. What stayed would be the root of
 * everybody who enters by setns(), and be found at "/..".
 */
static int leave_old_root(struct cage_state *state)
{
    enum { COVERS_MAX = 8 };
    bool covered = true;

    if (fchdir(state->root_fd) < 0 || kernel_pivot_root(".", ".") < 0)
        return failure_sys(&state->failure, "change the root", NULL);
    for (int i = 0; i < COVERS_MAX && covered; i++) {
        if (umount2(".", MNT_DETACH) < 0 || root_is_covered(&covered) < 0)
            return failure_sys(&state->failure, "leave the old root", NULL);
    }
    if (covered)
        return failure_set(&state->failure, "leave the old root", NULL, "it is still there");
    return 0;
}

static int change_root(struct cage_state *state)
{
    const struct container_spec *spec = state->cage->spec;

    if (!has_mounts(spec)) {
        if (fchdir(state->root_fd) < 0 || chroot(".") < 0)
            return failure_sys(&state->failure, "change the root", NULL);
    } else if ((spec->bundle && spec->bundle->no_pivot ? move_root : leave_old_root)(state) < 0) {
        return -1;
    }
    if (chdir("/") < 0)
        return failure_sys(&state->failure, "enter the new root", NULL);
    if (spec->bundle && spec->bundle->root_propagation &&
        mount(NULL, "/", NULL, spec->bundle->root_propagation, NULL) < 0)
        return failure_sys(&state->failure, "set the propagation of the root", NULL);
    return 0;
}

static int place_stdio(struct cage_state *state)
{
    scoped_fd int null_fd = -1;

    if (state->tty_fd >= 0) {
        for (int fd = 0; fd < 3; fd++)
            if (dup2(state->tty_fd, fd) < 0)
                return failure_sys(&state->failure, "place the terminal", NULL);
        return 0;
    }
    if (cage_open_null(state, &null_fd) < 0)
        return -1;
    for (int fd = 0; fd < 3; fd++) {
        int source_fd = fd == 0 ? state->cage->input_fd : state->cage->output_fds[fd - 1];

        if (dup2(source_fd >= 0 ? source_fd : null_fd, fd) < 0)
            return failure_sys(&state->failure, "place standard input and output", NULL);
    }
    if (null_fd < 3)
        (void)steal_fd(&null_fd);
    return 0;
}

/* Before anything of the spec is looked up by name: a working directory of "/proc/self/fd/7" finds
 * nothing (CVE-2024-21626). */
static int let_go(struct cage_state *state)
{
    const struct bundle_spec *bundle = state->cage->spec->bundle;
    const struct process_spec *process = state->cage->program.process;
    const struct hook_files *files = &state->cage->bundle.hook_files;
    int kept[] = {0,
                  1,
                  2,
                  state->cage->channel_fd,
                  state->cage->program.init_fd,
                  files->state_fd,
                  files->output_fds[0],
                  files->output_fds[1],
                  bundle ? bundle->start_fd : -1};

    if (descriptors_keep(kept, ARRAY_LENGTH(kept), process ? process->n_preserved : 0) < 0)
        return failure_sys(&state->failure, "close descriptors", NULL);
    return 0;
}

/* It may wait long: meanwhile it holds nothing of whoever created it, such as the lock on the
 * folder where the container is kept. */
static int start_bundle(struct cage_state *state, const struct bundle_spec *bundle)
{
    const struct hook_surroundings inside = {.files = &state->cage->bundle.hook_files};

    if (place_stdio(state) < 0 || let_go(state) < 0 ||
        program_look(&state->cage->program, &state->failure) < 0 || cage_await_start(state) < 0)
        return -1;
    return hooks_run(&bundle->hooks.start_container, &inside, &state->failure);
}

static int build(struct cage_state *state)
{
    const struct bundle_spec *bundle = state->cage->spec->bundle;

    if (channel_say(state->cage->channel_fd, CHANNEL_ALIVE) < 0)
        return failure_sys(&state->failure, "tell the starter", NULL);
    if (cage_expect(state, CHANNEL_ENTERED) < 0 || enter_namespaces(state) < 0)
        return -1;
    if (!bundle && (cage_make_systems(state) < 0 || cage_make_dev(state) < 0))
        return -1;
    if (attach_root(state) < 0 || furnish(state) < 0 || change_root(state) < 0)
        return -1;
    if (bundle)
        return start_bundle(state, bundle);
    if (cage_expect(state, CHANNEL_START) < 0 ||
        sysctls_write(&state->cage->sysctls, state->settings_fd, &state->failure) < 0)
        return -1;
    return place_stdio(state) < 0 ? -1 : let_go(state);
}

void cage_run(struct cage *cage)
{
    struct cage_state state = {
        .cage = cage,
        .root_fd = -1,
        .proc_fd = -1,
        .settings_fd = -1,
        .sys_fd = -1,
        .dev_fd = -1,
        .pts_fd = -1,
        .shm_fd = -1,
        .mqueue_fd = -1,
        .mask_fd = -1,
        .tty_fd = -1,
    };

    program_reset_signals();
    (void)umask(0);
    if (build(&state) == 0)
        (void)program_run(&cage->program, &state.identity, cage->channel_fd, &state.failure);
    if (channel_send(cage->channel_fd, CHANNEL_FAILED, &state.failure, sizeof(state.failure)) < 0)
        _exit(EXIT_CODE_OURS);
    _exit(state.failure.exit_code);
}
