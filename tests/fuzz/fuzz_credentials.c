/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a file of credentials and asks it for some; helpers are never run. */
#include "tests/fuzz/fuzz.h"

#include "common/text.h"
#include "runtime/image/registry/credentials.h"

static void ask(const struct credentials *credentials, const char *registry, const char *repository)
{
    scoped_credential struct credential credential = {0};
    struct error err = {0};
    bool found = false;

    if (credentials_find(credentials, registry, repository, &credential, &found, &err) < 0)
        return;
    fuzz_require(!found || credential.secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(credentials_free) struct credentials *credentials = credentials_new();
    scoped_text struct text text = {0};
    struct error err = {0};

    text_append_bytes(&text, data, size);
    if (credentials_parse(credentials, "config.json", text_get(&text), text.length, &err) < 0) {
        fuzz_require(err.text[0] != '\0');
        return 0;
    }
    if (setenv("PATH", "/nowhere", 1) < 0)
        abort();
    ask(credentials, "docker.io", "library/postgres");
    ask(credentials, "h", "n/x");
    return 0;
}
