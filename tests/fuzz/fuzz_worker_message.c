/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text is read as a message to the net worker. What passes the check survives being told again.
 */
#include "common/json.h"
#include "net/worker_protocol.h"
#include "net/worker_state.h"
#include "tests/fuzz/fuzz.h"

/* Whether the text is a message that may be applied. */
static bool read_message(const char *bytes, size_t size, struct worker_message *message,
                         struct arena *arena)
{
    scoped(json_release) json_t *json = json_parse(bytes, size, NULL);

    return json && codec_decode(worker_message_codec, json, message, arena, NULL) == 0 &&
           worker_message_check(message, NULL) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text text = {0};
    struct worker_message message = {0}, again = {0};
    json_t *json;

    if (!read_message((const char *)data, size, &message, arena))
        return 0;
    json = codec_encode(worker_message_codec, &message);
    json_format(json, &text);
    json_decref(json);
    fuzz_require(read_message(text.data, text.length, &again, arena));
    fuzz_require(again.op == message.op && again.port == message.port);
    fuzz_require(string_eq(again.instance, message.instance));
    fuzz_require(again.n_entries == message.n_entries);
    return 0;
}
