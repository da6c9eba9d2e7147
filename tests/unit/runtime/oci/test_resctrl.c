/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/resctrl.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "common/text.h"

Test(resctrl, it_is_found_where_it_is_mounted)
{
    scoped(arena_free) struct arena *arena = arena_new();

    cr_expect_str_eq(
        resctrl_mount("22 1 0:20 / /proc rw - proc proc rw\n"
                      "36 22 0:31 / /sys/fs/resctrl rw,relatime shared:9 - resctrl resctrl rw\n",
                      arena),
        "/sys/fs/resctrl");
    cr_expect_null(resctrl_mount("22 1 0:20 / /resctrl rw - proc resctrl rw\n", arena));
}

Test(resctrl, a_schema_is_compared_by_its_values)
{
    static const char have[] = "    L3:0=fffff;1=00f\n    MB:0= 20;1=100\n";
    scoped(arena_free) struct arena *arena = arena_new();

    cr_expect(resctrl_has_schema(have, "L3:0=FFFFF;1=f", arena));
    cr_expect(resctrl_has_schema(have, "MB:1=100", arena));
    cr_expect_not(resctrl_has_schema(have, "MB:1=10", arena));
    cr_expect_not(resctrl_has_schema(have, "L3:2=f", arena));
    cr_expect_not(resctrl_has_schema(have, "L2:0=f", arena));
    cr_expect_not(resctrl_has_schema(have, "nonsense", arena));
}

/* A folder in which a class "web" is there, as the kernel would have it. */
static int make_root(char path[static 32])
{
    static const char tasks[] = "web/tasks", schemata[] = "web/schemata";
    int fd;

    (void)strcpy(path, "/tmp/resctrl-XXXXXX");
    cr_assert_not_null(mkdtemp(path));
    fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(mkdirat(fd, "web", 0755), 0);
    cr_assert_eq(file_replace(fd, tasks, "", 0, 0644, NULL), 0);
    cr_assert_eq(file_replace(fd, schemata, "L3:0=f\n", 7, 0644, NULL), 0);
    return fd;
}

static void remove_root(int fd, const char *path)
{
    cr_expect_eq(path_remove_tree(AT_FDCWD, path, NULL), 0);
    fd_close(fd);
}

static int prepare(int root_fd, const char *class_name, const char *line,
                   struct resctrl_place *place, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct resctrl_spec spec = {.class_name = class_name};

    *err = (struct error){0};
    if (line)
        string_list_add(arena, &spec.schemata, line);
    return resctrl_prepare(root_fd, &spec, "box", arena, place, err);
}

Test(resctrl, a_class_that_is_there_must_be_as_it_is_asked_for)
{
    const struct resctrl_spec web = {.class_name = "web"};
    scoped_text struct text tasks = {0};
    struct resctrl_place place;
    struct error err;
    char path[32];
    int fd = make_root(path);

    cr_expect_eq(prepare(fd, "web", NULL, &place, &err), 0, "%s", err.text);
    cr_expect_eq(prepare(fd, "web", "L3:0=0f", &place, &err), 0, "%s", err.text);
    cr_expect_null(place.made_class);
    cr_expect_eq(prepare(fd, "web", "L3:0=1", &place, &err), -1);
    cr_expect(string_starts_with(err.text, "class 'web' is there already, without 'L3:0=1'"), "%s",
              err.text);
    cr_expect_eq(prepare(fd, "db", NULL, &place, &err), -1);
    cr_expect_eq(resctrl_enter(fd, &web, "box", 4711, &err), 0, "%s", err.text);
    cr_expect_eq(file_read(fd, "web/tasks", 100, &tasks, NULL, &err), 0);
    cr_expect_str_eq(text_get(&tasks), "4711");
    remove_root(fd, path);
}

Test(resctrl, what_is_made_for_a_container_is_removed_with_it)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const struct resctrl_spec own = {0}, measured = {.monitors = true};
    struct resctrl_place place;
    struct error err = {0};
    char path[32];
    int fd = make_root(path);

    cr_expect_eq(resctrl_prepare(fd, &own, "box", arena, &place, &err), 0, "%s", err.text);
    cr_expect_str_eq(place.made_class, "box");
    cr_expect_eq(resctrl_remove(fd, &place, &err), 0, "%s", err.text);
    cr_expect_eq(faccessat(fd, "box", F_OK, 0), -1);
    /* This one cannot be completed: a plain folder has nothing to measure with. */
    cr_expect_eq(resctrl_prepare(fd, &measured, "box", arena, &place, &err), -1);
    cr_expect_str_eq(place.made_class, "box");
    cr_expect_eq(resctrl_remove(fd, &place, &err), 0, "%s", err.text);
    cr_expect_eq(resctrl_remove(fd, &place, &err), 0, "%s", err.text);
    remove_root(fd, path);
}
