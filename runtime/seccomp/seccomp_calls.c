/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/seccomp_calls.h"

#include <stdlib.h>
#include <string.h>

static int compare_name(const void *name, const void *call)
{
    return strcmp(name, ((const struct seccomp_call *)call)->name);
}

const struct seccomp_call *seccomp_call_named(const char *name)
{
    return bsearch(name, seccomp_calls, seccomp_calls_count, sizeof(seccomp_calls[0]),
                   compare_name);
}
