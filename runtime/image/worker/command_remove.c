/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/text.h"
#include "common/units.h"
#include "runtime/image/worker/commands.h"
#include "runtime/image/worker/image_collect.h"
#include "runtime/image/worker/image_tags.h"
#include "runtime/image/worker/step_cache.h"
#include "runtime/image/worker/timestamp.h"

enum { RM_PATIENCE_MS = 200, PRUNE_PATIENCE_MS = 10000 };

static void print_untagged(const struct command_options *options, const struct untagged *untagged)
{
    for (size_t i = 0; i < untagged->references.count; i++)
        (void)printf("Untagged: %s\n",
                     command_familiar(untagged->references.items[i], options->arena));
    for (size_t i = 0; i < untagged->ids.count; i++)
        (void)printf("Deleted: %s\n", untagged->ids.items[i]);
}

int command_tag(const struct command_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);

    if (!store || image_tag(store, options->operands[0], options->operands[1], err) < 0)
        return error_wrap(err, "tag '%s'", options->operands[0]);
    return 0;
}

int command_rm(const struct command_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);
    const struct collect_spec collect = {.patience_ms = RM_PATIENCE_MS, .keep_downloads = true};
    struct untagged untagged = {0};
    struct collected collected;
    int result = 0;

    if (!store)
        return -1;
    for (int i = 0; i < options->n_operands; i++) {
        struct error one = {0};

        if (image_untag(store, options->operands[i], options->force, options->arena, &untagged,
                        &one) < 0) {
            error_wrap(&one, "remove '%s'", options->operands[i]);
            command_complain(&one);
            result = -1;
        }
    }
    print_untagged(options, &untagged);
    if (untagged.ids.count > 0)
        (void)!image_collect(store, &collect, &collected, NULL);
    return result;
}

/* "until=24h" */
static int read_filter(const char *filter, struct untag_rule *rule, struct error *err)
{
    static const char until[] = "until=";

    if (!string_starts_with(filter, until))
        return error_set(err, "the filter '%s' is not known; 'until=TIME' is", filter);
    if (!timestamp_parse_moment(filter + strlen(until), time(NULL), &rule->created_before))
        return error_set(err, "'%s' is no time: it may be 24h, 2026-01-31T12:00:00Z or seconds",
                         filter + strlen(until));
    return 0;
}

static int collect_and_tell(struct image_store *store, struct error *err)
{
    const struct collect_spec collect = {.patience_ms = PRUNE_PATIENCE_MS};
    scoped_text struct text size = {0};
    struct collected collected;

    if (image_collect(store, &collect, &collected, err) < 0)
        return -1;
    (void)printf("Removed %zu layers, %zu blobs, %zu leftovers\n", collected.n_layers,
                 collected.n_blobs, collected.n_leftovers);
    bytes_format((uint64_t)collected.bytes, &size);
    (void)printf("Total reclaimed space: %s\n", text_get(&size));
    return 0;
}

static int prune(const struct command_options *options, struct image_store *store,
                 struct error *err)
{
    struct untag_rule rule = {.all = options->all};
    struct untagged untagged = {0};

    for (size_t i = 0; i < options->filters.count; i++) {
        if (read_filter(options->filters.items[i], &rule, err) < 0)
            return -1;
    }
    if (image_untag_unused(store, &rule, options->arena, &untagged, err) < 0)
        return -1;
    print_untagged(options, &untagged);
    return collect_and_tell(store, err);
}

static int prune_steps(const struct command_options *options, struct image_store *store,
                       struct error *err)
{
    enum { KEPT_S = 14 * 24 * 3600 }; /* what was used in the last fortnight stays */
    struct step_prune rule = {.before = time(NULL) - KEPT_S, .all = options->all};
    size_t count;

    for (size_t i = 0; i < options->filters.count; i++) {
        struct untag_rule filter = {0};

        if (read_filter(options->filters.items[i], &filter, err) < 0)
            return -1;
        rule.before = filter.created_before;
    }
    if (step_cache_prune(store, &rule, &count, err) < 0)
        return -1;
    (void)printf("Forgot %zu steps\n", count);
    return collect_and_tell(store, err);
}

int command_prune_steps(const struct command_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);

    return store && prune_steps(options, store, err) == 0 ? 0 : error_wrap(err, "prune");
}

int command_prune(const struct command_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);

    return store && prune(options, store, err) == 0 ? 0 : error_wrap(err, "prune");
}
