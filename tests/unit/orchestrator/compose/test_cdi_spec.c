/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "common/text.h"
#include "orchestrator/compose/cdi_spec.h"

static struct arena *arena;

static void begin(void)
{
    arena = arena_new();
}

static void end(void)
{
    arena_free(arena);
}

TestSuite(cdi_spec, .init = begin, .fini = end);

static struct cdi_spec parse(const char *text)
{
    struct error err = {0};
    struct cdi_spec spec = {0};

    cr_assert(eq(int, cdi_spec_parse(text, strlen(text), "x.yaml", arena, &spec, &err), 0), "%s",
              err.text);
    return spec;
}

/* `line`: 0 where there is no place. */
static void expect_mistake(const char *text, const char *words, unsigned line)
{
    struct error err = {0};
    struct cdi_spec spec;

    cr_assert(eq(int, cdi_spec_parse(text, strlen(text), "x.yaml", arena, &spec, &err), -1), "%s",
              text);
    cr_expect(strstr(err.text, words) != NULL, "'%s' is not in: %s", words, err.text);
    cr_expect(eq(uint, err.at.line, line), "%s", text);
}

Test(cdi_spec, all_parts_of_edits_are_read)
{
    struct cdi_spec spec = parse(
        "cdiVersion: 0.6.0\n"
        "kind: vendor.com/class\n"
        "containerEdits: {env: [COMMON=1]}\n"
        "devices:\n"
        "- name: '0'\n"
        "  containerEdits:\n"
        "    deviceNodes: [{path: /dev/a, hostPath: /dev/b, permissions: rw}, {path: /dev/c}]\n"
        "    mounts: [{hostPath: /h, containerPath: /c, options: [ro, rbind]}]\n"
        "    hooks: [{hookName: createContainer, path: /x, args: [x, y], timeout: 3}]\n"
        "    additionalGids: [44, 0]\n");
    const struct cdi_edits *edits = &spec.devices[0].edits;

    cr_expect_str_eq(spec.edits.env.items[0], "COMMON=1");
    cr_assert(eq(sz, edits->n_nodes, 2));
    cr_expect_str_eq(edits->nodes[0].host_path, "/dev/b");
    cr_expect_str_eq(edits->nodes[0].permissions, "rw");
    cr_expect_str_eq(edits->nodes[1].host_path, "/dev/c");
    cr_expect_str_eq(edits->nodes[1].permissions, "rwm");
    cr_expect_str_eq(edits->mounts[0].options.items[1], "rbind");
    cr_expect_str_eq(edits->hooks[0].args.items[1], "y");
    cr_expect(eq(int, edits->hooks[0].timeout_s, 3));
    cr_assert(eq(sz, edits->groups.count, 1));
    cr_expect_str_eq(edits->groups.items[0], "44");
}

Test(cdi_spec, json_is_read_as_well)
{
    struct cdi_spec spec =
        parse("{\"cdiVersion\":\"0.5.0\",\"kind\":\"a/b\",\"devices\":[{\"name\":\"x\"}]}");

    cr_expect_str_eq(spec.kind, "a/b");
    cr_expect_str_eq(spec.devices[0].name, "x");
}

Test(cdi_spec, mistakes_have_a_place)
{
    expect_mistake("kind: a/b", "'cdiVersion' is missing", 1);
    expect_mistake("cdiVersion: 1\nkind: nothing", "'kind' is to be", 2);
    expect_mistake("cdiVersion: 1\nkind: a/b\ndevices: [{name: -x}]", "no name of a device", 3);
    expect_mistake("cdiVersion: 1\nkind: a/b\ncontainerEdits: {env: [A]}", "not NAME=value", 3);
    expect_mistake("cdiVersion: 1\nkind: a/b\ncontainerEdits: {deviceNodes: [{path: x}]}",
                   "absolute path", 3);
    expect_mistake("cdiVersion: 1\nkind: a/b\ncontainerEdits: {hooks: [{hookName: x}]}",
                   "'path' is missing", 3);
    expect_mistake("[", "no YAML", 0);
}

Test(cdi_spec, names_in_full_are_told_from_paths)
{
    cr_expect(cdi_name_is_qualified("nvidia.com/gpu=all"));
    cr_expect(cdi_name_is_qualified("vendor.com/class_x=GPU-12:3"));
    cr_expect(not(cdi_name_is_qualified("/dev/sda=x")));
    cr_expect(not(cdi_name_is_qualified("/dev/null:/dev/x:rwm")));
    cr_expect(not(cdi_name_is_qualified("vendor.com/class")));
    cr_expect(not(cdi_name_is_qualified("vendor.com/class=")));
}

Test(cdi_spec, the_first_specification_that_has_the_device_wins)
{
    struct cdi_spec items[] = {
        parse("{cdiVersion: 1, kind: a/b, devices: [{name: x, containerEdits: {env: [N=1]}}]}"),
        parse("{cdiVersion: 1, kind: a/b, devices: [{name: x}, {name: y}]}")};
    const struct cdi_specs specs = {items, ARRAY_LENGTH(items)};
    const struct cdi_device *device;
    const struct cdi_spec *spec;

    cr_assert(cdi_specs_find(&specs, "a/b=x", &spec, &device));
    cr_expect(eq(sz, device->edits.env.count, 1));
    cr_assert(cdi_specs_find(&specs, "a/b=y", &spec, &device));
    cr_expect(spec == &items[1]);
    cr_expect(not(cdi_specs_find(&specs, "a/b=z", &spec, &device)));
    cr_expect(not(cdi_specs_find(&specs, "a/bc=x", &spec, &device)));
}
