/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a hostile text as the short form of a port, of a volume, and as a command line.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "orchestrator/compose/shell_words.h"
#include "orchestrator/compose/short_port.h"
#include "orchestrator/compose/short_volume.h"

static void read_port(struct arena *arena, const struct node *item)
{
    struct node *list = node_new(arena, NODE_LIST, item->at);
    struct error err = {0};

    if (short_port_expand(arena, item, list, &err) < 0) {
        fuzz_require(*err.text);
        return;
    }
    fuzz_require(list->list.count > 0);
    for (size_t i = 0; i < list->list.count; i++) {
        const struct node *target = node_get(list->list.items[i], "target");

        fuzz_require(target->integer >= 0 && target->integer <= 65535);
        fuzz_require(node_get_text(list->list.items[i], "protocol"));
    }
}

static void read_volume(struct arena *arena, const struct node *item)
{
    struct node *map = node_new(arena, NODE_MAP, item->at);
    struct error err = {0};
    const char *unknown;

    if (short_volume_read(arena, item, map, &unknown, &err) < 0) {
        fuzz_require(*err.text);
        return;
    }
    fuzz_require(node_get_text(map, "type") && *node_get_text(map, "target"));
    fuzz_require(!node_get(map, "source") || *node_get_text(map, "source"));
}

/* Quotes and backslashes go away; nothing is added. */
static void read_command(struct arena *arena, const char *text)
{
    struct string_list words = {0};
    struct error err = {0};
    size_t length = 0;
    bool cut;

    if (shell_words_split(arena, text, &words, &cut, &err) < 0) {
        fuzz_require(*err.text);
        return;
    }
    for (size_t i = 0; i < words.count; i++)
        length += strlen(words.items[i]);
    fuzz_require(length <= strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct position at = {"f", 1, 1};
    const char *text = arena_strndup(arena, (const char *)data, size);
    struct node *item = node_string(arena, text, at);

    read_port(arena, item);
    read_volume(arena, item);
    read_command(arena, text);
    return 0;
}
