/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/subuid, or what getsubids says. A range never holds root, nor runs over the end of the ids.
 */
#include "common/subordinate_ids.h"
#include "common/text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped_text struct text text = {0};
    struct subordinate_ranges ranges;

    text_append_bytes(&text, data, size);
    subordinate_ranges_parse(text_get(&text), "alice", 1000, &ranges);
    fuzz_require(ranges.count <= SUBORDINATE_RANGES_MAX);
    for (size_t i = 0; i < ranges.count; i++) {
        const struct subordinate_range *range = &ranges.items[i];

        fuzz_require(range->first > 0 && range->count > 0);
        fuzz_require(range->count <= UINT32_MAX - range->first);
    }
    return 0;
}
