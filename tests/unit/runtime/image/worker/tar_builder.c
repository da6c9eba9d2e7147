/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/image/worker/tar_builder.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "runtime/image/worker/gzip_codec.h"

enum { BLOCK = 512 };

static void put_octal(unsigned char *field, size_t width, unsigned long value)
{
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%0*lo", (int)width - 1, value);
    memcpy(field, digits, width);
}

void tar_put_data(struct text *tar, const void *data, size_t size)
{
    static const char zeros[BLOCK];

    text_append_bytes(tar, data, size);
    if (size % BLOCK)
        text_append_bytes(tar, zeros, BLOCK - size % BLOCK);
}

void tar_end(struct text *tar)
{
    static const char zeros[2 * BLOCK];

    text_append_bytes(tar, zeros, sizeof(zeros));
}

void tar_put_block(struct text *tar, unsigned char block[512])
{
    unsigned sum = 0;

    memset(block + 148, ' ', 8);
    for (int i = 0; i < BLOCK; i++)
        sum += block[i];
    (void)snprintf((char *)block + 148, 8, "%06o", sum);
    text_append_bytes(tar, block, BLOCK);
}

static void put_text(unsigned char *field, size_t width, const char *text)
{
    size_t length = text ? strlen(text) : 0;

    memcpy(field, text ? text : "", length < width ? length : width);
}

/* GNU: the name is the data of an entry of its own. */
static void put_long(struct text *tar, char type, const char *text)
{
    TAR(tar, .path = "././@LongLink", .type = type, .data = text, .size = strlen(text) + 1);
}

void tar_put(struct text *tar, const struct tar_put *entry)
{
    bool is_dir = entry->type == '5' || (!entry->type && string_ends_with(entry->path, "/"));
    unsigned char block[BLOCK] = {0};

    if (strlen(entry->path) > 100)
        put_long(tar, 'L', entry->path);
    if (entry->link && strlen(entry->link) > 100)
        put_long(tar, 'K', entry->link);
    put_text(block, 100, entry->path);
    put_octal(block + 100, 8, entry->mode ? entry->mode : is_dir ? 0755 : 0644);
    put_octal(block + 108, 8, entry->uid);
    put_octal(block + 116, 8, entry->gid);
    put_octal(block + 124, 12, entry->size);
    put_octal(block + 136, 12, (unsigned long)(entry->mtime ? entry->mtime : 1000000000));
    block[156] = (unsigned char)(entry->type ? entry->type : is_dir ? '5' : '0');
    put_text(block + 157, 100, entry->link);
    memcpy(block + 257, "ustar\00000", 8);
    put_octal(block + 329, 8, entry->major);
    put_octal(block + 337, 8, entry->minor);
    tar_put_block(tar, block);
    tar_put_data(tar, entry->data ? entry->data : "", entry->size);
}

void tar_put_pax(struct text *tar, const char *key, const void *value, size_t size)
{
    scoped_text struct text record = {0};
    size_t length = strlen(key) + size + 3; /* space, '=', newline */
    size_t digits = 1;

    /* The length counts its own digits. */
    for (size_t limit = 10; length + digits >= limit; limit *= 10)
        digits++;
    text_appendf(&record, "%zu %s=", length + digits, key);
    text_append_bytes(&record, value, size);
    text_append_char(&record, '\n');
    TAR(tar, .path = "pax", .type = 'x', .data = record.data, .size = record.length);
}

static void put_little(struct text *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        text_append_char(out, (char)(value >> 8 * i & 0xff));
}

void gzip_wrap(const struct text *plain, struct text *out)
{
    scoped(gzip_deflater_free) struct gzip_deflater *deflater = gzip_deflater_new();
    struct gzip_buffers buffers = {.in = (const uint8_t *)text_get(plain), .n_in = plain->length};
    bool end = false;

    while (!end) {
        enum { ROOM = 64 * 1024 };

        buffers.out = (uint8_t *)text_reserve(out, ROOM);
        buffers.n_out = ROOM;
        cr_assert_eq(gzip_deflater_step(deflater, &buffers, true, &end, NULL), 0);
        out->length += ROOM - buffers.n_out;
    }
}

/* RFC 8878 3.1.1: one frame of raw blocks. */
void zstd_wrap(const struct text *plain, struct text *out)
{
    put_little(out, 0xfd2fb528, 4);
    put_little(out, 0, 1);      /* no content size, no checksum */
    put_little(out, 7 << 3, 1); /* window: 128 KiB */
    for (size_t at = 0; at < plain->length;) {
        size_t left = plain->length - at;
        size_t length = left < 65536 ? left : 65536;

        put_little(out, length << 3 | (length == left), 3);
        text_append_bytes(out, plain->data + at, length);
        at += length;
    }
}
