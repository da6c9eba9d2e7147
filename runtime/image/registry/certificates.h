/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates for single registries, in folders as docker's and containers': certs.d/HOST[:PORT]/
 * with authorities in *.crt and our own certificate in NAME.cert and NAME.key.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_CERTIFICATES_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_CERTIFICATES_H

#include "runtime/image/registry/http.h"

/*
 * Reads what `folder`/HOST holds, if there is such a folder: authorities are added to those in
 * `tls`, a certificate of ours is taken unless there is one. Texts live in the arena.
 */
MUST_CHECK int certificates_read(const char *folder, const char *host, struct arena *arena,
                                 struct http_tls *tls, struct error *err);

/* Adds the authorities of one file. */
MUST_CHECK int certificates_add_authorities(const char *file, struct arena *arena,
                                            struct http_tls *tls, struct error *err);

#endif
