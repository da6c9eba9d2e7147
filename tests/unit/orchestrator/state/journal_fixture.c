/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/orchestrator/state/journal_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"

static void project_make(struct journal_place *place)
{
    char path[80];

    (void)snprintf(path, sizeof(path), "%s/projects/p", place->root);
    cr_assert_eq(path_make_dirs(AT_FDCWD, path, 0700, NULL), 0);
    place->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_geq(place->dir_fd, 0);
}

struct journal_place journal_place_new(void)
{
    struct journal_place place = {.root = "/tmp/yawl-journal-XXXXXX"};

    cr_assert_not_null(mkdtemp(place.root));
    project_make(&place);
    return place;
}

void journal_place_free(struct journal_place *place)
{
    fd_close(place->dir_fd);
    cr_expect_eq(path_remove_tree(AT_FDCWD, place->root, NULL), 0);
}

void journal_place_renew(struct journal_place *place)
{
    char path[80];

    (void)snprintf(path, sizeof(path), "%s/projects", place->root);
    cr_assert_eq(path_remove_tree(AT_FDCWD, path, NULL), 0);
    fd_close(place->dir_fd);
    project_make(place);
}

struct journal *journal_at(const struct journal_place *place)
{
    struct journal *journal;
    struct error err = {0};

    cr_assert_eq(journal_open(place->dir_fd, &journal, &err), 0, "%s", err.text);
    return journal;
}

void journal_fill(struct journal *journal, int from, int to)
{
    struct error err = {0};

    for (int code = from; code < to; code++) {
        journal_add(journal, &(struct event){.kind = EVENT_DIE, .code = code});
        cr_assert_eq(journal_flush(journal, &err), 0, "%s", err.text);
    }
}

static void on_event(const struct event *event, void *owner)
{
    struct text *out = owner;

    text_appendf(out, "%s%d", out->length ? " " : "", event->code);
}

void codes_read(struct journal_reader *reader, struct text *out)
{
    text_clear(out);
    journal_reader_read(reader, on_event, out);
}
