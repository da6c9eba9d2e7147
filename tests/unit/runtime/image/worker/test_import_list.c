/* SPDX-License-Identifier: Apache-2.0 */
/* Which images an archive offers, and under which names. */
#include "runtime/image/worker/import_list.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "runtime/image/image_platform.h"
#include "tests/unit/runtime/image/worker/image_fixture.h"

#define OCI "application/vnd.oci.image."
#define NAMED(name) ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" name "\"}"

/* A layout in a directory, written piece by piece. */
struct layout {
    struct image_fixture fixture;
    struct arena *arena;
    struct text entries; /* of index.json */
    struct import_list list;
    struct error err;
};

static void layout_done(struct layout *layout)
{
    image_fixture_done(&layout->fixture);
    arena_free(layout->arena);
    text_done(&layout->entries);
}
#define scoped_layout __attribute__((cleanup(layout_done)))

static void put_file(struct layout *layout, const char *name, const char *text)
{
    cr_assert_eq(file_replace(layout->fixture.fd, name, text, strlen(text), 0600, NULL), 0);
}

static void layout_init(struct layout *layout)
{
    image_fixture_init(&layout->fixture);
    layout->arena = arena_new();
    cr_assert_eq(mkdirat(layout->fixture.fd, "blobs", 0700), 0);
    cr_assert_eq(mkdirat(layout->fixture.fd, "blobs/sha256", 0700), 0);
    put_file(layout, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
}

/* Writes a blob and returns its descriptor, open at the end for more members. */
static const char *put_blob(struct layout *layout, const char *type, const char *text)
{
    char digest[IMAGE_DIGEST_SIZE];

    image_digest_of_bytes(text, strlen(text), digest);
    put_file(layout, arena_printf(layout->arena, "blobs/sha256/%s", image_digest_hex(digest)),
             text);
    return arena_printf(layout->arena,
                        "{\"mediaType\":\"" OCI "%s.v1+json\",\"digest\":\"%s\",\"size\":%zu", type,
                        digest, strlen(text));
}

/* A manifest without layers; `members` are the first of its configuration. */
static const char *put_manifest_with(struct layout *layout, const char *members)
{
    const char *config =
        put_blob(layout, "config",
                 arena_printf(layout->arena,
                              "{%s,\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}", members));

    return put_blob(
        layout, "manifest",
        arena_printf(layout->arena, "{\"schemaVersion\":2,\"config\":%s},\"layers\":[]}", config));
}

/* `mark` tells one from the other. */
static const char *put_manifest(struct layout *layout, const char *mark)
{
    return put_manifest_with(layout, arena_printf(layout->arena, "\"author\":\"%s\"", mark));
}

static const char *put_index(struct layout *layout, const char *entries)
{
    return put_blob(
        layout, "index",
        arena_printf(layout->arena, "{\"schemaVersion\":2,\"manifests\":[%s]}", entries));
}

static void add_entry(struct layout *layout, const char *descriptor, const char *more)
{
    text_appendf(&layout->entries, "%s%s%s}", layout->entries.length ? "," : "", descriptor, more);
}

/* Reads the layout: how many images there are, or -1. */
static int count_images(struct layout *layout)
{
    scoped(image_archive_free) struct image_archive *archive = NULL;

    put_file(layout, "index.json",
             arena_printf(layout->arena, "{\"schemaVersion\":2,\"manifests\":[%s]}",
                          text_get(&layout->entries)));
    archive = image_archive_open(layout->fixture.path, layout->fixture.fd, NULL);
    cr_assert_not_null(archive);
    if (import_list_read(archive, layout->arena, &layout->list, &layout->err) < 0)
        return -1;
    return (int)layout->list.count;
}

static void expect_image(const struct layout *layout, size_t at, const char *reference,
                         const char *mark)
{
    const struct import_image *image = &layout->list.images[at];

    cr_assert_lt(at, layout->list.count);
    cr_expect_str_eq(image->references.count ? image->references.items[0] : "", reference);
    cr_expect(strstr(image->config.bytes, mark) != NULL, "%s", image->config.bytes);
}

static const char *platform(struct layout *layout, const char *os, const char *architecture)
{
    return arena_printf(layout->arena, ",\"platform\":{\"os\":\"%s\",\"architecture\":\"%s\"}", os,
                        architecture);
}

static const char *this_machine(struct layout *layout)
{
    return platform(layout, "linux", image_platform_host().architecture);
}

Test(import_list, each_named_entry_is_an_image)
{
    scoped_layout struct layout layout = {0};

    layout_init(&layout);
    add_entry(&layout, put_manifest(&layout, "one"), NAMED("one"));
    add_entry(&layout, put_manifest(&layout, "two"), NAMED("localhost:5000/two:3"));
    add_entry(&layout, put_manifest(&layout, "three"), "");
    cr_assert_eq(count_images(&layout), 3, "%s", layout.err.text);
    expect_image(&layout, 0, "docker.io/library/one:latest", "one");
    expect_image(&layout, 1, "localhost:5000/two:3", "two");
    expect_image(&layout, 2, "", "three");
}

Test(import_list, the_full_name_of_containerd_goes_before_the_tag)
{
    scoped_layout struct layout layout = {0};

    layout_init(&layout);
    add_entry(&layout, put_manifest(&layout, "one"),
              ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"9\","
              "\"io.containerd.image.name\":\"docker.io/library/one:9\"}");
    cr_assert_eq(count_images(&layout), 1);
    expect_image(&layout, 0, "docker.io/library/one:9", "one");
}

Test(import_list, an_index_leads_to_the_image_for_this_machine)
{
    scoped_layout struct layout layout = {0};
    struct text inner = {0};

    layout_init(&layout);
    text_appendf(&inner, "%s%s},", put_manifest(&layout, "other"),
                 platform(&layout, "linux", "vax"));
    text_appendf(&inner, "%s%s},", put_manifest(&layout, "seal"),
                 platform(&layout, "unknown", "unknown"));
    text_appendf(&inner, "%s%s}", put_manifest(&layout, "mine"), this_machine(&layout));
    add_entry(&layout, put_index(&layout, text_get(&inner)), NAMED("a:1"));
    text_done(&inner);
    cr_assert_eq(count_images(&layout), 1, "%s", layout.err.text);
    expect_image(&layout, 0, "docker.io/library/a:1", "mine");
    cr_expect(image_digest_is_valid(layout.list.images[0].index_digest));
}

Test(import_list, an_index_for_other_machines_is_refused)
{
    scoped_layout struct layout layout = {0};

    layout_init(&layout);
    add_entry(&layout,
              put_index(&layout, arena_printf(layout.arena, "%s%s}", put_manifest(&layout, "other"),
                                              platform(&layout, "linux", "vax"))),
              NAMED("a:1"));
    cr_expect_eq(count_images(&layout), -1);
    cr_expect(strstr(layout.err.text, "there is no image for linux/") != NULL, "%s",
              layout.err.text);
}

Test(import_list, entries_of_one_name_for_several_machines_are_one_image)
{
    scoped_layout struct layout layout = {0};

    layout_init(&layout);
    add_entry(&layout, put_manifest(&layout, "other"),
              arena_printf(layout.arena, "%s%s", platform(&layout, "linux", "vax"), NAMED("a:1")));
    add_entry(&layout, put_manifest(&layout, "mine"),
              arena_printf(layout.arena, "%s%s", this_machine(&layout), NAMED("a:1")));
    cr_assert_eq(count_images(&layout), 1);
    expect_image(&layout, 0, "docker.io/library/a:1", "mine");
}

Test(import_list, indexes_in_indexes_have_an_end)
{
    scoped_layout struct layout layout = {0};
    const char *descriptor;

    layout_init(&layout);
    descriptor = put_manifest(&layout, "deep");
    for (int i = 0; i < 5; i++)
        descriptor = put_index(&layout, arena_printf(layout.arena, "%s}", descriptor));
    add_entry(&layout, descriptor, NAMED("a:1"));
    cr_expect_eq(count_images(&layout), -1);
    cr_expect(strstr(layout.err.text, "indexes in each other") != NULL, "%s", layout.err.text);
}

Test(import_list, a_blob_with_other_bytes_is_refused)
{
    scoped_layout struct layout layout = {0};
    const char *descriptor, *digest;

    layout_init(&layout);
    descriptor = put_manifest(&layout, "one");
    digest = strstr(descriptor, "sha256:") + 7;
    put_file(&layout, arena_printf(layout.arena, "blobs/sha256/%.64s", digest), "{}");
    add_entry(&layout, descriptor, NAMED("a:1"));
    cr_expect_eq(count_images(&layout), -1);
    cr_expect(strstr(layout.err.text, "its digest is") != NULL, "%s", layout.err.text);
}

Test(import_list, a_blob_that_is_missing_is_named)
{
    scoped_layout struct layout layout = {0};
    const char *descriptor, *digest;

    layout_init(&layout);
    descriptor = put_manifest(&layout, "one");
    digest = strstr(descriptor, "sha256:") + 7;
    cr_assert_eq(
        unlinkat(layout.fixture.fd, arena_printf(layout.arena, "blobs/sha256/%.64s", digest), 0),
        0);
    add_entry(&layout, descriptor, NAMED("a:1"));
    cr_expect_eq(count_images(&layout), -1);
    cr_expect(strstr(layout.err.text, "No such file") != NULL, "%s", layout.err.text);
}

Test(import_list, a_name_that_is_none_is_refused)
{
    scoped_layout struct layout layout = {0};

    layout_init(&layout);
    add_entry(&layout, put_manifest(&layout, "one"), NAMED("../../../etc/cron.d/x"));
    cr_expect_eq(count_images(&layout), -1);
    cr_expect(strstr(layout.err.text, "image reference") != NULL, "%s", layout.err.text);
}

Test(import_list, another_version_of_the_layout_is_refused)
{
    scoped_layout struct layout layout = {0};

    layout_init(&layout);
    put_file(&layout, "oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
    add_entry(&layout, put_manifest(&layout, "one"), "");
    cr_expect_eq(count_images(&layout), -1);
    cr_expect(strstr(layout.err.text, "version 1.0.0") != NULL, "%s", layout.err.text);
}

Test(import_list, a_directory_without_documents_is_no_image)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_archive_free) struct image_archive *archive = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    struct import_list list;
    struct error err = {0};

    image_fixture_init(&fixture);
    archive = image_archive_open(fixture.path, fixture.fd, NULL);
    cr_assert_not_null(archive);
    cr_expect_eq(import_list_read(archive, arena, &list, &err), -1);
    cr_expect(strstr(err.text, "it is no image") != NULL, "%s", err.text);
}

Test(import_list, an_image_for_another_machine_keeps_its_platform)
{
    scoped_layout struct layout layout = {0};
    const char *own = image_platform_host().architecture;

    layout_init(&layout);
    add_entry(&layout, put_manifest_with(&layout, "\"os\":\"linux\",\"architecture\":\"s390x\""),
              NAMED("other:1"));
    add_entry(
        &layout,
        put_manifest_with(
            &layout, arena_printf(layout.arena, "\"os\":\"linux\",\"architecture\":\"%s\"", own)),
        NAMED("own:1"));
    cr_assert_eq(count_images(&layout), 2, "%s", layout.err.text);
    cr_expect_str_eq(layout.list.images[0].platform, "linux/s390x");
    cr_expect_null(layout.list.images[1].platform);
}
