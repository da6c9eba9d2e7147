/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations and sizes in the spellings of the Compose specification (11-extension.md, "Specifying
 * durations" and "Specifying byte values").
 */
#ifndef YAWL_COMMON_UNITS_H
#define YAWL_COMMON_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text.h"

/* "1m30s", "1.5h", "2d", "1w", "0"; units ns us µs ms s m h d w. False when it is none. */
bool duration_parse(const char *text, int64_t *ret_ns);

/* Go's spelling: 90 s is "1m30s", 26 h is "26h0m0s", 1500 µs is "1.5ms", 0 is "0s". */
void duration_format(int64_t ns, struct text *out);

/* Docker's words for a span of time (go-units HumanDuration): "4 seconds", "About an hour". */
void duration_format_words(uint64_t seconds, struct text *out);

/* "64m", "1.5gb", "512", "-1"; suffixes b k kb kib m mb mib g gb gib t tb tib p pb pib, base 1024.
 */
bool bytes_parse(const char *text, int64_t *ret_bytes);

/* "10mbit", "1.5gbit", "64kbit", "9600bit"; base 1000, for a second. More than 0. */
bool bit_rate_parse(const char *text, int64_t *ret_bits);

/* For people: "512B", "1.5MiB", "2GiB". */
void bytes_format(uint64_t bytes, struct text *out);

/* As docker tells memory: base 1024, four digits: "512B", "1.953MiB", "15.6GiB". */
void bytes_format_binary(uint64_t bytes, struct text *out);

/* As docker tells sizes of images: base 1000, three digits: "512B", "7.38MB", "104MB". */
void bytes_format_decimal(uint64_t bytes, struct text *out);

#endif
