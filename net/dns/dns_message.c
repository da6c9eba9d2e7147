/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns/dns_message.h"

#include <ctype.h>
#include <string.h>

enum {
    MAX_LABEL = 63,
    POINTER_BITS = 0xc0,
    MAX_POINTERS = 64, /* each leads further back, so this bounds time, not what is allowed */
    FLAG_QR = 0x8000,
    FLAG_AA = 0x0400,
    FLAG_TC = 0x0200,
    FLAG_RD = 0x0100,
    FLAG_RA = 0x0080,
    FLAG_AD = 0x0020,
    FLAG_CD = 0x0010,
    EDNS_DO = 0x8000,
};

struct reader {
    const uint8_t *bytes;
    size_t size, at;
};

static bool read_u8(struct reader *reader, uint8_t *ret_value)
{
    if (reader->at >= reader->size)
        return false;
    *ret_value = reader->bytes[reader->at++];
    return true;
}

static bool read_u16(struct reader *reader, uint16_t *ret_value)
{
    if (reader->size - reader->at < 2)
        return false;
    *ret_value = (uint16_t)(reader->bytes[reader->at] << 8 | reader->bytes[reader->at + 1]);
    reader->at += 2;
    return true;
}

static bool read_u32(struct reader *reader, uint32_t *ret_value)
{
    uint16_t high, low;

    if (!read_u16(reader, &high) || !read_u16(reader, &low))
        return false;
    *ret_value = (uint32_t)high << 16 | low;
    return true;
}

/*
 * The labels from the reader's place up to a pointer or the end. A pointer must lead to before the
 * place where this run of labels began: then no loop is possible.
 */
static bool read_labels(struct reader *reader, struct dns_name *name, bool *ret_pointer)
{
    for (;;) {
        uint8_t length;

        if (!read_u8(reader, &length))
            return false;
        if ((length & POINTER_BITS) == POINTER_BITS) {
            reader->at--;
            *ret_pointer = true;
            return true;
        }
        if (length > MAX_LABEL || reader->size - reader->at < length ||
            (size_t)name->length + 1 + length + (length > 0 ? 1 : 0) > DNS_NAME_BYTES)
            return false;
        name->wire[name->length++] = length;
        memcpy(&name->wire[name->length], &reader->bytes[reader->at], length);
        name->length = (uint8_t)(name->length + length);
        reader->at += length;
        if (length == 0) {
            *ret_pointer = false;
            return true;
        }
    }
}

static bool read_name(struct reader *reader, struct dns_name *ret_name)
{
    struct reader walk = *reader;
    size_t began = reader->at;
    bool pointer;

    ret_name->length = 0;
    for (int i = 0; i < MAX_POINTERS; i++) {
        uint16_t to;

        if (!read_labels(&walk, ret_name, &pointer))
            return false;
        if (pointer && !read_u16(&walk, &to))
            return false;
        if (i == 0)
            reader->at = walk.at;
        if (!pointer)
            return true;
        to &= 0x3fff;
        if (to >= began)
            return false;
        walk.at = began = to;
    }
    return false;
}

static void header_flags(struct dns_message *message, uint16_t flags)
{
    message->response = flags & FLAG_QR;
    message->opcode = flags >> 11 & 0xf;
    message->authoritative = flags & FLAG_AA;
    message->truncated = flags & FLAG_TC;
    message->recursion_desired = flags & FLAG_RD;
    message->recursion_available = flags & FLAG_RA;
    message->authentic = flags & FLAG_AD;
    message->checking_disabled = flags & FLAG_CD;
    message->rcode = flags & 0xf;
}

static bool read_record(struct reader *reader, struct dns_record *ret_record)
{
    struct reader data;

    if (!read_name(reader, &ret_record->name) || !read_u16(reader, &ret_record->type) ||
        !read_u16(reader, &ret_record->class) || !read_u32(reader, &ret_record->ttl) ||
        !read_u16(reader, &ret_record->data_length) ||
        reader->size - reader->at < ret_record->data_length)
        return false;
    ret_record->data = &reader->bytes[reader->at];
    ret_record->target.length = 0;
    data = *reader;
    reader->at += ret_record->data_length;
    data.size = reader->at;
    return ret_record->type != DNS_PTR ||
           (read_name(&data, &ret_record->target) && data.at == data.size);
}

/* An OPT record of an RFC 6891 sender; there may be one. */
static bool take_edns(struct dns_message *message, const struct dns_record *record)
{
    if (message->edns || record->name.length != 1)
        return false;
    message->edns = true;
    message->edns_bytes = record->class < DNS_UDP_BYTES ? DNS_UDP_BYTES : record->class;
    message->edns_version = record->ttl >> 16 & 0xff;
    message->edns_do = record->ttl & EDNS_DO;
    return true;
}

int dns_message_decode(struct dns_message *ret_message, const uint8_t *bytes, size_t size,
                       struct error *err)
{
    struct reader reader = {.bytes = bytes, .size = size};
    struct dns_message message = {0};
    uint16_t flags, n_authority, n_additional;
    unsigned n_records;

    if (size > DNS_MESSAGE_BYTES || !read_u16(&reader, &message.id) || !read_u16(&reader, &flags) ||
        !read_u16(&reader, &message.n_questions) || !read_u16(&reader, &message.n_answers) ||
        !read_u16(&reader, &n_authority) || !read_u16(&reader, &n_additional))
        return error_set(err, "decode DNS message: %zu bytes are no header", size);
    header_flags(&message, flags);
    if (message.opcode != 0 || message.n_questions != 1) {
        *ret_message = message;
        return 0;
    }
    if (!read_name(&reader, &message.name) || !read_u16(&reader, &message.type) ||
        !read_u16(&reader, &message.class))
        return error_set(err, "decode DNS message: bad question");
    message.answers_at = reader.at;
    n_records = (unsigned)message.n_answers + n_authority;
    for (unsigned i = 0; i < n_records + n_additional; i++) {
        struct dns_record record;

        if (!read_record(&reader, &record))
            return error_set(err, "decode DNS message: bad record %u", i + 1);
        if (record.type == DNS_OPT && (i < n_records || !take_edns(&message, &record)))
            return error_set(err, "decode DNS message: misplaced OPT");
    }
    *ret_message = message;
    return 0;
}

bool dns_record_next(const uint8_t *bytes, size_t size, size_t *offset,
                     struct dns_record *ret_record)
{
    struct reader reader = {.bytes = bytes, .size = size, .at = *offset};

    if (*offset > size || !read_record(&reader, ret_record))
        return false;
    *offset = reader.at;
    return true;
}

static void put_u16(uint8_t *bytes, unsigned value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

size_t dns_message_encode(const struct dns_message *message, uint8_t *bytes, size_t size)
{
    bool question = message->opcode == 0 && message->n_questions == 1;
    size_t needed = DNS_HEADER_BYTES + (question ? message->name.length + 4U : 0);
    size_t at = DNS_HEADER_BYTES;

    if (needed > size)
        return 0;
    memset(bytes, 0, needed);
    put_u16(bytes, message->id);
    put_u16(bytes + 2, (message->response ? FLAG_QR : 0U) | (unsigned)message->opcode << 11 |
                           (message->authoritative ? FLAG_AA : 0U) |
                           (message->truncated ? FLAG_TC : 0U) |
                           (message->recursion_desired ? FLAG_RD : 0U) |
                           (message->recursion_available ? FLAG_RA : 0U) |
                           (message->authentic ? FLAG_AD : 0U) |
                           (message->checking_disabled ? FLAG_CD : 0U) | message->rcode);
    if (question) {
        put_u16(bytes + 4, 1);
        memcpy(bytes + at, message->name.wire, message->name.length);
        at += message->name.length;
        put_u16(bytes + at, message->type);
        put_u16(bytes + at + 2, message->class);
        at += 4;
    }
    return message->edns ? dns_message_put_edns(message, bytes, size, at) : at;
}

size_t dns_message_put_edns(const struct dns_message *message, uint8_t *bytes, size_t size,
                            size_t length)
{
    uint8_t *opt = bytes + length; /* root name, type, class, ttl, length */

    if (size < length || size - length < DNS_EDNS_BYTES)
        return 0;
    memset(opt, 0, DNS_EDNS_BYTES);
    put_u16(opt + 1, DNS_OPT);
    put_u16(opt + 3, message->edns_bytes);
    opt[6] = message->edns_version;
    put_u16(opt + 7, message->edns_do ? EDNS_DO : 0);
    put_u16(bytes + 10, 1);
    return length + DNS_EDNS_BYTES;
}

bool dns_message_survives_round_trip(const struct dns_message *message)
{
    uint8_t bytes[DNS_HEADER_BYTES + DNS_NAME_BYTES + 4 + DNS_EDNS_BYTES];
    struct dns_message again;
    size_t length = dns_message_encode(message, bytes, sizeof(bytes));

    if (length == 0 || dns_message_decode(&again, bytes, length, NULL) < 0)
        return false;
    if (again.id != message->id || again.opcode != message->opcode ||
        again.rcode != message->rcode || again.response != message->response ||
        again.truncated != message->truncated || again.edns != message->edns)
        return false;
    if (message->opcode != 0 || message->n_questions != 1)
        return true;
    return again.n_questions == 1 && again.type == message->type && again.class == message->class &&
           dns_name_equal(&again.name, &message->name) &&
           (!message->edns ||
            (again.edns_bytes == message->edns_bytes &&
             again.edns_version == message->edns_version && again.edns_do == message->edns_do));
}

static bool is_host_byte(uint8_t byte)
{
    return isalnum(byte) || byte == '-' || byte == '_';
}

bool dns_name_to_text(const struct dns_name *name, char ret_text[DNS_NAME_TEXT_SIZE])
{
    size_t out = 0;

    for (size_t at = 0; at < name->length && name->wire[at] > 0;) {
        size_t label = name->wire[at++];

        if (out > 0)
            ret_text[out++] = '.';
        for (size_t i = 0; i < label; i++) {
            if (!is_host_byte(name->wire[at]))
                return false;
            ret_text[out++] = (char)tolower(name->wire[at++]);
        }
    }
    ret_text[out] = '\0';
    return true;
}

bool dns_name_from_text(const char *text, struct dns_name *ret_name)
{
    struct dns_name name = {0};

    while (*text) {
        size_t label = strcspn(text, ".");

        if (label == 0 || label > MAX_LABEL || name.length + 1 + label + 1 > DNS_NAME_BYTES)
            return false;
        name.wire[name.length++] = (uint8_t)label;
        memcpy(&name.wire[name.length], text, label);
        name.length = (uint8_t)(name.length + label);
        text += label;
        if (*text == '.')
            text++;
    }
    name.wire[name.length++] = 0;
    *ret_name = name;
    return true;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
    return a->length == b->length && memcmp(a->wire, b->wire, a->length) == 0;
}
