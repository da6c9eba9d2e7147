/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacks a hostile layer. Whatever it holds: nothing outside of the layer's directory changes, no
 * whiteout name is left inside, and what is told to be an implicit directory is one.
 *
 * Input: mode u8 | rest. With an even mode the rest is a tar, whose header checksums are put right,
 * as random ones never are. With an odd one it is a list of entries, each
 *
 *     type u8 | mode u8 | n u8, n components u8 | n u8, n components u8 of the link
 *
 * where a component is a number in a short list of names that mean something to the unpacker.
 *
 * It needs root; as another user it does nothing. TMPDIR=/dev/shm makes it fast.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "runtime/image/worker/layer_unpack.h"

enum { BLOCK = 512, MAX_COMPONENTS = 7 };

/* A canary in a directory, and the layer beside it. */
struct cage {
    char path[200];
    int fd, layer_fd;
};

static const struct timespec canary_times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

static void cage_open(struct cage *cage)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(cage->path, sizeof(cage->path), "%s/yawl-fuzz-layer-XXXXXX", tmp ? tmp : "/tmp");
    fuzz_require(mkdtemp(cage->path) != NULL);
    cage->fd = open(cage->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fuzz_require(cage->fd >= 0);
    fuzz_require(file_replace(cage->fd, "canary", "tweet", 5, 0600, NULL) == 0);
    fuzz_require(utimensat(cage->fd, "canary", canary_times, 0) == 0);
    fuzz_require(mkdirat(cage->fd, "layer", 0700) == 0);
    cage->layer_fd = openat(cage->fd, "layer", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void cage_check(const struct cage *cage)
{
    scoped_text struct text content = {0};
    struct stat status;

    fuzz_require(fstatat(cage->fd, "canary", &status, AT_SYMLINK_NOFOLLOW) == 0);
    fuzz_require(status.st_mode == (S_IFREG | 0600) && status.st_nlink == 1);
    fuzz_require(status.st_uid == geteuid() && status.st_mtime == 1);
    fuzz_require(file_read(cage->fd, "canary", 10, &content, NULL, NULL) == 0);
    fuzz_require(string_eq(text_get(&content), "tweet"));
    fuzz_require(fstat(cage->fd, &status) == 0);
    fuzz_require(status.st_mode == (S_IFDIR | 0700) && status.st_nlink == 3);
}

static void cage_close(struct cage *cage)
{
    fd_close(cage->layer_fd);
    fd_close(cage->fd);
    fuzz_require(path_remove_tree(AT_FDCWD, cage->path, NULL) == 0);
}

/* No name in the tree is a whiteout's of a layer; takes the descriptor. */
static void check_names(int take_fd)
{
    DIR *dir = fdopendir(take_fd);
    const struct dirent *entry;

    fuzz_require(dir != NULL);
    while ((entry = readdir(dir))) {
        if (string_eq(entry->d_name, ".") || string_eq(entry->d_name, ".."))
            continue;
        fuzz_require(!string_starts_with(entry->d_name, ".wh."));
        if (entry->d_type == DT_DIR)
            check_names(
                openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    (void)closedir(dir);
}

static void check_implicit(int layer_fd, int fs_fd)
{
    scoped_text struct text implicit = {0};
    const char *end;

    fuzz_require(file_read(layer_fd, "implicit", 1 << 24, &implicit, NULL, NULL) == 0);
    end = text_get(&implicit) + implicit.length;
    for (const char *path = text_get(&implicit); path < end; path += strlen(path) + 1) {
        scoped_fd int fd = path_open_beneath(fs_fd, *path ? path : ".", O_PATH | O_DIRECTORY, 0);

        fuzz_require(fd >= 0);
    }
}

static void put_checksum(unsigned char *block)
{
    unsigned sum = 0;

    memset(block + 148, ' ', 8);
    for (int i = 0; i < BLOCK; i++)
        sum += block[i];
    (void)snprintf((char *)block + 148, 8, "%06o", sum & 0777777);
}

/* Walks the headers as a reader would, roughly. */
static void mend_tar(const uint8_t *data, size_t size, struct text *tar)
{
    text_append_bytes(tar, data, size);
    for (size_t at = 0; at + BLOCK <= tar->length; at += BLOCK) {
        unsigned char *block = (unsigned char *)tar->data + at;
        char digits[12] = "";
        size_t length;

        memcpy(digits, block + 124, 11);
        length = strtoul(digits, NULL, 8);
        put_checksum(block);
        if (length < tar->length)
            at += (length + BLOCK - 1) / BLOCK * BLOCK;
    }
}

/* Takes a path off the input. */
static const uint8_t *take_path(const uint8_t *at, const uint8_t *end, char ret_path[100])
{
    static const char *const names[] = {"a",         "b",    "c",      "d",     ".",
                                        "..",        ".wh.", ".wh.a",  ".wh.b", ".wh..wh..opq",
                                        ".wh..wh.x", "tmp",  "canary", "",      ".wh..."};
    size_t n = at < end ? *at++ % MAX_COMPONENTS : 0;

    ret_path[0] = '\0';
    for (size_t i = 0; i < n && at < end; i++) {
        if (i > 0)
            strcat(ret_path, "/");
        strcat(ret_path, names[*at++ % ARRAY_LENGTH(names)]);
    }
    return at;
}

static void make_tar(const uint8_t *at, const uint8_t *end, struct text *tar)
{
    static const char types[] = "05212532460";
    static const char content[BLOCK] = "abc";

    while (at + 2 < end) {
        unsigned char block[BLOCK] = {0};
        char path[100], link[100];
        char type = types[*at++ % (sizeof(types) - 1)];
        unsigned mode = *at++;

        at = take_path(at, end, path);
        at = take_path(at, end, link);
        memcpy(block, path, strlen(path));
        memcpy(block + 157, link, strlen(link));
        (void)snprintf((char *)block + 100, 8, "%07o", mode << 4);
        (void)snprintf((char *)block + 108, 8, "%07o", mode & 1);
        (void)snprintf((char *)block + 116, 8, "%07o", mode & 2);
        (void)snprintf((char *)block + 124, 12, "%011o", type == '0' ? 3U : 0U);
        (void)snprintf((char *)block + 136, 12, "%011o", mode);
        block[156] = (unsigned char)type;
        memcpy(block + 257, "ustar\00000", 8);
        (void)snprintf((char *)block + 329, 8, "%07o", mode & 4);
        put_checksum(block);
        text_append_bytes(tar, block, BLOCK);
        if (type == '0')
            text_append_bytes(tar, content, BLOCK);
    }
}

static void unpack(const struct text *tar)
{
    scoped(byte_source_free) struct byte_source *source = NULL;
    struct cage cage;
    size_t left_out;
    int fd = memfd_create("tar", MFD_CLOEXEC);

    fuzz_require(fd >= 0 && fd_write_all(fd, text_get(tar), tar->length) == 0);
    source = byte_source_of_own_file(fd, (int64_t)tar->length);
    cage_open(&cage);
    if (layer_unpack(source, cage.layer_fd, &left_out, NULL) == 0) {
        scoped_fd int fs_fd = openat(cage.layer_fd, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        check_implicit(cage.layer_fd, fs_fd);
        check_names(openat(fs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    cage_check(&cage);
    cage_close(&cage);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped_text struct text tar = {0};

    if (size < 1 || geteuid() != 0)
        return 0;
    if (data[0] % 2 == 0)
        mend_tar(data + 1, size - 1, &tar);
    else
        make_tar(data + 1, data + size, &tar);
    unpack(&tar);
    return 0;
}
