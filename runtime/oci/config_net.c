/* SPDX-License-Identifier: Apache-2.0 */
#include <net/if.h>
#include <string.h>

#include "common/text.h"
#include "runtime/oci/config.h"

enum { MAX_DEVICES = 256 };

static bool is_device_name(const char *name)
{
    return *name && strlen(name) < IF_NAMESIZE && !strpbrk(name, "/: \t\n\v\f\r%") &&
           !string_eq(name, ".") && !string_eq(name, "..");
}

void oci_net_devices_read(struct oci_reader *reader, struct oci_at linux_at,
                          struct oci_config *config)
{
    struct oci_at at = oci_object(reader, linux_at, "netDevices");
    size_t count = json_object_size(at.json);
    const char *name;
    json_t *value;

    if (count == 0)
        return;
    if (count > MAX_DEVICES)
        oci_fail(reader, linux_at, "netDevices", "more than %d", MAX_DEVICES);
    if (!bundle_has_namespace(&config->bundle, CLONE_NEWNET))
        oci_fail(reader, linux_at, "netDevices",
                 "needs a network namespace: add {\"type\":\"network\"}");
    config->net_devices = arena_new_array(reader->arena, struct oci_net_device, count);
    /* jansson iterates over what it could change */
    json_object_foreach((json_t *)(uintptr_t)at.json, name, value) {
        struct oci_at device_at = oci_object(reader, at, name);
        struct oci_net_device device = {.name = arena_strdup(reader->arena, name)};

        device.new_name = device.name;
        (void)oci_string(reader, device_at, "name", &device.new_name);
        if (!*device.new_name)
            device.new_name = device.name;
        if (!is_device_name(device.name) || !is_device_name(device.new_name))
            oci_fail(reader, at, name, "'%s' is no name for a network device",
                     is_device_name(device.name) ? device.new_name : device.name);
        if (reader->failed)
            return;
        config->net_devices[config->n_net_devices++] = device;
    }
}
