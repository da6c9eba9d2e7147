/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/transfer_lines.h"

#include "common/json.h"
#include "common/units.h"

static const char *begun(const struct transfer *transfer)
{
    return transfer->kind == TRANSFER_PUSH ? "Pushing" : "Pulling";
}

static const char *ended(const struct transfer *transfer)
{
    return transfer->kind == TRANSFER_PUSH ? "Pushed" : "Pulled";
}

void transfer_lines_plain(const struct transfer *transfer, const struct transfer_change *change,
                          struct text *out)
{
    const struct transfer_image *image = change->image;

    if (!image)
        return;
    if (change->started)
        text_appendf(out, " %s %s\n", image->label, begun(transfer));
    if (change->quarter > 0) {
        text_appendf(out, " %s %d%% of ", image->label, change->quarter * 25);
        bytes_format_decimal((uint64_t)image->size, out);
        text_append_char(out, '\n');
    }
    if (change->ended && image->phase == TRANSFER_DONE)
        text_appendf(out, " %s %s\n", image->label, ended(transfer));
    else if (change->ended)
        text_appendf(out, " %s Error %s\n", image->label, image->message);
}

/* -- JSON */

static void json_line(const json_t *json, struct text *out)
{
    json_format(json, out);
    text_append_char(out, '\n');
}

static void image_json(const struct transfer_image *image, const char *status, const char *text,
                       struct text *out)
{
    scoped(json_release) json_t *json =
        json_pack("{s:s, s:s, s:s}", "id", image->label, "status", status, "text", text);

    if (image->message)
        json_object_set_new(json, "details", json_string(image->message));
    json_line(json, out);
}

static const char *layer_text(const struct transfer *transfer, enum layer_state state)
{
    static const char *const words[] = {
        [LAYER_WAITING] = "Waiting",      [LAYER_DOWNLOADING] = "Downloading",
        [LAYER_UNPACKING] = "Extracting", [LAYER_PUSHING] = "Pushing",
        [LAYER_DONE] = "Pull complete",   [LAYER_EXISTS] = "Already exists",
    };

    return state == LAYER_DONE && transfer->kind == TRANSFER_PUSH ? "Pushed" : words[state];
}

static void layer_json(const struct transfer *transfer, const struct transfer_change *change,
                       struct text *out)
{
    const struct transfer_layer *layer = change->layer;
    bool over = layer->state == LAYER_DONE || layer->state == LAYER_EXISTS;
    bool unpacks = layer->state == LAYER_UNPACKING;
    int64_t current = unpacks ? layer->unpacked : layer->moved;
    int64_t total = unpacks ? layer->whole : layer->size;
    scoped(json_release) json_t *json = NULL;
    char id[13];

    json = json_pack("{s:s, s:s, s:s, s:s}", "id", transfer_short_digest(layer->digest, id),
                     "parent_id", change->image->label, "status", over ? "Done" : "Working", "text",
                     layer_text(transfer, layer->state));
    if (total > 0) {
        json_object_set_new(json, "current", json_integer(current));
        json_object_set_new(json, "total", json_integer(total));
        json_object_set_new(json, "percent",
                            json_integer((int)((double)current * 100 / (double)total)));
    }
    json_line(json, out);
}

void transfer_lines_json(const struct transfer *transfer, const struct transfer_change *change,
                         struct text *out)
{
    const struct transfer_image *image = change->image;

    if (!image)
        return;
    if (change->started)
        image_json(image, "Working", begun(transfer), out);
    if (change->layer)
        layer_json(transfer, change, out);
    if (change->ended && image->phase == TRANSFER_DONE)
        image_json(image, "Done", ended(transfer), out);
    else if (change->ended)
        image_json(image, "Error", "Error", out);
}

void transfer_lines_skipped(const char *label, const char *why, bool json, struct text *out)
{
    scoped(json_release) json_t *object = NULL;

    if (!json) {
        text_appendf(out, " %s Skipped %s\n", label, why);
        return;
    }
    object = json_pack("{s:s, s:s, s:s, s:s}", "id", label, "status", "Done", "text", "Skipped",
                       "details", why);
    json_line(object, out);
}
