/* SPDX-License-Identifier: Apache-2.0 */
#include "common/id_map_program.h"

#include <string.h>

#include "common/helper_program.h"
#include "common/text.h"

int id_map_program_run(const struct string_list *words, struct error *err)
{
    const char *program = words->items[0];
    scoped_text struct text said = {0};
    struct helper_end end;

    if (helper_program_run(words->items, &said, &end, err) < 0)
        return -1;
    if (!end.found)
        return error_set(err, "there is no '%s': install the package 'uidmap' (or 'shadow-utils')",
                         program);
    if (end.success)
        return 0;
    return error_set(err, "%.*s (is '%s' installed with its setuid bit or capability?)",
                     (int)strcspn(text_get(&said), "\n"), text_get(&said), program);
}
