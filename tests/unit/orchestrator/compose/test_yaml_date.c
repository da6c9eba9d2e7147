/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/yaml_date.h"

#include <criterion/criterion.h>

static void expect(const char *text, const char *rewritten)
{
    scoped_text struct text out = {0};

    cr_expect(yaml_date_is(text), "%s", text);
    cr_expect(yaml_date_rewrite(text, &out), "%s", text);
    cr_expect_str_eq(text_get(&out), rewritten);
}

Test(yaml_date, a_day_is_its_first_second)
{
    expect("2024-01-02", "2024-01-02 00:00:00 +0000 UTC");
    expect("2024-1-2", "2024-01-02 00:00:00 +0000 UTC");
    expect("2024-02-29", "2024-02-29 00:00:00 +0000 UTC");
}

Test(yaml_date, fractions_lose_their_zeros_and_what_is_finer_than_a_nanosecond)
{
    expect("2024-01-02 3:04:05.1200", "2024-01-02 03:04:05.12 +0000 UTC");
    expect("2024-01-02 3:04:05.000", "2024-01-02 03:04:05 +0000 UTC");
    expect("2024-01-02T03:04:05.1234567891Z", "2024-01-02 03:04:05.123456789 +0000 UTC");
}

Test(yaml_date, a_zone_without_a_name_is_called_by_its_offset)
{
    expect("2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.1 -0500 -0500");
    expect("2001-12-14T21:59:43+05:30", "2001-12-14 21:59:43 +0530 +0530");
    expect("2001-12-14T21:59:43+00:00", "2001-12-14 21:59:43 +0000 UTC");
}

Test(yaml_date, other_texts_are_left_alone)
{
    static const char *const texts[] = {
        "2024-13-01",
        "2024-02-30",
        "2023-02-29",
        "2024-01-02T03:04:05",
        "2024-01-02 03:04:05Z",
        "2024-01-02 03:04",
        "2024-01-02 24:00:00",
        "24-01-02",
        "12024-01-02",
        "2024-01-02-x",
        "2024-01-02T1:2:3+5:00",
        "2024-01-02 ",
        "2024-00-01",
        "2024-01-00",
        "",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        scoped_text struct text out = {0};

        cr_expect_not(yaml_date_rewrite(texts[i], &out), "%s", texts[i]);
        cr_expect_eq(out.length, 0, "%s", texts[i]);
    }
}
