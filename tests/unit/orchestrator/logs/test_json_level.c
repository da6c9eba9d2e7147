/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/json_level.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/memory.h"

struct example {
    enum line_level level;
    const char *line;
};

Test(json_level, of_common_loggers)
{
    static const struct example examples[] = {
        {LEVEL_INFO, "{\"level\":\"info\",\"msg\":\"x\"}"},
        {LEVEL_ERROR,
         "{\"time\":\"x\", \"msg\": \"a \\\"level\\\":\\\"debug\\\" b\", \"level\" : \"ERROR\" }"},
        {LEVEL_WARN, "{\"level\":40,\"time\":1769860800000,\"msg\":\"pino\"}"},
        {LEVEL_ERROR, "{\"severity\":\"ERROR\",\"message\":\"x\"}"},
        {LEVEL_WARN, "{\"@t\":\"x\",\"@l\":\"Warning\"}"},
        {LEVEL_INFO, "{\"Timestamp\":\"x\",\"LogLevel\":\"Information\"}"},
        {LEVEL_WARN, "{\"t\":{\"$date\":\"2026\"},\"s\":\"W\",\"c\":\"NETWORK\"}"},
        {LEVEL_ERROR, "{\"@timestamp\":\"x\",\"log.level\":\"error\"}"},
        {LEVEL_ERROR,
         "{\"@timestamp\":\"x\",\"log\":{\"logger\":\"a\",\"level\":\"error\"},\"m\":1}"},
        {LEVEL_DEBUG,
         "  {\"a\":[1,{\"level\":\"error\"}],\"b\":{\"level\":\"error\"},\"level\":\"debug\"}"},
        {LEVEL_FATAL, "{\"level\":\"fatal\""},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++) {
        enum line_level level = LEVEL_NONE;

        cr_expect(json_level_find(examples[i].line, strlen(examples[i].line), &level), "%s",
                  examples[i].line);
        cr_expect_eq(level, examples[i].level, "%s is %d", examples[i].line, level);
    }
}

Test(json_level, is_none_where_the_object_does_not_say)
{
    static const char *const lines[] = {
        "{}",
        "{\"msg\":\"ERROR\"}",
        "{\"s\":3}",
        "{\"level\":null}",
        "{\"level\":{\"a\":1}}",
        "{\"a\":\"unfinished",
        "{\"a\":[1,2",
        "{\"a\":\"\\",
        "{\"a\"",
        "{\"level\":\"",
        "{\"a\":1 \"level\":\"info\"}",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        enum line_level level = LEVEL_FATAL;

        cr_expect(json_level_find(lines[i], strlen(lines[i]), &level), "%s", lines[i]);
        cr_expect_eq(level, LEVEL_NONE, "%s", lines[i]);
    }
}

Test(json_level, leaves_other_lines_to_others)
{
    static const char *const lines[] = {"",           "{",  "{ERROR}", "[{\"level\":\"info\"}]",
                                        "level=info", "{1}"};

    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        enum line_level level;

        cr_expect_not(json_level_find(lines[i], strlen(lines[i]), &level), "%s", lines[i]);
    }
}
