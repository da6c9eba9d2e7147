/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_event.h"

#include <criterion/criterion.h>
#include <string.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

TestSuite(image_event, .init = set_up, .fini = tear_down);

static struct image_event read_event(const char *line)
{
    struct image_event event;
    struct error err = {0};

    cr_assert_eq(image_event_parse(line, strlen(line), arena, &event, &err), 0, "%s", err.text);
    return event;
}

Test(image_event, a_layer_says_how_far_it_is)
{
    struct image_event event =
        read_event("{\"event\":\"layer\",\"image\":\"a:1\",\"layer\":\"sha256:ab\",\"state\":"
                   "\"downloading\",\"current\":3,\"total\":7}");

    cr_expect_eq(event.kind, IMAGE_EVENT_LAYER);
    cr_expect_str_eq(event.image, "a:1");
    cr_expect_str_eq(event.layer, "sha256:ab");
    cr_expect_eq(event.state, LAYER_DOWNLOADING);
    cr_expect_eq(event.current, 3);
    cr_expect_eq(event.total, 7);
}

Test(image_event, the_ends_of_a_pull_and_of_a_push_are_one_kind)
{
    cr_expect_eq(read_event("{\"event\":\"pulled\",\"image\":\"a\",\"changed\":true}").changed,
                 true);
    cr_expect_eq(read_event("{\"event\":\"pushed\",\"image\":\"a\"}").kind, IMAGE_EVENT_DONE);
}

Test(image_event, what_a_newer_worker_says_is_passed_over)
{
    cr_expect_eq(read_event("{\"event\":\"dreaming\",\"image\":\"a\"}").kind, IMAGE_EVENT_OTHER);
    cr_expect_eq(read_event("{}").kind, IMAGE_EVENT_OTHER);
}

Test(image_event, a_message_does_not_name_its_image_again)
{
    cr_expect_str_eq(image_event_reason("pull 'a:1': no such host", "a:1"), "no such host");
    cr_expect_str_eq(image_event_reason("pull 'a:1,platform=linux/arm64': gone", "a:1"), "gone");
    cr_expect_str_eq(image_event_reason("resolve 'b': gone", "b"), "gone");
    cr_expect_str_eq(image_event_reason("pull 'a:12': gone", "a:1"), "pull 'a:12': gone");
    cr_expect_str_eq(image_event_reason("pull 'a:1'", "a:1"), "pull 'a:1'");
    cr_expect_str_eq(image_event_reason("gone", "a:1"), "gone");
    cr_expect_str_eq(read_event("{\"event\":\"error\",\"image\":\"a\",\"message\":"
                                "\"push 'a': denied\"}")
                         .message,
                     "denied");
}

Test(image_event, members_of_the_wrong_type_count_as_missing)
{
    struct image_event event = read_event(
        "{\"event\":\"layer\",\"image\":7,\"layer\":null,\"current\":-5,\"total\":\"much\"}");

    cr_expect_str_eq(event.image, "");
    cr_expect_str_eq(event.layer, "");
    cr_expect_eq(event.current, 0);
    cr_expect_eq(event.total, 0);
}

Test(image_event, a_line_that_is_no_object_is_an_error)
{
    struct image_event event;

    cr_expect_eq(image_event_parse("hello", 5, arena, &event, NULL), -1);
    cr_expect_eq(image_event_parse("[1]", 3, arena, &event, NULL), -1);
    cr_expect_eq(image_event_parse("", 0, arena, &event, NULL), -1);
}
