/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded by who speaks HTTP. For http*.c alone, which are its home with this file.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_LIBCURL_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_LIBCURL_H

/* Its checks of the options' types are macros of the functions' names, which are members here. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "common/error.h"
#include "common/library.h"

#define LIBCURL_FUNCTIONS(X)                                                                       \
    X(curl_easy_cleanup)                                                                           \
    X(curl_easy_getinfo)                                                                           \
    X(curl_easy_init)                                                                              \
    X(curl_easy_setopt)                                                                            \
    X(curl_easy_strerror)                                                                          \
    X(curl_free)                                                                                   \
    X(curl_global_cleanup)                                                                         \
    X(curl_global_init)                                                                            \
    X(curl_multi_add_handle)                                                                       \
    X(curl_multi_assign)                                                                           \
    X(curl_multi_cleanup)                                                                          \
    X(curl_multi_info_read)                                                                        \
    X(curl_multi_init)                                                                             \
    X(curl_multi_remove_handle)                                                                    \
    X(curl_multi_setopt)                                                                           \
    X(curl_multi_socket_action)                                                                    \
    X(curl_slist_append)                                                                           \
    X(curl_slist_free_all)                                                                         \
    X(curl_url)                                                                                    \
    X(curl_url_cleanup)                                                                            \
    X(curl_url_get)                                                                                \
    X(curl_url_set)

/* Its functions, by their own names. */
struct libcurl {
    LIBCURL_FUNCTIONS(LIBRARY_POINTER)
};

MUST_CHECK int libcurl_load(struct libcurl *ret_lib, struct error *err);

#endif
