/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/entry_path.h"

#include <criterion/criterion.h>

#include "common/cleanup.h"

Test(entry_path, a_name_is_cut_into_parent_and_base)
{
    static const struct {
        const char *name, *parent, *base;
    } cases[] = {
        {"a", "", "a"},     {"./a/b", "a", "b"},   {"/a//b/./c/", "a/b", "c"},
        {"./", "", ""},     {"/", "", ""},         {"", "", ""},
        {"...", "", "..."}, {"a/..b", "a", "..b"}, {"a\nb/c d", "a\nb", "c d"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct entry_path path;

        cr_assert_eq(entry_path_parse(cases[i].name, &path, NULL), 0);
        cr_expect_str_eq(path.parent, cases[i].parent, "'%s'", cases[i].name);
        cr_expect_str_eq(path.base, cases[i].base, "'%s'", cases[i].name);
    }
}

Test(entry_path, names_of_the_largest_size_fit)
{
    char name[LIMIT_ENTRY_PATH_BYTES + 2];
    struct entry_path path;

    memset(name, 'x', sizeof(name));
    for (size_t i = 255; i < sizeof(name); i += 256)
        name[i] = '/';
    name[LIMIT_ENTRY_PATH_BYTES] = '\0';
    cr_expect_eq(entry_path_parse(name, &path, NULL), 0);
    name[LIMIT_ENTRY_PATH_BYTES] = 'x';
    name[LIMIT_ENTRY_PATH_BYTES + 1] = '\0';
    cr_expect_eq(entry_path_parse(name, &path, NULL), -1);
}

Test(entry_path, roles_follow_the_name)
{
    static const struct {
        const char *name;
        enum entry_role role;
        const char *base;
    } cases[] = {
        {"a/.wh.b", ENTRY_WHITEOUT, "b"},           {"a/.wh..wh..opq", ENTRY_OPAQUE, ""},
        {".wh..wh.plnk", ENTRY_IGNORED, NULL},      {".wh..wh.orph/x/y", ENTRY_IGNORED, NULL},
        {"a.wh.b", ENTRY_PLAIN, "a.wh.b"},          {".wha", ENTRY_PLAIN, ".wha"},
        {".wh..hidden", ENTRY_WHITEOUT, ".hidden"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct entry_path path;
        enum entry_role role;

        cr_assert_eq(entry_path_parse(cases[i].name, &path, NULL), 0);
        cr_assert_eq(entry_path_role(&path, &role, NULL), 0, "'%s'", cases[i].name);
        cr_expect_eq(role, cases[i].role, "'%s'", cases[i].name);
        if (cases[i].base)
            cr_expect_str_eq(path.base, cases[i].base);
    }
}
