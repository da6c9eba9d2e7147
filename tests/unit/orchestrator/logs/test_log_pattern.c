/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_pattern.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/memory.h"

static bool matches(const char *expression, bool ignore_case, const char *bytes, size_t length)
{
    scoped(log_pattern_free) struct log_pattern *pattern = NULL;
    struct error err = {0};

    cr_assert_eq(log_pattern_new(expression, ignore_case, &pattern, &err), 0, "%s", err.text);
    return log_pattern_matches(pattern, bytes, length);
}

Test(log_pattern, finds_what_is_somewhere_in_the_line)
{
    cr_expect(matches("status=5\\d\\d", false, "a status=503 b", 14));
    cr_expect_not(matches("status=5\\d\\d", false, "a status=403 b", 14));
    cr_expect(matches("^a.*b$", false, "a status=403 b", 14));
    cr_expect_not(matches("error", false, "ERROR", 5));
    cr_expect(matches("error", true, "ERROR", 5));
    cr_expect(matches("(?i)error", false, "ERROR", 5));
}

Test(log_pattern, looks_at_no_byte_behind_the_line)
{
    cr_expect_not(matches("ab", false, "ab", 1));
    cr_expect(matches("^$", false, "ab", 0));
}

Test(log_pattern, takes_zeros_and_bytes_that_are_no_utf_8)
{
    static const char line[] = "\xff\xfe\0 error \xc3";

    cr_expect(matches("error", false, line, sizeof(line) - 1));
    cr_expect_not(matches("^error", false, line, sizeof(line) - 1));
    cr_expect(matches("^gr\xc3\xbc.e$", false,
                      "gr\xc3\xbc\xc3\x9f"
                      "e",
                      7));
}

Test(log_pattern, says_what_is_wrong_and_where)
{
    struct log_pattern *pattern;
    struct error err = {0};

    cr_expect_eq(log_pattern_new("a(b", false, &pattern, &err), -1);
    cr_expect_str_eq(err.text, "regular expression 'a(b', at 3: missing closing parenthesis");
}

Test(log_pattern, gives_up_a_search_without_end)
{
    scoped(log_pattern_free) struct log_pattern *pattern = NULL;
    char line[64];

    memset(line, 'a', sizeof(line));
    cr_assert_eq(log_pattern_new("^(a+)+$|(b|aa|a)+c\\1", false, &pattern, NULL), 0);
    line[63] = '!';
    cr_expect_not(log_pattern_matches(pattern, line, sizeof(line)));
    cr_expect_eq(log_pattern_given_up(pattern), 1);
}
