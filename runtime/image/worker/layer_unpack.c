/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/layer_unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/layer_tree.h"

/* *ret_size: the bytes of all files. */
static int unpack_entries(struct tar_reader *reader, struct layer_tree *tree, int64_t *ret_size,
                          struct error *err)
{
    const struct tar_entry *entry;
    int64_t size = 0;

    for (int count = 0;; count++) {
        if (tar_reader_next(reader, &entry, err) < 0)
            return -1;
        if (!entry)
            break;
        if (count >= LIMIT_LAYER_ENTRIES)
            return error_set(err, "the layer has more than %d entries", LIMIT_LAYER_ENTRIES);
        if (entry->kind == TAR_FILE && __builtin_add_overflow(size, entry->size, &size))
            return error_set(err, "the layer's files have too many bytes");
        if (layer_tree_add(tree, entry, reader, err) < 0)
            return -1;
    }
    *ret_size = size;
    return 0;
}

static int write_size(int layer_fd, int64_t size, struct error *err)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%lld", (long long)size);

    return file_replace(layer_fd, "size", digits, (size_t)length, 0600, err);
}

static int write_notes(int layer_fd, const struct dir_table *dirs, struct error *err)
{
    scoped_text struct text implicit = {0};
    bool covers_all = false;
    size_t count = 0;

    for (size_t i = 0; i < dir_table_count(dirs); i++) {
        const struct dir_record *record = dir_table_at(dirs, i);

        covers_all = covers_all || (record->opaque && !*record->path);
        if (!record->implicit || record->gone || record->anew)
            continue;
        if (++count > LIMIT_IMPLICIT_DIRS)
            return error_set(err, "the layer leaves out more than %d directories",
                             LIMIT_IMPLICIT_DIRS);
        text_append_bytes(&implicit, record->path, strlen(record->path) + 1);
    }
    if (covers_all && file_replace(layer_fd, "opaque", "", 0, 0600, err) < 0)
        return -1;
    return file_replace(layer_fd, "implicit", text_get(&implicit), implicit.length, 0600, err);
}

static int unpack(struct byte_source *tar, int layer_fd, int fs_fd, size_t *ret_left_out,
                  struct error *err)
{
    scoped(layer_tree_free) struct layer_tree *tree = layer_tree_new(fs_fd, err);
    scoped(tar_reader_free) struct tar_reader *reader = NULL;
    const struct dir_table *dirs;
    int64_t size = 0;

    if (!tree)
        return -1;
    reader = tar_reader_new(tar, err);
    if (!reader || unpack_entries(reader, tree, &size, err) < 0 ||
        byte_source_drain(tar, err) < 0 || layer_tree_finish(tree, &dirs, err) < 0)
        return -1;
    *ret_left_out = layer_tree_left_out(tree);
    if (write_size(layer_fd, size, err) < 0)
        return -1;
    return write_notes(layer_fd, dirs, err);
}

int layer_unpack(struct byte_source *tar, int layer_fd, size_t *ret_left_out, struct error *err)
{
    scoped_fd int fs_fd = -1;

    if (mkdirat(layer_fd, "fs", 0700) < 0)
        return error_sys(err, "create 'fs'");
    fs_fd = openat(layer_fd, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fs_fd < 0)
        return error_sys(err, "open 'fs'");
    return unpack(tar, layer_fd, fs_fd, ret_left_out, err);
}
