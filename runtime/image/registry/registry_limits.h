/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds on what a registry, a token server, a credential helper or a settings file may say,
 * and on how long we listen.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_LIMITS_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_REGISTRY_LIMITS_H

enum {
    LIMIT_HTTP_HEADER_BYTES = 64 * 1024, /* all headers of one response */
    LIMIT_HTTP_ERROR_BYTES = 64 * 1024,  /* kept of a body that tells of an error */
    LIMIT_HTTP_REDIRECTS = 10,
    LIMIT_URL_BYTES = 16 * 1024, /* signed storage addresses have some 2 KiB */

    LIMIT_CHALLENGE_BYTES = 16 * 1024, /* all WWW-Authenticate headers of one response */
    LIMIT_CHALLENGES = 16,
    LIMIT_CHALLENGE_PARAMETERS = 32,         /* of one challenge */
    LIMIT_TOKEN_DOCUMENT_BYTES = 256 * 1024, /* what a token server answers */
    LIMIT_TOKEN_BYTES = 32 * 1024,           /* becomes a header */
    LIMIT_TOKENS = 4096,                     /* remembered; then all are forgotten */

    LIMIT_CREDENTIAL_FILE_BYTES = 4 * 1024 * 1024,
    LIMIT_CREDENTIAL_BYTES = 64 * 1024, /* one user name or secret, one answer of a helper */
    LIMIT_CREDENTIAL_HELPER_MS = 60 * 1000,

    LIMIT_SETTINGS_FILE_BYTES = 1024 * 1024,
    LIMIT_CERTIFICATE_FILE_BYTES = 1024 * 1024,
    LIMIT_AUTHORITIES_BYTES = 8 * 1024 * 1024, /* the system's */
    LIMIT_CERTIFICATE_FILES = 64,              /* in one folder of certs.d */
    LIMIT_MIRRORS = 16,                        /* of one registry */

    LIMIT_TRIES = 5,                    /* of one step, where another try can help */
    LIMIT_RETRY_DELAY_MS = 15 * 1000,   /* the back-off grows up to here */
    LIMIT_RETRY_AFTER_MS = 120 * 1000,  /* longer waits that a registry asks for are refused */
    LIMIT_DOCUMENT_MS = 120 * 1000,     /* one document or short answer as a whole */
    LIMIT_REGISTRY_MESSAGE_BYTES = 400, /* of a registry's words in a message of ours */
};

#endif
