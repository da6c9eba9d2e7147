/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/mount_plan.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/path.h"
#include "common/text.h"
#include "tests/unit/runtime/container_fixture.h"

TestSuite(mount_plan, .fini = fixture_sweep, .timeout = 60);

static const char *run_with(struct fixture *fixture, struct mount_spec *mounts, size_t count,
                            const char *script)
{
    fixture->spec.mounts = mounts;
    fixture->spec.n_mounts = count;
    return fixture_run(fixture, script);
}

Test(mount_plan, keeps_the_owners_of_bind_mounts)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mount = {
        .kind = MOUNT_BIND, .source = fixture_path(fixture, "data"), .target = "/data"};
    struct stat status;

    fixture_write(fixture, "data/app", "x", 0600);
    cr_assert_eq(chown(fixture_path(fixture, "data/app"), 1000, 1001), 0);
    cr_expect_str_eq(
        run_with(fixture, &mount, 1,
                 "stat -c %u:%g /data /data/app; touch /data/new; chown 7:8 /data/new"),
        "0:0\n1000:1001");
    cr_assert_eq(stat(fixture_path(fixture, "data/new"), &status), 0);
    cr_expect_eq(status.st_uid, 7);
    cr_expect_eq(status.st_gid, 8);
    fixture_close(fixture);
}

Test(mount_plan, makes_read_only_what_is_asked_for)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mounts[] = {{.kind = MOUNT_BIND,
                                   .source = fixture_path(fixture, "data"),
                                   .target = "/data",
                                   .recursive = true,
                                   .read_only = true},
                                  {.kind = MOUNT_TMPFS, .target = "/memory", .read_only = true}};

    fixture_write(fixture, "data/file", "x", 0666);
    cr_expect_str_eq(
        run_with(fixture, mounts, 2, "(echo > /data/file) 2>&1; (echo > /memory/x) 2>&1"),
        "sh: can't create /data/file: Read-only file system\n"
        "sh: can't create /memory/x: Read-only file system");
    fixture_close(fixture);
}

Test(mount_plan, mounts_files_over_files_and_where_there_are_none)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mounts[] = {
        {.kind = MOUNT_BIND,
         .source = fixture_path(fixture, "secret"),
         .target = "/run/secrets/key"},
        {.kind = MOUNT_BIND, .source = fixture_path(fixture, "secret"), .target = "/etc/passwd"}};

    fixture_write(fixture, "secret", "s3cret", 0400);
    cr_expect_str_eq(run_with(fixture, mounts, 2, "cat /run/secrets/key; stat -c %a /etc/passwd"),
                     "s3cret400");
    fixture_close(fixture);
}

Test(mount_plan, mounts_the_shallow_first)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mounts[] = {
        {.kind = MOUNT_TMPFS, .target = "/a/b/c"},
        {.kind = MOUNT_TMPFS, .target = "/a"},
        {.kind = MOUNT_BIND, .source = fixture_path(fixture, "data"), .target = "/a/b"}};

    fixture_write(fixture, "data/file", "x", 0644);
    fixture_write(fixture, "data/c/hidden", "x", 0644);
    cr_expect_str_eq(run_with(fixture, mounts, 3, "ls -A /a /a/b /a/b/c"),
                     "/a:\nb\n\n/a/b:\nc\nfile\n\n/a/b/c:");
    fixture_close(fixture);
}

Test(mount_plan, makes_a_missing_source_when_told_so)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mount = {.kind = MOUNT_BIND,
                               .source = fixture_path(fixture, "made/deep"),
                               .target = "/data",
                               .create_source = true};

    cr_expect_str_eq(run_with(fixture, &mount, 1, "stat -c %u:%a /data"), "0:755");
    mount.source = fixture_path(fixture, "missing");
    mount.create_source = false;
    cr_expect_str_eq(fixture_fail(fixture),
                     arena_printf(fixture->arena,
                                  "create container 'box': mount on '/data': open '%s/missing': No "
                                  "such file or directory",
                                  fixture->dir));
    fixture_close(fixture);
}

Test(mount_plan, lets_a_mount_replace_a_file_of_etc)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mount = {
        .kind = MOUNT_BIND, .source = fixture_path(fixture, "myhosts"), .target = "/etc/hosts"};

    fixture_write(fixture, "myhosts", "mine", 0644);
    fixture->spec.etc_dir = fixture_path(fixture, "etc");
    cr_expect_str_eq(run_with(fixture, &mount, 1, "cat /etc/hosts /etc/hostname"), "minebox");
    fixture_close(fixture);
}

Test(mount_plan, gives_devices_by_name)
{
    struct fixture *fixture = fixture_open();
    struct device_spec device = {"/dev/zero", "/dev/my/zero", "r"};

    fixture->spec.devices = &device;
    fixture->spec.n_devices = 1;
    cr_expect_str_eq(fixture_run(fixture, "head -c 5 /dev/my/zero | wc -c"), "5");
    device.source = "/etc/hostname";
    cr_expect(strstr(fixture_fail(fixture), "'/etc/hostname' is no device"), "%s",
              fixture->err.text);
    fixture_close(fixture);
}

Test(mount_plan, says_which_mount_cannot_be_mapped)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mount = {
        .kind = MOUNT_BIND, .source = "/proc/sys/kernel/ostype", .target = "/m"};
    struct container *container;

    fixture->spec.mounts = &mount;
    fixture->spec.n_mounts = 1;
    fixture_script(fixture, "stat -c %u /m");
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    cr_expect_str_eq(container_userns_note(container), "owners show as nobody below: /m");
    cr_expect_str_eq(fixture_finish(fixture, container), "65534");
    fixture_close(fixture);
}

Test(mount_plan, does_not_tell_the_host_what_is_mounted_inside)
{
    struct fixture *fixture = fixture_open();
    const char *add[] = {"SYS_ADMIN", NULL};
    struct mount_spec mount = {.kind = MOUNT_BIND,
                               .source = fixture_path(fixture, "data"),
                               .target = "/data",
                               .recursive = true};

    fixture_write(fixture, "data/sub/file", "x", 0644);
    fixture->spec.cap_add = fixture_list(fixture, add);
    cr_expect_str_eq(
        run_with(fixture, &mount, 1, "mount -t tmpfs x /data/sub && ls /data/sub; echo ok"), "ok");
    cr_expect_eq(access(fixture_path(fixture, "data/sub/file"), F_OK), 0, "it is covered");
    fixture_close(fixture);
}

/* Two layers, of which the upper hides a file of the lower. */
static struct mount_spec image_mount(struct fixture *fixture, const char *subpath)
{
    struct mount_spec mount = {.kind = MOUNT_IMAGE,
                               .source = "other",
                               .target = "/other",
                               .subpath = subpath,
                               .read_only = true};

    fixture_write(fixture, "low/dir/low", "from below", 0600);
    fixture_write(fixture, "low/dir/both", "hidden", 0644);
    fixture_write(fixture, "high/dir/both", "from above", 0644);
    string_list_add(fixture->arena, &mount.layers, fixture_path(fixture, "low"));
    string_list_add(fixture->arena, &mount.layers, fixture_path(fixture, "high"));
    return mount;
}

Test(mount_plan, mounts_another_image_read_only)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mount = image_mount(fixture, NULL);

    cr_expect_str_eq(run_with(fixture, &mount, 1,
                              "cat /other/dir/low /other/dir/both; echo; stat -c %u /other/dir/low;"
                              "touch /other/new 2>/dev/null || echo read-only"),
                     "from belowfrom above\n0\nread-only");
    mount.layers.count = 1;
    cr_expect_str_eq(run_with(fixture, &mount, 1,
                              "cat /other/dir/both; touch /other/new 2>/dev/null || echo -n ' ro'"),
                     "hidden ro");
    fixture_close(fixture);
}

Test(mount_plan, mounts_a_directory_or_file_of_another_image)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mounts[] = {image_mount(fixture, "dir"), image_mount(fixture, "dir/both")};

    mounts[1].target = "/file";
    cr_expect_str_eq(run_with(fixture, mounts, 2, "ls /other; cat /file"), "both\nlow\nfrom above");
    fixture_close(fixture);
}

Test(mount_plan, follows_links_of_another_image_inside_of_it_only)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mount = image_mount(fixture, "out");

    cr_assert_eq(symlink("/dir", fixture_path(fixture, "low/out")), 0);
    cr_expect_str_eq(run_with(fixture, &mount, 1, "cat /other/both"), "from above");
    fixture_close(fixture);
}

Test(mount_plan, says_what_is_not_in_another_image)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mount = image_mount(fixture, "nowhere");
    const char *text;

    fixture->spec.mounts = &mount;
    fixture->spec.n_mounts = 1;
    fixture_script(fixture, "true");
    text = fixture_fail(fixture);
    cr_expect_not_null(strstr(text, "mount on '/other': find 'nowhere' in image 'other'"), "%s",
                       text);
    fixture_close(fixture);
}

Test(mount_plan, refuses_the_root_and_relative_targets)
{
    static const char *const targets[] = {"/", "//", "/..", "relative", "/x/.."};
    struct fixture *fixture = fixture_open();
    struct mount_spec mount = {.kind = MOUNT_TMPFS};

    fixture->spec.mounts = &mount;
    fixture->spec.n_mounts = 1;
    fixture_script(fixture, "true");
    for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
        mount.target = targets[i];
        cr_expect(strstr(fixture_fail(fixture), "no absolute path below '/'"), "%s",
                  fixture->err.text);
    }
    fixture_close(fixture);
}

Test(mount_plan, takes_dockers_tmpfs_options_unless_said_otherwise)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct tmpfs_options options;
    struct error err = {0};

    cr_assert_eq(tmpfs_options_parse(NULL, false, arena, &options, &err), 0);
    cr_expect_eq(options.attributes, MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    cr_expect_eq(options.n_options, 1);
    cr_expect_str_eq(options.options[0].name, "mode");
    cr_expect_str_eq(options.options[0].value, "1777");
    cr_assert_eq(tmpfs_options_parse("exec,size=64m,,mode=700,ro", false, arena, &options, &err),
                 0);
    cr_expect_eq(options.attributes, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY);
    cr_expect_eq(options.n_options, 2);
    cr_expect_str_eq(options.options[0].value, "64m");
}

Test(mount_plan, refuses_unknown_tmpfs_options)
{
    static const char *const texts[] = {"huge=always", "size", "exec=1", "lowerdir=/", "x"};
    scoped(arena_free) struct arena *arena = arena_new();
    struct tmpfs_options options;
    struct error err = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        cr_expect_eq(tmpfs_options_parse(texts[i], false, arena, &options, &err), -1, "%s",
                     texts[i]);
}
