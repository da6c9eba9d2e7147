/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/image_leases.h"

#include "runtime/image/image_store.h"

/* Names of projects have no dot, so that "PROJECT.NAME" is one instance's alone. */
static void lease_name(const struct instance *instance, struct text *ret_name)
{
    text_appendf(ret_name, "%s.%s", instance->supervisor->project, instance->plan->name);
}

/* One lease for each image: its own, and those of its image volumes. */
static int lease_change(struct instance *instance, struct image_store *store, size_t index,
                        const char *digest, struct error *err)
{
    scoped_text struct text holder = {0};

    lease_name(instance, &holder);
    if (index > 0)
        text_appendf(&holder, ".%zu", index);
    return digest ? image_store_lease(store, text_get(&holder), digest, err)
                  : image_store_release(store, text_get(&holder), err);
}

/* All of the plan's, or none. */
static int leases_change(struct instance *instance, const struct plan_instance *plan, bool held,
                         struct error *err)
{
    const struct string_list *volumes = &plan->volume_images;
    scoped(image_store_free) struct image_store *store =
        image_store_open(instance->supervisor->roots.data, err);

    if (!store || lease_change(instance, store, 0, held ? plan->image_digest : NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < volumes->count; i++)
        if (lease_change(instance, store, i + 1, held ? volumes->items[i] : NULL, err) < 0)
            return -1;
    return 0;
}

int image_leases_take(struct instance *instance, struct error *err)
{
    return leases_change(instance, instance->plan, true, err);
}

int image_leases_release(struct instance *instance, struct error *err)
{
    return leases_change(instance, instance->made ? instance->made : instance->plan, false, err);
}

int image_leases_release_all(const struct supervisor *supervisor, struct error *err)
{
    scoped(image_store_free) struct image_store *store =
        image_store_open(supervisor->roots.data, err);
    scoped_text struct text prefix = {0};

    text_appendf(&prefix, "%s.", supervisor->project);
    return store ? image_store_release_all(store, text_get(&prefix), err) : -1;
}
