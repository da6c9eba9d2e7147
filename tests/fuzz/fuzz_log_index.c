/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a log with a hostile index. Whatever it says: no crash, and every byte of the log is given
 * once.
 *
 * Input: tail u8 | mode u8 | n u8 | n records | log. With an even mode a record is 24 raw bytes;
 * with an odd one it is {time u8, offset u8, stream u8}, written with its right check, as random
 * bytes never have one.
 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "orchestrator/logs/log_index.h"
#include "orchestrator/logs/log_reader.h"

struct count {
    size_t n_bytes;
};

static void count_line(const struct log_line *line, void *context)
{
    struct count *count = context;

    fuzz_require(line->length <= LOG_LINE_MAX);
    fuzz_require(line->stream >= LOG_STDOUT && line->stream <= LOG_EVENT);
    fuzz_require(memchr(line->text, '\n', line->length) == NULL);
    count->n_bytes += line->length;
}

static size_t read_log(int dir_fd, struct log_range range)
{
    scoped(log_reader_free) struct log_reader *reader =
        log_reader_new(fcntl(dir_fd, F_DUPFD_CLOEXEC, 3));
    struct count count = {0};

    fuzz_require(log_reader_add(reader, "x", NULL, range, NULL) == 0);
    fuzz_require(log_reader_read(reader, count_line, &count, NULL) == 0);
    fuzz_require(log_reader_finish(reader, count_line, &count, NULL) == 0);
    return count.n_bytes;
}

static void write_records(int fd, const uint8_t *data, size_t n, int mode)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *raw = data + i * 3;
        struct log_record record = {raw[0], raw[1], (enum log_stream)(raw[2] % 5)};
        uint8_t bytes[LOG_RECORD_BYTES];

        if (mode % 2 == 0)
            memcpy(bytes, data + i * LOG_RECORD_BYTES, sizeof(bytes));
        else
            log_record_encode(&record, bytes);
        fuzz_require(fd_write_all(fd, bytes, sizeof(bytes)) == 0);
    }
}

static void write_header(int index_fd, int log_fd)
{
    uint8_t bytes[LOG_HEADER_BYTES];
    struct stat status;

    fuzz_require(fstat(log_fd, &status) == 0);
    log_header_encode(&(struct log_header){100, status.st_ino}, bytes);
    fuzz_require(fd_write_all(index_fd, bytes, sizeof(bytes)) == 0);
}

static size_t count_newlines(const uint8_t *log, size_t length)
{
    size_t n = 0;

    for (size_t i = 0; i < length; i++)
        n += log[i] == '\n';
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/yawl-fuzz-log-XXXXXX";
    size_t record_size, n_records, n_log;
    const uint8_t *log;

    if (size < 3)
        return 0;
    record_size = data[1] % 2 ? 3 : LOG_RECORD_BYTES;
    n_records = data[2];
    if (n_records > (size - 3) / record_size)
        n_records = (size - 3) / record_size;
    log = data + 3 + n_records * record_size;
    n_log = size - 3 - n_records * record_size;
    fuzz_require(mkdtemp(path) != NULL);
    {
        scoped_fd int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        scoped_fd int log_fd = openat(dir_fd, "x.log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        scoped_fd int index_fd = openat(dir_fd, "x.idx", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        fuzz_require(fd_write_all(log_fd, log, n_log) == 0);
        write_header(index_fd, log_fd);
        write_records(index_fd, data + 3, n_records, data[1]);

        fuzz_require(read_log(dir_fd, (struct log_range){.tail = -1}) ==
                     n_log - count_newlines(log, n_log));
        fuzz_require(read_log(dir_fd, (struct log_range){.tail = data[0]}) <= n_log);
        fuzz_require(read_log(dir_fd, (struct log_range){.tail = -1, .since_ns = data[0]}) <=
                     n_log);
    }
    fuzz_require(path_remove_tree(AT_FDCWD, path, NULL) == 0);
    return 0;
}
