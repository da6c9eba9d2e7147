/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that are wiped before their memory is given back: passwords, tokens, and what held them.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_SECRET_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_SECRET_H

#include "common/json.h"
#include "common/text.h"

/* NULL gives NULL. The caller frees it with secret_free(). */
char *secret_copy(const char *text);
void secret_free(char *secret);
DEFINE_SCOPED(char *, secret_free)

void secret_text_done(struct text *text);
#define scoped_secret_text __attribute__((cleanup(secret_text_done), unused))

/* A document with secrets anywhere in it; nobody else may hold a part of it. */
void secret_json_free(json_t *json);
DEFINE_SCOPED(json_t *, secret_json_free)

#endif
