/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_index.h"

#include <criterion/criterion.h>
#include <string.h>

Test(log_index, a_record_comes_back_as_it_was)
{
    struct log_record record = {UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210),
                                LOG_STDERR};
    struct log_record back = {0};
    uint8_t bytes[LOG_RECORD_BYTES];

    log_record_encode(&record, bytes);
    cr_assert(log_record_decode(bytes, &back));
    cr_expect_eq(back.time_ns, record.time_ns);
    cr_expect_eq(back.offset, record.offset);
    cr_expect_eq(back.stream, record.stream);
}

Test(log_index, a_record_with_any_flipped_bit_is_refused)
{
    struct log_record record = {1700000000123456789, 4096, LOG_STDOUT}, back;
    uint8_t bytes[LOG_RECORD_BYTES];

    log_record_encode(&record, bytes);
    for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_expect_not(log_record_decode(bytes, &back), "bit %zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

Test(log_index, a_record_that_was_written_in_part_is_refused)
{
    struct log_record record = {1700000000123456789, 4096, LOG_EVENT}, back;
    uint8_t bytes[LOG_RECORD_BYTES], part[LOG_RECORD_BYTES];

    log_record_encode(&record, bytes);
    for (size_t length = 0; length < sizeof(bytes); length++) {
        memset(part, 0, sizeof(part));
        memcpy(part, bytes, length);
        if (memcmp(part, bytes, sizeof(part)) != 0)
            cr_expect_not(log_record_decode(part, &back), "%zu bytes", length);
    }
}

Test(log_index, a_header_comes_back_and_a_damaged_one_does_not)
{
    struct log_header header = {1700000000123456789, 4711}, back = {0};
    uint8_t bytes[LOG_HEADER_BYTES];

    log_header_encode(&header, bytes);
    cr_assert(log_header_decode(bytes, &back));
    cr_expect_eq(back.sequence, header.sequence);
    cr_expect_eq(back.inode, header.inode);
    for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_expect_not(log_header_decode(bytes, &back), "bit %zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}
