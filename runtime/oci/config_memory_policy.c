/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/mempolicy.h>

#include "runtime/oci/config.h"

/* In the kernel's order; the headers here may end before it does. */
static const char *const modes[] = {
    "MPOL_DEFAULT",        "MPOL_PREFERRED",          "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL",
    "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE"};

static const struct oci_word flags[] = {
    {"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
    {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
    {"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
};

/* Which flags go with which mode, and which nodes there are, the kernel knows. */
void oci_memory_policy_read(struct oci_reader *reader, struct oci_at linux_at,
                            struct process_spec *process)
{
    struct oci_at at = oci_object(reader, linux_at, "memoryPolicy");
    struct memory_policy_spec *policy;
    const char *nodes = "";

    if (!at.json)
        return;
    policy = arena_new_object(reader->arena, struct memory_policy_spec);
    policy->mode = (int)oci_choice(reader, at, "mode", modes, ARRAY_LENGTH(modes)) |
                   (int)oci_bits(reader, at, "flags", flags, ARRAY_LENGTH(flags));
    (void)oci_string(reader, at, "nodes", &nodes);
    if (!number_set_parse(nodes, &policy->nodes))
        oci_fail(reader, at, "nodes", "'%s' is no list of nodes as '0-3,7'", nodes);
    process->memory_policy = policy;
}

json_t *oci_memory_policy_features(void)
{
    json_t *mode_list = json_array(), *flag_list = json_array();

    for (size_t i = 0; i < ARRAY_LENGTH(modes); i++)
        (void)json_array_append_new(mode_list, json_string(modes[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++)
        (void)json_array_append_new(flag_list, json_string(flags[i].name));
    return json_pack("{s:o,s:o}", "modes", mode_list, "flags", flag_list);
}
