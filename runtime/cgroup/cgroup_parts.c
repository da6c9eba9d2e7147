/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_parts.h"

#include <unistd.h>

#include "common/own_ids.h"
#include "common/text.h"
#include "runtime/cgroup/cgroup_limits.h"
#include "runtime/cgroup/cgroup_v2.h"

/* What an ordinary user can do under systemd; "" where it would not help. */
static const char *scope_remedy(void)
{
    return !own_ids_are_all()
               ? ": start it with 'systemd-run --user --scope -p Delegate=yes yawl ...'"
               : "";
}

static const char *delegation_remedy(void)
{
    return !own_ids_are_all() ? ": an administrator gives it with 'Delegate=cpu cpuset io "
                                "memory pids' in a drop-in of user@.service"
                              : "";
}

/* Refuses a limit whose controller cannot be had, and says why. */
static int check_controller(const struct cgroup_layout *layout, enum cgroup_controller controller,
                            const char *key, struct error *err)
{
    const struct cgroup_place *v1 = &layout->v1[controller];
    const char *name = cgroup_controller_name(controller);

    if (v1->mount && v1->root)
        return 0;
    if (v1->mount)
        return error_set(err, "limit '%s': the %s controller belongs to somebody else in '%s%s'",
                         key, name, v1->mount, v1->own);
    if (!layout->v2.mount)
        return error_set(err, "limit '%s': this host has no %s controller", key, name);
    if (!layout->v2.root)
        return error_set(
            err,
            "limit '%s': the %s controller needs a delegated control group, and '%s%s' "
            "is none%s",
            key, name, layout->v2.mount, layout->v2.own, scope_remedy());
    if (!(cgroup_v2_available(layout->v2.root) & CONTROLLER_BIT(controller)))
        return error_set(err, "limit '%s': there is no %s controller in '%s'%s", key, name,
                         layout->v2.root, delegation_remedy());
    return 0;
}

static void choose_every_part(const struct cgroup_layout *layout, struct cgroup_parts *parts,
                              unsigned *v2_controllers)
{
    if (layout->v2.root)
        *v2_controllers |= cgroup_v2_available(layout->v2.root);
    for (unsigned i = 0; i < CONTROLLER_COUNT; i++) {
        parts->v1_roots[i] = layout->v1[i].root;
        if (layout->v1[i].mount)
            *v2_controllers &= ~CONTROLLER_BIT(i);
    }
}

int cgroup_parts_choose(const struct cgroup_layout *layout, const struct resource_spec *resources,
                        bool wishes, struct cgroup_parts *ret_parts, unsigned *ret_v2_controllers,
                        struct error *err)
{
    unsigned needed = cgroup_limits_controllers(resources);

    *ret_parts = (struct cgroup_parts){.v2_root = layout->v2.root};
    *ret_v2_controllers = 0;
    for (unsigned i = 0; i < CONTROLLER_COUNT; i++) {
        enum cgroup_controller controller = (enum cgroup_controller)i;

        if (!(needed & CONTROLLER_BIT(i)))
            continue;
        if (check_controller(layout, controller, cgroup_limits_key(resources, controller),
                             wishes ? NULL : err) < 0) {
            if (!wishes)
                return -1;
            continue;
        }
        if (layout->v1[i].mount)
            ret_parts->v1_roots[i] = layout->v1[i].root;
        else
            *ret_v2_controllers |= CONTROLLER_BIT(i);
    }
    if (resources->everywhere)
        choose_every_part(layout, ret_parts, ret_v2_controllers);
    if (!layout->v2.root) {
        ret_parts->v1_roots[CONTROLLER_FREEZER] = layout->v1[CONTROLLER_FREEZER].root;
        ret_parts->v1_roots[CONTROLLER_DEVICES] = layout->v1[CONTROLLER_DEVICES].root;
    }
    return 0;
}

/* The kernel's own top has these files, where groups have them at all. */
void cgroup_parts_lack(const struct cgroup_layout *layout, const struct resource_spec *resources,
                       struct error *ret_lack)
{
    scoped_text struct text keys = {0};

    for (size_t i = 0; i < resources->n_settings; i++) {
        const struct cgroup_setting *setting = &resources->settings[i];
        int number = cgroup_controller_number(setting->controller);
        const struct cgroup_place *v1 = number < 0 ? NULL : &layout->v1[number];
        scoped_text struct text path = {0};

        if (!setting->optional || setting->v2_file || !v1)
            continue;
        if (v1->mount)
            text_appendf(&path, "%s/%s", v1->mount, setting->v1_file);
        if (!v1->mount || access(text_get(&path), F_OK) < 0)
            text_appendf(&keys, "%s'%s'", keys.length ? ", " : "", setting->key);
    }
    if (keys.length)
        (void)error_set(ret_lack, "control groups of this kernel have no %s", text_get(&keys));
}
