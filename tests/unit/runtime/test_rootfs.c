/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rootfs.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/unit/runtime/container_fixture.h"

TestSuite(rootfs, .fini = fixture_sweep, .timeout = 60);

static uid_t owner_of(struct fixture *fixture, const char *name)
{
    struct stat status;

    cr_assert_eq(lstat(fixture_path(fixture, name), &status), 0, "%s", name);
    return status.st_uid;
}

Test(rootfs, keeps_ids_on_disk_as_the_container_sees_them)
{
    struct fixture *fixture = fixture_open();

    cr_expect_str_eq(fixture_run(fixture, "stat -c %u /bin /etc/passwd; echo x > /new; mkdir /dir; "
                                          "touch /other; chown 1000:1000 /other; echo >> "
                                          "/etc/passwd; stat -c %u /new /other"),
                     "0\n0\n0\n1000");
    cr_expect_eq(owner_of(fixture, "upper/upper/new"), 0);
    cr_expect_eq(owner_of(fixture, "upper/upper/dir"), 0);
    cr_expect_eq(owner_of(fixture, "upper/upper/other"), 1000);
    cr_expect_eq(owner_of(fixture, "upper/upper/etc/passwd"), 0);
    fixture_close(fixture);
}

Test(rootfs, keeps_what_was_written_for_the_next_start)
{
    struct fixture *fixture = fixture_open();

    fixture_run(fixture, "echo kept > /file; rm /etc/group");
    cr_expect_str_eq(fixture_run(fixture, "cat /file; test -e /etc/group || echo gone"),
                     "kept\ngone");
    fixture->spec.id_map.base += 100000;
    cr_expect_str_eq(fixture_run(fixture, "cat /file; stat -c %u /file; rm /file && echo removed"),
                     "kept\n0\nremoved");
    fixture_close(fixture);
}

Test(rootfs, can_hold_shifted_ids_in_the_upper_directory)
{
    struct fixture *fixture = fixture_open();
    struct container *container;

    fixture->options.first_way = ROOTFS_LAYERS_MAPPED;
    fixture_script(fixture, "stat -c %u /bin / /etc/passwd; echo x > /new; echo >> /etc/passwd; "
                            "stat -c %u /new /etc/passwd");
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    cr_expect(strstr(container_userns_note(container), "shifted ids"));
    cr_expect_str_eq(fixture_finish(fixture, container), "0\n0\n0\n0\n0");
    cr_expect_eq(owner_of(fixture, "upper/upper/new"), FIXTURE_ID_BASE);
    fixture_close(fixture);
}

Test(rootfs, that_cannot_be_mapped_goes_without_a_user_namespace_and_says_so)
{
    struct fixture *fixture = fixture_open();
    struct container *container;

    fixture->options.first_way = ROOTFS_PLAIN;
    fixture_script(fixture, "grep -o 4294967295 /proc/self/uid_map; echo x > /new");
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    cr_expect(strstr(container_userns_note(container), "no user namespace"), "%s",
              container_userns_note(container));
    cr_expect_str_eq(fixture_finish(fixture, container), "4294967295");
    cr_expect_eq(owner_of(fixture, "upper/upper/new"), 0);
    fixture_close(fixture);
}

Test(rootfs, lets_set_id_programs_of_a_layer_work)
{
    struct fixture *fixture = fixture_open();

    if (access(PRINT_IDS, R_OK) < 0)
        cr_skip_test("the build directory is not here");
    fixture_copy(fixture, PRINT_IDS, "layer/print_ids", 04755);
    fixture->spec.user = "app";
    cr_expect_str_eq(fixture_run(fixture, "/print_ids"), "1000 0");
    fixture->spec.no_new_privileges = true;
    cr_expect_str_eq(fixture_run(fixture, "/print_ids"), "1000 1000");
    fixture_close(fixture);
}

Test(rootfs, lets_file_capabilities_of_a_layer_work)
{
    /* struct vfs_cap_data, version 2, effective: CAP_NET_RAW. */
    static const unsigned char capability[20] = {0x01, 0, 0, 0x02, 0x00, 0x20};
    struct fixture *fixture = fixture_open();

    cr_assert_eq(setxattr(fixture_path(fixture, "base/bin/busybox"), "security.capability",
                          capability, sizeof(capability), 0),
                 0);
    fixture->spec.user = "app";
    cr_expect_str_eq(fixture_run(fixture, "grep CapEff /proc/self/status | cut -f2"),
                     "0000000000002000");
    fixture_close(fixture);
}

Test(rootfs, read_only_refuses_to_be_written)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.read_only = true;
    cr_expect_str_eq(fixture_run(fixture, "(echo x > /new) 2>&1; mount -o remount,rw / 2>&1; "
                                          "echo x > /dev/shm/ok && cat /dev/shm/ok"),
                     "sh: can't create /new: Read-only file system\n"
                     "mount: permission denied (are you root?)\nx");
    /* All mount points were there, so no upper directory was needed. */
    cr_expect_neq(access(fixture_path(fixture, "upper/upper"), F_OK), 0);
    fixture_close(fixture);
}

Test(rootfs, read_only_gets_missing_mount_points_in_memory)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mount = {.kind = MOUNT_TMPFS, .target = "/var/cache/app"};

    cr_assert_eq(rmdir(fixture_path(fixture, "base/sys")), 0);
    fixture->spec.upper_dir = NULL;
    fixture->spec.etc_dir = fixture_path(fixture, "etc");
    fixture->spec.mounts = &mount;
    fixture->spec.n_mounts = 1;
    cr_expect_str_eq(fixture_run(fixture,
                                 "test -d /sys/class && echo sys; cat /etc/hostname; echo x > "
                                 "/var/cache/app/y && echo cache; (echo > /var/x) 2>&1; "
                                 "stat -c %u /var"),
                     "sys\nbox\ncache\nsh: can't create /var/x: Read-only file system\n0");
    cr_expect_neq(access(fixture_path(fixture, "base/var"), F_OK), 0);
    fixture_close(fixture);
}

Test(rootfs, of_one_layer_can_be_read_only)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.layers.count = 1;
    fixture->spec.read_only = true;
    fixture->spec.upper_dir = NULL;
    cr_expect_str_eq(fixture_run(fixture, "ls /; (echo > /x) 2>&1"),
                     "bin\ndev\nproc\nsys\ntmp\nsh: can't create /x: Read-only file system");
    fixture_close(fixture);
}

Test(rootfs, takes_a_hundred_layers)
{
    struct fixture *fixture = fixture_open();
    struct container *container;

    for (int i = 0; i < 100; i++) {
        char *name = arena_printf(fixture->arena, "layers/%d", i);

        fixture_write(fixture, arena_printf(fixture->arena, "%s/f%d", name, i), "x", 0644);
        string_list_add(fixture->arena, &fixture->spec.layers, fixture_path(fixture, name));
    }
    fixture_script(fixture, "ls /f* | wc -l");
    container = fixture_start(fixture);
    if (!container && strstr(fixture->err.text, "Linux before 6.7 does not take"))
        cr_skip_test("this kernel takes less");
    cr_assert(container, "%s", fixture->err.text);
    cr_expect_str_eq(fixture_finish(fixture, container), "100");
    fixture_close(fixture);
}

Test(rootfs, shows_the_topmost_layer_first)
{
    struct fixture *fixture = fixture_open();

    fixture_write(fixture, "base/etc/which", "base", 0644);
    fixture_write(fixture, "layer/etc/which", "layer", 0644);
    cr_expect_str_eq(fixture_run(fixture, "cat /etc/which"), "layer");
    fixture_close(fixture);
}

Test(rootfs, makes_device_nodes_of_layers_useless)
{
    struct fixture *fixture = fixture_open();

    /* A second null device, which would be harmless: it must not open. */
    cr_assert_eq(mknod(fixture_path(fixture, "layer/null"), S_IFCHR | 0666, 0x103), 0);
    cr_assert_eq(chmod(fixture_path(fixture, "layer/null"), 0666), 0);
    cr_expect_str_eq(fixture_run(fixture, "(echo x > /null) 2>&1"),
                     "sh: can't create /null: Permission denied");
    fixture_close(fixture);
}

Test(rootfs, is_let_go_only_when_the_handle_is_freed)
{
    struct fixture *fixture = fixture_open();
    struct container *container;
    struct stat status;

    fixture_script(fixture, "echo x > /file");
    container = fixture_start(fixture);
    cr_assert(container, "%s", fixture->err.text);
    while (waitpid(container_pid(container), &fixture->wait_status, 0) < 0)
        continue;
    cr_expect_eq(fstatat(container->root_fd, "file", &status, 0), 0);
    cr_expect_eq(status.st_uid, FIXTURE_ID_BASE);
    container_free(container);
    fixture_close(fixture);
}
