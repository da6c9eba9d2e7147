/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/orchestrator/logs/log_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "orchestrator/logs/log_index.h"

void log_fixture_init(struct log_fixture *fixture)
{
    static const char *const fifos[] = {"out.fifo", "err.fifo"};

    (void)snprintf(fixture->path, sizeof(fixture->path), "/tmp/yawl-logs-XXXXXX");
    cr_assert_not_null(mkdtemp(fixture->path));
    fixture->dir_fd = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_geq(fixture->dir_fd, 0);
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(mkfifoat(fixture->dir_fd, fifos[i], 0600), 0);
        fixture->fifo_fds[i] = openat(fixture->dir_fd, fifos[i], O_RDWR | O_NONBLOCK | O_CLOEXEC);
        cr_assert_geq(fixture->fifo_fds[i], 0);
    }
}

void log_fixture_done(struct log_fixture *fixture)
{
    fd_close(fixture->fifo_fds[0]);
    fd_close(fixture->fifo_fds[1]);
    fd_close(fixture->dir_fd);
    cr_expect_eq(path_remove_tree(AT_FDCWD, fixture->path, NULL), 0);
}

void log_fixture_say(struct log_fixture *fixture, struct log_writer *writer, enum log_stream stream,
                     const char *text)
{
    int fifo_fd = fixture->fifo_fds[stream - 1];
    struct error err = {0};
    bool more = true;

    cr_assert_eq(write(fifo_fd, text, strlen(text)), (ssize_t)strlen(text));
    while (more)
        cr_assert_eq(log_writer_drain(writer, fifo_fd, stream, &more, &err), 0, "%s", err.text);
}

struct log_writer *log_fixture_writer(struct log_fixture *fixture, const char *name,
                                      struct log_limits limits)
{
    struct log_writer *writer = NULL;
    struct error err = {0};

    cr_assert_eq(log_writer_open(fixture->dir_fd, name, limits, &writer, &err), 0, "%s", err.text);
    return writer;
}

struct log_reader *log_fixture_reader(struct log_fixture *fixture, const char *name,
                                      struct log_range range)
{
    struct log_reader *reader = log_reader_new(fcntl(fixture->dir_fd, F_DUPFD_CLOEXEC, 3));
    struct error err = {0};

    cr_assert_eq(log_reader_add(reader, name, NULL, range, &err), 0, "%s", err.text);
    return reader;
}

static void append_to(struct log_fixture *fixture, const char *name, const void *bytes,
                      size_t length)
{
    scoped_fd int fd =
        openat(fixture->dir_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    cr_assert_geq(fd, 0);
    cr_assert_eq(fd_write_all(fd, bytes, length), 0);
}

void log_fixture_make(struct log_fixture *fixture, const char *name,
                      const struct made_piece *pieces)
{
    char log_name[64], index_name[64];
    uint8_t header[LOG_HEADER_BYTES];
    uint64_t offset = 0;
    struct stat status;

    (void)snprintf(log_name, sizeof(log_name), "%s.log", name);
    (void)snprintf(index_name, sizeof(index_name), "%s.idx", name);
    append_to(fixture, log_name, "", 0);
    cr_assert_eq(fstatat(fixture->dir_fd, log_name, &status, 0), 0);
    log_header_encode(&(struct log_header){pieces->time_ns, status.st_ino}, header);
    append_to(fixture, index_name, header, sizeof(header));
    for (; pieces->text; pieces++) {
        struct log_record record = {pieces->time_ns, offset, pieces->stream};
        uint8_t bytes[LOG_RECORD_BYTES];

        log_record_encode(&record, bytes);
        append_to(fixture, index_name, bytes, sizeof(bytes));
        append_to(fixture, log_name, pieces->text, strlen(pieces->text));
        offset += strlen(pieces->text);
    }
}

void log_collect(const struct log_line *line, void *text)
{
    static const char *const marks[] = {"o:", "e:", "!"};

    text_append(text, marks[line->stream - 1]);
    text_append_bytes(text, line->text, line->length);
    text_append(text, line->partial ? "+\n" : "\n");
}

void log_collect_named(const struct log_line *line, void *text)
{
    text_append(text, line->name);
    text_append_char(text, ' ');
    log_collect(line, text);
}

void log_fixture_read(struct log_fixture *fixture, const char *name, struct log_range range,
                      struct text *out)
{
    scoped(log_reader_free) struct log_reader *reader = log_fixture_reader(fixture, name, range);
    struct error err = {0};

    cr_assert_eq(log_reader_finish(reader, log_collect, out, &err), 0, "%s", err.text);
}
