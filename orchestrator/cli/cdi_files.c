/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/cdi_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"

enum { FILE_MOST_BYTES = 4 * 1024 * 1024, FILES_MOST = 1024 };

static bool asks_for_any(const struct project *project)
{
    for (size_t i = 0; i < project->n_services; i++) {
        const struct service *service = &project->services[i];

        if (service->n_device_requests > 0)
            return true;
        for (size_t j = 0; j < service->devices.count; j++)
            if (cdi_name_is_qualified(service->devices.items[j]))
                return true;
    }
    return false;
}

static int is_specification(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           (string_ends_with(entry->d_name, ".json") || string_ends_with(entry->d_name, ".yaml"));
}

static void file_read_spec(const char *directory, const char *name, struct arena *arena,
                           struct diagnostics *diagnostics, struct cdi_specs *specs)
{
    const char *path = arena_printf(arena, "%s/%s", directory, name);
    scoped_text struct text bytes = {0};
    struct error err = {0};
    struct cdi_spec spec;

    if (file_read(AT_FDCWD, path, FILE_MOST_BYTES, &bytes, NULL, &err) < 0 ||
        cdi_spec_parse(text_get(&bytes), bytes.length, path, arena, &spec, &err) < 0) {
        diagnostics_warning(diagnostics, err.at, NULL, "CDI specification '%s': %s", path,
                            err.text);
        return;
    }
    specs->items = arena_room(arena, specs->items, specs->count);
    specs->items[specs->count++] = spec;
}

/* In the order of their names. */
static int directory_read(const char *directory, struct arena *arena,
                          struct diagnostics *diagnostics, struct cdi_specs *specs,
                          struct error *err)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, is_specification, alphasort);

    if (count < 0)
        return errno == ENOENT ? 0 : error_sys(err, "read '%s'", directory);
    for (int i = 0; i < count; i++) {
        if (i < FILES_MOST)
            file_read_spec(directory, entries[i]->d_name, arena, diagnostics, specs);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

int cdi_files_read(const struct project *project, struct arena *arena,
                   struct diagnostics *diagnostics, struct cdi_specs *ret_specs, struct error *err)
{
    const char *rest = getenv("YAWL_CDI_DIRS");

    *ret_specs = (struct cdi_specs){0};
    if (!asks_for_any(project))
        return 0;
    if (!rest || !*rest)
        rest = "/var/run/cdi:/etc/cdi";
    while (*rest) {
        size_t length = strcspn(rest, ":");

        if (length > 0 && directory_read(arena_strndup(arena, rest, length), arena, diagnostics,
                                         ret_specs, err) < 0)
            return -1;
        rest += length + (rest[length] == ':');
    }
    return 0;
}
