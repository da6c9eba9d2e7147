/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/emulation.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/yawl-emulation.XXXXXX";

static void prepare(void)
{
    cr_assert(mkdtemp(folder));
}

static const char *path_of(const char *name)
{
    static char path[100];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void clean(void)
{
    (void)unlink(path_of("register"));
    (void)unlink(path_of("qemu-aarch64"));
    (void)unlink(path_of("qemu-s390x"));
    (void)rmdir(folder);
}

TestSuite(emulation, .init = prepare, .fini = clean);

static void handler(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "we");

    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* As the kernel writes them. */
#define ARM64(state, flags)                                                                        \
    state "\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: " flags                 \
          "\noffset 0\nmagic 7f454c460201010000000000000000000200b700\n"                           \
          "mask ffffffffffffff00fffffffffffffffffeffffff\n"
#define S390X                                                                                      \
    "enabled\ninterpreter /usr/libexec/qemu-binfmt/s390x-binfmt-P\nflags: PF\noffset 0\n"          \
    "magic 7f454c4602020100000000000000000000020016\n"                                             \
    "mask ffffffffffffff00fffffffffffffffffffeffff\n"

Test(emulation, a_handler_that_is_held_open_serves_its_architecture)
{
    handler("qemu-aarch64", ARM64("enabled", "POCF"));
    handler("qemu-s390x", S390X);
    cr_expect(emulation_is_there(folder, "arm64"));
    cr_expect(emulation_is_there(folder, "s390x"));
    cr_expect_not(emulation_is_there(folder, "arm"));
    cr_expect_not(emulation_is_there(folder, "riscv64"));
    cr_expect_not(emulation_is_there(folder, "no-such"));
}

Test(emulation, one_that_is_off_or_needs_a_file_of_the_container_does_not)
{
    handler("qemu-aarch64", ARM64("disabled", "POCF"));
    cr_expect_not(emulation_is_there(folder, "arm64"));
    handler("qemu-aarch64", ARM64("enabled", "POC"));
    cr_expect_not(emulation_is_there(folder, "arm64"));
}

Test(emulation, what_is_no_handler_is_passed_over)
{
    handler("qemu-aarch64", "enabled\nflags: F\noffset 0\nmagic 7f45\n");
    handler("register", ARM64("enabled", "F"));
    cr_expect_not(emulation_is_there(folder, "arm64"));
    cr_expect_not(emulation_is_there("/no/such/folder", "arm64"));
}
