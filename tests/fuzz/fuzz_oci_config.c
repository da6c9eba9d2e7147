/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the configuration of an OCI bundle, and compiles its filter. What is accepted is whole.
 */
#include "tests/fuzz/fuzz.h"

#include "runtime/oci/config.h"

static void check_spec(const struct container_spec *spec)
{
    fuzz_require(spec->cwd && spec->cwd[0] == '/');
    for (size_t i = 0; i < spec->n_mounts; i++) {
        fuzz_require(spec->mounts[i].target[0] == '/');
        fuzz_require(spec->mounts[i].kind != MOUNT_BIND || spec->mounts[i].source[0] == '/');
    }
}

static void check_bundle(const struct bundle_spec *bundle)
{
    fuzz_require(bundle->root_dir[0] == '/');
    for (size_t i = 0; i < bundle->n_joined; i++)
        fuzz_require(bundle->joined[i].path[0] == '/');
    for (size_t i = 0; i < bundle->n_nodes; i++)
        fuzz_require(bundle->nodes[i].path[0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text text = {0};
    struct oci_config config;

    text_append_bytes(&text, (const char *)data, size);
    if (oci_config_read(&(struct oci_config_source){&text, "/bundle", true}, arena, &config, NULL) <
        0)
        return 0;
    check_spec(&config.container);
    check_bundle(&config.bundle);
    return 0;
}
