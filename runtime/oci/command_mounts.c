/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>

#include "common/file.h"
#include "common/limits.h"
#include "runtime/container_mounts.h"
#include "runtime/oci/record.h"

/* The file is an array of mounts as a configuration has it, which take the place of the
 * container's own. */
static int read_mounts(struct oci_call *call, const char *path, struct oci_config *config,
                       struct error *err)
{
    scoped_text struct text text = {0};
    scoped(json_release) json_t *root = NULL;
    struct oci_reader reader = {.arena = call->arena, .file = path};
    json_t *list;

    if (file_read(AT_FDCWD, path, LIMIT_JSON_BYTES, &text, NULL, err) < 0)
        return -1;
    list = oci_json_parse(text_get(&text), text.length, err);
    if (!list)
        return error_wrap(err, "%s", path);
    root = json_pack("{s:o}", "mounts", list);
    oci_mounts_read(&reader, (struct oci_at){root, ""}, config);
    return oci_finish(&reader, err);
}

static int change(struct oci_call *call, struct oci_container *container,
                  const struct string_list *operands, struct error *err)
{
    struct container_spec *spec = &container->config.container;

    if (!container->handle || container->status == OCI_CREATING)
        return error_set(err, "container '%s' is %s: only in one that runs mounts can be changed",
                         container->record.id, oci_status_name(container->status));
    if (read_mounts(call, operands->items[2], &container->config, err) < 0)
        return -1;
    return string_eq(operands->items[0], "add")
               ? container_mounts_add(container->handle, spec, err)
               : container_mounts_remove(container->handle, spec, err);
}

int command_mounts(struct oci_call *call, struct error *err)
{
    const struct option_row rows[] = {{0}};
    const struct oci_usage usage = {"mounts add|remove ID FILE", rows, 3, false};
    struct oci_container container;
    struct string_list operands = {0};
    int result = call_options(call, &usage, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (!string_eq(operands.items[0], "add") && !string_eq(operands.items[0], "remove"))
        return error_set(err, "mounts: '%s' is neither add nor remove", operands.items[0]);
    result = oci_container_open(call, operands.items[1], OCI_LOCKED, &container, err);
    if (result == 0)
        result = change(call, &container, &operands, err);
    oci_container_close(&container);
    return result;
}
