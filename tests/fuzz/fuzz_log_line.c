/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile log line: its level is found, and its JSON object says exactly what it holds.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/json.h"
#include "orchestrator/logs/line_level.h"
#include "orchestrator/logs/log_json.h"

/* jansson gives no zero bytes unless told so; our own parser refuses them. */
static bool has_zero(const uint8_t *data, size_t size)
{
    return size > 0 && memchr(data, 0, size);
}

static void check_json(const struct log_line *line, enum line_level level)
{
    scoped(json_release) json_t *json = NULL;
    scoped_text struct text out = {0};
    const char *text;
    bool whole;

    log_json_append(&out, line, "service", level);
    fuzz_require(!memchr(out.data, '\n', out.length));
    if (has_zero((const uint8_t *)line->text, line->length))
        return;
    json = json_parse(out.data, out.length, NULL);
    fuzz_require(json != NULL);
    text = json_get_string(json, "line", NULL);
    whole = json_get_string(json, "base64", NULL) == NULL;
    fuzz_require(text != NULL);
    if (whole)
        fuzz_require(strlen(text) == line->length && memcmp(text, line->text, line->length) == 0);
    fuzz_require(string_eq(json_get_string(json, "level", NULL), line_level_name(level)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Of its exact size, so that a read behind the end is seen. */
    char *bytes = malloc(size ? size : 1);
    struct log_line line = {.name = "c", .stream = LOG_STDOUT, .text = bytes, .length = size};
    struct line_say say;

    fuzz_require(bytes != NULL);
    if (size > 0)
        memcpy(bytes, data, size);
    say = line_level_find(bytes, size);
    fuzz_require(say.level <= LEVEL_FATAL);
    check_json(&line, say.level);
    free(bytes);
    return 0;
}
