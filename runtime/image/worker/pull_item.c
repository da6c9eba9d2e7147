/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/pull_item.h"

#include <string.h>

#include "common/text.h"
#include "runtime/image/image_digest.h"

static int read_suffix(const char *suffix, struct arena *arena, struct pull_item *item,
                       struct error *err)
{
    static const char platform[] = "platform=", digest[] = "digest=";

    if (string_starts_with(suffix, platform)) {
        item->platform_text = suffix + strlen(platform);
        return image_platform_parse(item->platform_text, arena, &item->platform, err);
    }
    if (string_starts_with(suffix, digest)) {
        item->source.digest = suffix + strlen(digest);
        item->source.tag = NULL;
        return image_digest_check(item->source.digest, err);
    }
    return error_set(err, "'%s' is neither 'platform=' nor 'digest='", suffix);
}

int pull_item_parse(const char *text, struct arena *arena, struct pull_item *ret_item,
                    struct error *err)
{
    struct pull_item item = {.platform = image_platform_host()};
    char *rest = arena_strdup(arena, text);

    item.text = strsep(&rest, ",");
    if (image_reference_parse(item.text, arena, &item.reference, err) < 0)
        return -1;
    item.source = item.reference;
    while (rest) {
        if (read_suffix(strsep(&rest, ","), arena, &item, err) < 0)
            return error_wrap(err, "'%s'", text);
    }
    *ret_item = item;
    return 0;
}
