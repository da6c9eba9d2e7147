/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/mount_points.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/limits.h"

static const char layer_name[] = "mount-points";

static const char *const directories[] = {"proc", "sys", "dev", "etc"};
static const char *const files[] = {"etc/hosts", "etc/hostname", "etc/resolv.conf"};

/* What is missing after a crash each container makes for itself. */
int mount_points_make(const struct project_dir *dir, struct error *err)
{
    scoped_fd int layer_fd = -1;

    if (mkdirat(dir->data_fd, layer_name, 0755) < 0)
        return errno == EEXIST ? 0 : error_sys(err, "make directory '%s'", layer_name);
    layer_fd = openat(dir->data_fd, layer_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (layer_fd < 0)
        return error_sys(err, "open '%s'", layer_name);
    for (size_t i = 0; i < ARRAY_LENGTH(directories); i++)
        if (mkdirat(layer_fd, directories[i], 0755) < 0)
            return error_sys(err, "make mount point '/%s'", directories[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
        if (mknodat(layer_fd, files[i], S_IFREG | 0644, 0) < 0)
            return error_sys(err, "make mount point '/%s'", files[i]);
    return 0;
}

struct string_list mount_points_below(const struct project_dir *dir, struct string_list layers,
                                      struct arena *arena)
{
    struct string_list all = {0};

    if (layers.count == 0 || layers.count >= LIMIT_LAYERS)
        return layers;
    string_list_add(arena, &all, arena_printf(arena, "%s/%s", dir->data_path, layer_name));
    for (size_t i = 0; i < layers.count; i++)
        string_list_add(arena, &all, layers.items[i]);
    return all;
}
