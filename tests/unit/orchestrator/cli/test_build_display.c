/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/build/build_display.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"

static struct build_display *display;
static struct text said;
static int screen_fd, stderr_fd;

static void begin(enum progress_form form)
{
    display = build_display_new((struct progress_mode){.form = form});
    screen_fd = memfd_create("screen", MFD_CLOEXEC);
    stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    cr_assert(screen_fd >= 0 && stderr_fd >= 0);
    cr_assert(dup2(screen_fd, STDERR_FILENO) >= 0);
}

/* What was written to standard error, which is the real one again. */
static const char *end(void)
{
    cr_assert(dup2(stderr_fd, STDERR_FILENO) >= 0);
    cr_assert_eq(lseek(screen_fd, 0, SEEK_SET), 0);
    cr_assert_eq(fd_read_all(screen_fd, 1024 * 1024, &said, NULL), 0);
    build_display_free(display);
    return text_get(&said);
}

static void step(enum build_step_state state, const char *text)
{
    struct build_event event = {.kind = BUILD_EVENT_STEP,
                                .build = "web",
                                .id = 1,
                                .state = state,
                                .label = "[2/3]",
                                .text = text,
                                .ms = state == BUILD_STEP_DONE ? 1500 : -1};

    build_display_event(display, &event, "{}");
}

static void output(const char *text)
{
    struct build_event event = {.kind = BUILD_EVENT_OUTPUT, .build = "web", .id = 1, .text = text};

    build_display_event(display, &event, "{}");
}

Test(build_display, off_a_terminal_each_line_is_said_once)
{
    begin(PROGRESS_PLAIN);
    step(BUILD_STEP_RUNNING, "RUN make");
    output("one\ntw");
    output("o\nthree");
    step(BUILD_STEP_DONE, "RUN make");
    cr_expect_str_eq(end(), "#1 web [2/3] RUN make\n#1 one\n#1 two\n#1 DONE 1.5s\n");
}

Test(build_display, a_cached_step_is_two_lines)
{
    begin(PROGRESS_PLAIN);
    step(BUILD_STEP_CACHED, "RUN make");
    cr_expect_str_eq(end(), "#1 web [2/3] RUN make\n#1 CACHED\n");
}

Test(build_display, nothing_that_a_terminal_would_obey_is_passed_on)
{
    begin(PROGRESS_PLAIN);
    step(BUILD_STEP_RUNNING, "RUN \033]0;title\007");
    output("\033[31mred\033[0m gr\xc3\xbcn\xff\033c\n");
    output("old\rnew\r\n");
    cr_expect_str_eq(end(), "#1 web [2/3] RUN ?]0;title?\n#1 red gr\xc3\xbcn??c\n#1 new\n");
}

Test(build_display, a_line_without_an_end_is_shown_in_pieces)
{
    char piece[1025];

    memset(piece, 'x', 1024);
    piece[1024] = '\0';
    begin(PROGRESS_PLAIN);
    step(BUILD_STEP_RUNNING, "RUN yes");
    for (unsigned i = 0; i < 100; i++)
        output(piece);
    cr_expect(strlen(end()) > 60 * 1024);
}

Test(build_display, a_terminal_shows_the_last_lines_of_what_runs)
{
    const char *text;

    begin(PROGRESS_TTY);
    step(BUILD_STEP_RUNNING, "RUN make");
    output("1\n2\n3\n4\n5\n6\n");
    build_display_tick(display);
    step(BUILD_STEP_DONE, "RUN make");
    build_display_finish(display);
    text = end();
    cr_expect_null(strstr(text, "| 2\n"));
    cr_expect_not_null(strstr(text, "   | 3\n   | 4\n   | 5\n   | 6\n"));
    cr_expect_not_null(strstr(text, "web [2/3] RUN make  1.5s\n"));
}

Test(build_display, events_pass_through_as_json)
{
    begin(PROGRESS_JSON);
    step(BUILD_STEP_RUNNING, "RUN make");
    cr_expect_str_eq(end(), "{}\n");
}
