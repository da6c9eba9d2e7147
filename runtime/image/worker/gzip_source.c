/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/gzip_source.h"

#include <stdlib.h>

#include "common/memory.h"
#include "runtime/image/worker/gzip_codec.h"
#include "runtime/image/worker/gzip_header.h"

enum { OUT_BYTES = 256 * 1024 };

struct gzip_source {
    struct byte_source *inner;
    struct gzip_inflater *inflater;
    const uint8_t *piece; /* of the inner source, what is unread of it */
    size_t length;
    bool in_member, seen_member, ended;
    uint8_t out[OUT_BYTES];
};

/* Gets the next piece when there is nothing left of the last; *ret_end when there is none. */
static int load(struct gzip_source *gzip, bool *ret_end, struct error *err)
{
    const void *bytes = gzip->piece;

    if (gzip->length == 0 && byte_source_read(gzip->inner, &bytes, &gzip->length, err) < 0)
        return -1;
    gzip->piece = bytes;
    *ret_end = gzip->length == 0;
    return 0;
}

/* Passes over a header as far as it goes. */
static int pass_header(struct gzip_source *gzip, enum gzip_header_state *ret_state,
                       struct error *err)
{
    struct gzip_header header = {0};
    enum gzip_header_state state = GZIP_HEADER_UNCLEAR;
    bool end = false;

    while (state == GZIP_HEADER_UNCLEAR || state == GZIP_HEADER_UNENDED) {
        if (load(gzip, &end, err) < 0)
            return -1;
        if (end)
            break;
        state = gzip_header_pass(&header, *gzip->piece++);
        gzip->length--;
    }
    *ret_state = state;
    return 0;
}

/* Between members: begins the next, or ends. */
static int next_member(struct gzip_source *gzip, struct error *err)
{
    enum gzip_header_state state;

    if (pass_header(gzip, &state, err) < 0)
        return -1;
    if (state == GZIP_HEADER_COMPLETE) {
        gzip_inflater_begin(gzip->inflater);
        gzip->in_member = gzip->seen_member = true;
        return 0;
    }
    if (state == GZIP_HEADER_UNENDED)
        return error_set(err, "inflate gzip: the data ends early");
    if (!gzip->seen_member)
        return error_set(err, "inflate gzip: the header is damaged");
    gzip->ended = true;
    return byte_source_drain(gzip->inner, err);
}

/* One step inside a member. */
static int inflate_some(struct gzip_source *gzip, struct gzip_buffers *buffers, struct error *err)
{
    bool end;

    buffers->in = gzip->piece;
    buffers->n_in = gzip->length;
    if (gzip_inflater_step(gzip->inflater, buffers, &end, err) < 0)
        return -1;
    gzip->piece = buffers->in;
    gzip->length = buffers->n_in;
    gzip->in_member = !end;
    if (end || buffers->n_out == 0)
        return 0;
    if (load(gzip, &end, err) < 0)
        return -1;
    return end ? error_set(err, "inflate gzip: the data ends early") : 0;
}

static int gzip_source_read(void *owner, const void **ret_bytes, size_t *ret_length,
                            struct error *err)
{
    struct gzip_source *gzip = owner;
    struct gzip_buffers buffers = {.out = gzip->out, .n_out = OUT_BYTES};

    while (!gzip->ended && buffers.n_out == OUT_BYTES) {
        if ((gzip->in_member ? inflate_some(gzip, &buffers, err) : next_member(gzip, err)) < 0)
            return -1;
    }
    *ret_bytes = gzip->out;
    *ret_length = OUT_BYTES - buffers.n_out;
    return 0;
}

static void gzip_source_free(void *owner)
{
    struct gzip_source *gzip = owner;

    gzip_inflater_free(gzip->inflater);
    byte_source_free(gzip->inner);
    free(gzip);
}

static const struct byte_source_ops gzip_source_ops = {.read = gzip_source_read,
                                                       .free = gzip_source_free};

struct byte_source *gzip_source_new(struct byte_source *take_inner)
{
    struct gzip_source *gzip = memory_new(struct gzip_source);

    gzip->inner = take_inner;
    gzip->inflater = gzip_inflater_new();
    return byte_source_new(&gzip_source_ops, gzip);
}
