/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fixture_runner.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

static bool wanted(const char *name, char **patterns, int n_patterns)
{
    for (int i = 0; i < n_patterns; i++) {
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    }
    return n_patterns == 0;
}

static int only_names(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int fixture_runner_main(const struct fixture_runner *runner, int argc, char **argv)
{
    int number = 0, failed = 0;

    for (size_t kind = 0; argc > 1 && kind < runner->n_kinds; kind++) {
        struct dirent **entries;
        char path[4096], directory[5000];
        int count;

        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], runner->kinds[kind]);
        count = scandir(path, &entries, only_names, alphasort);
        for (int i = 0; i < count; i++) {
            (void)snprintf(directory, sizeof(directory), "%s/%s", path, entries[i]->d_name);
            if (wanted(entries[i]->d_name, argv + 2, argc - 2)) {
                bool passed = runner->run(directory, kind);

                failed += !passed;
                printf("%sok %d - %s/%s\n", passed ? "" : "not ", ++number, runner->kinds[kind],
                       entries[i]->d_name);
            }
            free(entries[i]);
        }
        if (count >= 0)
            free(entries);
    }
    printf("1..%d\n", number);
    return failed > 0 || number == 0;
}
