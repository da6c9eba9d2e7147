/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/manifest_document.h"

static const char *layer_media_type(enum packing packing)
{
    static const char *const names[] = {
        [PACKING_NONE] = "application/vnd.oci.image.layer.v1.tar",
        [PACKING_GZIP] = "application/vnd.oci.image.layer.v1.tar+gzip",
        [PACKING_ZSTD] = "application/vnd.oci.image.layer.v1.tar+zstd",
    };

    return names[packing];
}

/* Digests and media types need no quoting. */
static void format_part(const struct manifest_part *part, const char *media_type, struct text *out)
{
    text_appendf(out, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%lld}", media_type,
                 part->digest, (long long)part->size);
}

void manifest_document_format(const struct manifest_parts *parts, struct text *out)
{
    text_append(out,
                "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_OCI_MANIFEST "\",\"config\":");
    format_part(&parts->config, MEDIA_TYPE_OCI_CONFIG, out);
    text_append(out, ",\"layers\":[");
    for (size_t i = 0; i < parts->n_layers; i++) {
        if (i > 0)
            text_append_char(out, ',');
        format_part(&parts->layers[i], layer_media_type(parts->layers[i].packing), out);
    }
    text_append(out, "]}");
}
