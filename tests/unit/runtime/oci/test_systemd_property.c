/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/systemd_property.h"

#include <criterion/criterion.h>

#include "common/text.h"

Test(systemd_property, values_of_the_bus_become_those_of_unit_files)
{
    static const struct {
        const char *name, *value, *property;
    } rows[] = {
        {"CollectMode", "'inactive-or-failed'", "CollectMode=inactive-or-failed"},
        {"TimeoutStopUSec", "uint64 5000000", "TimeoutStopSec=5000000us"},
        {"TimeoutStopUSec", "uint64 18446744073709551615", "TimeoutStopSec=infinity"},
        {"TimeoutStopSec", "30", "TimeoutStopSec=30"},
        {"DefaultDependencies", "true", "DefaultDependencies=true"},
        {"Description", "\"it\\'s\"", "Description=it's"},
        {"After", "['a.service', 'b.service']", "After=a.service b.service"},
        {"After", "@as []", "After="},
        {"CPUWeight", "uint64 100", "CPUWeight=100"},
    };
    scoped(arena_free) struct arena *arena = arena_new();

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        cr_expect_str_eq(systemd_property_parse(rows[i].name, rows[i].value, arena),
                         rows[i].property);
}

Test(systemd_property, what_is_no_property_is_refused)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"", "1"},           {"A-B", "1"},        {"A=B", "1"},          {"A", ""},
        {"A", "'open"},      {"A", "'a' 'b'"},    {"A", "['a'"},         {"A", "['a' 'b']"},
        {"A", "('a', 'b')"}, {"A", "{'a': 'b'}"}, {"A", "'two\nlines'"}, {"A", "'ends\\"},
    };
    scoped(arena_free) struct arena *arena = arena_new();

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        cr_expect_null(systemd_property_parse(rows[i].name, rows[i].value, arena), "%s=%s",
                       rows[i].name, rows[i].value);
}
