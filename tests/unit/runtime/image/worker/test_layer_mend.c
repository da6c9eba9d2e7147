/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/layer_mend.h"

#include <criterion/criterion.h>
#include <fcntl.h>

#include "tests/unit/runtime/image/worker/image_fixture.h"

/* Loads the tars as one image and opens the topmost directory of its chain. */
struct chain {
    struct image_fixture fixture;
    struct arena *arena;
    size_t n_layers; /* with the mend */
};

static void chain_done(struct chain *chain)
{
    image_fixture_done(&chain->fixture);
    arena_free(chain->arena);
}
#define scoped_chain __attribute__((cleanup(chain_done)))

static void chain_load(struct chain *chain, const struct text *tars, size_t n_tars)
{
    scoped(image_store_free) struct image_store *store = NULL;
    struct fixture_layer layers[3] = {0};
    struct fixture_image image = {.ref_name = "a:1", .layers = layers, .n_layers = n_tars};
    struct image *found = NULL;
    struct error err = {0};
    char path[128];

    for (size_t i = 0; i < n_tars; i++)
        layers[i].tar = &tars[i];
    layout_build(&chain->fixture, "a.tar", &image, path);
    cr_assert_eq(fixture_load(&chain->fixture, path, &err), 0, "%s", err.text);
    store = fixture_store(&chain->fixture);
    chain->arena = arena_new();
    cr_assert_eq(image_store_find(store, "a:1", NULL, chain->arena, &found, &err), 0, "%s",
                 err.text);
    cr_assert_not_null(found);
    chain->n_layers = found->layers.count;
    cr_assert_gt(chain->n_layers, 0);
    chain->fixture.fs_fd = open(found->layers.items[chain->n_layers - 1], O_RDONLY | O_DIRECTORY);
    cr_assert_geq(chain->fixture.fs_fd, 0);
}

Test(layer_mend, an_implicit_directory_looks_as_below)
{
    scoped_chain struct chain chain = {0};
    struct text tars[2] = {0};
    struct stat status;

    image_fixture_init(&chain.fixture);
    TAR(&tars[0], .path = "srv/", .mode = 01777, .uid = 33, .mtime = 44);
    TAR(&tars[1], .path = "srv/x/file");
    chain_load(&chain, tars, 2);
    cr_assert_eq(chain.n_layers, 3);
    status = layer_stat(&chain.fixture, "srv");
    cr_expect_eq(status.st_mode, S_IFDIR | 01777);
    cr_expect_eq(status.st_uid, 33);
    cr_expect_eq(status.st_mtime, 44);
    cr_expect_not(layer_has(&chain.fixture, "srv/x"));
    text_done(&tars[0]);
    text_done(&tars[1]);
}

Test(layer_mend, attributes_come_with_it_but_not_opaqueness)
{
    scoped_chain struct chain chain = {0};
    struct text tars[2] = {0};

    image_fixture_init(&chain.fixture);
    tar_put_pax(&tars[0], "SCHILY.xattr.user.note", "x", 1);
    TAR(&tars[0], .path = "srv/");
    TAR(&tars[0], .path = "srv/.wh..wh..opq");
    TAR(&tars[1], .path = "srv/x");
    chain_load(&chain, tars, 2);
    cr_assert_eq(chain.n_layers, 3);
    cr_expect(layer_has_xattr(&chain.fixture, "srv", "user.note"));
    cr_expect_not(layer_is_opaque(&chain.fixture, "srv"));
    text_done(&tars[0]);
    text_done(&tars[1]);
}

Test(layer_mend, the_directories_on_the_way_are_right_too)
{
    scoped_chain struct chain chain = {0};
    struct text tars[2] = {0};

    image_fixture_init(&chain.fixture);
    TAR(&tars[0], .path = "./", .mode = 0555);
    TAR(&tars[0], .path = "a/", .mode = 0711);
    TAR(&tars[0], .path = "a/b/", .mode = 0700, .gid = 4);
    TAR(&tars[1], .path = "./", .mode = 0511);
    TAR(&tars[1], .path = "a/b/c");
    chain_load(&chain, tars, 2);
    cr_assert_eq(chain.n_layers, 3);
    cr_expect_eq(layer_stat(&chain.fixture, ".").st_mode, S_IFDIR | 0511);
    cr_expect_eq(layer_stat(&chain.fixture, "a").st_mode, S_IFDIR | 0711);
    cr_expect_eq(layer_stat(&chain.fixture, "a/b").st_mode, S_IFDIR | 0700);
    cr_expect_eq(layer_stat(&chain.fixture, "a/b").st_gid, 4);
    text_done(&tars[0]);
    text_done(&tars[1]);
}

/* Chains that need no mend. */
static void expect_no_mend(struct text *tars, size_t n_tars)
{
    scoped_chain struct chain chain = {0};

    image_fixture_init(&chain.fixture);
    chain_load(&chain, tars, n_tars);
    cr_expect_eq(chain.n_layers, n_tars);
    for (size_t i = 0; i < n_tars; i++)
        text_done(&tars[i]);
}

Test(layer_mend, what_looks_new_below_needs_none)
{
    struct text tars[2] = {0};

    TAR(&tars[0], .path = "./", .mode = 0755);
    TAR(&tars[0], .path = "a/", .mode = 0755);
    TAR(&tars[1], .path = "a/x");
    expect_no_mend(tars, 2);
}

Test(layer_mend, a_directory_is_as_old_as_it_was)
{
    scoped_chain struct chain chain = {0};
    struct text tars[2] = {0};

    image_fixture_init(&chain.fixture);
    TAR(&tars[0], .path = "a/", .mode = 0755, .mtime = 44);
    TAR(&tars[1], .path = "a/x", .mtime = 55);
    chain_load(&chain, tars, 2);
    cr_assert_eq(chain.n_layers, 3);
    cr_expect_eq(layer_stat(&chain.fixture, "a").st_mtime, 44);
    text_done(&tars[0]);
    text_done(&tars[1]);
}

Test(layer_mend, an_opaque_directory_hides_what_is_in_it_not_what_it_is)
{
    scoped_chain struct chain chain = {0};
    struct text tars[2] = {0};

    image_fixture_init(&chain.fixture);
    TAR(&tars[0], .path = "a/", .mode = 0700, .uid = 7);
    TAR(&tars[0], .path = "a/b/", .mode = 0711);
    TAR(&tars[1], .path = "a/.wh..wh..opq");
    TAR(&tars[1], .path = "a/b/x");
    chain_load(&chain, tars, 2);
    cr_assert_eq(chain.n_layers, 3);
    cr_expect_eq(layer_stat(&chain.fixture, "a").st_mode, S_IFDIR | 0700);
    cr_expect_eq(layer_stat(&chain.fixture, "a").st_uid, 7);
    cr_expect_not(layer_has(&chain.fixture, "a/b"), "that is another directory than the one below");
    text_done(&tars[0]);
    text_done(&tars[1]);
}

Test(layer_mend, what_an_upper_layer_describes_needs_none)
{
    struct text tars[3] = {0};

    TAR(&tars[0], .path = "a/", .mode = 0700);
    TAR(&tars[1], .path = "a/x");
    TAR(&tars[2], .path = "a/", .mode = 0711);
    expect_no_mend(tars, 3);
}

Test(layer_mend, what_is_hidden_by_a_whiteout_does_not_count)
{
    struct text tars[3] = {0};

    TAR(&tars[0], .path = "a/b/", .mode = 0700);
    TAR(&tars[1], .path = ".wh.a");
    TAR(&tars[2], .path = "a/b/x");
    expect_no_mend(tars, 3);
}

Test(layer_mend, what_is_hidden_by_an_opaque_directory_does_not_count)
{
    struct text tars[3] = {0};

    TAR(&tars[0], .path = "a/b/", .mode = 0700);
    TAR(&tars[1], .path = "a/");
    TAR(&tars[1], .path = "a/.wh..wh..opq");
    TAR(&tars[2], .path = "a/b/x");
    expect_no_mend(tars, 3);
}

Test(layer_mend, what_its_own_layer_makes_anew_does_not_count)
{
    struct text tars[2] = {0};

    TAR(&tars[0], .path = "a/b/", .mode = 0700);
    TAR(&tars[1], .path = ".wh.a");
    TAR(&tars[1], .path = "a/b/x");
    expect_no_mend(tars, 2);
}

Test(layer_mend, what_a_file_hides_does_not_count)
{
    struct text tars[3] = {0};

    TAR(&tars[0], .path = "a/b/", .mode = 0700);
    TAR(&tars[1], .path = "a", .type = '2', .link = "elsewhere");
    TAR(&tars[2], .path = "a/b/x");
    expect_no_mend(tars, 3);
}

Test(layer_mend, a_directory_that_is_gone_at_the_top_needs_none)
{
    struct text tars[3] = {0};

    TAR(&tars[0], .path = "a/", .mode = 0700);
    TAR(&tars[1], .path = "a/x");
    TAR(&tars[2], .path = ".wh.a");
    expect_no_mend(tars, 3);
}
