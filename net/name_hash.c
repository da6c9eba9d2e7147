/* SPDX-License-Identifier: Apache-2.0 */
#include "net/name_hash.h"

/* FNV-1a over both names with a separator, then a final mix so that the low bits depend on all. */
uint64_t name_hash(const char *first, const char *second)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (; *first; first++)
        hash = (hash ^ (uint8_t)*first) * 0x100000001b3;
    hash = (hash ^ 0xff) * 0x100000001b3;
    for (; *second; second++)
        hash = (hash ^ (uint8_t)*second) * 0x100000001b3;

    hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
    hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
    return hash ^ (hash >> 33);
}
