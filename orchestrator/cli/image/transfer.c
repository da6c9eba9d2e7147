/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/transfer.h"

#include <stdio.h>

#include "common/limits.h"

/* Beyond any link: what a clock that hardly moved would make of a large step. */
#define RATE_MOST 1e15

enum { MEASURE_MS = 500, LEAST_QUARTERED = 1000 * 1000 };

struct transfer *transfer_new(struct arena *arena, enum transfer_kind kind, size_t most)
{
    struct transfer *transfer = arena_new_object(arena, struct transfer);

    transfer->arena = arena;
    transfer->kind = kind;
    transfer->images = arena_new_array(arena, struct transfer_image, most);
    return transfer;
}

void transfer_append_plain(const char *text, struct text *out)
{
    for (; *text; text++)
        text_append_char(out, *text >= ' ' && *text <= '~' ? *text : '?');
}

static const char *plain_copy(struct arena *arena, const char *text)
{
    scoped_text struct text plain = {0};

    transfer_append_plain(text, &plain);
    return arena_strdup(arena, text_get(&plain));
}

const char *transfer_short_digest(const char *digest, char ret_short[13])
{
    const char *hex = string_starts_with(digest, "sha256:") ? digest + strlen("sha256:") : digest;

    (void)snprintf(ret_short, 13, "%.12s", hex);
    return ret_short;
}

void transfer_add(struct transfer *transfer, const char *reference, const char *label)
{
    if (transfer_find(transfer, reference))
        return;
    transfer->images[transfer->n_images++] =
        (struct transfer_image){.reference = arena_strdup(transfer->arena, reference),
                                .label = plain_copy(transfer->arena, label)};
}

struct transfer_image *transfer_find(const struct transfer *transfer, const char *reference)
{
    for (size_t i = 0; i < transfer->n_images; i++)
        if (string_eq(transfer->images[i].reference, reference))
            return &transfer->images[i];
    return NULL;
}

size_t transfer_count(const struct transfer *transfer, enum transfer_phase phase)
{
    size_t count = 0;

    for (size_t i = 0; i < transfer->n_images; i++)
        count += transfer->images[i].phase == phase;
    return count;
}

/* -- layers */

/* NULL when there are more than an image can have. */
static struct transfer_layer *layer_of(struct transfer *transfer, struct transfer_image *image,
                                       const char *digest)
{
    for (size_t i = 0; i < image->n_layers; i++)
        if (string_eq(image->layers[i].digest, digest))
            return &image->layers[i];
    if (image->n_layers == LIMIT_LAYERS)
        return NULL;
    if (!image->layers)
        image->layers = arena_new_array(transfer->arena, struct transfer_layer, LIMIT_LAYERS);
    image->layers[image->n_layers].digest = plain_copy(transfer->arena, digest);
    return &image->layers[image->n_layers++];
}

static void layer_apply(struct transfer_layer *layer, const struct image_event *event)
{
    layer->state = event->state;
    switch (event->state) {
    case LAYER_UNPACKING:
        layer->unpacked = event->current;
        layer->whole = event->total;
        layer->moved = layer->size; /* what is unpacked has come */
        break;
    case LAYER_DONE:
        layer->size = layer->size > 0 ? layer->size : event->total;
        layer->moved = layer->size;
        break;
    case LAYER_EXISTS:
        layer->size = layer->moved = 0;
        break;
    default:
        layer->size = event->total > 0 ? event->total : layer->size;
        layer->moved = event->current;
    }
    if (layer->size > 0 && layer->moved > layer->size)
        layer->moved = layer->size;
    if (layer->whole > 0 && layer->unpacked > layer->whole)
        layer->unpacked = layer->whole;
}

static int64_t sum(int64_t a, int64_t b)
{
    int64_t result;

    return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

static void image_sum(struct transfer_image *image)
{
    image->size = image->moved = 0;
    for (size_t i = 0; i < image->n_layers; i++) {
        image->size = sum(image->size, image->layers[i].size);
        image->moved = sum(image->moved, image->layers[i].moved);
    }
}

/* How many are there; of a layer whose size is not known, more may have come than there is in all.
 */
static int quarters(const struct transfer_image *image)
{
    if (image->size < LEAST_QUARTERED)
        return 0;
    if (image->moved >= image->size)
        return 4;
    return (int)((double)image->moved * 4 / (double)image->size);
}

static void change_layer(struct transfer *transfer, struct transfer_image *image,
                         const struct image_event *event, struct transfer_change *change)
{
    struct transfer_layer *layer = layer_of(transfer, image, event->layer);
    enum layer_state before;

    if (!layer)
        return;
    before = layer->state;
    layer_apply(layer, event);
    image_sum(image);
    change->layer = layer;
    change->layer_state = before != layer->state;
    if (quarters(image) > image->quarter && quarters(image) < 4)
        change->quarter = image->quarter = quarters(image);
}

/* -- images */

static void image_end(struct transfer *transfer, struct transfer_image *image, const char *message,
                      uint64_t now_ms)
{
    image->phase = message ? TRANSFER_FAILED : TRANSFER_DONE;
    image->message = message ? plain_copy(transfer->arena, message) : NULL;
    image->ended_ms = now_ms;
    image->rate = 0;
}

static bool image_is_over(const struct transfer_image *image)
{
    return image->phase == TRANSFER_DONE || image->phase == TRANSFER_FAILED;
}

static void image_start(struct transfer_image *image, uint64_t now_ms)
{
    image->phase = TRANSFER_RUNNING;
    image->started_ms = image->measured_ms = now_ms;
}

struct transfer_change transfer_apply(struct transfer *transfer, const struct image_event *event,
                                      uint64_t now_ms)
{
    struct transfer_image *image = transfer_find(transfer, event->image);
    struct transfer_change change = {.image = image};

    if (!image || image_is_over(image) || event->kind == IMAGE_EVENT_OTHER)
        return change;
    if (image->phase == TRANSFER_WAITING) {
        image_start(image, now_ms);
        change.started = true;
    }
    if (event->kind == IMAGE_EVENT_LAYER)
        change_layer(transfer, image, event, &change);
    if (event->kind == IMAGE_EVENT_DONE) {
        image->changed = event->changed;
        image->digest = plain_copy(transfer->arena, event->digest);
        image_end(transfer, image, NULL, now_ms);
    } else if (event->kind == IMAGE_EVENT_ERROR) {
        image_end(transfer, image, event->message, now_ms);
    }
    change.ended = image_is_over(image);
    return change;
}

/* Half old, half new: steady enough to be read, quick enough to be true. */
static void image_measure(struct transfer_image *image, uint64_t now_ms)
{
    uint64_t elapsed_ms = now_ms - image->measured_ms;
    double rate = (double)(image->moved - image->measured) * 1000 / (double)elapsed_ms;

    if (rate < 0)
        rate = 0; /* a download was begun anew */
    if (rate > RATE_MOST)
        rate = RATE_MOST;
    image->rate = (int64_t)(image->rate > 0 ? (rate + (double)image->rate) / 2 : rate);
    image->measured = image->moved;
    image->measured_ms = now_ms;
}

void transfer_tick(struct transfer *transfer, uint64_t now_ms)
{
    for (size_t i = 0; i < transfer->n_images; i++) {
        struct transfer_image *image = &transfer->images[i];

        if (image->phase == TRANSFER_RUNNING && now_ms >= image->measured_ms + MEASURE_MS)
            image_measure(image, now_ms);
    }
}

void transfer_finish(struct transfer *transfer, const char *reason, uint64_t now_ms)
{
    for (size_t i = 0; i < transfer->n_images; i++) {
        struct transfer_image *image = &transfer->images[i];

        if (image_is_over(image))
            continue;
        if (image->phase == TRANSFER_WAITING)
            image_start(image, now_ms);
        image_end(transfer, image, reason, now_ms);
    }
}
