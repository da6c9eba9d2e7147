/* SPDX-License-Identifier: Apache-2.0 */
/* `yawl-image build`: carries an order of builds out. */
#include <fcntl.h>

#include "common/fd.h"
#include "common/limits.h"
#include "runtime/build/worker/build.h"
#include "runtime/build/worker/build_report.h"
#include "runtime/image/worker/commands.h"
#include "runtime/image/worker/image_fetch.h"

static int read_order(const char *path, struct arena *arena, struct build_order *out,
                      struct error *err)
{
    scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    scoped(json_release) json_t *json = NULL;
    scoped_text struct text bytes = {0};

    if (fd < 0)
        return error_sys(err, "open '%s'", path);
    if (fd_read_all(fd, LIMIT_JSON_BYTES, &bytes, err) < 0)
        return -1;
    json = json_parse(text_get(&bytes), bytes.length, err);
    return json ? codec_decode(build_order_codec, json, out, arena, err) : -1;
}

/* One after the other, in the order given: a later one may build on an earlier one's image. */
static int build_all(struct builder *builder, struct image_fetch *images, struct error *err)
{
    const struct build_order *order = builder->order;

    for (size_t i = 0; i < order->n_builds; i++) {
        char id[IMAGE_DIGEST_SIZE];

        if (build_run(builder, &order->builds[i], images, id, err) == 0)
            continue;
        build_report_error(order->builds[i].name, err->text);
        return error_set(err, "%s", ""); /* it was told */
    }
    return 0;
}

int command_build(const struct command_options *options, struct error *err)
{
    struct build_order order = {0};
    const struct builder_options builder_options = {options->data_root, &order};
    scoped(builder_free) struct builder *builder = NULL;
    scoped(image_fetch_free) struct image_fetch *images = NULL;

    if (read_order(options->operands[0], options->arena, &order, err) < 0)
        return error_wrap(err, "read the order");
    builder = builder_new(&builder_options, err);
    if (!builder)
        return -1;
    images = image_fetch_new(builder->store);
    return build_all(builder, images, err);
}
