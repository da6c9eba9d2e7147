/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our init program (runtime/init/), carried inside of the library and executed from sealed memory,
 * so that no file of the host is ever reachable as /proc/1/exe (CVE-2019-5736).
 */
#ifndef YAWL_RUNTIME_INIT_IMAGE_H
#define YAWL_RUNTIME_INIT_IMAGE_H

#include "common/error.h"

/* A sealed memory file with the program. *ret_fd is the caller's. */
MUST_CHECK int init_image_open(int *ret_fd, struct error *err);

#endif
