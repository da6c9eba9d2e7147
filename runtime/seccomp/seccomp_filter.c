/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/seccomp_filter.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "runtime/seccomp/seccomp_tables.h"

/* The kernel's interface has no const, and only reads. */
static struct sock_fprog program_of(const struct sock_filter *insns, size_t length)
{
    return (struct sock_fprog){.len = (unsigned short)length,
                               .filter = (struct sock_filter *)(uintptr_t)insns};
}

enum { PROGRAM_BYTES = SECCOMP_PROGRAM_MAX * sizeof(struct sock_filter) };

struct sock_fprog seccomp_filter_default(uint64_t capabilities)
{
    uint64_t wanted = capabilities & seccomp_capabilities;
    struct sock_filter *insns;

    for (size_t i = 0; i < seccomp_programs_count; i++)
        if (seccomp_programs[i].capabilities == wanted)
            return program_of(seccomp_programs[i].insns, seccomp_programs[i].length);

    /* A mapping, not malloc(), so that a child between clone and execve may call this as well. */
    insns = mmap(NULL, PROGRAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (insns == MAP_FAILED)
        abort();
    return program_of(insns,
                      seccomp_assemble(&seccomp_machines[seccomp_native_machine], wanted, insns));
}

void seccomp_filter_free(struct sock_fprog program)
{
    for (size_t i = 0; i < seccomp_programs_count; i++)
        if (seccomp_programs[i].insns == program.filter)
            return;
    if (program.filter)
        (void)munmap(program.filter, PROGRAM_BYTES);
}
