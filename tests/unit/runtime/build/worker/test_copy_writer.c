/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/copy_writer.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"

static char folder[] = "/tmp/yawl-test-copy.XXXXXX";
static int context_fd = -1, root_fd = -1, folder_fd = -1;
static struct arena *arena;
static struct error err;

/* context/{file,dir/inner}, root/{lib -> usr/lib,away -> ../outside,usr/lib}, outside/ */
static void setup(void)
{
    arena = arena_new();
    cr_assert(mkdtemp(folder));
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(path_make_dirs(folder_fd, "context/dir", 0755, NULL), 0);
    cr_assert_eq(path_make_dirs(folder_fd, "root/usr/lib", 0755, NULL), 0);
    cr_assert_eq(path_make_dirs(folder_fd, "outside", 0755, NULL), 0);
    context_fd = openat(folder_fd, "context", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    root_fd = openat(folder_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(file_replace(context_fd, "file", "text", 4, 0640, NULL), 0);
    cr_assert_eq(file_replace(context_fd, "dir/inner", "x", 1, 0600, NULL), 0);
    cr_assert_eq(symlinkat("usr/lib", root_fd, "lib"), 0);
    cr_assert_eq(symlinkat("../outside", root_fd, "away"), 0);
}

static void teardown(void)
{
    close(context_fd);
    close(root_fd);
    close(folder_fd);
    (void)!path_remove_tree(AT_FDCWD, folder, NULL);
    arena_free(arena);
}

TestSuite(copy_writer, .init = setup, .fini = teardown);

static int copy(const char *source, const char *destination)
{
    const struct copy_rules rules = {.destination = destination};
    struct source_tree tree = {.fd = context_fd};
    struct source_request request = {.tree = &tree, .path = source};
    struct source_list list = {0};

    cr_assert_eq(source_list_add(&list, &request, arena, &err), 0, "%s", err.text);
    return copy_write(root_fd, &rules, &list, &tree, &err);
}

static bool is_there(const char *path)
{
    return faccessat(folder_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Test(copy_writer, a_file_goes_into_a_directory_or_gets_a_name)
{
    cr_expect_eq(copy("file", "/usr"), 0);
    cr_expect(is_there("root/usr/file"));
    cr_expect_eq(copy("file", "/new/"), 0);
    cr_expect(is_there("root/new/file"));
    cr_expect_eq(copy("file", "/a/b/name"), 0);
    cr_expect(is_there("root/a/b/name"));
}

Test(copy_writer, the_content_of_a_directory_goes_into_the_destination)
{
    cr_expect_eq(copy("dir", "/usr"), 0);
    cr_expect(is_there("root/usr/inner"));
    cr_expect(!is_there("root/usr/dir"));
}

Test(copy_writer, a_file_of_several_names_stays_one)
{
    struct stat first, second;

    cr_assert_eq(linkat(context_fd, "dir/inner", context_fd, "dir/other", 0), 0);
    cr_expect_eq(copy("dir", "/usr"), 0);
    cr_assert_eq(fstatat(root_fd, "usr/inner", &first, 0), 0);
    cr_assert_eq(fstatat(root_fd, "usr/other", &second, 0), 0);
    cr_expect_eq(first.st_ino, second.st_ino);
    cr_expect_eq(first.st_nlink, 2);
}

Test(copy_writer, links_of_the_destination_lead_inside_the_root_only)
{
    cr_expect_eq(copy("file", "/lib/"), 0);
    cr_expect(is_there("root/usr/lib/file"));
    cr_expect_eq(copy("file", "/away/"), 0);
    cr_expect(!is_there("outside/file"));
    cr_expect(is_there("root/outside/file"));
}

Test(copy_writer, a_file_takes_the_place_of_a_link_and_does_not_follow_it)
{
    cr_assert_eq(symlinkat("../outside/target", root_fd, "victim"), 0);
    cr_expect_eq(copy("file", "/victim"), 0);
    cr_expect(!is_there("outside/target"));
    cr_expect(!is_there("root/outside"));
}

Test(copy_writer, directories_and_files_do_not_replace_each_other)
{
    cr_assert_eq(mkdirat(root_fd, "file", 0755), 0);
    cr_assert_eq(mkdirat(root_fd, "file/file", 0755), 0);
    cr_expect_lt(copy("file", "/file/"), 0);
    cr_expect(strstr(err.text, "cannot take the place of a directory"), "%s", err.text);
}
