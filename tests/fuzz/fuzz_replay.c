/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over the files of a directory, without libFuzzer: fuzz_replay DIRECTORY.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"

enum { INPUT_MAX_BYTES = 64 * 1024 * 1024 };

static int replay(int dir_fd, const char *name)
{
    scoped_fd int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    scoped_text struct text input = {0};
    struct error err = {0};

    if (fd < 0 || fd_read_all(fd, INPUT_MAX_BYTES, &input, &err) < 0) {
        (void)fprintf(stderr, "%s: %s\n", name, err.text);
        return -1;
    }
    (void)printf("%s\n", name);
    (void)fflush(stdout);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)text_get(&input), input.length);
    return 0;
}

int main(int argc, char **argv)
{
    DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
    const struct dirent *entry;
    int n = 0, n_failed = 0;

    if (!directory) {
        (void)fprintf(stderr, "usage: fuzz_replay DIRECTORY\n");
        return 2;
    }
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] == '.')
            continue;
        n++;
        n_failed += replay(dirfd(directory), entry->d_name) < 0;
    }
    (void)closedir(directory);
    return n == 0 || n_failed > 0;
}
