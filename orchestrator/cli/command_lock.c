/* SPDX-License-Identifier: Apache-2.0 */
/* `lock`: compose.lock is written, compared, and told in docker's own form. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/image/image_resolve.h"
#include "orchestrator/cli/image/project_lock.h"
#include "orchestrator/cli/image/project_pin.h"

struct lock_flags {
    bool upgrade, check, as_override;
    struct string_list services; /* to upgrade; empty: all */
};

struct locking {
    struct session *session;
    const struct lock_flags *flags;
    struct compose *compose;
    const struct project *project;
    struct diagnostics *diagnostics;
    struct lock_wants wants;
    struct lock_file *old; /* NULL: there is none */
    struct lock_file lock; /* the new one */
};

/* -- writing */

static bool is_to_resolve(const struct locking *locking, const struct lock_want *want)
{
    const struct string_list *services = &locking->flags->services;

    if (!lock_file_find(locking->old, want->reference))
        return true;
    return locking->flags->upgrade &&
           (services->count == 0 || string_list_has(services, want->service));
}

static struct string_list references_to_resolve(const struct locking *locking)
{
    struct string_list references = {0};

    for (size_t i = 0; i < locking->wants.count; i++)
        if (is_to_resolve(locking, &locking->wants.items[i]) &&
            !string_list_has(&references, locking->wants.items[i].reference))
            string_list_add(locking->session->arena, &references,
                            locking->wants.items[i].reference);
    return references;
}

/* The new file: what was asked for, what is kept, and nothing else. */
static void lock_fill(struct locking *locking, const struct image_answers *answers)
{
    for (size_t i = 0; i < locking->wants.count; i++) {
        const struct lock_want *want = &locking->wants.items[i];
        const struct image_answer *answer = image_answers_find(answers, want->reference);

        if (answer && answer->problem)
            diagnostics_error(locking->diagnostics, want->at, want->path, "resolve '%s': %s",
                              want->reference, answer->problem);
        else
            lock_file_put(&locking->lock,
                          answer ? &answer->image : lock_file_find(locking->old, want->reference),
                          locking->session->arena);
    }
}

static void tell_new(const struct locking *locking, const struct lock_image *image,
                     struct text *out)
{
    const struct lock_image *old = lock_file_find(locking->old, image->reference);

    if (!old)
        text_appendf(out, "%s added %s\n", image->reference, image->digest);
    else if (!string_eq(old->digest, image->digest))
        text_appendf(out, "%s %s -> %s\n", image->reference, old->digest, image->digest);
}

static void tell_changes(const struct locking *locking, struct text *out)
{
    for (size_t i = 0; i < locking->lock.n_images; i++)
        tell_new(locking, &locking->lock.images[i], out);
    for (size_t i = 0; locking->old && i < locking->old->n_images; i++)
        if (!lock_file_find(&locking->lock, locking->old->images[i].reference))
            text_appendf(out, "%s removed\n", locking->old->images[i].reference);
    if (out->length == 0)
        text_append(out, "compose.lock is up to date\n");
}

static int lock_replace(const char *path, const struct text *text, struct error *err)
{
    const char *name = path_base_name(path);
    scoped(free) char *directory = strndup(path, (size_t)(name - path));
    scoped_fd int dir_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (dir_fd < 0)
        return error_sys(err, "open '%s'", directory);
    if (file_replace(dir_fd, name, text->data, text->length, 0644, err) < 0)
        return error_wrap(err, "write '%s'", path);
    return 0;
}

static int lock_write(struct locking *locking, struct error *err)
{
    struct string_list references = references_to_resolve(locking);
    scoped_text struct text text = {0}, changes = {0};
    struct image_answers answers;
    struct roots roots;

    if (roots_find(locking->session->arena, &roots, err) < 0 ||
        image_resolve(references, roots.data, locking->session->arena, &answers, err) < 0)
        return -1;
    lock_fill(locking, &answers);
    if (session_report(locking->diagnostics, err) < 0)
        return -1;
    tell_changes(locking, &changes);
    lock_file_format(&locking->lock, &text);
    if (lock_replace(project_lock_path(locking->project, locking->session->arena), &text, err) < 0)
        return -1;
    (void)printf("%s", text_get(&changes));
    return 0;
}

/* -- the other forms */

static int lock_compare(struct locking *locking, struct error *err)
{
    project_lock_compare(locking->project, &locking->wants, locking->old, locking->diagnostics);
    return session_report(locking->diagnostics, err);
}

static int lock_print_override(struct locking *locking, struct error *err)
{
    scoped_text struct text out = {0};

    if (lock_compare(locking, err) < 0 ||
        project_pin_images(locking->session, locking->compose, err) < 0)
        return -1;
    compose_keep_images(locking->compose);
    compose_print_yaml(locking->compose, &out);
    if (fd_write_all(STDOUT_FILENO, text_get(&out), out.length) < 0)
        return error_sys(err, "write 'standard output'");
    return 0;
}

/* -- all of it */

static int services_check(const struct locking *locking, struct error *err)
{
    for (size_t i = 0; i < locking->flags->services.count; i++)
        if (!project_find_service(locking->project, locking->flags->services.items[i]))
            return error_set(err, "no such service: %s", locking->flags->services.items[i]);
    return 0;
}

static int lock_run(struct session *session, const struct lock_flags *flags, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *compose = NULL;
    struct locking locking = {.session = session, .flags = flags, .diagnostics = diagnostics};

    if (session_load_all(session, &compose, err) < 0)
        return -1;
    locking.compose = compose;
    locking.project = compose_project(compose);
    if (services_check(&locking, err) < 0 ||
        project_lock_read(locking.project, session->arena, diagnostics, &locking.old, err) < 0)
        return -1;
    if (diagnostics_count(diagnostics, SEVERITY_ERROR) > 0)
        return session_report(diagnostics, err);
    locking.wants = project_lock_wants(locking.project, session->arena, diagnostics);
    if (flags->check)
        return lock_compare(&locking, err);
    if (flags->as_override)
        return lock_print_override(&locking, err);
    return lock_write(&locking, err);
}

int command_lock(struct session *session, struct error *err)
{
    struct lock_flags flags = {0};
    const struct option_row rows[] = {
        {0, "upgrade", OPTION_FLAG, &flags.upgrade, NULL,
         "ask again for all images, or those of the services"},
        {0, "check", OPTION_FLAG, &flags.check, NULL, "only say whether it is up to date"},
        {0, "as-override", OPTION_FLAG, &flags.as_override, NULL,
         "print it as an override file for docker compose"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &flags.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (flags.upgrade + flags.check + flags.as_override > 1)
        return error_set(err, "--upgrade, --check and --as-override are incompatible");
    if (flags.services.count > 0 && !flags.upgrade)
        return error_set(err, "lock: all services are locked together; services are named for "
                              "--upgrade only");
    return lock_run(session, &flags, err);
}
