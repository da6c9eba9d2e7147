/* SPDX-License-Identifier: Apache-2.0 */
/* `pull` and `push` of a project's services. */
#include <unistd.h>

#include "common/fd.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/image/image_pull.h"
#include "orchestrator/cli/image/image_transfer.h"
#include "orchestrator/cli/image/project_lock.h"
#include "orchestrator/cli/image/transfer_lines.h"

struct pull_flags {
    bool ignore_buildable, ignore_failures, include_deps, quiet, no_lock;
    const char *policy;
};

struct selection {
    struct string_list named; /* empty: all */
    bool include_deps;
};

static bool is_selected(const struct selection *selection, const struct service *service)
{
    return selection->named.count == 0 || selection->include_deps ||
           string_list_has(&selection->named, service->name);
}

/* Before the picture of what goes on, also on a terminal. */
static void say_skipped(const char *label, const char *why, struct progress_mode mode)
{
    scoped_text struct text line = {0};

    if (mode.form == PROGRESS_QUIET)
        return;
    transfer_lines_skipped(label, why, mode.form == PROGRESS_JSON, &line);
    (void)!fd_write_all(STDERR_FILENO, line.data, line.length);
}

/* -- pull */

/* Why nothing is pulled, or NULL. */
static const char *skip_reason(const struct image_need *need, const struct pull_flags *flags)
{
    if (need->only_builds)
        return "No image to be pulled";
    if (need->builds && flags->ignore_buildable)
        return "Image can be built";
    switch (need->step) {
    case PULL_STEP_FORBIDDEN:
        return "Its pull policy is 'never'";
    case PULL_STEP_BUILD:
        return "Its pull policy is 'build'";
    case PULL_STEP_KEEP:
        return need->presence.is_pinned_to ? "Image is the one of compose.lock"
                                           : "Image is already present locally";
    default:
        return NULL;
    }
}

/* Leaves of the needs those that are to be pulled. */
static void needs_choose(struct image_needs *needs, const struct selection *selection,
                         const struct pull_flags *flags, struct progress_mode mode)
{
    size_t kept = 0;

    for (size_t i = 0; i < needs->count; i++) {
        const struct image_need *need = &needs->items[i];
        const char *why = skip_reason(need, flags);

        if (!is_selected(selection, need->service))
            continue;
        if (why)
            say_skipped(need->label, why, mode);
        else
            needs->items[kept++] = *need;
    }
    needs->count = kept;
}

static int policy_read(const char *text, struct pull_policy *policy,
                       const struct pull_policy **ret_policy, struct error *err)
{
    *ret_policy = NULL;
    if (!text)
        return 0;
    if (!pull_policy_parse(text, policy) ||
        (policy->rule != PULL_MISSING && policy->rule != PULL_ALWAYS))
        return error_set(err, "unknown value '%s' of --policy: missing or always", text);
    *ret_policy = policy;
    return 0;
}

static int pull_run(struct session *session, const struct selection *selection,
                    const struct pull_flags *flags, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *compose = NULL;
    struct image_pull_options options = {.severity = flags->ignore_failures ? SEVERITY_WARNING
                                                                            : SEVERITY_ERROR};
    struct lock_file *lock = NULL;
    const struct pull_policy *override;
    struct pull_policy policy;
    struct image_needs needs;
    struct roots roots;
    bool interrupted;

    if (policy_read(flags->policy, &policy, &override, err) < 0 ||
        session_progress(session, flags->quiet, &options.mode, err) < 0 ||
        session_load(session, selection->named, &compose, err) < 0 ||
        roots_find(session->arena, &roots, err) < 0)
        return -1;
    if (!flags->no_lock &&
        project_lock_read(compose_project(compose), session->arena, diagnostics, &lock, err) < 0)
        return -1;
    needs = image_needs_of(compose_project(compose), lock, session->arena, diagnostics);
    if (session_report(diagnostics, err) < 0 ||
        image_needs_look(&needs, roots.data, session->arena, err) < 0)
        return -1;
    image_needs_decide_pull(&needs, override);
    needs_choose(&needs, selection, flags, options.mode);
    options.data_root = roots.data;
    if (image_pull(&needs, &options, diagnostics, &interrupted, err) < 0)
        return -1;
    if (interrupted)
        return EXIT_INTERRUPTED;
    return session_report(diagnostics, err);
}

int command_pull(struct session *session, struct error *err)
{
    struct selection selection = {0};
    struct pull_flags flags = {0};
    const struct option_row rows[] = {
        {0, "ignore-buildable", OPTION_FLAG, &flags.ignore_buildable, NULL,
         "leave out what can be built"},
        {0, "ignore-pull-failures", OPTION_FLAG, &flags.ignore_failures, NULL,
         "pull what can be pulled and succeed"},
        {0, "include-deps", OPTION_FLAG, &selection.include_deps, NULL,
         "also what the services depend on"},
        {0, "policy", OPTION_STRING, &flags.policy, "POLICY",
         "missing or always, in place of the services' own"},
        {0, "no-lock", OPTION_FLAG, &flags.no_lock, NULL, "ignore compose.lock"},
        {'q', "quiet", OPTION_FLAG, &flags.quiet, NULL, "no progress"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &selection.named, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    return pull_run(session, &selection, &flags, err);
}

/* -- push */

/* As the reference: what a project does not build is not its to push. */
static void push_choose(struct image_needs *needs, const struct selection *selection,
                        struct progress_mode mode, struct transfer *transfer,
                        struct string_list *items)
{
    for (size_t i = 0; i < needs->count; i++) {
        struct image_need *need = &needs->items[i];

        if (need->beside || !is_selected(selection, need->service))
            continue;
        if (!need->builds || need->only_builds) {
            say_skipped(need->label,
                        need->builds ? "It has no 'image' to be pushed as" : "It is not built here",
                        mode);
            continue;
        }
        need->moves = true;
        if (!transfer_find(transfer, need->reference))
            string_list_add(transfer->arena, items, need->reference);
        transfer_add(transfer, need->reference, need->label);
    }
}

static int push_run(struct session *session, const struct selection *selection,
                    bool ignore_failures, bool quiet, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *compose = NULL;
    struct string_list items = {0};
    struct progress_mode mode;
    struct transfer *transfer;
    struct image_needs needs;
    bool interrupted = false;
    struct roots roots;

    if (session_progress(session, quiet, &mode, err) < 0 ||
        session_load(session, selection->named, &compose, err) < 0 ||
        roots_find(session->arena, &roots, err) < 0)
        return -1;
    needs = image_needs_of(compose_project(compose), NULL, session->arena, diagnostics);
    if (session_report(diagnostics, err) < 0)
        return -1;
    transfer = transfer_new(session->arena, TRANSFER_PUSH, needs.count);
    push_choose(&needs, selection, mode, transfer, &items);
    if (items.count > 0 &&
        image_transfer_run(transfer, items, roots.data, mode, &interrupted, err) < 0)
        return -1;
    if (interrupted)
        return EXIT_INTERRUPTED;
    image_needs_failed(&needs, transfer, ignore_failures ? SEVERITY_WARNING : SEVERITY_ERROR,
                       diagnostics);
    return session_report(diagnostics, err);
}

int command_push(struct session *session, struct error *err)
{
    struct selection selection = {0};
    bool ignore_failures = false, quiet = false;
    const struct option_row rows[] = {
        {0, "ignore-push-failures", OPTION_FLAG, &ignore_failures, NULL,
         "push what can be pushed and succeed"},
        {0, "include-deps", OPTION_FLAG, &selection.include_deps, NULL,
         "also what the services depend on"},
        {'q', "quiet", OPTION_FLAG, &quiet, NULL, "no progress"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &selection.named, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    return push_run(session, &selection, ignore_failures, quiet, err);
}
