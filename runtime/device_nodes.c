/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/device_nodes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/filesystem.h"

/* Without a call that could allocate: the child asks as well. */
void device_node_name(size_t index, char ret_name[DEVICE_NODE_NAME_SIZE])
{
    for (size_t i = DEVICE_NODE_NAME_SIZE - 1; i-- > 0; index /= 10)
        ret_name[i] = (char)('0' + index % 10);
    ret_name[DEVICE_NODE_NAME_SIZE - 1] = '\0';
}

/* Who is not mapped shows as nobody, as root of the machine does. */
static uint32_t outside_of(const struct id_ranges *ranges, uint32_t inside)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (inside >= ranges->items[i].inside &&
            inside - ranges->items[i].inside < ranges->items[i].count)
            return ranges->items[i].outside + (inside - ranges->items[i].inside);
    return 0;
}

int device_node_make(const struct bundle_spec *bundle, size_t index, int *tree_fd,
                     struct error *err)
{
    const struct node_spec *node = &bundle->nodes[index];
    char name[DEVICE_NODE_NAME_SIZE];

    if (*tree_fd < 0)
        *tree_fd = filesystem_make("tmpfs", 0, NULL);
    device_node_name(index, name);
    if (*tree_fd < 0 || mknodat(*tree_fd, name, node->type | 0600, node->number) < 0 ||
        fchownat(*tree_fd, name, outside_of(&bundle->uids, node->uid),
                 outside_of(&bundle->gids, node->gid), AT_SYMLINK_NOFOLLOW) < 0 ||
        fchmodat(*tree_fd, name, node->mode, 0) < 0)
        return error_sys(err, "make device '%s'", node->path);
    return 0;
}
