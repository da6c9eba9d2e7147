/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "common/memory.h"
#include "runtime/image/worker/gzip_codec.h"

enum { LEVEL = 1, WINDOW_BITS = 15 + 16 /* with gzip's wrapping */, MEMORY_LEVEL = 8 };

static uInt step_size(size_t size)
{
    return size < UINT_MAX ? (uInt)size : UINT_MAX;
}

static void set_buffers(z_stream *stream, const struct gzip_buffers *buffers)
{
    stream->next_in = (Bytef *)(uintptr_t)buffers->in; /* not const in older zlib */
    stream->avail_in = step_size(buffers->n_in);
    stream->next_out = buffers->out;
    stream->avail_out = step_size(buffers->n_out);
}

static void move_on(struct gzip_buffers *buffers, const z_stream *stream)
{
    buffers->n_in -= (size_t)(stream->next_in - buffers->in);
    buffers->n_out -= (size_t)(stream->next_out - buffers->out);
    buffers->in = stream->next_in;
    buffers->out = stream->next_out;
}

/* Inflating ---------------------------------------------------------------------------------------
 */

struct gzip_inflater {
    z_stream stream;
};

struct gzip_inflater *gzip_inflater_new(void)
{
    struct gzip_inflater *inflater = memory_new(struct gzip_inflater);

    if (inflateInit2(&inflater->stream, WINDOW_BITS) != Z_OK)
        abort();
    return inflater;
}

void gzip_inflater_free(struct gzip_inflater *inflater)
{
    if (!inflater)
        return;
    (void)inflateEnd(&inflater->stream);
    free(inflater);
}

/* zlib checks the trailer only when it saw a header, so it gets the shortest. */
void gzip_inflater_begin(struct gzip_inflater *inflater)
{
    static const uint8_t header[10] = {0x1f, 0x8b, 8};
    uint8_t nothing;
    struct gzip_buffers buffers = {
        .in = header, .n_in = sizeof(header), .out = &nothing, .n_out = sizeof(nothing)};

    (void)inflateReset(&inflater->stream);
    set_buffers(&inflater->stream, &buffers);
    if (inflate(&inflater->stream, Z_NO_FLUSH) != Z_OK)
        abort();
}

int gzip_inflater_step(struct gzip_inflater *inflater, struct gzip_buffers *buffers, bool *ret_end,
                       struct error *err)
{
    z_stream *stream = &inflater->stream;
    int result;

    set_buffers(stream, buffers);
    result = inflate(stream, Z_NO_FLUSH);
    /* No progress is no error: there was no input. */
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return error_set(err, "inflate gzip: %s",
                         stream->msg ? stream->msg : "the data is damaged");
    move_on(buffers, stream);
    *ret_end = result == Z_STREAM_END;
    return 0;
}

/* Deflating ---------------------------------------------------------------------------------------
 */

struct gzip_deflater {
    z_stream stream;
};

struct gzip_deflater *gzip_deflater_new(void)
{
    struct gzip_deflater *deflater = memory_new(struct gzip_deflater);

    if (deflateInit2(&deflater->stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    return deflater;
}

void gzip_deflater_free(struct gzip_deflater *deflater)
{
    if (!deflater)
        return;
    (void)deflateEnd(&deflater->stream);
    free(deflater);
}

int gzip_deflater_step(struct gzip_deflater *deflater, struct gzip_buffers *buffers, bool is_last,
                       bool *ret_end, struct error *err)
{
    z_stream *stream = &deflater->stream;
    int result;

    set_buffers(stream, buffers);
    result = deflate(stream, is_last && stream->avail_in == buffers->n_in ? Z_FINISH : Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return error_set(err, "deflate gzip: internal error");
    move_on(buffers, stream);
    *ret_end = result == Z_STREAM_END;
    return 0;
}
