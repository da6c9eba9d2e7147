/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A moment in time as people write it on a command line, and as logs show it.
 *
 * Moments are nanoseconds since the epoch, as CLOCK_REALTIME counts them.
 */
#ifndef YAWL_COMMON_MOMENT_H
#define YAWL_COMMON_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/text.h"

/*
 * What `docker logs --since` takes:
 *
 *     2026-01-31  2026-01-31T12  2026-01-31T12:00  2026-01-31T12:00:00  2026-01-31T12:00:00.123
 *     any of these with Z, +02:00 or +0200 behind; without, it is local time
 *     1767225600  1767225600.123456789      seconds since the epoch
 *     42m  1h30m  -5m                       that long before now_ns
 *
 * A blank may stand for the T. False when it is none, or lies outside of 1970 to 2262.
 */
bool moment_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns);

/* The argument of --OPTION, as above; NULL changes nothing. */
MUST_CHECK int moment_read(const char *option, const char *text, uint64_t *ret_ns,
                           struct error *err);

/* RFC 3339 with nine digits, in UTC: "2026-01-31T12:00:00.000000000Z". */
void moment_format(uint64_t ns, struct text *out);

#endif
