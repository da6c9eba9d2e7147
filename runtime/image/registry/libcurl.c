/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/libcurl.h"

#include "common/cleanup.h"

int libcurl_load(struct libcurl *ret_lib, struct error *err)
{
    static const char *const names[] = {LIBCURL_FUNCTIONS(LIBRARY_NAME)};

    return library_load("libcurl.so.4", names, ARRAY_LENGTH(names), ret_lib, err);
}
