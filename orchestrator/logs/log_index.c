/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_index.h"

#include <endian.h>
#include <string.h>

static const char header_magic[8] = {'y', 'a', 'w', 'l', '.', 'l', 'o', 'g'};

static void put_u64(uint8_t *place, uint64_t value)
{
    value = htole64(value);
    memcpy(place, &value, sizeof(value));
}

static uint64_t get_u64(const uint8_t *place)
{
    uint64_t value;

    memcpy(&value, place, sizeof(value));
    return le64toh(value);
}

/* Every bit of the three words moves about half of the result's (the finaliser of splitmix64,
 * chained). It guards against accidents, not against people. */
static uint64_t check_of(uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t words[] = {a, b, c};
    uint64_t check = 0x9e3779b97f4a7c15;

    for (int i = 0; i < 3; i++) {
        check ^= words[i];
        check = (check ^ (check >> 30)) * 0xbf58476d1ce4e5b9;
        check = (check ^ (check >> 27)) * 0x94d049bb133111eb;
        check ^= check >> 31;
    }
    return check;
}

void log_header_encode(const struct log_header *header, uint8_t ret_bytes[LOG_HEADER_BYTES])
{
    memset(ret_bytes, 0, LOG_HEADER_BYTES);
    memcpy(ret_bytes, header_magic, sizeof(header_magic));
    put_u64(ret_bytes + 8, header->sequence);
    put_u64(ret_bytes + 16, header->inode);
    put_u64(ret_bytes + 40, check_of(header->sequence, header->inode, 0));
}

bool log_header_decode(const uint8_t bytes[LOG_HEADER_BYTES], struct log_header *ret_header)
{
    struct log_header header = {.sequence = get_u64(bytes + 8), .inode = get_u64(bytes + 16)};

    if (memcmp(bytes, header_magic, sizeof(header_magic)) != 0 || get_u64(bytes + 24) != 0 ||
        get_u64(bytes + 32) != 0)
        return false;
    if (get_u64(bytes + 40) != check_of(header.sequence, header.inode, 0))
        return false;
    *ret_header = header;
    return true;
}

void log_record_encode(const struct log_record *record, uint8_t ret_bytes[LOG_RECORD_BYTES])
{
    uint64_t stream = (uint64_t)record->stream;
    uint64_t check = check_of(record->time_ns, record->offset, stream);

    put_u64(ret_bytes, record->time_ns);
    put_u64(ret_bytes + 8, record->offset);
    put_u64(ret_bytes + 16, stream | check << 32);
}

bool log_record_decode(const uint8_t bytes[LOG_RECORD_BYTES], struct log_record *ret_record)
{
    uint64_t time_ns = get_u64(bytes);
    uint64_t offset = get_u64(bytes + 8);
    uint64_t last = get_u64(bytes + 16);
    uint64_t stream = last & UINT32_MAX;

    if (stream < LOG_STDOUT || stream > LOG_EVENT)
        return false;
    if (last >> 32 != (check_of(time_ns, offset, stream) & UINT32_MAX))
        return false;
    *ret_record = (struct log_record){time_ns, offset, (enum log_stream)stream};
    return true;
}
