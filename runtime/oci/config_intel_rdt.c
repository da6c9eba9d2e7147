/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/text.h"
#include "runtime/oci/config.h"

enum { MAX_SCHEMATA = 64 };

/* Lines of one string, or of several. */
static void add_lines(struct oci_reader *reader, const char *text, struct string_list *lines)
{
    char *rest = arena_strdup(reader->arena, text), *line;

    while ((line = strsep(&rest, "\n")))
        if (*line)
            string_list_add(reader->arena, lines, line);
}

/* What the specification has beside `schemata`: one resource each. */
static void read_schema(struct oci_reader *reader, struct oci_at at, const char *key,
                        struct string_list *lines)
{
    const char *text = "";

    if (oci_string(reader, at, key, &text))
        add_lines(reader, text, lines);
}

static bool is_class_name(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/') && !strchr(name, '\n') && strlen(name) < 256;
}

void oci_intel_rdt_read(struct oci_reader *reader, struct oci_at linux_at,
                        struct oci_config *config)
{
    struct oci_at at = oci_object(reader, linux_at, "intelRdt");
    bool counts_cache = false, counts_bandwidth = false;
    struct string_list schemata = {0};
    struct resctrl_spec *spec;

    if (!at.json)
        return;
    spec = arena_new_object(reader->arena, struct resctrl_spec);
    if (oci_string(reader, at, "closID", &spec->class_name) && !is_class_name(spec->class_name))
        oci_fail(reader, at, "closID", "'%s' names no folder", spec->class_name);
    (void)oci_strings(reader, at, "schemata", &schemata);
    for (size_t i = 0; i < schemata.count; i++)
        add_lines(reader, schemata.items[i], &spec->schemata);
    read_schema(reader, at, "l3CacheSchema", &spec->schemata);
    read_schema(reader, at, "memBwSchema", &spec->schemata);
    if (spec->schemata.count > MAX_SCHEMATA)
        oci_fail(reader, at, "schemata", "more than %d lines", MAX_SCHEMATA);
    (void)oci_bool(reader, at, "enableMonitoring", &spec->monitors);
    /* Names of versions before 1.3 for the same. */
    (void)oci_bool(reader, at, "enableCMT", &counts_cache);
    (void)oci_bool(reader, at, "enableMBM", &counts_bandwidth);
    spec->monitors = spec->monitors || counts_cache || counts_bandwidth;
    config->resctrl = spec;
}
