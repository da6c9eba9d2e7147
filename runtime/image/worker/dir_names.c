/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/dir_names.h"

#include <dirent.h>
#include <fcntl.h>

#include "common/fd.h"
#include "common/text.h"

int dir_names_read(int dir_fd, struct arena *arena, struct string_list *ret_names,
                   struct error *err)
{
    int own_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own_fd < 0 ? NULL : fdopendir(own_fd);
    const struct dirent *entry;
    struct string_list names = {0};

    if (!dir) {
        fd_close(own_fd);
        return error_sys(err, "open directory");
    }
    while ((entry = readdir(dir))) {
        if (!string_eq(entry->d_name, ".") && !string_eq(entry->d_name, ".."))
            string_list_add(arena, &names, arena_strdup(arena, entry->d_name));
    }
    (void)closedir(dir);
    *ret_names = names;
    return 0;
}
