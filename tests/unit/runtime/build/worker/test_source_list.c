/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/source_list.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"

static char folder[] = "/tmp/yawl-test-sources.XXXXXX";
static int context_fd = -1;
static struct arena *arena;

static void put(const char *path)
{
    cr_assert_eq(file_replace(context_fd, path, path, strlen(path), 0644, NULL), 0);
}

/* outside/secret; context/{a.go,b.go,c.txt,out -> /outside,in -> d,d/{e.go,f/g}} */
static void setup(void)
{
    int folder_fd;

    arena = arena_new();
    cr_assert(mkdtemp(folder));
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(path_make_dirs(folder_fd, "context/d/f", 0755, NULL), 0);
    cr_assert_eq(path_make_dirs(folder_fd, "outside", 0755, NULL), 0);
    cr_assert_eq(file_replace(folder_fd, "outside/secret", "s", 1, 0644, NULL), 0);
    context_fd = openat(folder_fd, "context", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(folder_fd);
    put("a.go");
    put("b.go");
    put("c.txt");
    put("d/e.go");
    put("d/f/g");
    cr_assert_eq(symlinkat("../outside/secret", context_fd, "up"), 0);
    cr_assert_eq(symlinkat("d", context_fd, "in"), 0);
}

static void teardown(void)
{
    close(context_fd);
    (void)!path_remove_tree(AT_FDCWD, folder, NULL);
    arena_free(arena);
}

TestSuite(source_list, .init = setup, .fini = teardown);

/* "group:item,item;" of each group. */
static const char *list(const char *path, const char *ignored, bool parents)
{
    struct ignore_file ignore = {0};
    struct source_tree tree = {.fd = context_fd, .ignore = &ignore};
    struct source_request request = {.tree = &tree, .path = path, .parents = parents};
    struct source_list found = {0};
    scoped_text struct text out = {0};
    struct error err;

    cr_assert_eq(ignore_file_parse(ignored, strlen(ignored), arena, &ignore, &err), 0);
    if (source_list_add(&found, &request, arena, &err) < 0)
        return arena_printf(arena, "error: %s", err.text);
    for (size_t i = 0; i < found.n_groups; i++) {
        text_appendf(&out, "%s:", found.groups[i].name);
        for (size_t k = 0; k < found.groups[i].count; k++)
            text_appendf(&out, "%s%s", k ? "," : "", found.items[found.groups[i].first + k].to);
        text_append_char(&out, ';');
    }
    return arena_strdup(arena, text_get(&out));
}

Test(source_list, a_directory_is_what_is_in_it)
{
    cr_expect_str_eq(list("d", "", false), "d:,e.go,f,f/g;");
    cr_expect_str_eq(list("d/", "", false), "d:,e.go,f,f/g;");
    cr_expect_str_eq(list("/d", "", false), "d:,e.go,f,f/g;");
}

Test(source_list, a_pattern_is_all_that_match_in_the_order_of_names)
{
    cr_expect_str_eq(list("*.go", "", false), "a.go:;b.go:;");
    cr_expect_str_eq(list("d/*.go", "", false), "e.go:;");
    cr_expect_str_eq(list("*.rs", "", false), "error: nothing matches '*.rs'");
}

Test(source_list, a_source_that_is_a_link_is_what_it_leads_to)
{
    cr_expect_str_eq(list("in", "", false), "in:,e.go,f,f/g;");
}

Test(source_list, nothing_leads_out_of_the_tree)
{
    cr_expect_str_eq(list("up", "", false), "error: 'up' not found");
    cr_expect_str_eq(list("../outside/secret", "", false), "error: '../outside/secret' not found");
    cr_expect_str_eq(list("in/../../../../etc/passwd", "", false),
                     "error: 'in/../../../../etc/passwd' not found");
}

Test(source_list, what_is_ignored_is_not_there)
{
    cr_expect_str_eq(list(".", "*.go\nup\nin\n!b.go\nd", false), ":,b.go,c.txt;");
    cr_expect_str_eq(list("a.go", "*.go", false),
                     "error: 'a.go' not found: .dockerignore leaves it out");
    cr_expect_str_eq(list(".", "*\n!d/f", false), ":,d,d/f,d/f/g;");
}

Test(source_list, parents_are_kept_when_asked_for)
{
    cr_expect_str_eq(list("d/f/g", "", true), "g:d,d/f,d/f/g;");
    cr_expect_str_eq(list("**/*.go", "", true), "a.go:a.go;b.go:b.go;e.go:d,d/e.go;");
}
