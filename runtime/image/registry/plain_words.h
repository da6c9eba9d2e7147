/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What strangers say, made fit for a message: control characters become blanks, bytes that are no
 * UTF-8 question marks, and the length is bounded.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_PLAIN_WORDS_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_PLAIN_WORDS_H

#include <stddef.h>

/* Writes at most `room` bytes with the NUL; what does not fit is cut and "..." tells so. Blanks in
 * a row become one. */
void plain_words(const char *bytes, size_t length, char *ret_words, size_t room);

#endif
