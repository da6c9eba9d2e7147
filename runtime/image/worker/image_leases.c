/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_leases.h"

#include "common/file.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/worker/dir_names.h"

int image_leases_read(const struct image_store *store, struct arena *arena,
                      struct image_leases *ret_leases, struct error *err)
{
    int leases_fd = image_store_leases_fd(store);
    struct image_leases leases = {0};
    struct string_list holders;

    if (dir_names_read(leases_fd, arena, &holders, err) < 0)
        return error_wrap(err, "'leases'");
    leases.leases = arena_new_array(arena, struct image_lease, holders.count + 1);
    for (size_t i = 0; i < holders.count; i++) {
        scoped_text struct text digest = {0};
        bool exists;

        if (file_read(leases_fd, holders.items[i], IMAGE_DIGEST_SIZE, &digest, &exists, err) < 0)
            return error_wrap(err, "read lease '%s'", holders.items[i]);
        if (exists && image_digest_is_valid(text_get(&digest)))
            leases.leases[leases.count++] = (struct image_lease){
                .holder = holders.items[i], .id = arena_strdup(arena, text_get(&digest))};
    }
    *ret_leases = leases;
    return 0;
}

const char *image_leases_holder(const struct image_leases *leases, const char *id)
{
    for (size_t i = 0; i < leases->count; i++) {
        if (string_eq(leases->leases[i].id, id))
            return leases->leases[i].holder;
    }
    return NULL;
}
