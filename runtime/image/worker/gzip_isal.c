/* SPDX-License-Identifier: Apache-2.0 */
#include <isa-l/igzip_lib.h>
#include <limits.h>
#include <stdlib.h>

#include "common/memory.h"
#include "runtime/image/worker/gzip_codec.h"

enum { LEVEL = 1 };

static uint32_t step_size(size_t size)
{
    return size < UINT_MAX ? (uint32_t)size : UINT_MAX;
}

/* ISA-L reads through a pointer that is not const. */
static uint8_t *input_of(const struct gzip_buffers *buffers)
{
    return (uint8_t *)(uintptr_t)buffers->in;
}

static void move_on(struct gzip_buffers *buffers, const uint8_t *in, uint8_t *out)
{
    buffers->n_in -= (size_t)(in - buffers->in);
    buffers->n_out -= (size_t)(out - buffers->out);
    buffers->in = in;
    buffers->out = out;
}

/* Inflating ---------------------------------------------------------------------------------------
 */

struct gzip_inflater {
    struct inflate_state state;
};

struct gzip_inflater *gzip_inflater_new(void)
{
    struct gzip_inflater *inflater = memory_new(struct gzip_inflater);

    isal_inflate_init(&inflater->state);
    return inflater;
}

void gzip_inflater_free(struct gzip_inflater *inflater)
{
    free(inflater);
}

void gzip_inflater_begin(struct gzip_inflater *inflater)
{
    isal_inflate_reset(&inflater->state);
    /* Not with the header: of one that comes in pieces ISA-L forgets the flags. */
    inflater->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
}

static int inflate_error(int result, struct error *err)
{
    if (result == ISAL_INCORRECT_CHECKSUM)
        return error_set(err, "inflate gzip: the checksum is wrong");
    return error_set(err, "inflate gzip: the data is damaged");
}

int gzip_inflater_step(struct gzip_inflater *inflater, struct gzip_buffers *buffers, bool *ret_end,
                       struct error *err)
{
    struct inflate_state *state = &inflater->state;
    int result;

    state->next_in = input_of(buffers);
    state->avail_in = step_size(buffers->n_in);
    state->next_out = buffers->out;
    state->avail_out = step_size(buffers->n_out);
    result = isal_inflate(state);
    if (result != ISAL_DECOMP_OK)
        return inflate_error(result, err);
    move_on(buffers, state->next_in, state->next_out);
    *ret_end = state->block_state == ISAL_BLOCK_FINISH;
    return 0;
}

/* Deflating ---------------------------------------------------------------------------------------
 */

struct gzip_deflater {
    struct isal_zstream stream;
    uint8_t level_buf[ISAL_DEF_LVL1_DEFAULT];
};

struct gzip_deflater *gzip_deflater_new(void)
{
    struct gzip_deflater *deflater = memory_new(struct gzip_deflater);

    isal_deflate_init(&deflater->stream);
    deflater->stream.gzip_flag = IGZIP_GZIP;
    deflater->stream.level = LEVEL;
    deflater->stream.level_buf = deflater->level_buf;
    deflater->stream.level_buf_size = sizeof(deflater->level_buf);
    return deflater;
}

void gzip_deflater_free(struct gzip_deflater *deflater)
{
    free(deflater);
}

int gzip_deflater_step(struct gzip_deflater *deflater, struct gzip_buffers *buffers, bool is_last,
                       bool *ret_end, struct error *err)
{
    struct isal_zstream *stream = &deflater->stream;
    uint32_t length = step_size(buffers->n_in);

    stream->next_in = input_of(buffers);
    stream->avail_in = length;
    stream->end_of_stream = is_last && length == buffers->n_in;
    stream->next_out = buffers->out;
    stream->avail_out = step_size(buffers->n_out);
    if (isal_deflate(stream) != COMP_OK)
        return error_set(err, "deflate gzip: internal error");
    move_on(buffers, stream->next_in, stream->next_out);
    *ret_end = stream->internal_state.state == ZSTATE_END;
    return 0;
}
