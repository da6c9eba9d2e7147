/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/zstd_source.h"

#include <stdbool.h>
#include <stdlib.h>
#include <zstd.h>

#include "common/memory.h"

enum { OUT_BYTES = 256 * 1024, WINDOW_LOG_MAX = 27 };

struct zstd_source {
    struct byte_source *inner;
    ZSTD_DStream *stream;
    ZSTD_inBuffer in;
    bool in_frame; /* more must come */
    bool full;     /* the last step filled the output: there may be more without input */
    bool ended;
    char out[OUT_BYTES];
};

/* One step; loads a piece when the stream wants one. */
static int inflate_some(struct zstd_source *zstd, ZSTD_outBuffer *out, struct error *err)
{
    size_t wanted;

    if (zstd->in.pos == zstd->in.size && !zstd->full) {
        zstd->in.pos = 0;
        if (byte_source_read(zstd->inner, &zstd->in.src, &zstd->in.size, err) < 0)
            return -1;
        zstd->ended = zstd->in.size == 0;
        if (zstd->ended && zstd->in_frame)
            return error_set(err, "inflate zstd: the data ends early");
        if (zstd->ended)
            return 0;
    }
    wanted = ZSTD_decompressStream(zstd->stream, out, &zstd->in);
    if (ZSTD_isError(wanted))
        return error_set(err, "inflate zstd: %s", ZSTD_getErrorName(wanted));
    zstd->in_frame = wanted != 0;
    zstd->full = zstd->in_frame && out->pos == out->size;
    return 0;
}

static int zstd_source_read(void *owner, const void **ret_bytes, size_t *ret_length,
                            struct error *err)
{
    struct zstd_source *zstd = owner;
    ZSTD_outBuffer out = {.dst = zstd->out, .size = OUT_BYTES};

    while (!zstd->ended && out.pos == 0) {
        if (inflate_some(zstd, &out, err) < 0)
            return -1;
    }
    *ret_bytes = zstd->out;
    *ret_length = out.pos;
    return 0;
}

static void zstd_source_free(void *owner)
{
    struct zstd_source *zstd = owner;

    (void)ZSTD_freeDStream(zstd->stream);
    byte_source_free(zstd->inner);
    free(zstd);
}

static const struct byte_source_ops zstd_source_ops = {.read = zstd_source_read,
                                                       .free = zstd_source_free};

struct byte_source *zstd_source_new(struct byte_source *take_inner)
{
    struct zstd_source *zstd = memory_new(struct zstd_source);

    zstd->inner = take_inner;
    zstd->stream = ZSTD_createDStream();
    if (!zstd->stream ||
        ZSTD_isError(ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
        abort();
    return byte_source_new(&zstd_source_ops, zstd);
}
