/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/kept_root.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "tests/unit/runtime/container_fixture.h"

TestSuite(kept_root, .fini = fixture_sweep, .timeout = 60);

/* Runs a first start, with the root kept. Skips where the kernel cannot. */
static struct kept_root *run_first(struct fixture *fixture, const char *script)
{
    struct kept_root *kept = kept_root_new();

    fixture->options.surroundings.kept_root = kept;
    fixture_run(fixture, script);
    if (!kept_root_is_held(kept))
        cr_skip_test(
            "detached mounts are cloned since Linux 6.15, and ids mapped by no file system "
            "before");
    return kept;
}

/* The number of the file system that is kept; 0 when none is. */
static dev_t device_of(struct kept_root *kept, struct id_map map)
{
    scoped_fd int fd = kept_root_clone(kept, map);
    struct stat status;

    return fd >= 0 && fstat(fd, &status) == 0 ? status.st_dev : 0;
}

Test(kept_root, is_the_file_system_of_the_next_start)
{
    struct fixture *fixture = fixture_open();
    scoped(kept_root_free) struct kept_root *kept =
        run_first(fixture, "echo kept > /file; echo lost > /dev/shm/file; echo lost > /dev/file");
    dev_t device = device_of(kept, fixture->spec.id_map);

    cr_expect_neq(device, 0);
    cr_expect_str_eq(fixture_run(fixture, "cat /file; ls /dev/shm /dev/file 2>/dev/null"),
                     "kept\n/dev/shm:");
    cr_expect_eq(device_of(kept, fixture->spec.id_map), device);
    fixture_close(fixture);
}

Test(kept_root, serves_read_only_containers_too)
{
    struct fixture *fixture = fixture_open();
    scoped(kept_root_free) struct kept_root *kept = NULL;

    fixture->spec.read_only = true;
    kept = run_first(fixture, "true");
    cr_expect_str_eq(fixture_run(fixture, "touch /file 2>/dev/null || echo refused"), "refused");
    fixture_close(fixture);
}

Test(kept_root, goes_when_the_ids_are_others)
{
    struct fixture *fixture = fixture_open();
    scoped(kept_root_free) struct kept_root *kept = run_first(fixture, "echo kept > /file");

    fixture->spec.id_map.base += 100000;
    cr_expect_str_eq(fixture_run(fixture, "stat -c %u /file; rm /file && echo removed"),
                     "0\nremoved");
    cr_expect_neq(device_of(kept, fixture->spec.id_map), 0);
    fixture_close(fixture);
}

Test(kept_root, goes_when_a_container_has_made_it_read_only)
{
    struct fixture *fixture = fixture_open();
    scoped(kept_root_free) struct kept_root *kept = NULL;

    fixture->spec.privileged = true;
    fixture->spec.id_map = (struct id_map){0};
    kept = run_first(fixture, "mount -o remount,ro / && echo done");
    cr_assert_str_eq(fixture->output, "done");
    cr_expect_str_eq(fixture_run(fixture, "touch /file && echo written"), "written");
    cr_expect_neq(device_of(kept, fixture->spec.id_map), 0);
    fixture_close(fixture);
}

Test(kept_root, is_not_there_once_it_was_dropped)
{
    struct fixture *fixture = fixture_open();
    scoped(kept_root_free) struct kept_root *kept = run_first(fixture, "true");

    kept_root_drop(kept);
    cr_expect_not(kept_root_is_held(kept));
    cr_expect_eq(kept_root_clone(kept, fixture->spec.id_map), -1);
    fixture_close(fixture);
}
