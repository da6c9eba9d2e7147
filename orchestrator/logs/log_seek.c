/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_seek.h"

#include <string.h>

#include "orchestrator/logs/log_file.h"

/* Goes through the pieces of a log backwards. */
struct walk {
    int dir_fd;
    const char *name;
    struct log_file *file; /* NULL: the beginning was reached */
    uint64_t n_left;       /* records before the last piece */
    uint64_t end;          /* where the next piece ends */
};

struct piece {
    enum log_stream stream;
    uint64_t start, end;
};

int log_place_compare(struct log_place a, struct log_place b)
{
    if (a.sequence != b.sequence)
        return a.sequence < b.sequence ? -1 : 1;
    return a.offset < b.offset ? -1 : a.offset > b.offset;
}

static void walk_done(struct walk *walk)
{
    log_file_free(walk->file);
}

#define scoped_walk __attribute__((cleanup(walk_done)))

static struct log_place place_in(const struct walk *walk, uint64_t offset)
{
    return (struct log_place){log_file_sequence(walk->file), offset};
}

static int walk_open(struct walk *walk, uint64_t before_sequence, struct error *err)
{
    struct log_file *file;

    if (log_file_open_before(walk->dir_fd, walk->name, before_sequence, &file, err) < 0)
        return -1;
    log_file_free(walk->file);
    walk->file = file;
    walk->n_left = file ? log_file_records(file) : 0;
    walk->end = file ? log_file_size(file) : 0;
    return 0;
}

/* The last piece that is not empty, of this file; false when its beginning was reached. Damaged
 * records are passed over: their bytes belong to the piece before, as in forward reading. */
static bool walk_back_in_file(struct walk *walk, struct piece *ret_piece)
{
    struct log_record record;

    while (walk->n_left > 0) {
        if (!log_file_record(walk->file, --walk->n_left, &record) || record.offset >= walk->end)
            continue;
        *ret_piece = (struct piece){record.stream, record.offset, walk->end};
        walk->end = record.offset;
        return true;
    }
    if (walk->end == 0)
        return false;
    *ret_piece = (struct piece){LOG_STDOUT, 0, walk->end};
    walk->end = 0;
    return true;
}

/* *ret_found is false at the beginning of everything. */
static int walk_back(struct walk *walk, struct piece *ret_piece, bool *ret_found, struct error *err)
{
    *ret_found = false;
    while (walk->file) {
        if (walk_back_in_file(walk, ret_piece)) {
            *ret_found = true;
            return 0;
        }
        if (walk_open(walk, log_file_sequence(walk->file), err) < 0)
            return -1;
    }
    return 0;
}

/* The offset behind the last newline in [start, end); false when there is none. */
static bool last_line_start(struct log_file *file, uint64_t start, uint64_t end,
                            uint64_t *ret_offset)
{
    while (end > start) {
        uint64_t block = (end - 1) - (end - 1) % LOG_WINDOW_BYTES;
        uint64_t from = block > start ? block : start;
        const char *bytes, *newline;
        size_t length = log_file_bytes(file, from, &bytes);

        if (length > end - from)
            length = (size_t)(end - from);
        newline = length > 0 ? memrchr(bytes, '\n', length) : NULL;
        if (newline) {
            *ret_offset = from + (uint64_t)(newline - bytes) + 1;
            return true;
        }
        end = from;
    }
    return false;
}

/* Where the stream's line begins that is unfinished at `at`; `at` itself when there is none. */
static int find_line_start(const struct walk *from, enum log_stream stream, struct log_place at,
                           struct log_place *ret_place, struct error *err)
{
    scoped_walk struct walk walk = {.dir_fd = from->dir_fd, .name = from->name};
    struct piece piece;
    bool found = true;

    *ret_place = at;
    if (walk_open(&walk, at.sequence + 1, err) < 0)
        return -1;
    if (walk.file && log_file_sequence(walk.file) == at.sequence && walk.end > at.offset)
        walk.end = at.offset;
    while (found) {
        uint64_t offset;

        if (walk_back(&walk, &piece, &found, err) < 0)
            return -1;
        if (!found || piece.stream == LOG_EVENT) /* it ends the lines before it */
            return 0;
        if (piece.stream != stream)
            continue;
        if (last_line_start(walk.file, piece.start, piece.end, &offset)) {
            if (offset < piece.end)
                *ret_place = place_in(&walk, offset);
            return 0;
        }
        *ret_place = place_in(&walk, piece.start);
    }
    return 0;
}

/* Counts the ends of lines from the last one backwards. */
struct tally {
    int64_t wanted, n;
    bool at_end[2]; /* nothing of the stream was seen yet since the end, or since an event */
    struct log_place stop;
    enum log_stream stop_stream;
};

/* True when there are more ends than wanted: `offset` is behind the first that is too much. */
static bool tally_end(struct tally *tally, const struct walk *walk, enum log_stream stream,
                      uint64_t offset)
{
    if (tally->n++ < tally->wanted)
        return false;
    tally->stop = place_in(walk, offset);
    tally->stop_stream = stream;
    return true;
}

static bool tally_piece(struct tally *tally, const struct walk *walk, const struct piece *piece)
{
    bool *at_end = &tally->at_end[piece->stream - 1];
    uint64_t end = piece->end, offset = 0;
    bool has_newline = last_line_start(walk->file, piece->start, end, &offset);

    /* The rest of a line counts, when nothing of the stream follows. */
    if (*at_end && !(has_newline && offset == end) && tally_end(tally, walk, piece->stream, end))
        return true;
    *at_end = false;
    while (has_newline) {
        if (tally_end(tally, walk, piece->stream, offset))
            return true;
        end = offset - 1;
        has_newline = last_line_start(walk->file, piece->start, end, &offset);
    }
    return false;
}

int log_seek_tail(int dir_fd, const char *name, int64_t count, struct log_start *ret_start,
                  struct error *err)
{
    scoped_walk struct walk walk = {.dir_fd = dir_fd, .name = name};
    struct tally tally = {.wanted = count, .at_end = {true, true}};
    struct piece piece;
    bool found = true;
    size_t other;

    *ret_start = (struct log_start){0};
    if (walk_open(&walk, UINT64_MAX, err) < 0)
        return -1;
    for (;;) {
        if (walk_back(&walk, &piece, &found, err) < 0)
            return -1;
        if (!found)
            return 0; /* all of it */
        if (piece.stream == LOG_EVENT)
            tally.at_end[0] = tally.at_end[1] = true;
        else if (tally_piece(&tally, &walk, &piece))
            break;
    }
    other = tally.stop_stream == LOG_STDOUT ? 1 : 0;
    ret_start->at[1 - other] = tally.stop;
    return find_line_start(&walk, other == 0 ? LOG_STDOUT : LOG_STDERR, tally.stop,
                           &ret_start->at[other], err);
}

static uint64_t first_since(struct log_file *file, uint64_t since_ns)
{
    struct log_record record;

    for (uint64_t i = 0; i < log_file_records(file); i++) {
        if (log_file_record(file, i, &record) && record.time_ns >= since_ns &&
            record.offset <= log_file_size(file))
            return record.offset;
    }
    return log_file_size(file);
}

int log_seek_since(int dir_fd, const char *name, uint64_t since_ns, struct log_start *ret_start,
                   struct error *err)
{
    scoped_walk struct walk walk = {.dir_fd = dir_fd, .name = name};
    struct log_place at;

    *ret_start = (struct log_start){0};
    /* A generation's sequence is the time of its birth. */
    if (walk_open(&walk, since_ns, err) < 0)
        return -1;
    if (!walk.file)
        return 0;
    at = place_in(&walk, first_since(walk.file, since_ns));
    for (size_t i = 0; i < 2; i++) {
        if (find_line_start(&walk, (enum log_stream)(i + 1), at, &ret_start->at[i], err) < 0)
            return -1;
    }
    return 0;
}

int log_seek_end(int dir_fd, const char *name, struct log_start *ret_start, struct error *err)
{
    scoped_walk struct walk walk = {.dir_fd = dir_fd, .name = name};

    *ret_start = (struct log_start){0};
    if (walk_open(&walk, UINT64_MAX, err) < 0)
        return -1;
    if (walk.file)
        ret_start->at[0] = ret_start->at[1] = place_in(&walk, walk.end);
    return 0;
}
