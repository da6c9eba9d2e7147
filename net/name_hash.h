/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A number that follows from two names, the same on every machine and in every version: subnets,
 * addresses and interface names are chosen by it.
 */
#ifndef YAWL_NET_NAME_HASH_H
#define YAWL_NET_NAME_HASH_H

#include <stdint.h>

uint64_t name_hash(const char *first, const char *second);

#endif
