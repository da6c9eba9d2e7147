/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cage.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/path.h"
#include "tests/unit/runtime/container_fixture.h"

TestSuite(cage, .fini = fixture_sweep, .timeout = 60);

/* Replaces a directory of the image by a symbolic link. */
static void link_in_image(struct fixture *fixture, const char *name, const char *target)
{
    char *path = arena_printf(fixture->arena, "%s/base/%s", fixture->dir, name);

    cr_assert_eq(path_remove_tree(AT_FDCWD, path, &fixture->err), 0);
    cr_assert_eq(symlink(target, path), 0);
}

/*
 * What is there
 */

Test(cage, has_the_usual_devices)
{
    struct fixture *fixture = fixture_open();

    cr_expect_str_eq(
        fixture_run(fixture,
                    "cd /dev; for d in null zero full random urandom tty; do "
                    "stat -c '%n %t:%T %a' $d; done; head -c 3 zero | wc -c; echo x > null; "
                    "for d in fd stdin ptmx; do readlink $d; done; ls"),
        "null 1:3 666\nzero 1:5 666\nfull 1:7 666\nrandom 1:8 666\nurandom 1:9 666\ntty 5:0 "
        "666\n3\n/proc/self/fd\n/proc/self/fd/0\npts/ptmx\ncore\nfd\nfull\nmqueue\nnull\nptmx\npts\n"
        "random\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero");
    fixture_close(fixture);
}

Test(cage, has_the_usual_devices_without_a_user_namespace_too)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.id_map.count = 0;
    cr_expect_str_eq(fixture_run(fixture,
                                 "cd /dev; stat -c '%n %t:%T %a' null tty; echo x > null; "
                                 "stat -c %a . shm pts; cat /proc/self/uid_map | tr -s ' '"),
                     "null 1:3 666\ntty 5:0 666\n755\n1777\n755\n 0 0 4294967295");
    fixture_close(fixture);
}

Test(cage, mounts_the_file_systems_with_the_right_flags)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.shm_bytes = 1 << 20;
    fixture_run(fixture, "cut -d' ' -f2-4 /proc/mounts");
    cr_expect(strstr(fixture->output, "/proc proc rw,nosuid,nodev,noexec"), "%s", fixture->output);
    cr_expect(strstr(fixture->output, "/sys sysfs ro,nosuid,nodev,noexec"), "%s", fixture->output);
    cr_expect(strstr(fixture->output, "/dev tmpfs rw,nosuid,"), "%s", fixture->output);
    cr_expect(strstr(fixture->output, "/dev/pts devpts rw,nosuid,noexec"), "%s", fixture->output);
    cr_expect(strstr(fixture->output, "/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k"),
              "%s", fixture->output);
    cr_expect(strstr(fixture->output, "/dev/mqueue mqueue rw,nosuid,nodev,noexec"), "%s",
              fixture->output);
    cr_expect(strstr(fixture->output, "/proc/sys proc ro,"), "%s", fixture->output);
    cr_expect(strstr(fixture->output, "/sys/fs/cgroup "), "%s", fixture->output);
    cr_expect(!strstr(fixture->output, "/tmp/yawl"), "%s", fixture->output);
    fixture_close(fixture);
}

Test(cage, has_one_root_and_nothing_under_it)
{
    struct fixture *fixture = fixture_open();

    /* ".." goes to what is topmost at the root: with the host's tree still there, it would show. */
    cr_expect_str_eq(
        fixture_run(fixture, "ls /etc/..; cut -d' ' -f5 /proc/self/mountinfo | grep -cx /"),
        "bin\ndev\netc\nproc\nsys\ntmp\n1");
    fixture_close(fixture);
}

Test(cage, hides_what_tells_about_the_host)
{
    struct fixture *fixture = fixture_open();

    fixture_run(fixture, "cat /proc/keys /proc/timer_list /proc/interrupts | wc -c; "
                         "ls -A /proc/acpi /proc/scsi /sys/firmware 2>/dev/null | grep -v :; "
                         "(echo x > /proc/keys) 2>/dev/null || echo unwritable; "
                         "grep ' /sys/firmware ' /proc/mounts | cut -d' ' -f3-4");
    cr_expect(strstr(fixture->output, "0\n") == fixture->output, "%s", fixture->output);
    cr_expect(strstr(fixture->output, "\nunwritable\ntmpfs ro,nosuid,nodev,noexec"), "%s",
              fixture->output);
    cr_expect(!strstr(fixture->output, "acpi"), "%s", fixture->output);
    fixture_close(fixture);
}

Test(cage, keeps_the_settings_of_the_kernel_read_only)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.id_map.count = 0; /* or else it would be the owner who is wrong */
    fixture_run(fixture, "for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger "
                         "/sys/kernel/mm/ksm/run /proc/irq/default_smp_affinity; do "
                         "test -e $f && (echo x > $f) 2>&1 | grep -v Read-only; done");
    cr_expect_str_eq(fixture->output, "");
    fixture_close(fixture);
}

Test(cage, mounts_its_files_of_etc)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.etc_dir = fixture_path(fixture, "etc");
    cr_expect_str_eq(fixture_run(fixture, "cat /etc/hosts /etc/hostname /etc/resolv.conf; stat -c "
                                          "%u:%g /etc/hosts; echo more >> /etc/hosts && tail -1 "
                                          "/etc/hosts"),
                     "127.0.0.1 localhost\nbox\nnameserver 127.0.0.11\n0:0\nmore");
    fixture_close(fixture);
}

Test(cage, makes_a_missing_working_directory)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.cwd = "/srv/app/data";
    cr_expect_str_eq(fixture_run(fixture, "pwd; stat -c %u:%a ."), "/srv/app/data\n0:755");
    fixture_close(fixture);
}

Test(cage, resets_signals_and_mode_mask)
{
    struct fixture *fixture = fixture_open();

    (void)signal(SIGPIPE, SIG_IGN);
    fixture_run(fixture, "grep -E 'Sig(Blk|Ign)' /proc/self/status | cut -f2; umask");
    cr_expect_str_eq(fixture->output, "0000000000000000\n0000000000000000\n0022");
    fixture_close(fixture);
}

Test(cage, opens_no_descriptors_but_the_three)
{
    struct fixture *fixture = fixture_open();

    fixture_run(fixture, "readlink /proc/$$/fd/0; i=0; while test $i -lt 300; do "
                         "test -e /proc/$$/fd/$i && echo $i; i=$((i + 1)); done");
    cr_expect_str_eq(fixture->output, "/dev/null\n0\n1\n2");
    fixture_close(fixture);
}

Test(cage, can_be_entered_by_root_without_privileges_over_the_host)
{
    struct fixture *fixture = fixture_open();

    fixture_run(fixture, "mknod /tmp/d b 8 0 2>&1; ls /proc/1/root/tmp; "
                         "cat /proc/sys/net/ipv4/ip_unprivileged_port_start; "
                         "tr -s '\\t' ' ' < /proc/sys/net/ipv4/ping_group_range");
    cr_expect(strstr(fixture->output, "Operation not permitted"), "%s", fixture->output);
    cr_expect(strstr(fixture->output, "\n0\n0 65535"), "%s", fixture->output);
    fixture_close(fixture);
}

/*
 * Capabilities and the filter
 */

Test(cage, gives_root_the_default_capabilities)
{
    struct fixture *fixture = fixture_open();

    cr_expect_str_eq(fixture_run(fixture, "grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status | "
                                          "cut -f2 | tr '\\n' ' '"),
                     "0000000000000000 00000000800425fb 00000000800425fb 00000000800425fb "
                     "0000000000000000 0 2");
    fixture->spec.id_map.count = 0;
    cr_expect_str_eq(
        fixture_run(fixture, "grep -E '^Cap' /proc/self/status | cut -f2 | tr '\\n' ' '"),
        "0000000000000000 00000000a80425fb 00000000a80425fb 00000000a80425fb "
        "0000000000000000");
    fixture_close(fixture);
}

Test(cage, gives_others_a_bounding_set_only)
{
    struct fixture *fixture = fixture_open();
    const char *add[] = {"net_admin", NULL};
    const char *drop[] = {"ALL", NULL};

    fixture->spec.user = "1000";
    fixture->spec.cap_add = fixture_list(fixture, add);
    fixture->spec.cap_drop = fixture_list(fixture, drop);
    fixture->spec.no_new_privileges = true;
    cr_expect_str_eq(fixture_run(fixture, "grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status | "
                                          "cut -f2 | tr '\\n' ' '"),
                     "0000000000000000 0000000000000000 0000000000000000 0000000000001000 "
                     "0000000000000000 1 2");
    fixture_close(fixture);
}

Test(cage, gives_a_privileged_container_the_hosts_devices_and_no_filter)
{
    struct fixture *fixture = fixture_open();

    fixture->spec.id_map.count = 0;
    fixture->spec.privileged = true;
    fixture_run(fixture,
                "grep Seccomp: /proc/self/status | cut -f2; test -c /dev/kmsg && echo kmsg; "
                "grep -c ' /proc/' /proc/mounts; mkdir /m && mount -t tmpfs x /m && echo ok");
    cr_expect_str_eq(fixture->output, "0\nkmsg\n0\nok");
    fixture_close(fixture);
}

/*
 * Hostile images
 */

Test(cage, refuses_links_in_place_of_its_file_systems)
{
    static const char *const names[] = {"proc", "sys", "dev"};
    static const char *const targets[] = {"/etc", "etc", "/proc/self/cwd", "../../../../tmp"};
    struct fixture *fixture = fixture_open();

    fixture_script(fixture, "true");
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        char *path = arena_printf(fixture->arena, "%s/base/%s", fixture->dir, names[i]);

        for (size_t j = 0; j < ARRAY_LENGTH(targets); j++) {
            link_in_image(fixture, names[i], targets[j]);
            cr_expect(strstr(fixture_fail(fixture), "that is no directory"), "%s",
                      fixture->err.text);
        }
        cr_assert_eq(unlink(path), 0);
        cr_assert_eq(mkdir(path, 0755), 0);
    }
    fixture_close(fixture);
}

Test(cage, follows_links_on_the_way_to_a_mount_inside_the_root_only)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mounts[] = {
        {.kind = MOUNT_BIND, .source = fixture_path(fixture, "data"), .target = "/link/deep/here"}};

    fixture_write(fixture, "data/file", "content", 0644);
    fixture_write(fixture, "decoy/canary", "", 0644);
    cr_assert_eq(symlink(fixture_path(fixture, "decoy"),
                         arena_printf(fixture->arena, "%s/base/link", fixture->dir)),
                 0);
    fixture->spec.mounts = mounts;
    fixture->spec.n_mounts = 1;
    fixture_script(fixture, "true");
    /* The link leads to a path that is not there inside: an error, and nothing outside is touched.
     */
    (void)fixture_start(fixture);
    cr_expect_neq(access(fixture_path(fixture, "decoy/deep"), F_OK), 0);
    fixture_close(fixture);
}

Test(cage, mounts_files_over_dangling_links_inside_the_root)
{
    struct fixture *fixture = fixture_open();

    cr_assert_eq(symlink("../run/resolve/stub.conf",
                         arena_printf(fixture->arena, "%s/layer/etc/resolv.conf", fixture->dir)),
                 0);
    fixture->spec.etc_dir = fixture_path(fixture, "etc");
    cr_expect_str_eq(fixture_run(fixture, "cat /etc/resolv.conf; readlink /etc/resolv.conf; cat "
                                          "/run/resolve/stub.conf"),
                     "nameserver 127.0.0.11\n../run/resolve/stub.conf\nnameserver 127.0.0.11");
    fixture_close(fixture);
}

Test(cage, mounts_nothing_over_parts_of_proc)
{
    static const char *const targets[] = {"/proc", "/proc/self/attr", "/proc/sys/kernel",
                                          "/proc/1/fd", "/alias/sys"};
    struct fixture *fixture = fixture_open();
    struct mount_spec mount = {.kind = MOUNT_BIND, .source = fixture_path(fixture, "etc")};

    cr_assert_eq(symlink("proc", arena_printf(fixture->arena, "%s/base/alias", fixture->dir)), 0);
    fixture->spec.mounts = &mount;
    fixture->spec.n_mounts = 1;
    fixture_script(fixture, "true");
    for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
        mount.target = targets[i];
        cr_expect(strstr(fixture_fail(fixture), targets[i]), "%s", fixture->err.text);
        cr_expect_eq(fixture->exit_code, 125);
    }
    fixture_close(fixture);
}

Test(cage, does_not_use_an_images_null_device)
{
    struct fixture *fixture = fixture_open();
    struct mount_spec mount = {.kind = MOUNT_TMPFS, .target = "/dev"};

    fixture->spec.mounts = &mount;
    fixture->spec.n_mounts = 1;
    fixture_script(fixture, "true");
    cr_expect(strstr(fixture_fail(fixture), "open '/dev/null'"), "%s", fixture->err.text);
    mount = (struct mount_spec){
        .kind = MOUNT_BIND, .source = fixture_path(fixture, "dev"), .target = "/dev"};
    fixture_write(fixture, "dev/null", "", 0666);
    cr_expect_str_eq(fixture_fail(fixture), "open '/dev/null': it is not the null device");
    fixture_close(fixture);
}

Test(cage, refuses_a_working_directory_outside_of_the_root)
{
    struct fixture *fixture = fixture_open();

    fixture_script(fixture, "ls -ld .");
    for (int fd = 0; fd < 32; fd++) {
        fixture->spec.cwd = arena_printf(fixture->arena, "/proc/self/fd/%d", fd);
        cr_expect(strstr(fixture_fail(fixture), "working directory"), "%s", fixture->err.text);
    }
    fixture_close(fixture);
}

Test(cage, makes_no_working_directory_through_a_link_to_the_host)
{
    struct fixture *fixture = fixture_open();

    fixture_write(fixture, "decoy/canary", "", 0644);
    cr_assert_eq(symlink(fixture_path(fixture, "decoy"),
                         arena_printf(fixture->arena, "%s/base/work", fixture->dir)),
                 0);
    fixture->spec.cwd = "/work/new";
    fixture_script(fixture, "true");
    (void)fixture_start(fixture);
    cr_expect_neq(access(fixture_path(fixture, "decoy/new"), F_OK), 0);
    fixture_close(fixture);
}

/* One container swaps a directory of a shared volume for a link to a host's directory as fast as it
 * can, while others have mounts below it made (CVE-2021-30465). They may fail, but not outside of
 * their roots. */
Test(cage, is_not_led_astray_while_a_link_comes_and_goes)
{
    enum { STARTS = 40 };
    struct fixture *fixture = fixture_open();
    struct mount_spec mounts[] = {
        {.kind = MOUNT_BIND, .source = fixture_path(fixture, "shared"), .target = "/v"},
        {.kind = MOUNT_TMPFS, .target = "/v/t/deep/in"}};
    struct container *racer;
    size_t n_started = 0;

    fixture_write(fixture, "decoy/canary", "", 0644);
    fixture_write(fixture, "shared/x", "", 0644);
    cr_assert_eq(chmod(fixture_path(fixture, "decoy"), 0777), 0);
    fixture->spec.mounts = mounts;
    fixture->spec.n_mounts = 1;
    fixture_script(
        fixture, arena_printf(fixture->arena,
                              "cd /v; while :; do rm -rf t; ln -s ../../../../../..%s t; rm -f t; "
                              "mkdir t; done 2>/dev/null",
                              fixture_path(fixture, "decoy")));
    racer = fixture_start(fixture);
    cr_assert(racer, "%s", fixture->err.text);
    fixture->spec.id = "other";
    fixture->spec.upper_dir = NULL;
    fixture->spec.n_mounts = 2;
    fixture_script(fixture, "true");
    for (int i = 0; i < STARTS; i++) {
        struct container *container = fixture_start(fixture);

        n_started += container != NULL;
        if (container)
            fixture_finish(fixture, container);
        cr_expect_neq(access(fixture_path(fixture, "decoy/deep"), F_OK), 0);
    }
    cr_expect_gt(n_started, 0, "%s", fixture->err.text);
    cr_assert_eq(container_kill(racer, &fixture->err), 0);
    fixture_finish(fixture, racer);
    fixture_close(fixture);
}
