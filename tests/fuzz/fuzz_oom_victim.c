/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the kernel's log. A name is as the line has it, and a size comes with a process alone.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/text.h"
#include "runtime/cgroup/oom_victim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped_text struct text text = {0};
    struct oom_victim victim = {0};
    char *rest = NULL;

    text_append_bytes(&text, data, size);
    if (size == 0)
        return 0;
    for (char *line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        struct oom_victim before = victim;

        oom_victim_take(&victim, "yawl/p/p-a-1.1", line);
        fuzz_require(strnlen(victim.name, sizeof(victim.name)) < sizeof(victim.name));
        if (!string_eq(before.name, victim.name))
            fuzz_require(strstr(line, victim.name) != NULL && victim.bytes == 0);
    }
    return 0;
}
