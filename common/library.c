/* SPDX-License-Identifier: Apache-2.0 */
#include "common/library.h"

#include <dlfcn.h>
#include <string.h>

int library_load(const char *soname, const char *const *names, size_t n_names, void *ret_table,
                 struct error *err)
{
    /* Loaded already, it is only counted; the count is never given back. */
    void *library = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
    char *place = ret_table;

    if (!library)
        return error_set(err, "load library '%s': %s", soname, dlerror());
    for (size_t i = 0; i < n_names; i++) {
        void *function = dlsym(library, names[i]);

        if (!function)
            return error_set(err, "library '%s' has no function '%s'", soname, names[i]);
        memcpy(place + i * sizeof(function), &function, sizeof(function));
    }
    return 0;
}
