/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/gzip_header.h"

#include <stdbool.h>

enum { FLAG_CRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAGS_RESERVED = 0xe0 };

enum { FIXED_BYTES = 10, MAGIC_BYTES = 4 };

/* The parts in their order. */
enum { FIXED, EXTRA_LENGTH, EXTRA, NAME, COMMENT, CRC, N_PARTS };

static bool has_part(const struct gzip_header *header, int part)
{
    if (part == EXTRA_LENGTH)
        return header->flags & FLAG_EXTRA;
    if (part == EXTRA)
        return header->extra_length > 0;
    if (part == NAME)
        return header->flags & FLAG_NAME;
    if (part == COMMENT)
        return header->flags & FLAG_COMMENT;
    return part == CRC && header->flags & FLAG_CRC;
}

/* Whether the byte can be at that place of the fixed part. */
static bool is_fixed_byte(size_t at, uint8_t byte)
{
    static const uint8_t magic[] = {0x1f, 0x8b, 8 /* deflate, the one method */};

    if (at < sizeof(magic))
        return byte == magic[at];
    return at > 3 || (byte & FLAGS_RESERVED) == 0;
}

/* Whether the part ends with this byte. */
static bool part_ends(struct gzip_header *header, uint8_t byte)
{
    switch (header->part) {
    case FIXED:
        if (header->passed == MAGIC_BYTES)
            header->flags = byte;
        return header->passed == FIXED_BYTES;
    case EXTRA_LENGTH:
        header->extra_length |= (size_t)byte << (header->passed == 1 ? 0 : 8);
        return header->passed == 2;
    case EXTRA:
        return header->passed == header->extra_length;
    case CRC:
        return header->passed == 2;
    default: /* text up to a zero */
        return byte == 0;
    }
}

enum gzip_header_state gzip_header_pass(struct gzip_header *header, uint8_t byte)
{
    if (header->part == FIXED && !is_fixed_byte(header->passed, byte))
        return GZIP_HEADER_NONE;
    header->passed++;
    if (part_ends(header, byte)) {
        header->passed = 0;
        do
            header->part++;
        while (header->part < N_PARTS && !has_part(header, header->part));
    }
    if (header->part == N_PARTS)
        return GZIP_HEADER_COMPLETE;
    return header->part == FIXED && header->passed < MAGIC_BYTES ? GZIP_HEADER_UNCLEAR
                                                                 : GZIP_HEADER_UNENDED;
}
