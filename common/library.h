/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared library that is loaded when it is first needed.
 *
 * A library that the program is linked with is paid for at each start, with all those below it: the
 * forty behind libcurl and libarchive took ten times as long as most of what the image worker does.
 * Who needs one has a table, a struct of nothing but pointers to functions, and fills it here. What
 * is loaded stays until the program ends; to fill another table from it costs some microseconds.
 */
#ifndef YAWL_COMMON_LIBRARY_H
#define YAWL_COMMON_LIBRARY_H

#include <stddef.h>

#include "common/cleanup.h"
#include "common/error.h"

/* The pieces of a table, for the list macro F of its functions: F(X) names each as X(function). */
#define LIBRARY_POINTER(function) __typeof__(function) *function;
#define LIBRARY_NAME(function) #function,

/* Loads the library of this name (as the dynamic linker knows it, with its version) and writes the
 * addresses of the named functions one behind the other to ret_table, which has room for them. Any
 * thread may call it. */
MUST_CHECK int library_load(const char *soname, const char *const *names, size_t n_names,
                            void *ret_table, struct error *err);

#endif
