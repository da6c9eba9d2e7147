/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/ignore_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/build/build_limits.h"
#include "runtime/build/path_glob.h"
#include "runtime/build/word.h"

enum { PATH_MOST_BYTES = 4096 };

struct ignore_pattern {
    struct path_glob *glob;
    bool brings_back;
};

int ignore_file_add(struct ignore_file *ignore, const char *pattern, struct arena *arena,
                    struct error *err)
{
    struct ignore_pattern added = {.brings_back = *pattern == '!'};
    const char *text = pattern + added.brings_back;
    const char *end = text + strlen(text);

    text = skip_blanks(text, end);
    text = arena_strndup(arena, text, (size_t)(trim_end(text, end) - text));
    if (!*text)
        return added.brings_back ? error_set(err, "'!' alone is no pattern") : 0;
    text = path_clean(arena, text);
    if (*text == '/' && text[1])
        text++;
    if (ignore->count >= LIMIT_IGNORE_PATTERNS)
        return error_set(err, "there are more than %d patterns", LIMIT_IGNORE_PATTERNS);
    if (path_glob_compile(text, true, arena, &added.glob, err) < 0)
        return error_wrap(err, "pattern '%s'", pattern);
    ignore->patterns = arena_room(arena, ignore->patterns, ignore->count);
    ignore->patterns[ignore->count++] = added;
    ignore->brings_back = ignore->brings_back || added.brings_back;
    return 0;
}

int ignore_file_parse(const char *bytes, size_t length, struct arena *arena,
                      struct ignore_file *ret_ignore, struct error *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of byte order */
    struct ignore_file ignore = {0};
    const char *end = bytes + length;
    unsigned line = 1;

    if (length >= strlen(mark) && memcmp(bytes, mark, strlen(mark)) == 0)
        bytes += strlen(mark);
    for (; bytes < end; line++) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *line_end = stop ? stop : end;
        const char *text = skip_blanks(bytes, line_end);
        bool is_comment = *bytes == '#';

        text = arena_strndup(arena, text, (size_t)(trim_end(text, line_end) - text));
        if (!is_comment && *text && ignore_file_add(&ignore, text, arena, err) < 0)
            return error_wrap(err, "line %u", line);
        bytes = stop ? stop + 1 : end;
    }
    *ret_ignore = ignore;
    return 0;
}

/* Whether the pattern matches the path or a directory above it. */
static bool covers(const struct ignore_pattern *pattern, const char *path)
{
    char part[PATH_MOST_BYTES];

    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t length = (size_t)(slash - path);

        if (length >= sizeof(part))
            return false;
        memcpy(part, path, length);
        part[length] = '\0';
        if (path_glob_matches(pattern->glob, part))
            return true;
    }
    return path_glob_matches(pattern->glob, path);
}

bool ignore_file_matches(const struct ignore_file *ignore, const char *path)
{
    if (!*path || string_eq(path, "."))
        return false;
    for (size_t i = ignore->count; i-- > 0;)
        if (covers(&ignore->patterns[i], path))
            return !ignore->patterns[i].brings_back;
    return false;
}

int ignore_file_read(int context_fd, const char *own, struct arena *arena,
                     struct ignore_file *ret_ignore, struct error *err)
{
    scoped_text struct text bytes = {0};
    scoped_fd int fd = -1;

    *ret_ignore = (struct ignore_file){0};
    if (own)
        fd = *own == '/' ? open(own, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY)
                         : path_open_file_in_root(context_fd, own);
    if (fd < 0)
        fd = path_open_file_in_root(context_fd, ".dockerignore");
    if (fd < 0)
        return errno == ENOENT ? 0 : error_sys(err, "open '.dockerignore'");
    if (fd_read_all(fd, LIMIT_IGNORE_BYTES, &bytes, err) < 0 ||
        ignore_file_parse(text_get(&bytes), bytes.length, arena, ret_ignore, err) < 0)
        return error_wrap(err, "'.dockerignore'");
    return 0;
}
