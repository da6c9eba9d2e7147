/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_name.h"

#include <string.h>

#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_reference.h"

static const char NONE[] = "<none>";

struct image_name image_name_of(const char *reference, struct arena *arena)
{
    struct image_name name = {NONE, NONE};
    struct image_reference parsed;
    char *familiar;

    if (image_digest_is_valid(reference) ||
        image_reference_parse(reference, arena, &parsed, NULL) < 0)
        return name;
    name.tag = parsed.tag ? parsed.tag : NONE;
    familiar = image_reference_familiar(&parsed, arena);
    /* The repository alone has no spelling of its own: cut it off before tag or digest. */
    if (parsed.digest)
        *strchr(familiar, '@') = '\0';
    else if (string_ends_with(familiar, name.tag))
        familiar[strlen(familiar) - strlen(name.tag) - 1] = '\0';
    name.repository = familiar;
    return name;
}
