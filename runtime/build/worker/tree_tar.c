/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/tree_tar.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/layer_node.h"

enum {
    BLOCK_BYTES = 512,
    CHUNK_BYTES = 256 * 1024,
    NAME_BYTES = 100,
    MAX_OCTAL_ID = 07777777,
};

/* POSIX.1-2017, pax, "ustar Interchange Format". */
struct tar_header {
    char name[NAME_BYTES];
    char mode[8], uid[8], gid[8];
    char size[12], mtime[12];
    char checksum[8];
    char type;
    char link[NAME_BYTES];
    char magic[6], version[2];
    char user[32], group[32];
    char major[8], minor[8];
    char prefix[155];
    char padding[12];
};
_Static_assert(sizeof(struct tar_header) == BLOCK_BYTES, "a header is one block");

/* What one entry of the archive says. */
struct tar_member {
    const char *path, *link;
    char type;
    int64_t size;
    unsigned mode;
    const struct stat *status;
};

struct tree_tar {
    int root_fd;
    const struct upper_list *list;
    size_t next;  /* item */
    bool ended;   /* the last blocks were handed out */
    int file_fd;  /* of the item whose data comes next, or -1 */
    int64_t size; /* of its data */
    int64_t left; /* to be read */
    struct text out;
    bool handed_out; /* `out` is what was read last */
    char chunk[CHUNK_BYTES];
};

/* -- headers */

static void put_octal(char *field, size_t size, unsigned long long value)
{
    char digits[32];

    (void)snprintf(digits, sizeof(digits), "%0*llo", (int)size - 1, value);
    memcpy(field, digits, size - 1); /* what does not fit has a pax record */
}

static void put_name(char field[NAME_BYTES], const char *name)
{
    size_t length = strlen(name);

    memcpy(field, name, length < NAME_BYTES ? length : NAME_BYTES);
}

static void append_header(struct text *out, const struct tar_member *member)
{
    const struct stat *status = member->status;
    bool is_device = member->type == '3' || member->type == '4';
    struct tar_header header = {.type = member->type, .magic = "ustar"};
    const unsigned char *bytes = (const unsigned char *)&header;
    unsigned sum = 0;

    put_name(header.name, member->path);
    put_name(header.link, member->link ? member->link : "");
    memcpy(header.version, "00", sizeof(header.version));
    put_octal(header.mode, sizeof(header.mode), member->mode);
    put_octal(header.uid, sizeof(header.uid), status->st_uid > MAX_OCTAL_ID ? 0 : status->st_uid);
    put_octal(header.gid, sizeof(header.gid), status->st_gid > MAX_OCTAL_ID ? 0 : status->st_gid);
    put_octal(header.size, sizeof(header.size),
              member->size > 077777777777LL ? 0 : (unsigned long long)member->size);
    put_octal(header.mtime, sizeof(header.mtime),
              status->st_mtim.tv_sec < 0 || status->st_mtim.tv_sec > 077777777777LL
                  ? 0
                  : (unsigned long long)status->st_mtim.tv_sec);
    put_octal(header.major, sizeof(header.major), is_device ? major(status->st_rdev) : 0);
    put_octal(header.minor, sizeof(header.minor), is_device ? minor(status->st_rdev) : 0);
    memset(header.checksum, ' ', sizeof(header.checksum));
    for (size_t i = 0; i < sizeof(header); i++)
        sum += bytes[i];
    (void)snprintf(header.checksum, sizeof(header.checksum), "%06o", sum);
    header.checksum[7] = ' ';
    text_append_bytes(out, &header, sizeof(header));
}

static void append_padding(struct text *out, size_t length)
{
    static const char zeros[BLOCK_BYTES];

    text_append_bytes(out, zeros, (BLOCK_BYTES - length % BLOCK_BYTES) % BLOCK_BYTES);
}

/* "LENGTH KEY=VALUE\n"; the length counts its own digits. */
static void append_record(struct text *out, const char *key, const void *value, size_t size)
{
    size_t rest = strlen(key) + size + 3;
    size_t length = rest + 1;
    char digits[24];

    while ((size_t)snprintf(digits, sizeof(digits), "%zu", length) + rest != length)
        length = (size_t)snprintf(digits, sizeof(digits), "%zu", length) + rest;
    text_appendf(out, "%s %s=", digits, key);
    text_append_bytes(out, value, size);
    text_append_char(out, '\n');
}

static void append_number(struct text *out, const char *key, long long value)
{
    char digits[24];

    append_record(out, key, digits, (size_t)snprintf(digits, sizeof(digits), "%lld", value));
}

static bool is_short(const char *name)
{
    if (strlen(name) > NAME_BYTES)
        return false;
    for (; *name; name++)
        if ((unsigned char)*name >= 0x80)
            return false;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void append_xattr(struct text *out, const char *place, const char *name)
{
    char value[LIMIT_XATTR_BYTES];
    ssize_t size = lgetxattr(place, name, value, sizeof(value));
    char key[LIMIT_XATTR_NAME_BYTES + sizeof("SCHILY.xattr.")];

    (void)snprintf(key, sizeof(key), "SCHILY.xattr.%s", name);
    if (size >= 0)
        append_record(out, key, value, (size_t)size);
}

static void append_xattrs(const struct tree_tar *tar, const struct upper_item *item,
                          struct text *out)
{
    char place[64 + LIMIT_ENTRY_PATH_BYTES], names[LIMIT_XATTR_BYTES];
    const char *kept[LIMIT_ENTRY_XATTRS];
    size_t count = 0;
    ssize_t length;

    /* Nothing on the way is a link: the tree is at rest, and was just listed. */
    (void)snprintf(place, sizeof(place), "/proc/self/fd/%d/%s", tar->root_fd, item->path);
    length = llistxattr(place, names, sizeof(names));
    for (const char *name = names; length > 0 && name < names + length; name += strlen(name) + 1)
        if (layer_node_xattr_is_kept(name) && count < LIMIT_ENTRY_XATTRS)
            kept[count++] = name;
    qsort(kept, count, sizeof(*kept), compare_names);
    for (size_t i = 0; i < count; i++)
        append_xattr(out, place, kept[i]);
}

/* What does not fit into a header. */
static void append_pax(const struct tree_tar *tar, const struct tar_member *member,
                       const struct upper_item *item, struct text *out)
{
    static const struct stat nobody;
    struct tar_member pax = {.type = 'x', .mode = 0644, .status = &nobody};
    scoped_text struct text records = {0}, name = {0};
    const struct stat *status = member->status;

    if (!is_short(member->path))
        append_record(&records, "path", member->path, strlen(member->path));
    if (member->link && !is_short(member->link))
        append_record(&records, "linkpath", member->link, strlen(member->link));
    if (member->size > 077777777777LL)
        append_number(&records, "size", member->size);
    if (status->st_uid > MAX_OCTAL_ID)
        append_number(&records, "uid", status->st_uid);
    if (status->st_gid > MAX_OCTAL_ID)
        append_number(&records, "gid", status->st_gid);
    if (status->st_mtim.tv_sec < 0)
        append_number(&records, "mtime", status->st_mtim.tv_sec);
    if (item)
        append_xattrs(tar, item, &records);
    if (records.length == 0)
        return;
    text_appendf(&name, "PaxHeaders.0/%.80s", path_base_name(member->path));
    pax.path = text_get(&name);
    pax.size = (int64_t)records.length;
    append_header(out, &pax);
    text_append_bytes(out, records.data, records.length);
    append_padding(out, records.length);
}

/* -- items */

static char type_of(const struct upper_item *item)
{
    if (item->is_hard_link)
        return '1';
    switch (item->status.st_mode & S_IFMT) {
    case S_IFLNK:
        return '2';
    case S_IFCHR:
        return '3';
    case S_IFBLK:
        return '4';
    case S_IFDIR:
        return '5';
    case S_IFIFO:
        return '6';
    default:
        return '0';
    }
}

/* An empty file beside or in what it is about. */
static void append_mark(struct tree_tar *tar, const struct upper_item *item)
{
    const char *base = path_base_name(item->path);
    struct tar_member member = {.type = '0', .status = &item->status};
    scoped_text struct text path = {0};

    if (item->is_whiteout)
        text_appendf(&path, "%.*s.wh.%s", (int)(base - item->path), item->path, base);
    else
        text_appendf(&path, "%s/.wh..wh..opq", item->path);
    member.path = text_get(&path);
    append_pax(tar, &member, NULL, &tar->out);
    append_header(&tar->out, &member);
}

static int append_item(struct tree_tar *tar, const struct upper_item *item, struct error *err)
{
    bool is_directory = S_ISDIR(item->status.st_mode);
    struct tar_member member = {
        .link = item->link,
        .type = type_of(item),
        .mode = item->status.st_mode & 07777,
        .status = &item->status,
    };
    scoped_text struct text path = {0};

    if (item->is_whiteout) {
        append_mark(tar, item);
        return 0;
    }
    text_appendf(&path, "%s%s", item->path, is_directory ? "/" : "");
    member.path = text_get(&path);
    if (member.type == '0')
        member.size = item->status.st_size;
    append_pax(tar, &member, item->is_hard_link ? NULL : item, &tar->out);
    append_header(&tar->out, &member);
    if (is_directory && item->is_opaque)
        append_mark(tar, item);
    if (member.size == 0)
        return 0;
    tar->file_fd = path_open_beneath(tar->root_fd, item->path, O_RDONLY | O_NOFOLLOW, 0);
    if (tar->file_fd < 0)
        return error_sys(err, "open '%s'", item->path);
    tar->size = tar->left = member.size;
    return 0;
}

/* -- the source */

static int read_data(struct tree_tar *tar, const void **ret_bytes, size_t *ret_length,
                     struct error *err)
{
    size_t wanted = tar->left < CHUNK_BYTES ? (size_t)tar->left : CHUNK_BYTES;
    ssize_t n = read(tar->file_fd, tar->chunk, wanted);

    if (n <= 0)
        return n < 0 ? error_sys(err, "read") : error_set(err, "a file has become shorter");
    tar->left -= n;
    if (tar->left == 0) {
        fd_close(steal_fd(&tar->file_fd));
        append_padding(&tar->out, (size_t)(tar->size % BLOCK_BYTES));
    }
    *ret_bytes = tar->chunk;
    *ret_length = (size_t)n;
    return 0;
}

static int tree_tar_read(void *owner, const void **ret_bytes, size_t *ret_length, struct error *err)
{
    struct tree_tar *tar = owner;

    if (tar->handed_out)
        text_clear(&tar->out);
    tar->handed_out = false;
    if (tar->file_fd >= 0)
        return read_data(tar, ret_bytes, ret_length, err);
    while (tar->file_fd < 0 && tar->next < tar->list->count && tar->out.length < CHUNK_BYTES)
        if (append_item(tar, &tar->list->items[tar->next++], err) < 0)
            return -1;
    if (tar->file_fd < 0 && tar->next == tar->list->count && !tar->ended) {
        static const char end[2 * BLOCK_BYTES];

        text_append_bytes(&tar->out, end, sizeof(end));
        tar->ended = true;
    }
    tar->handed_out = true;
    *ret_bytes = text_get(&tar->out);
    *ret_length = tar->out.length;
    return 0;
}

static void tree_tar_free(void *owner)
{
    struct tree_tar *tar = owner;

    fd_close(tar->file_fd);
    text_done(&tar->out);
    free(tar);
}

static const struct byte_source_ops tree_tar_ops = {.read = tree_tar_read, .free = tree_tar_free};

struct byte_source *tree_tar_new(int root_fd, const struct upper_list *list)
{
    struct tree_tar *tar = memory_new(struct tree_tar);

    tar->root_fd = root_fd;
    tar->list = list;
    tar->file_fd = -1;
    return byte_source_new(&tree_tar_ops, tar);
}
