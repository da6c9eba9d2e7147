/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"
#include "runtime/image/image_reference.h"
#include "runtime/image/worker/commands.h"
#include "runtime/image/worker/image_staging.h"
#include "runtime/image/worker/rootfs_import.h"
#include "runtime/image/worker/timestamp.h"

static int import(const struct command_options *options, struct image_store *store,
                  struct error *err)
{
    const char *path = options->operands[0];
    struct rootfs_spec spec = {.platform = options->platform,
                               .changes = options->changes,
                               .message = options->message,
                               .created = timestamp_format(time(NULL), options->arena)};
    char id[IMAGE_DIGEST_SIZE];
    scoped_fd int fd = -1;

    if (!spec.message)
        spec.message = arena_printf(options->arena, "Imported from %s", path);
    if (options->n_operands > 1 &&
        image_reference_normalise(options->operands[1], options->arena, &spec.reference, err) < 0)
        return -1;
    fd = string_eq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                              : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_sys(err, "open");
    if (rootfs_import(store, &spec, byte_source_of_stream(fd), id, err) < 0)
        return -1;
    (void)printf("%s\n", id);
    return 0;
}

int command_import(const struct command_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);

    if (!store)
        return -1;
    image_staging_sweep(store);
    if (import(options, store, err) < 0)
        return error_wrap(err, "import '%s'", options->operands[0]);
    return 0;
}
