/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/check_value.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "common/cleanup.h"

bool is_container_name(const char *text)
{
    for (; *text; text++) {
        if (isalnum((unsigned char)text[0]) && text[1] &&
            (isalnum((unsigned char)text[1]) || strchr("_.-", text[1])))
            return true;
    }
    return false;
}

bool is_pull_policy(const char *text)
{
    static const char *const words[] = {"always",  "never",   "build", "if_not_present",
                                        "missing", "refresh", "daily", "weekly"};
    const char *every = strstr(text, "every_");
    size_t digits;

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strstr(text, words[i]))
            return true;
    }
    if (!every)
        return false;
    digits = strspn(every + 6, "0123456789");
    return digits > 0 && every[6 + digits] && strchr("wdhms", every[6 + digits]);
}
