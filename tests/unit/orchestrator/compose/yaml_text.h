/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML in a test's own text to a tree, with the mistakes that were found.
 */
#ifndef YAWL_TESTS_UNIT_ORCHESTRATOR_COMPOSE_YAML_TEXT_H
#define YAWL_TESTS_UNIT_ORCHESTRATOR_COMPOSE_YAML_TEXT_H

#include <string.h>

#include "orchestrator/compose/loader.h"
#include "orchestrator/compose/yaml_reader.h"

/* What a stage needs: everything that the functions under test may look at. */
struct yaml_text {
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct compose_options options;
    struct loader loader;
};

static inline void yaml_text_init(struct yaml_text *test)
{
    static const char *const environment[] = {"HOME=/home/somebody", "EMPTY=", "SET=value", NULL};

    *test = (struct yaml_text){.arena = arena_new(), .diagnostics = diagnostics_new()};
    test->options.environment = environment;
    test->options.working_dir = "/project";
    test->loader.arena = test->arena;
    test->loader.diagnostics = test->diagnostics;
    test->loader.options = &test->options;
    test->loader.scope.directory = "/project";
    test->loader.scope.variables = variables_new(test->arena);
    variables_add_environment(test->loader.scope.variables, environment);
    test->loader.project_name = "project";
}

static inline void yaml_text_done(struct yaml_text *test)
{
    diagnostics_free(test->diagnostics);
    arena_free(test->arena);
}

#define scoped_yaml_text __attribute__((cleanup(yaml_text_done)))

/* All documents; NULL when the text is not usable. */
static inline struct node *yaml_text_read_all(struct yaml_text *test, const char *text)
{
    struct yaml_source source = {"test.yaml", text, strlen(text)};
    struct node *documents = NULL;

    return yaml_read(test->arena, test->diagnostics, &source, &documents) < 0 ? NULL : documents;
}

static inline struct node *yaml_text_read(struct yaml_text *test, const char *text)
{
    struct node *documents = yaml_text_read_all(test, text);

    return documents && documents->list.count ? documents->list.items[0] : NULL;
}

/* The first mistake's message, or "". */
static inline const char *yaml_text_mistake(const struct yaml_text *test)
{
    return diagnostics_length(test->diagnostics) ? diagnostics_get(test->diagnostics, 0)->message
                                                 : "";
}

#endif
