/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_settings.h"

#include <stdbool.h>
#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"
#include "runtime/cgroup/cgroup_layout.h"

static int write_one(int v2_fd, const int *v1_fds, const struct cgroup_setting *setting,
                     struct error *err)
{
    int number = cgroup_controller_number(setting->controller);
    bool is_v1 = number >= 0 && v1_fds[number] >= 0;
    int fd = is_v1 ? v1_fds[number] : v2_fd;
    const char *file = is_v1 ? setting->v1_file : setting->v2_file;

    if (setting->optional && (fd < 0 || !file || faccessat(fd, file, F_OK, 0) < 0))
        return 0;
    if (fd < 0)
        return error_set(err, "%s: this host has no %s controller", setting->key,
                         setting->controller);
    if (!file)
        return error_set(err, "%s: control groups v%d have no such setting", setting->key,
                         is_v1 ? 1 : 2);
    if (file_write_existing(fd, file, is_v1 ? setting->v1_value : setting->v2_value, err) < 0)
        return error_wrap(err, "%s", setting->key);
    return 0;
}

int cgroup_settings_write(int v2_fd, const int *v1_fds, const struct cgroup_setting *settings,
                          size_t count, struct error *err)
{
    scoped(free) bool *written = memory_alloc((count + 1) * sizeof(bool));
    size_t missing = count;

    while (missing > 0) {
        size_t before = missing;
        struct error failure = {0};

        for (size_t i = 0; i < count; i++) {
            if (written[i] ||
                write_one(v2_fd, v1_fds, &settings[i], failure.text[0] ? NULL : &failure) < 0)
                continue;
            written[i] = true;
            missing--;
        }
        if (missing == before) {
            if (err)
                *err = failure;
            return -1;
        }
    }
    return 0;
}
