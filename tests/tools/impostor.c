/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image's own "dynamic linker". A script of the image that names "/proc/self/exe" as its
 * interpreter has the kernel run whatever program the container's process is a copy of, and this
 * one decides what happens in it (CVE-2019-5736).
 *
 *     #!/proc/self/exe          ./script WORD
 *
 * Says in /out/impostor whether that program's file could be written to: "WORD writable" or "WORD
 * errno N". Freestanding, as it runs with the headers of another program.
 */
#include <asm/fcntl.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>

#include "runtime/init/system_call.h"

enum { MAY_WRITE = 2 };

static unsigned long length_of(const char *text)
{
    unsigned long length = 0;

    while (text[length])
        length++;
    return length;
}

static void say(int fd, const char *text)
{
    (void)system_call(__NR_write, fd, (long)text, (long)length_of(text), 0);
}

static void say_number(int fd, long number)
{
    char digits[24];
    char *at = digits + sizeof(digits) - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    say(fd, at);
}

/* Not by opening it: while it runs, ETXTBSY would hide the other reasons. */
__attribute__((used)) static _Noreturn void init_main(long *stack)
{
    char **argv = (char **)(stack + 1);
    int fd = (int)system_call(__NR_openat, AT_FDCWD, (long)"/out/impostor",
                              O_WRONLY | O_CREAT | O_APPEND, 0666);
    long result = system_call(__NR_faccessat, AT_FDCWD, (long)"/proc/self/exe", MAY_WRITE, 0);

    say(fd, stack[0] > 2 ? argv[2] : "?");
    if (result == 0) {
        say(fd, " writable\n");
    } else {
        say(fd, " errno ");
        say_number(fd, -result);
        say(fd, "\n");
    }
    for (;;)
        (void)system_call(__NR_exit_group, 0, 0, 0, 0);
}
