/* SPDX-License-Identifier: Apache-2.0 */
#include "common/text.h"
#include "runtime/image/worker/commands.h"
#include "runtime/image/worker/save_list.h"

static int save(const struct command_options *options, struct image_store *store, struct error *err)
{
    scoped(archive_writer_free) struct archive_writer *writer = NULL;
    struct save_list list;

    if (save_list_read(store, options->operands, (size_t)options->n_operands, options->arena, &list,
                       err) < 0)
        return -1;
    writer = archive_writer_new(options->output, err);
    if (!writer)
        return -1;
    if ((string_eq(options->format, "docker") ? docker_save_write(store, &list, writer, err)
                                              : oci_save_write(store, &list, writer, err)) < 0 ||
        archive_writer_commit(writer, err) < 0)
        return error_wrap(err, "write '%s'", options->output);
    return 0;
}

int command_save(const struct command_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = NULL;

    if (options->format && !string_eq(options->format, "oci") &&
        !string_eq(options->format, "docker"))
        return error_set(err, "save: the format is 'oci' or 'docker', not '%s'", options->format);
    store = image_store_open(options->data_root, err);
    return store && save(options, store, err) == 0 ? 0 : error_wrap(err, "save");
}
