/* SPDX-License-Identifier: Apache-2.0 */
/* Whole archives into a store: what is loaded, what is refused, and what a kill leaves. */
#include "runtime/image/worker/image_import.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "runtime/image/worker/image_archive.h"
#include "runtime/image/worker/image_document.h"
#include "runtime/image/worker/image_staging.h"
#include "runtime/image/worker/import_list.h"
#include "tests/unit/runtime/image/worker/image_fixture.h"

struct world {
    struct image_fixture fixture;
    struct text lower, upper;
    struct fixture_layer layers[3];
    struct fixture_image image;
    char archive[128];
};

static void world_done(struct world *world)
{
    text_done(&world->lower);
    text_done(&world->upper);
    image_fixture_done(&world->fixture);
}
#define scoped_world __attribute__((cleanup(world_done)))

/* An image of two layers, the upper of which needs a mend. */
static void world_init(struct world *world)
{
    image_fixture_init(&world->fixture);
    TAR(&world->lower, .path = "etc/", .mode = 0711);
    TAR(&world->lower, .path = "etc/passwd", .data = "root", .size = 4);
    TAR(&world->upper, .path = "etc/shadow", .data = "none", .size = 4);
    world->layers[0] = (struct fixture_layer){.tar = &world->lower, .wrapping = WRAP_GZIP};
    world->layers[1] = (struct fixture_layer){.tar = &world->upper, .wrapping = WRAP_ZSTD};
    world->image =
        (struct fixture_image){.ref_name = "shop/web:2", .layers = world->layers, .n_layers = 2};
}

/* How many layers the store finds for the reference: 0 is none, -1 an error. */
static int layers_found(const struct world *world, const char *reference)
{
    scoped(image_store_free) struct image_store *store = fixture_store(&world->fixture);
    scoped(arena_free) struct arena *arena = arena_new();
    struct image *image = NULL;

    if (image_store_find(store, reference, NULL, arena, &image, NULL) < 0)
        return -1;
    return image ? (int)image->layers.count : 0;
}

static void expect_loaded(struct world *world)
{
    struct error err = {0};

    cr_expect_eq(fixture_load(&world->fixture, world->archive, &err), 0, "%s", err.text);
    cr_expect_eq(layers_found(world, "docker.io/shop/web:2"), 3);
}

static void expect_refused(struct world *world, const char *reason)
{
    struct error err = {0};

    cr_expect_eq(fixture_load(&world->fixture, world->archive, &err), -1);
    cr_expect(strstr(err.text, reason) != NULL, "%s", err.text);
    cr_expect_eq(layers_found(world, "shop/web:2"), 0);
}

/* Whether a directory of the store is empty. */
static bool is_empty(const struct world *world, const char *name)
{
    char path[120];

    (void)snprintf(path, sizeof(path), "%s/store/%s", world->fixture.path, name);
    return rmdir(path) == 0 && mkdir(path, 0700) == 0;
}

Test(image_import, an_oci_layout_is_loaded)
{
    scoped_world struct world world = {0};

    world_init(&world);
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    expect_loaded(&world);
    cr_expect(is_empty(&world, "tmp"));
}

Test(image_import, a_docker_archive_is_loaded)
{
    scoped_world struct world world = {0};

    world_init(&world);
    docker_build(&world.fixture, "a.tar", &world.image, world.archive);
    expect_loaded(&world);
}

Test(image_import, loading_again_changes_nothing)
{
    scoped_world struct world world = {0};

    world_init(&world);
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    expect_loaded(&world);
    expect_loaded(&world);
}

Test(image_import, an_image_without_a_name_stands_under_its_id)
{
    scoped_world struct world world = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    struct string_list references = {0};

    world_init(&world);
    world.image.ref_name = NULL;
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    cr_assert_eq(fixture_load(&world.fixture, world.archive, NULL), 0);
    store = fixture_store(&world.fixture);
    cr_assert_eq(image_store_list(store, arena, &references, NULL), 0);
    cr_assert_eq(references.count, 1);
    cr_expect(image_digest_is_valid(references.items[0]));
    cr_expect_eq(layers_found(&world, references.items[0]), 3);
}

Test(image_import, a_layer_twice_is_mounted_once)
{
    scoped_world struct world world = {0};

    world_init(&world);
    world.image.layers[2] = world.image.layers[0];
    world.image.n_layers = 3;
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    cr_assert_eq(fixture_load(&world.fixture, world.archive, NULL), 0);
    cr_expect_eq(layers_found(&world, "shop/web:2"), 2);
}

Test(image_import, what_lies_below_an_opaque_root_is_left_out)
{
    scoped_world struct world world = {0};

    world_init(&world);
    TAR(&world.upper, .path = ".wh..wh..opq");
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    cr_assert_eq(fixture_load(&world.fixture, world.archive, NULL), 0);
    cr_expect_eq(layers_found(&world, "shop/web:2"), 1);
}

Test(image_import, a_wrong_diff_id_is_refused)
{
    scoped_world struct world world = {0};

    world_init(&world);
    world.image.wrong_diff_id = true;
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    expect_refused(&world, "its digest is");
    cr_expect(is_empty(&world, "layers"));
    cr_expect(is_empty(&world, "tmp"));
}

Test(image_import, a_wrong_digest_is_refused)
{
    scoped_world struct world world = {0};

    world_init(&world);
    world.image.layers[0].wrapping = WRAP_NONE;
    world.image.n_layers = 1;
    world.image.wrong_digest = true;
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    expect_refused(&world, "its digest is");
    cr_expect(is_empty(&world, "layers"));
}

Test(image_import, a_wrong_size_is_refused)
{
    scoped_world struct world world = {0};

    world_init(&world);
    world.image.wrong_size = true;
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    expect_refused(&world, "bytes instead of");
}

Test(image_import, a_hostile_layer_leaves_nothing)
{
    scoped_world struct world world = {0};

    world_init(&world);
    TAR(&world.upper, .path = "../../../../evil");
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    expect_refused(&world, "contains '..'");
    cr_expect(is_empty(&world, "layers"));
    cr_expect(is_empty(&world, "tmp"));
    cr_expect(image_fixture_canary_lives(&world.fixture));
}

Test(image_import, a_hundred_and_thirty_layers_are_loaded)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    struct fixture_image image = {.ref_name = "deep", .n_layers = 130};
    struct image *found = NULL;
    struct text tars[130] = {0};
    struct error err = {0};
    char path[128], name[10];

    image_fixture_init(&fixture);
    image.layers = arena_new_array(arena, struct fixture_layer, 130);
    for (size_t i = 0; i < 130; i++) {
        (void)snprintf(name, sizeof(name), "f%zu", i);
        TAR(&tars[i], .path = name);
        image.layers[i].tar = &tars[i];
    }
    layout_build(&fixture, "a.tar", &image, path);
    cr_assert_eq(fixture_load(&fixture, path, &err), 0, "%s", err.text);
    store = fixture_store(&fixture);
    cr_assert_eq(image_store_find(store, "deep", NULL, arena, &found, NULL), 0);
    cr_expect_eq(found->layers.count, 130);
    for (size_t i = 0; i < 130; i++)
        text_done(&tars[i]);
}

Test(image_import, two_at_a_time_do_not_disturb_each_other)
{
    scoped_world struct world world = {0};
    pid_t children[6];
    int status;

    world_init(&world);
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    for (size_t i = 0; i < ARRAY_LENGTH(children); i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(fixture_load(&world.fixture, world.archive, NULL) < 0);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(children); i++) {
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_expect_eq(status, 0);
    }
    cr_expect_eq(layers_found(&world, "shop/web:2"), 3);
}

/* Counts how often a layer is opened, by all processes together. */
struct counter {
    const struct image_archive *archive;
    atomic_int *n_opened; /* in memory that is shared */
};

static struct byte_source *counter_open(const void *owner, const struct import_layer *layer,
                                        struct error *err)
{
    const struct counter *counter = owner;

    atomic_fetch_add(counter->n_opened, 1);
    return image_archive_member(counter->archive, layer->name, err);
}

static int load_counted(const struct world *world, atomic_int *n_opened)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(image_store_free) struct image_store *store = fixture_store(&world->fixture);
    scoped(image_archive_free) struct image_archive *archive =
        image_archive_open(world->archive, image_store_tmp_fd(store), NULL);
    const struct counter counter = {.archive = archive, .n_opened = n_opened};
    const struct layer_opener opener = {.open = counter_open, .owner = &counter};
    struct import_list list;

    return import_list_read(archive, arena, &list, NULL) < 0
               ? -1
               : image_import(store, &list.images[0], &opener, NULL);
}

Test(image_import, several_at_a_time_share_the_work)
{
    scoped_world struct world world = {0};
    atomic_int *n_opened =
        mmap(NULL, sizeof(*n_opened), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[4];
    int status;

    world_init(&world);
    docker_build(&world.fixture, "a.tar", &world.image, world.archive);
    for (size_t i = 0; i < ARRAY_LENGTH(children); i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(load_counted(&world, n_opened) < 0);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(children); i++) {
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_expect_eq(status, 0);
    }
    cr_expect_eq(atomic_load(n_opened), 2, "each layer by one of them");
    (void)munmap(n_opened, sizeof(*n_opened));
}

/* Blobs -------------------------------------------------------------------------------------------
 */

/* How many blobs the image's manifest names that are in the store and are what they should be: the
 * layers and the configuration. */
static int blobs_found(const struct world *world, const char *reference)
{
    scoped(image_store_free) struct image_store *store = fixture_store(&world->fixture);
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text bytes = {0};
    struct image_manifest manifest;
    struct image *image = NULL;
    int found = 0;

    cr_assert_eq(image_store_find(store, reference, NULL, arena, &image, NULL), 0);
    cr_assert_not_null(image);
    cr_assert_eq(file_read(image_store_blobs_fd(store), image_digest_hex(image->manifest), 100000,
                           &bytes, NULL, NULL),
                 0);
    cr_assert_eq(image_manifest_parse(bytes.data, bytes.length, arena, &manifest, NULL), 0);
    cr_expect_str_eq(manifest.config.digest, image->config.digest);
    manifest.layers[manifest.n_layers++] = manifest.config;
    for (size_t i = 0; i < manifest.n_layers; i++) {
        scoped_text struct text blob = {0};
        char digest[IMAGE_DIGEST_SIZE];

        if (file_read(image_store_blobs_fd(store), image_digest_hex(manifest.layers[i].digest),
                      100000, &blob, NULL, NULL) < 0)
            continue;
        image_digest_of_bytes(text_get(&blob), blob.length, digest);
        found += string_eq(digest, manifest.layers[i].digest) &&
                 (int64_t)blob.length == manifest.layers[i].size;
    }
    return found;
}

static int count_blobs(const struct world *world)
{
    char path[120];
    int count = 0;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "%s/store/blobs/sha256", world->fixture.path);
    dir = opendir(path);
    while (readdir(dir))
        count++;
    (void)closedir(dir);
    return count - 2;
}

static void remove_blobs(const struct world *world)
{
    char path[120];

    (void)snprintf(path, sizeof(path), "%s/store/blobs/sha256", world->fixture.path);
    cr_assert_eq(path_remove_tree(AT_FDCWD, path, NULL), 0);
}

Test(image_import, the_layers_of_a_layout_are_kept_as_they_came)
{
    scoped_world struct world world = {0};

    world_init(&world);
    world.image.layers[2] = (struct fixture_layer){.tar = &world.lower};
    world.image.n_layers = 3;
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    cr_assert_eq(fixture_load(&world.fixture, world.archive, NULL), 0);
    cr_expect_eq(blobs_found(&world, "shop/web:2"), 4, "gzip, zstd, one again unpacked");
    cr_expect_eq(count_blobs(&world), 5);
}

Test(image_import, the_layers_of_a_docker_archive_are_packed)
{
    scoped_world struct world world = {0};

    world_init(&world);
    world.image.layers[0].wrapping = WRAP_NONE;
    docker_build(&world.fixture, "a.tar", &world.image, world.archive);
    expect_loaded(&world);
    cr_expect_eq(blobs_found(&world, "shop/web:2"), 3);
    expect_loaded(&world);
    cr_expect_eq(count_blobs(&world), 4, "the same again");
}

Test(image_import, what_is_missing_of_the_blobs_is_brought_again)
{
    scoped_world struct world world = {0};

    world_init(&world);
    docker_build(&world.fixture, "a.tar", &world.image, world.archive);
    expect_loaded(&world);
    remove_blobs(&world);
    expect_loaded(&world);
    cr_expect_eq(blobs_found(&world, "shop/web:2"), 3);
    layout_build(&world.fixture, "b.tar", &world.image, world.archive);
    expect_loaded(&world);
    cr_expect_eq(blobs_found(&world, "shop/web:2"), 3);
    remove_blobs(&world);
    expect_loaded(&world);
    cr_expect_eq(blobs_found(&world, "shop/web:2"), 3);
}

/* An opener that keeps the bytes itself. */
struct keeper {
    const struct image_archive *archive;
    struct image_store *store;
    int n_finished;
};

static struct byte_source *keeper_open(const void *owner, const struct import_layer *layer,
                                       struct error *err)
{
    const struct keeper *keeper = owner;

    return image_archive_member(keeper->archive, layer->name, err);
}

static int keeper_finish(const void *owner, const struct import_layer *layer,
                         struct image_staging *staging, struct error *err)
{
    struct keeper *keeper = (struct keeper *)(uintptr_t)owner;
    int downloads_fd = image_store_downloads_fd(keeper->store);
    scoped_text struct text bytes = {0};

    keeper->n_finished++;
    cr_assert_eq(image_archive_read(keeper->archive, layer->name, &bytes, NULL, err), 0);
    cr_assert_eq(file_replace(downloads_fd, image_digest_hex(layer->digest), bytes.data,
                              bytes.length, 0600, err),
                 0);
    return image_staging_adopt_blob(staging, layer->digest, downloads_fd,
                                    image_digest_hex(layer->digest), err);
}

Test(image_import, an_opener_hands_its_blobs_over_when_they_have_proved_right)
{
    scoped_world struct world world = {0};
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(image_archive_free) struct image_archive *archive = NULL;
    struct keeper keeper = {0};
    const struct layer_opener opener = {
        .open = keeper_open, .finish = keeper_finish, .owner = &keeper};
    struct import_list list;

    world_init(&world);
    layout_build(&world.fixture, "a.tar", &world.image, world.archive);
    store = keeper.store = fixture_store(&world.fixture);
    archive = image_archive_open(world.archive, image_store_tmp_fd(store), NULL);
    keeper.archive = archive;
    cr_assert_eq(import_list_read(archive, arena, &list, NULL), 0);
    list.images[0].platform = "linux/riscv64";
    list.images[0].pulled_at = 1767225600;
    cr_assert_eq(image_import(store, &list.images[0], &opener, NULL), 0);
    cr_expect_eq(keeper.n_finished, 2);
    cr_expect_eq(count_blobs(&world), 4);
    cr_expect(is_empty(&world, "downloads/sha256"));
    cr_expect_eq(layers_found(&world, "shop/web:2"), 0, "it is another machine's");
}

/* One time a layout, the next time a docker archive, which is packed on the way. */
static void build_either(struct world *world, long n)
{
    if (n % 2)
        layout_build(&world->fixture, "a.tar", &world->image, world->archive);
    else
        docker_build(&world->fixture, "b.tar", &world->image, world->archive);
}

/* Kills -------------------------------------------------------------------------------------------
 */

/* Runs a load and kills it at its n-th system call (all threads counted). Returns false when it was
 * through before. */
static bool load_killed_at(struct world *world, long n)
{
    pid_t child = fork();
    long stops = 0;
    int status;
    pid_t who;

    if (child == 0) {
        (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        (void)raise(SIGSTOP);
        _exit(fixture_load(&world->fixture, world->archive, NULL) < 0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL),
                 0);
    (void)ptrace(PTRACE_SYSCALL, child, NULL, NULL);
    while ((who = waitpid(-1, &status, __WALL)) > 0) {
        if (WIFSTOPPED(status) && ++stops == n)
            cr_assert_eq(kill(child, SIGKILL), 0);
        if (WIFSTOPPED(status))
            (void)ptrace(PTRACE_SYSCALL, who, NULL, NULL);
        else if (who == child)
            return WIFSIGNALED(status);
    }
    cr_assert_fail("the child got lost: %s", strerror(errno));
    return false;
}

Test(image_import, killed_anywhere_the_store_stays_usable, .timeout = 100)
{
    bool killed = true;

    /* A step that shares no factor with the two stops of each call; the first kills come early. */
    for (long n = 1; killed; n = n * 8 / 7 + 12) {
        scoped_world struct world world = {0};
        int found;

        world_init(&world);
        build_either(&world, n);
        killed = load_killed_at(&world, n);
        found = layers_found(&world, "shop/web:2");
        cr_expect(found == (killed ? found : 3) && (found == 0 || found == 3), "at %ld: %d", n,
                  found);
        expect_loaded(&world);
        cr_expect(is_empty(&world, "tmp"), "at %ld", n);
    }
}

/* A full disk
 * ---------------------------------------------------------------------------------------- */

Test(image_import, a_full_disk_at_any_moment_leaves_a_usable_store, .timeout = 100)
{
    scoped_world struct world world = {0};
    char store[120], options[40];
    int n_failed = 0;
    char *big;

    world_init(&world);
    big = calloc(1, 100000);
    TAR(&world.upper, .path = "big", .data = big, .size = 100000);
    free(big);
    (void)snprintf(store, sizeof(store), "%s/store", world.fixture.path);
    cr_assert_eq(mkdir(store, 0700), 0);
    /* The mount lives and dies with this process. */
    cr_assert_eq(unshare(CLONE_NEWNS), 0);
    cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    for (int kib = 4; kib < 400; kib += 4) {
        struct error err = {0};
        int result, found;

        build_either(&world, kib / 4);
        (void)snprintf(options, sizeof(options), "size=%dk,mode=0700", kib);
        cr_assert_eq(mount("tmpfs", store, "tmpfs", 0, options), 0);
        result = fixture_load(&world.fixture, world.archive, &err);
        found = layers_found(&world, "shop/web:2");
        cr_expect_eq(found, result < 0 ? 0 : 3, "%d KiB: %d: %s", kib, found, err.text);
        n_failed += result < 0;
        if (result < 0)
            cr_expect(strstr(err.text, "No space left") != NULL, "%d KiB: %s", kib, err.text);
        cr_assert_eq(mount(NULL, store, NULL, MS_REMOUNT, "size=4m"), 0);
        cr_expect(is_empty(&world, "tmp"), "%d KiB", kib);
        expect_loaded(&world);
        cr_assert_eq(umount2(store, MNT_DETACH), 0);
    }
    cr_expect_gt(n_failed, 10);
}
