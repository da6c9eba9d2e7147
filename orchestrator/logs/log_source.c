/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/text.h"
#include "orchestrator/logs/log_file.h"
#include "orchestrator/logs/log_files.h"
#include "orchestrator/logs/log_seek.h"

/* A container's clock is the host's; a piece further ahead than this comes from a clock that was
 * set back. */
#define AHEAD_MAX_NS UINT64_C(1000000000)

/* The unfinished line of one stream. */
struct part {
    struct text text;
    uint64_t time_ns;
    bool open; /* some of the line has come, though perhaps given away already */
};

struct log_source {
    struct log_source_options options;
    char *name;
    struct log_start start;

    struct log_file *file; /* NULL: there is no log yet */
    int inotify_fd, watch; /* watch: of the file; or -1 */
    bool rotated;          /* the file does not grow any more */

    uint64_t pos;            /* next byte to read */
    uint64_t next_record;    /* first record that was not applied yet */
    struct log_record piece; /* what the bytes from pos to piece_end are */
    uint64_t piece_end;
    uint64_t last_time_ns;       /* the greatest time of a piece so far */
    uint64_t held_at, let_go_at; /* positions, or UINT64_MAX */

    struct part parts[3]; /* by stream */
};

void log_source_free(struct log_source *source)
{
    if (!source)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(source->parts); i++)
        text_done(&source->parts[i].text);
    log_file_free(source->file);
    free(source->name);
    free(source);
}

static struct log_place here(const struct log_source *source)
{
    return (struct log_place){log_file_sequence(source->file), source->pos};
}

/* The newest record at or before pos tells what the bytes there are. */
static void find_record(struct log_source *source)
{
    uint64_t i = log_file_records(source->file);
    struct log_record record;

    source->next_record = 0;
    source->piece = (struct log_record){log_file_sequence(source->file), 0, LOG_STDOUT};
    while (i-- > 0) {
        if (log_file_record(source->file, i, &record) && record.offset <= source->pos) {
            source->piece = record;
            source->next_record = i + 1;
            return;
        }
    }
}

static void watch_file(struct log_source *source)
{
    char path[64];

    if (source->inotify_fd < 0 || !source->file)
        return;
    if (source->watch >= 0)
        (void)inotify_rm_watch(source->inotify_fd, source->watch);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", log_file_fd(source->file));
    source->watch = inotify_add_watch(source->inotify_fd, path, IN_MODIFY);
}

void log_source_watch(struct log_source *source, int inotify_fd)
{
    source->inotify_fd = inotify_fd;
    watch_file(source);
}

/* Goes on with a newer generation, if there is one. */
static int open_next(struct log_source *source, struct error *err)
{
    uint64_t sequence = source->file ? log_file_sequence(source->file) : 0;
    struct log_place first = source->start.at[0];
    struct log_file *file;

    if (log_place_compare(source->start.at[1], first) < 0)
        first = source->start.at[1];
    if (!source->file && first.sequence > 0)
        sequence = first.sequence - 1;
    if (log_file_open_after(source->options.dir_fd, source->name, sequence, &file, err) < 0)
        return -1;
    if (!file)
        return 0;
    log_file_free(source->file);
    source->file = file;
    source->rotated = false;
    source->held_at = source->let_go_at = UINT64_MAX;
    source->pos = first.sequence == log_file_sequence(file) ? first.offset : 0;
    source->piece_end = source->pos;
    watch_file(source);
    find_record(source);
    return log_source_sample(source, err);
}

static int seek(struct log_source *source, struct error *err)
{
    const struct log_source_options *options = &source->options;
    int dir_fd = options->dir_fd;

    if (options->range.tail == 0)
        return log_seek_end(dir_fd, source->name, &source->start, err);
    if (options->range.tail > 0)
        return log_seek_tail(dir_fd, source->name, options->range.tail, &source->start, err);
    if (options->range.since_ns > 0)
        return log_seek_since(dir_fd, source->name, options->range.since_ns, &source->start, err);
    return 0;
}

int log_source_open(const struct log_source_options *options, struct log_source **ret_source,
                    struct error *err)
{
    scoped(log_source_free) struct log_source *source = NULL;

    if (log_name_check(options->name, err) < 0)
        return -1;
    source = memory_new(struct log_source);
    source->options = *options;
    source->inotify_fd = source->watch = -1;
    source->held_at = source->let_go_at = UINT64_MAX;
    source->name = memory_strdup(options->name);
    if (seek(source, err) < 0 || open_next(source, err) < 0)
        return error_wrap(err, "log of '%s'", options->name);
    *ret_source = steal(source);
    return 0;
}

int log_source_sample(struct log_source *source, struct error *err)
{
    if (!source->file)
        return open_next(source, err);
    source->let_go_at = source->held_at;
    source->held_at = UINT64_MAX;
    /* First whether it has ended, then how long it is: then the length is final. */
    source->rotated = !log_file_is_current(source->file, source->options.dir_fd, source->name);
    return log_file_sample(source->file, err);
}

static void give(struct log_source *source, struct part *part, const struct log_line *text,
                 const struct log_sink *sink)
{
    const struct log_range *range = &source->options.range;
    struct log_line line = *text;

    if (part->time_ns < range->since_ns || (range->until_ns > 0 && part->time_ns > range->until_ns))
        return;
    line.name = source->name;
    line.owner = source->options.owner;
    line.stream = (enum log_stream)(part - source->parts + 1);
    line.time_ns = part->time_ns;
    sink->line(&line, sink->context);
}

static void give_part(struct log_source *source, struct part *part, bool partial,
                      const struct log_sink *sink)
{
    const struct log_line line = {
        .text = text_get(&part->text), .length = part->text.length, .partial = partial};

    give(source, part, &line, sink);
    text_clear(&part->text);
}

static void end_part(struct log_source *source, enum log_stream stream, const struct log_sink *sink)
{
    struct part *part = &source->parts[stream - 1];

    const struct log_line line = {
        .text = text_get(&part->text), .length = part->text.length, .unfinished = true};

    if (part->open)
        give(source, part, &line, sink);
    text_clear(&part->text);
    part->open = false;
}

void log_source_finish(struct log_source *source, const struct log_sink *sink)
{
    end_part(source, LOG_STDOUT, sink);
    end_part(source, LOG_STDERR, sink);
    end_part(source, LOG_EVENT, sink);
}

static void begin_part(struct log_source *source, struct part *part)
{
    if (!part->open)
        part->time_ns = source->piece.time_ns;
    part->open = true;
}

static void keep_part(struct log_source *source, struct part *part, const struct log_line *more,
                      const struct log_sink *sink)
{
    const char *bytes = more->text;
    size_t length = more->length;

    while (part->text.length + length > LOG_LINE_MAX) {
        size_t n = LOG_LINE_MAX - part->text.length;

        text_append_bytes(&part->text, bytes, n);
        give_part(source, part, true, sink);
        bytes += n;
        length -= n;
    }
    text_append_bytes(&part->text, bytes, length);
}

/* Bytes of the current piece's stream: lines are given, what is left is kept. */
static void cut_lines(struct log_source *source, const char *bytes, size_t length,
                      const struct log_sink *sink)
{
    struct part *part = &source->parts[source->piece.stream - 1];
    const char *end = bytes + length;

    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        struct log_line line = {.text = bytes,
                                .length = (size_t)((newline ? newline : end) - bytes)};

        begin_part(source, part);
        if (newline && part->text.length == 0) {
            give(source, part, &line, sink);
        } else {
            keep_part(source, part, &line, sink);
            if (newline)
                give_part(source, part, false, sink);
        }
        part->open = !newline;
        bytes += line.length + 1;
    }
}

/* What of the piece lies before the place where its stream is to be shown from. */
static uint64_t hidden_bytes(const struct log_source *source)
{
    struct log_place from;

    if (source->piece.stream == LOG_EVENT)
        return 0;
    from = source->start.at[source->piece.stream - 1];
    if (log_place_compare(here(source), from) >= 0)
        return 0;
    if (from.sequence == log_file_sequence(source->file) && from.offset < source->piece_end)
        return from.offset - source->pos;
    return source->piece_end - source->pos;
}

static void give_piece(struct log_source *source, const struct log_sink *sink)
{
    source->pos += hidden_bytes(source);
    if (source->piece.stream == LOG_EVENT) {
        end_part(source, LOG_STDOUT, sink);
        end_part(source, LOG_STDERR, sink);
    }
    while (source->pos < source->piece_end) {
        const char *bytes;
        size_t length = log_file_bytes(source->file, source->pos, &bytes);

        if (length == 0) { /* somebody cut the file */
            source->pos = source->piece_end;
            return;
        }
        if (length > source->piece_end - source->pos)
            length = (size_t)(source->piece_end - source->pos);
        cut_lines(source, bytes, length, sink);
        source->pos += length;
    }
}

/* Applies the records up to pos and finds the end of the piece there; false when nothing is there
 * (yet). Damaged records are passed over. */
static bool find_piece(struct log_source *source)
{
    uint64_t size = log_file_size(source->file), n_records = log_file_records(source->file);
    struct log_record record;

    if (source->pos < source->piece_end)
        return true;
    source->piece_end = size > source->pos ? size : source->pos;
    for (; source->next_record < n_records; source->next_record++) {
        if (!log_file_record(source->file, source->next_record, &record))
            continue;
        if (record.offset > source->pos) {
            if (record.offset < source->piece_end)
                source->piece_end = record.offset;
            break;
        }
        if (record.offset == source->pos)
            source->piece = record;
    }
    return source->pos < source->piece_end;
}

static bool is_held(struct log_source *source, uint64_t horizon_ns)
{
    uint64_t time_ns = source->piece.time_ns;

    if (time_ns <= horizon_ns || time_ns - horizon_ns > AHEAD_MAX_NS ||
        source->pos == source->let_go_at)
        return false;
    source->held_at = source->pos;
    return true;
}

int log_source_peek(struct log_source *source, uint64_t horizon_ns, uint64_t *ret_time,
                    bool *ret_has, struct error *err)
{
    *ret_has = false;
    if (!source->file)
        return 0;
    while (!find_piece(source)) {
        uint64_t sequence = log_file_sequence(source->file);

        if (!source->rotated)
            return 0;
        if (open_next(source, err) < 0)
            return error_wrap(err, "log of '%s'", source->name);
        if (log_file_sequence(source->file) == sequence)
            return 0; /* the next one is not in place yet */
    }
    if (is_held(source, horizon_ns))
        return 0;
    *ret_time = source->piece.time_ns;
    if (*ret_time < source->last_time_ns)
        *ret_time = source->last_time_ns;
    *ret_has = true;
    return 0;
}

int log_source_take(struct log_source *source, uint64_t horizon_ns, uint64_t limit_ns,
                    const struct log_sink *sink, struct error *err)
{
    for (;;) {
        uint64_t time_ns = 0;
        bool has;

        if (log_source_peek(source, horizon_ns, &time_ns, &has, err) < 0)
            return -1;
        if (!has || time_ns > limit_ns)
            return 0;
        source->last_time_ns = time_ns;
        if (source->piece.stream != LOG_EVENT || source->piece.offset == source->pos)
            end_part(source, LOG_EVENT, sink);
        give_piece(source, sink);
    }
}

void log_source_rest(struct log_source *source)
{
    if (source->file)
        log_file_rest(source->file);
}
