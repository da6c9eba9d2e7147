/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/record.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"

static const uint64_t NS_PER_S = 1000000000;

static void expect_status(struct record record, uint64_t now_s, const char *expected)
{
    scoped_text struct text text = {0};

    record_status_text(&record, now_s * NS_PER_S, &text);
    cr_expect_str_eq(text_get(&text), expected);
}

Test(record, the_status_is_told_in_dockers_words)
{
    expect_status((struct record){.phase = PHASE_RUNNING, .started_ns = NS_PER_S}, 5,
                  "Up 4 seconds");
    expect_status((struct record){.phase = PHASE_RUNNING, .started_ns = NS_PER_S}, 1,
                  "Up Less than a second");
    expect_status((struct record){.phase = PHASE_RUNNING, .health = HEALTH_UNHEALTHY}, 90,
                  "Up About a minute (unhealthy)");
    expect_status((struct record){.phase = PHASE_DONE, .wait_status = 3 << 8}, 7200,
                  "Exited (3) 2 hours ago");
    expect_status((struct record){.phase = PHASE_DONE, .wait_status = SIGKILL}, 2,
                  "Exited (137) 2 seconds ago");
}

Test(record, a_record_on_disk_comes_back_as_it_was)
{
    scoped(arena_free) struct arena *arena = arena_new();
    char name[] = "/tmp/yawl-record-XXXXXX";
    struct record_port port = {.host_port = 8080, .container_port = 80};
    struct record in = {.name = "p-a-1",
                        .service = "a",
                        .label = "a-1",
                        .phase = PHASE_DONE,
                        .wait_status = 256,
                        .ports = &port,
                        .n_ports = 1};
    struct record **records;
    scoped_fd int dir_fd = -1;
    struct error err = {0};
    size_t count;

    cr_assert_not_null(mkdtemp(name));
    dir_fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(record_write(dir_fd, "p-a-1.json", &in, &err), 0, "%s", err.text);
    in.name = "p-a-2";
    cr_assert_eq(record_write(dir_fd, "p-a-2.json", &in, &err), 0, "%s", err.text);
    cr_assert_eq(record_list(dir_fd, arena, &records, &count, &err), 0, "%s", err.text);
    cr_assert_eq(count, 2);
    cr_expect_str_eq(records[0]->name, "p-a-1", "sorted by name");
    cr_expect_eq(record_exit_code(records[1]), 1);
    cr_expect_eq(records[1]->ports[0].host_port, 8080);
    cr_expect_eq(path_remove_tree(AT_FDCWD, name, NULL), 0);
}

Test(record, records_of_older_and_newer_builds_are_read)
{
    static const char text[] =
        "{\"name\":\"p-a-1\",\"wait_status\":9,\"probe_output\":\"old\","
        "\"end\":{\"invented\":1,\"signal\":{\"by\":\"stop\"}},\"later\":[{}]}";
    scoped(arena_free) struct arena *arena = arena_new();
    char name[] = "/tmp/yawl-record-XXXXXX";
    struct record *record;
    scoped_fd int dir_fd = -1;
    struct error err = {0};

    cr_assert_not_null(mkdtemp(name));
    dir_fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(file_replace(dir_fd, "x.json", text, sizeof(text) - 1, 0600, &err), 0);
    cr_assert_eq(record_read(dir_fd, "x.json", arena, &record, &err), 0, "%s", err.text);
    cr_expect_eq(record_exit_code(record), 137);
    cr_expect_str_eq(record->end.signal.by, "stop");
    cr_expect_eq(record->probe.count, 0, "what is not there is nothing");
    cr_expect_eq(path_remove_tree(AT_FDCWD, name, NULL), 0);
}

Test(record, a_broken_record_is_an_error_that_names_it)
{
    scoped(arena_free) struct arena *arena = arena_new();
    char name[] = "/tmp/yawl-record-XXXXXX";
    struct record *record;
    scoped_fd int dir_fd = -1;
    struct error err = {0};

    cr_assert_not_null(mkdtemp(name));
    dir_fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(file_replace(dir_fd, "x.json", "{\"pid\":", 7, 0600, &err), 0);
    cr_expect_eq(record_read(dir_fd, "x.json", arena, &record, &err), -1);
    cr_expect(string_starts_with(err.text, "'x.json': JSON line 1"), "%s", err.text);
    cr_expect_eq(record_read(dir_fd, "y.json", arena, &record, &err), 0, "absence is no error");
    cr_expect_null(record);
    cr_expect_eq(path_remove_tree(AT_FDCWD, name, NULL), 0);
}
