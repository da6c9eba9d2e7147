/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of an index file: a header, then one record per piece of the log.
 *
 * All numbers are little-endian. Header and records end in a check, so that what a power cut tore
 * in half or filled with zeros is recognised. Pure: no file is touched here.
 *
 *     header   "yawl.log" | sequence u64 | inode u64 | zero u64 | zero u64 | check u64       48
 * bytes record   time_ns u64 | offset u64 | stream u8 | zero u8 u16 | check u32                24
 * bytes
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_INDEX_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "orchestrator/logs/log_writer.h"

enum { LOG_HEADER_BYTES = 48, LOG_RECORD_BYTES = 24 };

struct log_header {
    uint64_t sequence; /* CLOCK_REALTIME ns at birth, but always above the one before */
    uint64_t inode;    /* of the log file that this index describes */
};

/* A piece of the log: it reaches from offset to the next record's offset. */
struct log_record {
    uint64_t time_ns; /* CLOCK_REALTIME */
    uint64_t offset;
    enum log_stream stream;
};

void log_header_encode(const struct log_header *header, uint8_t ret_bytes[LOG_HEADER_BYTES]);
/* False, and nothing written, when the bytes are no header. */
bool log_header_decode(const uint8_t bytes[LOG_HEADER_BYTES], struct log_header *ret_header);

void log_record_encode(const struct log_record *record, uint8_t ret_bytes[LOG_RECORD_BYTES]);
/* False, and nothing written, when the bytes are no record. */
bool log_record_decode(const uint8_t bytes[LOG_RECORD_BYTES], struct log_record *ret_record);

#endif
