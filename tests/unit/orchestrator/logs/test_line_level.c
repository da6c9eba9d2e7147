/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/line_level.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/memory.h"

struct example {
    enum line_level level;
    const char *line;
};

static void expect_all(const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct line_say say = line_level_find(examples[i].line, strlen(examples[i].line));

        cr_expect_eq(say.level, examples[i].level, "'%s' is %d", examples[i].line, say.level);
    }
}

#define EXPECT_ALL(examples) expect_all(examples, ARRAY_LENGTH(examples))

Test(line_level, logfmt)
{
    static const struct example examples[] = {
        {LEVEL_INFO, "time=2026-01-31T12:00:00Z level=info msg=\"ERROR in the text\""},
        {LEVEL_WARN, "level=warning"},
        {LEVEL_ERROR, "t=2026-01-31 lvl=eror msg=x"},
        {LEVEL_FATAL, "ts=1 severity=\"CRITICAL\" msg=x"},
        {LEVEL_DEBUG, "msg=start, level=debug, n=1"},
        {LEVEL_NONE, "sublevel=error"},
        {LEVEL_NONE, "level=unknown"},
        {LEVEL_NONE, "level="},
    };

    EXPECT_ALL(examples);
}

Test(line_level, a_word_in_plain_text)
{
    static const struct example examples[] = {
        {LEVEL_ERROR, "ERROR: relation \"x\" does not exist"},
        {LEVEL_INFO, "INFO retrying after ERROR"},
        {LEVEL_WARN, "2026-01-31 12:00:00,123 WARN  [main] org.example.Foo - text"},
        {LEVEL_ERROR, "2026-01-31T12:00:00.000Z ERROR 1 --- [main] o.s.b.SpringApplication : x"},
        {LEVEL_WARN, "2026-01-31 12:00:00 - app.module - WARNING - text"},
        {LEVEL_ERROR, "ERROR:root:text"},
        {LEVEL_INFO, "[2026-01-31T12:00:00Z INFO  crate::module] text"},
        {LEVEL_ERROR, "2026/01/31 12:00:00 [error] 29#29: *1 open() failed"},
        {LEVEL_ERROR, "[Sat Jan 31 12:00:00 2026] [core:error] [pid 7] text"},
        {LEVEL_WARN, "2026-01-31 12:00:00 [warning  ] text [module]"},
        {LEVEL_WARN, "[warn] text"},
        {LEVEL_ERROR, "error: text"},
        {LEVEL_ERROR, "Error: Cannot find module 'x'"},
        {LEVEL_ERROR, "2026-01-31T12:00:00.000Z error: text"},
        {LEVEL_INFO, "info: Microsoft.Hosting.Lifetime[0]"},
        {LEVEL_ERROR, "fail: Microsoft.AspNetCore[1]"},
        {LEVEL_DEBUG, "dbug: x"},
        {LEVEL_ERROR, "npm ERR! code ELIFECYCLE"},
        {LEVEL_INFO, "2026-01-31 12:00:00.000 UTC [1] LOG:  database system is ready"},
        {LEVEL_FATAL, "2026-01-31 12:00:00.000 UTC [1] FATAL:  password authentication failed"},
        {LEVEL_INFO, "2026-01-31T12:00:00Z 0 [Note] [MY-1] [Server] text"},
        {LEVEL_WARN, "2026-01-31T12:00:00Z 0 [Warning] text"},
        {LEVEL_ERROR, "\033[31mERROR\033[0m text"},
        {LEVEL_INFO, "\033[2m2026-01-31T12:00:00Z\033[0m \033[32m INFO\033[0m crate: text"},
        {LEVEL_FATAL, "panic: runtime error: index out of range"},
        {LEVEL_FATAL, "fatal error: all goroutines are asleep - deadlock!"},
    };

    EXPECT_ALL(examples);
}

Test(line_level, signs_of_klog_systemd_and_redis)
{
    static const struct example examples[] = {
        {LEVEL_ERROR, "E0131 12:00:00.000000       1 main.go:1] text"},
        {LEVEL_INFO, "I0131 12:00:00.000000       1 main.go:1] text"},
        {LEVEL_ERROR, "<3>text"},
        {LEVEL_DEBUG, "<7>text"},
        {LEVEL_WARN, "1:M 31 Jan 2026 12:00:00.000 # WARNING overcommit_memory is set to 0!"},
        {LEVEL_INFO, "1:M 31 Jan 2026 12:00:00.000 * Ready to accept connections"},
        {LEVEL_DEBUG, "12:C 31 Jan 2026 12:00:00.000 . text"},
    };

    EXPECT_ALL(examples);
}

Test(line_level, words_in_sentences_are_no_levels)
{
    static const struct example examples[] = {
        {LEVEL_NONE, "no error was found"},
        {LEVEL_NONE, "GET /error HTTP/1.1"},
        {LEVEL_NONE, "GET /static/ERROR.png 200"},
        {LEVEL_NONE, "the ERRORS were many"},
        {LEVEL_NONE, "LOG_ERROR is set"},
        {LEVEL_NONE, "please note: nothing"},
        {LEVEL_NONE, "SYSTEM up"},
        {LEVEL_NONE, ""},
        {LEVEL_NONE, "["},
        {LEVEL_NONE, "\033[31"},
    };

    EXPECT_ALL(examples);
}

Test(line_level, traces_go_on_with_the_line_before)
{
    static const char *const lines[] = {
        "\tat org.example.Foo.bar(Foo.java:12)",
        "    at Object.<anonymous> (/app/index.js:1:7)",
        "  File \"/app/main.py\", line 3, in main",
        "Caused by: java.lang.IllegalStateException: x",
        "Traceback (most recent call last):",
        "ValueError: invalid literal",
        "java.lang.NullPointerException",
        "goroutine 1 [running]:",
        "main.(*server).run(0xc000010000)",
        "",
        "}",
        "2026-01-31 12:00:00.000 UTC [1] DETAIL:  Key (id)=(1) already exists.",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
        cr_expect(line_level_find(lines[i], strlen(lines[i])).continues, "%s", lines[i]);
    cr_expect_not(line_level_find("listening on :80", 16).continues);
    cr_expect_eq(line_level_find("ValueError: x", 13).level, LEVEL_ERROR);
}

Test(line_level, numbers_and_letters)
{
    cr_expect_eq(line_level_from_word("30", 2), LEVEL_INFO);
    cr_expect_eq(line_level_from_word("60", 2), LEVEL_FATAL);
    cr_expect_eq(line_level_from_word("35", 2), LEVEL_INFO);
    cr_expect_eq(line_level_from_word("3", 1), LEVEL_ERROR);
    cr_expect_eq(line_level_from_word("0", 1), LEVEL_FATAL);
    cr_expect_eq(line_level_from_word("8", 1), LEVEL_NONE);
    cr_expect_eq(line_level_from_word("200", 3), LEVEL_NONE);
    cr_expect_eq(line_level_from_word("W", 1), LEVEL_WARN);
    cr_expect_eq(line_level_from_word("D3", 2), LEVEL_DEBUG);
    cr_expect_eq(line_level_from_word("", 0), LEVEL_NONE);
    cr_expect_eq(line_level_from_word("WARNING", 7), LEVEL_WARN);
}
