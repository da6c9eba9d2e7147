/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/paths.h"

#include <ctype.h>
#include <string.h>

#include "common/path.h"
#include "common/text.h"

void paths_resolve(struct loader *loader, const char *directory, struct node *node,
                   const struct shape *shape)
{
    if (!shape)
        return;
    if (shape->resolve)
        shape->resolve(loader, directory, node);
    if (node->kind == NODE_MAP) {
        for (size_t i = 0; i < node->map.count; i++)
            paths_resolve(loader, directory, node->map.entries[i].value,
                          shape_of_entry(shape, node->map.entries[i].key));
    } else if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->list.count; i++)
            paths_resolve(loader, directory, node->list.items[i], shape_of_item(shape));
    }
}

/* "~" and "~/x"; another user's home is left alone. */
static const char *expand_home(struct loader *loader, const char *path)
{
    const char *home = variables_get(loader->scope.variables, "HOME");

    if (path[0] != '~' || (path[1] && path[1] != '/') || !home)
        return path;
    return arena_printf(loader->arena, "%s%s", home, path + 1);
}

const char *paths_absolute(struct loader *loader, const char *directory, const char *path)
{
    return path_join(loader->arena, directory, expand_home(loader, path));
}

bool paths_is_remote(const char *text)
{
    static const char *const prefixes[] = {"http://",     "https://",      "git://", "ssh://",
                                           "github.com/", "docker-image:", "oci://", "git@",
                                           "git+ssh://",  "oci-layout://", "target:"};

    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        if (string_starts_with(text, prefixes[i]))
            return true;
    }
    return strstr(text, "://") != NULL;
}

static bool is_windows_absolute(const char *path)
{
    return (isalpha((unsigned char)path[0]) && path[1] == ':' &&
            (path[2] == '\\' || path[2] == '/')) ||
           string_starts_with(path, "\\\\");
}

void resolve_file(struct loader *loader, const char *directory, struct node *node)
{
    const char *path = node_text(node);

    if (path && *path && *path != '/' && !is_windows_absolute(path))
        node->text = paths_absolute(loader, directory, path);
}

void resolve_context(struct loader *loader, const char *directory, struct node *node)
{
    const char *path = node_text(node);

    if (path && *path != '/' && !paths_is_remote(path) && !string_starts_with(path, "service:"))
        node->text = paths_absolute(loader, directory, path);
}

void resolve_mount(struct loader *loader, const char *directory, struct node *node)
{
    struct node *source = node_get(node, "source");
    const char *path = node_text(source);

    if (!path || !string_eq(node_get_text(node, "type"), "bind") || is_windows_absolute(path))
        return;
    if (*path == '/')
        return;
    source->text = paths_absolute(loader, directory, path);
}

/* A local volume with o=bind is a directory of the host. */
void resolve_volume(struct loader *loader, const char *directory, struct node *node)
{
    const struct node *options = node_get(node, "driver_opts");
    struct node *device = node_get(options, "device");
    const char *kind = node_get_text(options, "o");
    const char *driver = node_get_text(node, "driver");

    if (driver && strcmp(driver, "local") == 0 && string_eq(kind, "bind") && node_text(device))
        device->text = paths_absolute(loader, directory, device->text);
}
