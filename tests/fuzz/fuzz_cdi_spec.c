/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile CDI specification. No crash; every device that it has is found by its name in full, and
 * all that an edit names is as its header promises.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "orchestrator/compose/cdi_spec.h"

static void check_edits(const struct cdi_edits *edits)
{
    for (size_t i = 0; i < edits->env.count; i++)
        fuzz_require(strchr(edits->env.items[i], '=') > edits->env.items[i]);
    for (size_t i = 0; i < edits->n_nodes; i++)
        fuzz_require(edits->nodes[i].path[0] == '/' && edits->nodes[i].host_path[0] == '/' &&
                     *edits->nodes[i].permissions);
    for (size_t i = 0; i < edits->n_mounts; i++)
        fuzz_require(edits->mounts[i].host_path[0] == '/' &&
                     edits->mounts[i].container_path[0] == '/');
    for (size_t i = 0; i < edits->n_hooks; i++)
        fuzz_require(edits->hooks[i].path[0] == '/' && edits->hooks[i].timeout_s >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct error err = {0};
    struct cdi_spec spec;
    struct cdi_specs specs = {&spec, 1};

    if (cdi_spec_parse((const char *)data, size, "fuzz", arena, &spec, &err) < 0) {
        fuzz_require(*err.text);
        return 0;
    }
    check_edits(&spec.edits);
    for (size_t i = 0; i < spec.n_devices; i++) {
        const char *name = arena_printf(arena, "%s=%s", spec.kind, spec.devices[i].name);
        const struct cdi_spec *found_spec;
        const struct cdi_device *device;

        check_edits(&spec.devices[i].edits);
        fuzz_require(cdi_name_is_qualified(name));
        fuzz_require(cdi_specs_find(&specs, name, &found_spec, &device));
    }
    return 0;
}
