/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/layer_node.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/own_ids.h"
#include "common/text.h"
#include "runtime/image/image_limits.h"

bool layer_node_is_whiteout(const struct stat *status)
{
    return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
}

int layer_node_create_whiteout(struct node_place place, struct error *err)
{
    if (mknodat(place.parent_fd, place.name, S_IFCHR, makedev(0, 0)) < 0)
        return error_sys(err, "create whiteout");
    return 0;
}

bool layer_node_xattr_is_kept(const char *name)
{
    if (string_starts_with(name, "trusted."))
        return !string_starts_with(name, "trusted.overlay.");
    if (string_starts_with(name, "user."))
        return !string_starts_with(name, "user.overlay.");
    return string_eq(name, "security.capability") || string_eq(name, "system.posix_acl_access") ||
           string_eq(name, LAYER_DEFAULT_ACL);
}

/* The file system has no such attributes, or not on this kind of node. */
static bool xattr_is_optional(int number)
{
    return number == ENOTSUP || number == EPERM;
}

static int check_xattr(const struct tar_xattr *xattr, int count, struct error *err)
{
    if (count >= LIMIT_ENTRY_XATTRS)
        return error_set(err, "more than %d extended attributes", LIMIT_ENTRY_XATTRS);
    if (strnlen(xattr->name, LIMIT_XATTR_NAME_BYTES + 1) > LIMIT_XATTR_NAME_BYTES ||
        xattr->size > LIMIT_XATTR_BYTES)
        return error_set(err, "extended attribute '%.64s' is too large", xattr->name);
    return 0;
}

static int apply_xattrs(int fd, struct tar_reader *reader, struct tar_xattr *ret_default_acl,
                        struct error *err)
{
    struct tar_xattr xattr;

    for (int count = 0; tar_reader_next_xattr(reader, &xattr); count++) {
        if (!layer_node_xattr_is_kept(xattr.name))
            continue;
        if (check_xattr(&xattr, count, err) < 0)
            return -1;
        if (ret_default_acl && string_eq(xattr.name, LAYER_DEFAULT_ACL))
            *ret_default_acl = xattr;
        else if (fsetxattr(fd, xattr.name, xattr.value, xattr.size, 0) < 0 &&
                 !xattr_is_optional(errno))
            return error_sys(err, "set extended attribute '%s'", xattr.name);
    }
    return 0;
}

/* For what cannot be opened. The directory goes by its descriptor; the name is the node itself,
 * never followed. */
static int apply_xattrs_by_name(struct node_place place, struct tar_reader *reader,
                                struct error *err)
{
    char name[64 + NAME_MAX];
    struct tar_xattr xattr;

    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d/%s", place.parent_fd, place.name);
    for (int count = 0; tar_reader_next_xattr(reader, &xattr); count++) {
        if (!layer_node_xattr_is_kept(xattr.name))
            continue;
        if (check_xattr(&xattr, count, err) < 0)
            return -1;
        if (lsetxattr(name, xattr.name, xattr.value, xattr.size, 0) < 0 &&
            !xattr_is_optional(errno))
            return error_sys(err, "set extended attribute '%s'", xattr.name);
    }
    return 0;
}

/* Linux refuses times that do not fit; nothing depends on an absurd one. */
static void node_times(const struct tar_entry *entry, struct timespec ret_times[2])
{
    struct timespec mtime = entry->mtime;

    if (mtime.tv_nsec < 0 || mtime.tv_nsec > 999999999)
        mtime.tv_nsec = 0;
    ret_times[0] = ret_times[1] = mtime;
}

static int write_at(int fd, const struct tar_data *data)
{
    const char *at = data->bytes;
    size_t left = data->length;
    off_t offset = data->offset;

    while (left > 0) {
        ssize_t n = pwrite(fd, at, left, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        at += n;
        offset += n;
        left -= (size_t)n;
    }
    return 0;
}

static int write_data(int fd, const struct tar_entry *entry, struct tar_reader *reader,
                      struct error *err)
{
    struct tar_data data;
    int64_t end = 0;

    if (entry->size < 0 || entry->size > LIMIT_FILE_BYTES)
        return error_set(err, "its size of %lld bytes is out of bounds", (long long)entry->size);
    for (;;) {
        if (tar_reader_data(reader, &data, err) < 0)
            return -1;
        if (data.length == 0)
            break;
        if (data.offset < 0 || data.offset > entry->size ||
            data.length > (uint64_t)(entry->size - data.offset))
            return error_set(err, "it has data beyond its size");
        if (write_at(fd, &data) < 0)
            return error_sys(err, "write");
        end = data.offset + (int64_t)data.length;
    }
    if (end < entry->size && ftruncate(fd, entry->size) < 0)
        return error_sys(err, "extend to %lld bytes", (long long)entry->size);
    return 0;
}

/* EINVAL: our user namespace has no such id. */
static int owner_error(const struct tar_entry *entry, struct error *err)
{
    if (errno == EINVAL && !own_ids_are_all())
        return error_set(err,
                         "change owner to %lld:%lld: this user has not that many ids (subuid(5))",
                         (long long)entry->uid, (long long)entry->gid);
    return error_sys(err, "change owner");
}

/* In this order: a change of owner clears set-id bits and capabilities, a write clears both too. */
static int create_file(struct node_place place, const struct tar_entry *entry,
                       struct tar_reader *reader, struct error *err)
{
    struct timespec times[2];
    scoped_fd int fd = openat(place.parent_fd, place.name,
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return error_sys(err, "create");
    if (write_data(fd, entry, reader, err) < 0)
        return -1;
    if (fchown(fd, (uid_t)entry->uid, (gid_t)entry->gid) < 0)
        return owner_error(entry, err);
    if (fchmod(fd, entry->mode) < 0)
        return error_sys(err, "change mode");
    if (apply_xattrs(fd, reader, NULL, err) < 0)
        return -1;
    node_times(entry, times);
    if (futimens(fd, times) < 0)
        return error_sys(err, "set times");
    return 0;
}

static int make_node(struct node_place place, const struct tar_entry *entry)
{
    dev_t device = makedev(entry->device_major, entry->device_minor);

    switch (entry->kind) {
    case TAR_SYMLINK:
        return symlinkat(entry->link, place.parent_fd, place.name);
    case TAR_CHAR_DEVICE:
        return mknodat(place.parent_fd, place.name, S_IFCHR | 0600, device);
    case TAR_BLOCK_DEVICE:
        return mknodat(place.parent_fd, place.name, S_IFBLK | 0600, device);
    default:
        return mknodat(place.parent_fd, place.name, S_IFIFO | 0600, 0);
    }
}

/* What cannot be opened for its attributes: links, devices, FIFOs. */
static int create_special(struct node_place place, const struct tar_entry *entry,
                          struct tar_reader *reader, bool *ret_left_out, struct error *err)
{
    bool is_device = entry->kind == TAR_CHAR_DEVICE || entry->kind == TAR_BLOCK_DEVICE;
    struct timespec times[2];

    if (entry->kind == TAR_SYMLINK &&
        (!*entry->link ||
         strnlen(entry->link, LIMIT_ENTRY_LINK_BYTES + 1) > LIMIT_ENTRY_LINK_BYTES))
        return error_set(err, "the link's target is empty or too long");
    if (make_node(place, entry) < 0) {
        if (!is_device || errno != EPERM)
            return error_sys(err, "create");
        *ret_left_out = true;
        return 0;
    }
    if (fchownat(place.parent_fd, place.name, (uid_t)entry->uid, (gid_t)entry->gid,
                 AT_SYMLINK_NOFOLLOW) < 0)
        return owner_error(entry, err);
    if (entry->kind != TAR_SYMLINK && fchmodat(place.parent_fd, place.name, entry->mode, 0) < 0)
        return error_sys(err, "change mode");
    if (apply_xattrs_by_name(place, reader, err) < 0)
        return -1;
    node_times(entry, times);
    if (utimensat(place.parent_fd, place.name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return error_sys(err, "set times");
    return 0;
}

int layer_node_create(struct node_place place, const struct tar_entry *entry,
                      struct tar_reader *reader, bool *ret_left_out, struct error *err)
{
    switch (entry->kind) {
    case TAR_FILE:
        return create_file(place, entry, reader, err);
    case TAR_SYMLINK:
    case TAR_CHAR_DEVICE:
    case TAR_BLOCK_DEVICE:
    case TAR_FIFO:
        return create_special(place, entry, reader, ret_left_out, err);
    default:
        return 0;
    }
}

int layer_node_describe_dir(int dir_fd, const struct tar_entry *entry, struct tar_reader *reader,
                            struct tar_xattr *ret_default_acl, struct error *err)
{
    *ret_default_acl = (struct tar_xattr){0};
    if (fchown(dir_fd, (uid_t)entry->uid, (gid_t)entry->gid) < 0)
        return owner_error(entry, err);
    return apply_xattrs(dir_fd, reader, ret_default_acl, err);
}
