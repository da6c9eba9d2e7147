/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/image/worker/image_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/image_staging.h"
#include "runtime/image/worker/import_list.h"
#include "runtime/image/worker/layer_dirs.h"
#include "runtime/image/worker/layer_unpack.h"

static const struct timespec canary_times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

void image_fixture_init(struct image_fixture *fixture)
{
    if (geteuid() != 0)
        cr_skip_test("owners, devices and trusted attributes need root");
    (void)umask(0);
    *fixture =
        (struct image_fixture){.path = "/tmp/yawl-image-XXXXXX", .layer_fd = -1, .fs_fd = -1};
    cr_assert_not_null(mkdtemp(fixture->path));
    fixture->fd = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_geq(fixture->fd, 0);
    (void)snprintf(fixture->canary, sizeof(fixture->canary), "%s/canary", fixture->path);
    cr_assert_eq(file_replace(fixture->fd, "canary", "tweet", 5, 0600, NULL), 0);
    cr_assert_eq(utimensat(fixture->fd, "canary", canary_times, 0), 0);
}

void image_fixture_done(struct image_fixture *fixture)
{
    fd_close(fixture->fs_fd);
    fd_close(fixture->layer_fd);
    fd_close(fixture->fd);
    cr_expect_eq(path_remove_tree(AT_FDCWD, fixture->path, NULL), 0);
}

bool image_fixture_canary_lives(const struct image_fixture *fixture)
{
    scoped_text struct text content = {0};
    struct stat status;

    return fstatat(fixture->fd, "canary", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode) && status.st_nlink == 1 && (status.st_mode & 07777) == 0600 &&
           status.st_mtime == 1 &&
           file_read(fixture->fd, "canary", 100, &content, NULL, NULL) == 0 &&
           string_eq(text_get(&content), "tweet");
}

/* A source over bytes in memory is a file in memory. */
static struct byte_source *source_of(const struct text *bytes)
{
    int fd = memfd_create("bytes", MFD_CLOEXEC);

    cr_assert_eq(fd_write_all(fd, text_get(bytes), bytes->length), 0);
    return byte_source_of_own_file(fd, (int64_t)bytes->length);
}

int layer_build(struct image_fixture *fixture, const char *name, const struct text *tar,
                struct error *err)
{
    scoped_text struct text whole = {0};
    scoped(byte_source_free) struct byte_source *source = NULL;
    size_t left_out;
    int result;

    text_append_bytes(&whole, tar->data, tar->length);
    tar_end(&whole);
    source = source_of(&whole);
    fd_close(fixture->layer_fd);
    fd_close(fixture->fs_fd);
    cr_assert_eq(mkdirat(fixture->fd, name, 0700), 0);
    fixture->layer_fd = openat(fixture->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    result = layer_unpack(source, fixture->layer_fd, &left_out, err);
    fixture->fs_fd = openat(fixture->layer_fd, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return result;
}

struct stat layer_stat(const struct image_fixture *fixture, const char *path)
{
    struct stat status;

    if (fstatat(fixture->fs_fd, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
        status = (struct stat){0};
    return status;
}

bool layer_has(const struct image_fixture *fixture, const char *path)
{
    return layer_stat(fixture, path).st_mode != 0;
}

bool layer_is_whiteout(const struct image_fixture *fixture, const char *path)
{
    struct stat status = layer_stat(fixture, path);

    return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
}

bool layer_is_opaque(const struct image_fixture *fixture, const char *path)
{
    scoped_fd int fd =
        openat(fixture->fs_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return fd >= 0 && layer_dirs_is_opaque(fd);
}

bool layer_holds(const struct image_fixture *fixture, const char *path, const char *content)
{
    scoped_text struct text found = {0};

    return file_read(fixture->fs_fd, path, 1000000, &found, NULL, NULL) == 0 &&
           string_eq(text_get(&found), content);
}

bool layer_has_xattr(const struct image_fixture *fixture, const char *path, const char *name)
{
    char whole[256], value[1000];

    (void)snprintf(whole, sizeof(whole), "/proc/self/fd/%d/%s", fixture->fs_fd, path);
    return lgetxattr(whole, name, value, sizeof(value)) >= 0;
}

void layer_implicit(const struct image_fixture *fixture, struct text *out)
{
    cr_assert_eq(file_read(fixture->layer_fd, "implicit", 1000000, out, NULL, NULL), 0);
    for (size_t i = 0; i < out->length; i++) {
        if (out->data[i] == '\0')
            out->data[i] = ',';
    }
}

/* Archives ----------------------------------------------------------------------------------------
 */

/* What the documents of an image say about its layers. */
struct built {
    struct text archive;
    struct text diff_ids; /* JSON strings */
    struct text layers;   /* JSON descriptors, or names */
};

static void built_done(struct built *built)
{
    text_done(&built->archive);
    text_done(&built->diff_ids);
    text_done(&built->layers);
}
#define scoped_built __attribute__((cleanup(built_done)))

static void put_blob(struct text *archive, const struct text *bytes,
                     char ret_digest[IMAGE_DIGEST_SIZE])
{
    char name[100];

    image_digest_of_bytes(text_get(bytes), bytes->length, ret_digest);
    (void)snprintf(name, sizeof(name), "blobs/sha256/%s", image_digest_hex(ret_digest));
    TAR(archive, .path = name, .data = text_get(bytes), .size = bytes->length);
}

/* The layer's tar with its end, and as it is packed. */
static void pack_layer(const struct fixture_layer *layer, struct text *plain, struct text *packed)
{
    text_append_bytes(plain, layer->tar->data, layer->tar->length);
    tar_end(plain);
    if (layer->wrapping == WRAP_GZIP)
        gzip_wrap(plain, packed);
    else if (layer->wrapping == WRAP_ZSTD)
        zstd_wrap(plain, packed);
    else
        text_append_bytes(packed, plain->data, plain->length);
}

static void add_diff_id(struct built *built, const struct text *plain, bool wrong)
{
    char digest[IMAGE_DIGEST_SIZE];

    image_digest_of_bytes(text_get(plain), plain->length - (wrong ? 1 : 0), digest);
    text_appendf(&built->diff_ids, "%s\"%s\"", built->diff_ids.length ? "," : "", digest);
}

static void add_oci_layer(struct built *built, const struct fixture_image *image, size_t at)
{
    scoped_text struct text plain = {0};
    scoped_text struct text packed = {0};
    char digest[IMAGE_DIGEST_SIZE];

    pack_layer(&image->layers[at], &plain, &packed);
    add_diff_id(built, &plain, image->wrong_diff_id);
    put_blob(&built->archive, &packed, digest);
    if (image->wrong_digest)
        /* The right name in the archive, other bytes behind it. */
        built->archive.data[built->archive.length - 512] ^= 1;
    text_appendf(&built->layers,
                 "%s{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\","
                 "\"size\":%zu}",
                 built->layers.length ? "," : "", digest,
                 packed.length + (image->wrong_size ? 1 : 0));
}

static void format_config(const struct built *built, const struct fixture_image *image,
                          struct text *out)
{
    text_appendf(out,
                 "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{%s},"
                 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}",
                 image->config ? image->config : "", text_get(&built->diff_ids));
}

static void put_file(struct text *archive, const char *name, const struct text *bytes)
{
    TAR(archive, .path = name, .data = text_get(bytes), .size = bytes->length);
}

static void write_archive(struct image_fixture *fixture, const char *name, struct text *archive,
                          char ret_path[128])
{
    tar_end(archive);
    cr_assert_eq(file_replace(fixture->fd, name, archive->data, archive->length, 0600, NULL), 0);
    (void)snprintf(ret_path, 128, "%s/%s", fixture->path, name);
}

void layout_build(struct image_fixture *fixture, const char *name,
                  const struct fixture_image *image, char ret_path[128])
{
    static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
    scoped_built struct built built = {0};
    scoped_text struct text config = {0};
    scoped_text struct text manifest = {0};
    scoped_text struct text index = {0};
    char digest[IMAGE_DIGEST_SIZE];

    TAR(&built.archive, .path = "oci-layout", .data = version, .size = sizeof(version) - 1);
    for (size_t i = 0; i < image->n_layers; i++)
        add_oci_layer(&built, image, i);
    format_config(&built, image, &config);
    put_blob(&built.archive, &config, digest);
    text_appendf(&manifest,
                 "{\"schemaVersion\":2,\"config\":{\"mediaType\":"
                 "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},"
                 "\"layers\":[%s]}",
                 digest, config.length, text_get(&built.layers));
    put_blob(&built.archive, &manifest, digest);
    text_appendf(&index,
                 "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":"
                 "\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\",\"size\":%zu",
                 digest, manifest.length);
    if (image->ref_name)
        text_appendf(&index, ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}",
                     image->ref_name);
    text_append(&index, "}]}");
    put_file(&built.archive, "index.json", &index);
    write_archive(fixture, name, &built.archive, ret_path);
}

void docker_build(struct image_fixture *fixture, const char *name,
                  const struct fixture_image *image, char ret_path[128])
{
    scoped_built struct built built = {0};
    scoped_text struct text config = {0};
    scoped_text struct text list = {0};

    for (size_t i = 0; i < image->n_layers; i++) {
        scoped_text struct text plain = {0};
        scoped_text struct text packed = {0};
        char layer[32];

        (void)snprintf(layer, sizeof(layer), "%zu/layer.tar", i);
        pack_layer(&image->layers[i], &plain, &packed);
        add_diff_id(&built, &plain, image->wrong_diff_id);
        put_file(&built.archive, layer, &packed);
        text_appendf(&built.layers, "%s\"%s\"", i ? "," : "", layer);
    }
    format_config(&built, image, &config);
    put_file(&built.archive, "config.json", &config);
    text_appendf(&list, "[{\"Config\":\"config.json\",\"RepoTags\":[\"%s\"],\"Layers\":[%s]}]",
                 image->ref_name, text_get(&built.layers));
    put_file(&built.archive, "manifest.json", &list);
    write_archive(fixture, name, &built.archive, ret_path);
}

struct image_store *fixture_store(const struct image_fixture *fixture)
{
    char root[100];

    (void)snprintf(root, sizeof(root), "%s/store", fixture->path);
    return image_store_open(root, NULL);
}

static struct byte_source *open_member(const void *owner, const struct import_layer *layer,
                                       struct error *err)
{
    return image_archive_member(owner, layer->name, err);
}

int fixture_load(const struct image_fixture *fixture, const char *path, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(image_store_free) struct image_store *store = fixture_store(fixture);
    scoped(image_archive_free) struct image_archive *archive = NULL;
    struct layer_opener opener = {.open = open_member};
    struct import_list list;

    cr_assert_not_null(store);
    image_staging_sweep(store);
    archive = image_archive_open(path, image_store_tmp_fd(store), err);
    if (!archive || import_list_read(archive, arena, &list, err) < 0)
        return -1;
    opener.owner = archive;
    for (size_t i = 0; i < list.count; i++) {
        if (image_import(store, &list.images[i], &opener, err) < 0)
            return -1;
    }
    return 0;
}
