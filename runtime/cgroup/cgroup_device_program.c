/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Having a program checked and compiled costs the kernel a quarter of a millisecond, attaching one
 * that is there already almost nothing. Containers of a project mostly have the same rules, so a
 * program carries a hash of itself as its name. The one that was attached last is at hand; others
 * are looked for in the groups next to the new one first.
 */
#include "runtime/cgroup/cgroup_device_program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/own_ids.h"
#include "common/text.h"

enum { NEIGHBOURS_MAX = 8 };

struct device_program_cache {
    int fd; /* -1: none yet */
    char name[BPF_OBJ_NAME_LEN];
};

struct device_program_cache *device_program_cache_new(void)
{
    struct device_program_cache *cache = memory_new(struct device_program_cache);

    cache->fd = -1;
    return cache;
}

void device_program_cache_free(struct device_program_cache *cache)
{
    if (!cache)
        return;
    fd_close(cache->fd);
    free(cache);
}

static struct bpf_insn load_word(unsigned char to, short offset)
{
    return (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
                             .dst_reg = to & 15U,
                             .src_reg = BPF_REG_1,
                             .off = offset};
}

static struct bpf_insn alu(unsigned char operation, unsigned char to, int value)
{
    return (struct bpf_insn){
        .code = BPF_ALU | operation | BPF_K, .dst_reg = to & 15U, .imm = value};
}

static struct bpf_insn move(unsigned char to, unsigned char from)
{
    return (struct bpf_insn){
        .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = to & 15U, .src_reg = from & 15U};
}

/* Jumps are pointed to the next rule once its place is known. */
static struct bpf_insn skip_unless(unsigned char is, int value)
{
    return (struct bpf_insn){.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = is & 15U, .imm = value};
}

static const struct bpf_insn leave = {.code = BPF_JMP | BPF_EXIT};

static struct bpf_insn skip_if(unsigned char is, int value)
{
    return (struct bpf_insn){.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = is & 15U, .imm = value};
}

/* A rule that allows must allow all that is wanted; one that denies need deny only a part of it. */
static size_t compile_access(const struct device_rule *rule, struct bpf_insn *insns)
{
    if (rule->access == ACCESS_ALL)
        return 0;
    insns[0] = move(BPF_REG_1, BPF_REG_3);
    insns[1] =
        alu(BPF_AND, BPF_REG_1, (int)(rule->denies ? rule->access : ACCESS_ALL & ~rule->access));
    insns[2] = rule->denies ? skip_if(BPF_REG_1, 0) : skip_unless(BPF_REG_1, 0);
    return 3;
}

/* Type in register 2, wanted access in 3, major and minor number in 4 and 5. */
static size_t compile_rule(const struct device_rule *rule, struct bpf_insn *insns)
{
    size_t n = 0;

    if (rule->type != 'a')
        insns[n++] =
            skip_unless(BPF_REG_2, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    n += compile_access(rule, insns + n);
    if (rule->major_number != DEVICE_ANY)
        insns[n++] = skip_unless(BPF_REG_4, rule->major_number);
    if (rule->minor_number != DEVICE_ANY)
        insns[n++] = skip_unless(BPF_REG_5, rule->minor_number);
    insns[n++] = alu(BPF_MOV, BPF_REG_0, rule->denies ? 0 : 1);
    insns[n++] = leave;

    for (size_t i = 0; i < n; i++)
        if (insns[i].code == (BPF_JMP | BPF_JNE | BPF_K) ||
            insns[i].code == (BPF_JMP | BPF_JEQ | BPF_K))
            insns[i].off = (short)(n - i - 1);
    return n;
}

/* The kernel takes no program with instructions that nothing leads to. */
static bool is_final(const struct device_rule *rule)
{
    return rule->type == 'a' && rule->access == ACCESS_ALL && rule->major_number == DEVICE_ANY &&
           rule->minor_number == DEVICE_ANY;
}

size_t device_program_compile(const struct device_rules *rules, struct bpf_insn *insns)
{
    size_t n = 0;

    _Static_assert((int)ACCESS_MKNOD == BPF_DEVCG_ACC_MKNOD, "the kernel's number");
    _Static_assert((int)ACCESS_READ == BPF_DEVCG_ACC_READ, "the kernel's number");
    _Static_assert((int)ACCESS_WRITE == BPF_DEVCG_ACC_WRITE, "the kernel's number");

    insns[n++] = load_word(BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
    insns[n++] = move(BPF_REG_3, BPF_REG_2);
    insns[n++] = alu(BPF_RSH, BPF_REG_3, 16);
    insns[n++] = alu(BPF_AND, BPF_REG_2, 0xffff);
    insns[n++] = load_word(BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
    insns[n++] = load_word(BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
    for (size_t i = rules->count; i > 0; i--) {
        n += compile_rule(&rules->items[i - 1], insns + n);
        if (is_final(&rules->items[i - 1]))
            return n;
    }
    insns[n++] = alu(BPF_MOV, BPF_REG_0, 0);
    insns[n++] = leave;
    return n;
}

static int sys_bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
    return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

/* "y" and 56 bits of an FNV-1a hash. */
static void name_program(const struct bpf_insn *insns, size_t length,
                         char ret_name[BPF_OBJ_NAME_LEN])
{
    const unsigned char *bytes = (const unsigned char *)insns;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length * sizeof(*insns); i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    (void)snprintf(ret_name, BPF_OBJ_NAME_LEN, "y%014llx",
                   (unsigned long long)(hash & UINT64_C(0xffffffffffffff)));
}

/* A descriptor of the one program that a group has, if it has this name; else -1. */
static int program_of_group(int cgroup_fd, const char *name)
{
    uint32_t id = 0;
    struct bpf_prog_info info = {0};
    union bpf_attr query = {.query = {.target_fd = (unsigned)cgroup_fd,
                                      .attach_type = BPF_CGROUP_DEVICE,
                                      .prog_ids = (uintptr_t)&id,
                                      .prog_cnt = 1}};
    union bpf_attr open_id = {0};
    union bpf_attr inform = {0};
    scoped_fd int fd = -1;

    if (sys_bpf(BPF_PROG_QUERY, &query) < 0 || query.query.prog_cnt != 1)
        return -1;
    open_id.prog_id = id;
    fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &open_id);
    if (fd < 0)
        return -1;
    inform.info.bpf_fd = (unsigned)fd;
    inform.info.info_len = sizeof(info);
    inform.info.info = (uintptr_t)&info;
    if (sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &inform) < 0 || info.type != BPF_PROG_TYPE_CGROUP_DEVICE ||
        !string_eq(info.name, name))
        return -1;
    return steal_fd(&fd);
}

/* Looks for the program in the groups next to this one. */
static int find_program(int cgroup_fd, const char *name)
{
    int parent_fd = openat(cgroup_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = parent_fd < 0 ? NULL : fdopendir(parent_fd);
    const struct dirent *entry;
    int found_fd = -1;

    if (!dir) {
        fd_close(parent_fd);
        return -1;
    }
    for (int tries = 0; found_fd < 0 && tries < NEIGHBOURS_MAX && (entry = readdir(dir));) {
        scoped_fd int fd = -1;

        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0)
            found_fd = program_of_group(fd, name);
        tries++;
    }
    (void)closedir(dir);
    return found_fd;
}

/* A descriptor of the program that `load` describes, or -1 with errno. */
static int obtain_program(union bpf_attr *load, int cgroup_fd,
                          const struct device_program_cache *cache)
{
    int fd = -1;

    if (cache && cache->fd >= 0 && string_eq(cache->name, load->prog_name))
        return fcntl(cache->fd, F_DUPFD_CLOEXEC, 3);
    fd = find_program(cgroup_fd, load->prog_name);
    return fd >= 0 ? fd : sys_bpf(BPF_PROG_LOAD, load);
}

int device_program_attach(const struct device_rules *rules, int cgroup_fd,
                          struct device_program_cache *cache, struct error *err)
{
    struct bpf_insn insns[DEVICE_PROGRAM_MAX];
    union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                           .insns = (uintptr_t)insns,
                           .license = (uintptr_t) "Apache-2.0",
                           .expected_attach_type = BPF_CGROUP_DEVICE};
    union bpf_attr attach = {.target_fd = (unsigned)cgroup_fd,
                             .attach_type = BPF_CGROUP_DEVICE,
                             .attach_flags = BPF_F_ALLOW_MULTI};
    scoped_fd int program_fd = -1;

    load.insn_cnt = (unsigned)device_program_compile(rules, insns);
    name_program(insns, load.insn_cnt, load.prog_name);
    program_fd = obtain_program(&load, cgroup_fd, cache);
    if (program_fd < 0) {
        /* Only in the first user namespace are devices anybody's to guard. */
        if (errno == EPERM && (geteuid() != 0 || !own_ids_are_all()))
            return 0;
        return error_sys(err, "load the device filter");
    }
    attach.attach_bpf_fd = (unsigned)program_fd;
    if (sys_bpf(BPF_PROG_ATTACH, &attach) < 0)
        return error_sys(err, "attach the device filter");
    if (cache) {
        fd_close(cache->fd);
        cache->fd = steal_fd(&program_fd);
        memcpy(cache->name, load.prog_name, sizeof(cache->name));
    }
    return 0;
}
