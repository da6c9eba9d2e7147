/* SPDX-License-Identifier: Apache-2.0 */
/* Whiteouts, opaque directories and implicit parents. */
#include "runtime/image/worker/layer_tree.h"

#include <criterion/criterion.h>

#include "tests/unit/runtime/image/worker/image_fixture.h"

static void expect_unpacked(struct image_fixture *fixture, const struct text *tar)
{
    struct error err = {0};

    cr_expect_eq(layer_build(fixture, "layer", tar, &err), 0, "%s", err.text);
}

static void expect_refused(struct image_fixture *fixture, const struct text *tar,
                           const char *reason)
{
    struct error err = {0};

    cr_expect_eq(layer_build(fixture, "layer", tar, &err), -1);
    cr_expect(strstr(err.text, reason) != NULL, "%s", err.text);
}

Test(layer_tree, a_whiteout_is_a_device)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "d/");
    TAR(&tar, .path = "d/.wh.gone");
    TAR(&tar, .path = "d/.wh.gone");
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_is_whiteout(&fixture, "d/gone"));
    cr_expect_not(layer_has(&fixture, "d/.wh.gone"));
    cr_expect_not(layer_is_opaque(&fixture, "d"));
}

Test(layer_tree, a_whiteout_device_of_overlayfs_is_a_whiteout)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "gone", .type = '3', .mode = 0666);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_is_whiteout(&fixture, "gone"));
}

Test(layer_tree, a_whiteout_before_a_file_leaves_the_file)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = ".wh.x");
    TAR(&tar, .path = "x", .data = "new", .size = 3);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, "x", "new"));
}

Test(layer_tree, a_whiteout_after_a_file_leaves_the_file)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "x", .data = "new", .size = 3);
    TAR(&tar, .path = ".wh.x");
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_holds(&fixture, "x", "new"));
}

Test(layer_tree, a_whiteout_before_a_directory_makes_it_opaque)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = ".wh.x");
    TAR(&tar, .path = "x/", .mode = 0700);
    TAR(&tar, .path = "x/new");
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_is_opaque(&fixture, "x"));
    cr_expect_eq(layer_stat(&fixture, "x").st_mode, S_IFDIR | 0700);
    cr_expect(layer_has(&fixture, "x/new"));
}

Test(layer_tree, a_whiteout_after_a_directory_makes_it_opaque)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "x/");
    TAR(&tar, .path = "x/new");
    TAR(&tar, .path = ".wh.x");
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_is_opaque(&fixture, "x"));
    cr_expect(layer_has(&fixture, "x/new"));
}

Test(layer_tree, a_whiteout_before_an_implicit_directory_makes_it_opaque)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = ".wh.x");
    TAR(&tar, .path = "x/y/new");
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_is_opaque(&fixture, "x"));
    cr_expect_not(layer_is_opaque(&fixture, "x/y"));
    cr_expect(layer_has(&fixture, "x/y/new"));
}

Test(layer_tree, a_directory_in_place_of_a_file_is_opaque)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "x");
    TAR(&tar, .path = "x/");
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_is_opaque(&fixture, "x"));
}

Test(layer_tree, an_opaque_mark_keeps_what_the_layer_has_in_either_order)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "a/");
    TAR(&tar, .path = "a/before");
    TAR(&tar, .path = "a/.wh..wh..opq");
    TAR(&tar, .path = "a/after");
    TAR(&tar, .path = "b/.wh..wh..opq");
    TAR(&tar, .path = "b/", .mode = 0711);
    expect_unpacked(&fixture, &tar);
    cr_expect(layer_is_opaque(&fixture, "a"));
    cr_expect(layer_has(&fixture, "a/before"));
    cr_expect(layer_has(&fixture, "a/after"));
    cr_expect_not(layer_has(&fixture, "a/.wh..wh..opq"));
    cr_expect(layer_is_opaque(&fixture, "b"));
    cr_expect_eq(layer_stat(&fixture, "b").st_mode, S_IFDIR | 0711);
}

Test(layer_tree, whiteouts_below_an_opaque_directory_are_left_out)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "a/.wh.x");
    TAR(&tar, .path = "a/b/.wh.x");
    TAR(&tar, .path = "a/.wh..wh..opq");
    TAR(&tar, .path = ".wh.y");
    expect_unpacked(&fixture, &tar);
    cr_expect_not(layer_has(&fixture, "a/x"));
    cr_expect_not(layer_has(&fixture, "a/b/x"));
    cr_expect(layer_is_whiteout(&fixture, "y"));
}

Test(layer_tree, an_opaque_root_is_noted)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    struct stat status;

    image_fixture_init(&fixture);
    TAR(&tar, .path = ".wh..wh..opq");
    expect_unpacked(&fixture, &tar);
    cr_expect_eq(fstatat(fixture.layer_fd, "opaque", &status, 0), 0);
}

Test(layer_tree, whiteouts_of_nothing_are_refused)
{
    static const char *const names[] = {".wh.", "d/.wh..", ".wh..."};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        scoped_fixture struct image_fixture fixture = {0};
        scoped_text struct text tar = {0};

        image_fixture_init(&fixture);
        TAR(&tar, .path = names[i]);
        expect_refused(&fixture, &tar, "whiteout of nothing");
        cr_expect(image_fixture_canary_lives(&fixture));
    }
}

Test(layer_tree, entries_inside_of_a_whiteout_are_refused)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = ".wh.d/x");
    expect_refused(&fixture, &tar, "inside of a whiteout");
}

Test(layer_tree, a_link_makes_no_directory_with_the_name_of_a_whiteout)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "way", .type = '2', .link = "d/.wh.x");
    TAR(&tar, .path = "way/y");
    expect_refused(&fixture, &tar, "the name of a whiteout");
}

Test(layer_tree, the_bookkeeping_of_aufs_is_ignored)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = ".wh..wh.plnk/");
    TAR(&tar, .path = ".wh..wh.plnk/1.2");
    TAR(&tar, .path = ".wh..wh.aufs");
    expect_unpacked(&fixture, &tar);
    cr_expect_not(layer_has(&fixture, ".wh..wh.plnk"));
    cr_expect_not(layer_has(&fixture, ".wh..wh.aufs"));
    cr_expect_not(layer_has(&fixture, ".wh.plnk"));
}

Test(layer_tree, a_hard_link_to_a_whiteout_is_refused)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = ".wh.x");
    TAR(&tar, .path = "y", .type = '1', .link = "x");
    expect_refused(&fixture, &tar, "is a whiteout");
}

Test(layer_tree, implicit_directories_are_told)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    scoped_text struct text implicit = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "a/b/c", .mtime = 77);
    TAR(&tar, .path = "a/", .mode = 0700);
    TAR(&tar, .path = "w/.wh.x", .mtime = 78);
    expect_unpacked(&fixture, &tar);
    layer_implicit(&fixture, &implicit);
    cr_expect_str_eq(text_get(&implicit), "w,a/b,,");
    cr_expect_eq(layer_stat(&fixture, "a/b").st_mode, S_IFDIR | 0755);
    cr_expect_eq(layer_stat(&fixture, "a/b").st_mtime, 77);
    cr_expect_eq(layer_stat(&fixture, "w").st_mtime, 78);
}

Test(layer_tree, implicit_directories_behind_links_have_their_own_path)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    scoped_text struct text implicit = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "./");
    TAR(&tar, .path = "usr/");
    TAR(&tar, .path = "usr/lib/");
    TAR(&tar, .path = "lib", .type = '2', .link = "usr/lib");
    TAR(&tar, .path = "lib/x/y");
    expect_unpacked(&fixture, &tar);
    layer_implicit(&fixture, &implicit);
    cr_expect_str_eq(text_get(&implicit), "usr/lib/x,");
    cr_expect(layer_has(&fixture, "usr/lib/x/y"));
}

Test(layer_tree, directories_that_gave_way_are_not_told)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    scoped_text struct text implicit = {0};

    image_fixture_init(&fixture);
    TAR(&tar, .path = "./");
    TAR(&tar, .path = "a/b/c");
    TAR(&tar, .path = "a");
    expect_unpacked(&fixture, &tar);
    layer_implicit(&fixture, &implicit);
    cr_expect_str_eq(text_get(&implicit), "");
}
