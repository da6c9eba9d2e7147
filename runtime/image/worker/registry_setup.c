/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/registry_setup.h"

#include <stdint.h>
#include <stdlib.h>

#include "common/text.h"
#include "runtime/image/worker/worker_version.h"

static void on_notice(void *owner, const char *registry, const char *text)
{
    const struct report *report = owner;
    scoped_text struct text message = {0};

    text_appendf(&message, "%s: %s", registry, text);
    report_warning(report, NULL, text_get(&message));
}

/* The machine's settings, then the user's; YAWL_CONFIG_DIR stands for both. */
static void find_config_dirs(struct arena *arena, const char **dirs)
{
    const char *own = getenv("YAWL_CONFIG_DIR");
    const char *config_home = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");

    if (own && *own) {
        dirs[0] = own;
        return;
    }
    dirs[0] = "/etc/yawl";
    if (config_home && *config_home == '/')
        dirs[1] = arena_printf(arena, "%s/yawl", config_home);
    else if (home && *home == '/')
        dirs[1] = arena_printf(arena, "%s/.config/yawl", home);
}

const char *registry_user_agent(void)
{
    return "yawl/" YAWL_VERSION;
}

struct registry *registry_setup(struct arena *arena, const struct report *report, struct error *err)
{
    enum { MOST_DIRS = 3 }; /* the last one is NULL */
    struct registry_options *options = arena_new_object(arena, struct registry_options);
    const char **dirs = arena_new_array(arena, const char *, MOST_DIRS);

    find_config_dirs(arena, dirs);
    *options = (struct registry_options){.config_dirs = dirs,
                                         .user_agent = registry_user_agent(),
                                         .notice = on_notice,
                                         .owner = (void *)(uintptr_t)report};
    return registry_new(options, err);
}
