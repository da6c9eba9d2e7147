/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the documents of an image. Whatever they say, digests that are passed on are digests.
 *
 * Input: kind u8 (index, manifest, docker's list, configuration, steps in one) | JSON.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/limits.h"
#include "runtime/image/image_config.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/image_document.h"
#include "runtime/image/worker/step_records.h"

static void check_descriptor(const struct image_descriptor *descriptor)
{
    fuzz_require(image_digest_is_valid(descriptor->digest));
    fuzz_require(descriptor->size >= 0);
    fuzz_require(descriptor->media_type && descriptor->platform.architecture);
}

static void check_index(const char *json, size_t size, struct arena *arena)
{
    struct image_index index;

    if (image_index_parse(json, size, arena, &index, NULL) < 0)
        return;
    for (size_t i = 0; i < index.count; i++)
        check_descriptor(&index.entries[i]);
}

static void check_manifest(const char *json, size_t size, struct arena *arena)
{
    struct image_manifest manifest;

    if (image_manifest_parse(json, size, arena, &manifest, NULL) < 0)
        return;
    check_descriptor(&manifest.config);
    fuzz_require(manifest.n_layers <= LIMIT_LAYERS);
    for (size_t i = 0; i < manifest.n_layers; i++) {
        check_descriptor(&manifest.layers[i]);
        fuzz_require(manifest.layers[i].kind == MEDIA_LAYER);
    }
}

static void check_list(const char *json, size_t size, struct arena *arena)
{
    struct docker_list list;

    if (docker_list_parse(json, size, arena, &list, NULL) < 0)
        return;
    for (size_t i = 0; i < list.count; i++)
        fuzz_require(list.images[i].config && list.images[i].layers.count <= LIMIT_LAYERS);
}

static void check_config(const char *json, size_t size, struct arena *arena)
{
    struct image_config config;

    if (image_config_parse(json, size, arena, &config, NULL) < 0)
        return;
    fuzz_require(image_digest_is_valid(config.digest));
    fuzz_require(config.user && config.working_dir && config.stop_signal);
    fuzz_require(config.healthcheck.interval_ns >= 0);
    for (size_t i = 0; i < config.diff_ids.count; i++)
        fuzz_require(image_digest_is_valid(config.diff_ids.items[i]));
}

static void check_steps(const char *json, size_t size, struct arena *arena)
{
    struct step_records records;

    if (step_records_parse(json, size, arena, &records, NULL) < 0)
        return;
    fuzz_require(records.count <= LIMIT_STEP_RECORDS);
    for (size_t i = 0; i < records.count; i++) {
        const struct keyed_record *item = &records.items[i];

        fuzz_require(strspn(item->key, "0123456789abcdef") == SHA256_HEX_SIZE - 1);
        fuzz_require(!*item->record.diff_id || image_digest_is_valid(item->record.diff_id));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(const char *, size_t, struct arena *) = {
        check_index, check_manifest, check_list, check_config, check_steps};
    scoped(arena_free) struct arena *arena = arena_new();

    if (size > 0)
        checks[data[0] % ARRAY_LENGTH(checks)]((const char *)data + 1, size - 1, arena);
    return 0;
}
