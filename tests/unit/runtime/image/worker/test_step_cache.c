/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/step_cache.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "tests/unit/runtime/image/worker/image_fixture.h"

#define KEY "00000000000000000000000000000000000000000000000000000000000000aa"
#define LAYER "00000000000000000000000000000000000000000000000000000000000000bb"

static struct image_fixture fixture;
static struct image_store *store;
static struct error err;

static void setup(void)
{
    image_fixture_init(&fixture);
    store = fixture_store(&fixture);
    cr_assert_not_null(store);
}

static void teardown(void)
{
    image_store_free(store);
    image_fixture_done(&fixture);
}

TestSuite(step_cache, .init = setup, .fini = teardown);

/* Puts a record on the disk. */
static void keep(const char *diff_id)
{
    scoped(step_cache_free) struct step_cache *cache = step_cache_new(store, &err);
    struct step_record record = {.created = "2001-09-09T01:46:40Z"};

    cr_assert_not_null(cache);
    (void)strcpy(record.diff_id, diff_id);
    step_cache_put(cache, KEY, &record);
    cr_assert_eq(step_cache_commit(cache, &err), 0, "%s", err.text);
}

static bool is_found(struct step_record *ret_record)
{
    scoped(step_cache_free) struct step_cache *cache = step_cache_new(store, &err);

    return step_cache_find(cache, KEY, ret_record);
}

static void make_layer(void)
{
    cr_assert_eq(
        path_make_dirs(image_store_root_fd(store), "layers/" LAYER "/complete", 0700, NULL), 0);
}

Test(step_cache, a_record_is_found_by_the_next_run)
{
    struct step_record record;

    cr_expect(!is_found(&record));
    keep("");
    cr_assert(is_found(&record));
    cr_expect_str_eq(record.created, "2001-09-09T01:46:40Z");
    cr_expect_str_eq(record.diff_id, "");
}

Test(step_cache, one_that_is_not_committed_is_known_to_its_own_run_alone)
{
    scoped(step_cache_free) struct step_cache *cache = step_cache_new(store, &err);
    struct step_record record = {.created = "x"};

    step_cache_put(cache, KEY, &record);
    cr_expect(step_cache_find(cache, KEY, &record));
    cr_expect(!is_found(&record));
}

Test(step_cache, a_step_whose_layer_is_gone_is_taken_again)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct string_list diff_ids;
    struct step_record record;

    keep("sha256:" LAYER);
    cr_expect(!is_found(&record));
    make_layer();
    cr_expect(is_found(&record));
    cr_assert_eq(step_cache_layers(store, arena, &diff_ids, &err), 0);
    cr_assert_eq(diff_ids.count, 1);
    cr_expect_str_eq(diff_ids.items[0], "sha256:" LAYER);
}

Test(step_cache, pruning_goes_by_the_time_of_the_last_use)
{
    struct step_record record;
    struct step_prune rule = {.before = 1000};
    size_t count;

    keep("");
    cr_assert_eq(step_cache_prune(store, &rule, &count, &err), 0);
    cr_expect_eq(count, 0);
    rule.before = INT64_MAX;
    cr_assert_eq(step_cache_prune(store, &rule, &count, &err), 0);
    cr_expect_eq(count, 1);
    cr_expect(!is_found(&record));
}

Test(step_cache, caches_that_are_used_are_not_pruned)
{
    const struct step_prune rule = {.all = true};
    int root_fd = image_store_root_fd(store);
    scoped_fd int lock_fd = -1;
    size_t count;

    cr_assert_eq(path_make_dirs(root_fd, "build/caches/free/data", 0700, NULL), 0);
    cr_assert_eq(path_make_dirs(root_fd, "build/caches/used/data-1", 0700, NULL), 0);
    lock_fd = openat(root_fd, "build/caches/used/lock-1", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_eq(flock(lock_fd, LOCK_EX), 0);
    cr_assert_eq(step_cache_prune(store, &rule, &count, &err), 0);
    cr_expect_neq(faccessat(root_fd, "build/caches/free", F_OK, 0), 0);
    cr_expect_eq(faccessat(root_fd, "build/caches/used/data-1", F_OK, 0), 0);
}
