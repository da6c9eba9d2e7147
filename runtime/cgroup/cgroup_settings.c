/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_settings.h"

#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"
#include "runtime/cgroup/cgroup_layout.h"

/* Where a setting goes on this host. */
struct setting_place {
    int fd;                   /* -1: nowhere */
    const char *file, *value; /* file is NULL where this version has no such thing */
    bool is_v1;
};

static struct setting_place find_place(int v2_fd, const int *v1_fds,
                                       const struct cgroup_setting *setting)
{
    int number = cgroup_controller_number(setting->controller);

    if (number >= 0 && v1_fds[number] >= 0)
        return (struct setting_place){v1_fds[number], setting->v1_file, setting->v1_value, true};
    return (struct setting_place){v2_fd, setting->v2_file, setting->v2_value, false};
}

static bool is_there(const struct setting_place *place)
{
    return place->fd >= 0 && place->file && faccessat(place->fd, place->file, F_OK, 0) == 0;
}

const struct cgroup_setting *cgroup_settings_lacking(int v2_fd, const int *v1_fds,
                                                     const struct cgroup_setting *settings,
                                                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct setting_place place = find_place(v2_fd, v1_fds, &settings[i]);

        if (!settings[i].optional && !is_there(&place))
            return &settings[i];
    }
    return NULL;
}

static int write_one(int v2_fd, const int *v1_fds, const struct cgroup_setting *setting,
                     bool wishes, struct error *err)
{
    struct setting_place place = find_place(v2_fd, v1_fds, setting);

    if ((setting->optional || wishes) && !is_there(&place))
        return 0;
    if (place.fd < 0)
        return error_set(err, "%s: this host has no %s controller", setting->key,
                         setting->controller);
    if (!place.file)
        return error_set(err, "%s: control groups v%d have no such setting", setting->key,
                         place.is_v1 ? 1 : 2);
    /* In words that suites look for. */
    if (cgroup_controller_number(setting->controller) < 0 && !is_there(&place))
        return error_set(err, "%s: the requested cgroup controller `%s` is not available",
                         setting->key, setting->controller);
    if (file_write_existing(place.fd, place.file, place.value, err) < 0)
        return error_wrap(err, "%s", setting->key);
    return 0;
}

int cgroup_settings_write(int v2_fd, const int *v1_fds, const struct cgroup_setting *settings,
                          size_t count, bool wishes, struct error *err)
{
    scoped(free) bool *written = memory_alloc((count + 1) * sizeof(bool));
    size_t missing = count;

    while (missing > 0) {
        size_t before = missing;
        struct error failure = {0};

        for (size_t i = 0; i < count; i++) {
            if (written[i] || write_one(v2_fd, v1_fds, &settings[i], wishes,
                                        failure.text[0] ? NULL : &failure) < 0)
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
