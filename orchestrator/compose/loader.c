/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/loader.h"

#include "common/text.h"

static void add(struct loader *loader, struct diagnostic entry, const struct node *node,
                const struct trail *trail)
{
    entry.path = trail_text(loader->arena, trail);
    if (node) {
        entry.at = node->at;
        entry.came_by = node->came_by;
        entry.came_how = node->came_how;
        if (entry.came_by.line == 0 && node->shadows) {
            entry.came_by = node->shadows->at;
            entry.came_how = "replaces";
        }
    }
    diagnostics_add(loader->diagnostics, &entry);
}

void loader_error(struct loader *loader, const struct node *node, const struct trail *trail,
                  const char *format, ...)
{
    scoped_text struct text message = {0};
    struct diagnostic entry = {.severity = SEVERITY_ERROR};
    va_list args;

    va_start(args, format);
    text_vappendf(&message, format, args);
    va_end(args);
    entry.message = text_get(&message);
    add(loader, entry, node, trail);
}

void loader_warning(struct loader *loader, const struct node *node, const struct trail *trail,
                    const char *format, ...)
{
    scoped_text struct text message = {0};
    struct diagnostic entry = {.severity = SEVERITY_WARNING};
    va_list args;

    va_start(args, format);
    text_vappendf(&message, format, args);
    va_end(args);
    entry.message = text_get(&message);
    add(loader, entry, node, trail);
}

void loader_error_hint(struct loader *loader, const struct node *node, const struct trail *trail,
                       const char *meant, const char *message)
{
    struct diagnostic entry = {.severity = SEVERITY_ERROR, .message = message};

    if (meant)
        entry.hint = arena_printf(loader->arena, "did you mean '%s'?", meant);
    add(loader, entry, node, trail);
}

bool loader_failed(const struct loader *loader)
{
    return diagnostics_count(loader->diagnostics, SEVERITY_ERROR) > 0;
}
