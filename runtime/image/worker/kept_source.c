/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/kept_source.h"

#include <stdbool.h>
#include <stdlib.h>

#include "common/fd.h"
#include "common/memory.h"
#include "runtime/image/worker/gzip_codec.h"

/* As it is ----------------------------------------------------------------------------------------
 */

struct kept_source {
    struct byte_source *inner;
    int fd;
};

static int kept_source_read(void *owner, const void **ret_bytes, size_t *ret_length,
                            struct error *err)
{
    struct kept_source *kept = owner;

    if (byte_source_read(kept->inner, ret_bytes, ret_length, err) < 0)
        return -1;
    if (fd_write_all(kept->fd, *ret_bytes, *ret_length) < 0)
        return error_sys(err, "write the layer's blob");
    return 0;
}

static void kept_source_free(void *owner)
{
    struct kept_source *kept = owner;

    byte_source_free(kept->inner);
    free(kept);
}

static const struct byte_source_ops kept_source_ops = {.read = kept_source_read,
                                                       .free = kept_source_free};

struct byte_source *kept_source_new(struct byte_source *take_inner, int fd)
{
    struct kept_source *kept = memory_new(struct kept_source);

    kept->inner = take_inner;
    kept->fd = fd;
    return byte_source_new(&kept_source_ops, kept);
}

/* Packed ------------------------------------------------------------------------------------------
 */

enum { PACKED_BYTES = 256 * 1024 };

struct packed_source {
    struct byte_source *inner;
    int fd;
    struct gzip_deflater *deflater;
    struct sha256 *hash; /* NULL after the end */
    char *ret_digest;
    uint8_t packed[PACKED_BYTES];
};

/* Packs the bytes; none are the end. */
static int pack(struct packed_source *source, const void *bytes, size_t length, struct error *err)
{
    struct gzip_buffers buffers = {.in = bytes, .n_in = length};
    bool is_last = length == 0;
    bool end = false;

    do {
        size_t written;

        buffers.out = source->packed;
        buffers.n_out = PACKED_BYTES;
        if (gzip_deflater_step(source->deflater, &buffers, is_last, &end, err) < 0)
            return -1;
        written = PACKED_BYTES - buffers.n_out;
        sha256_update(source->hash, source->packed, written);
        if (fd_write_all(source->fd, source->packed, written) < 0)
            return error_sys(err, "write the layer's blob");
    } while (is_last ? !end : buffers.n_in > 0 || buffers.n_out == 0);
    return 0;
}

static int packed_source_read(void *owner, const void **ret_bytes, size_t *ret_length,
                              struct error *err)
{
    struct packed_source *source = owner;
    char hex[SHA256_HEX_SIZE];

    if (byte_source_read(source->inner, ret_bytes, ret_length, err) < 0)
        return -1;
    if (!source->hash)
        return 0;
    if (pack(source, *ret_bytes, *ret_length, err) < 0)
        return -1;
    if (*ret_length == 0) {
        sha256_finish(steal(source->hash), hex);
        image_digest_of_hex(hex, source->ret_digest);
    }
    return 0;
}

static void packed_source_free(void *owner)
{
    struct packed_source *source = owner;

    sha256_free(source->hash);
    gzip_deflater_free(source->deflater);
    byte_source_free(source->inner);
    free(source);
}

static const struct byte_source_ops packed_source_ops = {.read = packed_source_read,
                                                         .free = packed_source_free};

struct byte_source *packed_source_new(struct byte_source *take_inner, int fd,
                                      char ret_digest[IMAGE_DIGEST_SIZE])
{
    struct packed_source *source = memory_new(struct packed_source);

    source->inner = take_inner;
    source->fd = fd;
    source->deflater = gzip_deflater_new();
    source->hash = sha256_new();
    source->ret_digest = ret_digest;
    return byte_source_new(&packed_source_ops, source);
}
