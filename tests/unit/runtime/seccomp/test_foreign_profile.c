/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our filter beside the one that podman's profile makes, on every number of every ABI of x86-64,
 * with the arguments that make a difference. Each difference stands in
 * foreign_profile.tbl, with its reason.
 *
 * The profile goes the way of an OCI configuration: it is resolved for a set of capabilities as
 * podman does, compiled by libseccomp, and both programs are interpreted.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/file.h"
#include "common/sha256.h"
#include "common/text.h"
#include "runtime/capabilities.h"
#include "runtime/oci/seccomp_profile.h"
#include "runtime/seccomp/seccomp_filter.h"
#include "tests/unit/runtime/seccomp/seccomp_interpreter.h"
#include "tests/unit/runtime/seccomp/syscall_table.h"

#define FOREIGN_PROFILE "/usr/share/containers/seccomp.json"
#define X32_BIT 0x40000000U

enum { PROFILE_BYTES = 1024 * 1024, HIGHEST_NUMBER = 2000 };

/* By their columns in syscalls.tbl. */
static const struct {
    size_t column;
    uint32_t audit_arch, bits;
} abis[] = {
    {0, AUDIT_ARCH_X86_64, 0},
    {1, AUDIT_ARCH_I386, 0},
    {2, AUDIT_ARCH_X86_64, X32_BIT},
};

/* Arguments beside 0 that a filter may look at. */
static const struct {
    const char *name;
    const char *label;
    uint64_t args[3];
} cases[] = {
    {"clone", "thread", {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD}},
    {"clone", "newuser", {CLONE_NEWUSER}},
    {"clone", "newns", {CLONE_NEWNS}},
    {"clone", "newcgroup", {CLONE_NEWCGROUP}},
    {"personality", "8", {0x8}},
    {"personality", "0x20000", {0x20000}},
    {"personality", "0x20008", {0x20008}},
    {"personality", "0xffffffff", {0xffffffff}},
    {"personality", "no-random", {0x40000}},
    {"personality", "read-implies-exec", {0x400000}},
    {"socket", "37", {37}},
    {"socket", "38", {38}},
    {"socket", "39", {39}},
    {"socket", "40", {40}},
    {"socket", "41", {41}},
    {"socket", "netlink-audit", {AF_NETLINK, SOCK_RAW, 9}},
    {"socket", "netlink-route", {AF_NETLINK, SOCK_RAW, 0}},
};

static const struct {
    const char *name;
    uint64_t capabilities;
} sets[] = {{"usual", 0xa80425fb}, {"all", (UINT64_C(1) << (CAP_LAST_CAP + 1)) - 1}};

/*
 * Their filter
 */

/* By Go's name for it. */
static bool names_this_machine(const json_t *arches)
{
    for (size_t i = 0; i < json_array_size(arches); i++)
        if (string_eq(json_string_value(json_array_get(arches, i)), "amd64"))
            return true;
    return false;
}

/* How many of the listed capabilities are in the set. */
static size_t count_capabilities(const json_t *caps, uint64_t set)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(caps); i++) {
        uint64_t bit = 0;

        cr_assert(capabilities_add_name(json_string_value(json_array_get(caps, i)), &bit));
        count += (bit & set) != 0;
    }
    return count;
}

static bool applies(const json_t *block, uint64_t capabilities)
{
    const json_t *includes = json_object_get(block, "includes");
    const json_t *excludes = json_object_get(block, "excludes");
    const json_t *arches = json_object_get(includes, "arches");
    const json_t *caps = json_object_get(includes, "caps");

    if (json_array_size(arches) > 0 && !names_this_machine(arches))
        return false;
    if (count_capabilities(caps, capabilities) < json_array_size(caps))
        return false;
    return !names_this_machine(json_object_get(excludes, "arches")) &&
           count_capabilities(json_object_get(excludes, "caps"), capabilities) == 0;
}

static json_t *resolve(const json_t *profile, uint64_t capabilities)
{
    const json_t *blocks = json_object_get(profile, "syscalls");
    json_t *calls = json_array();

    for (size_t i = 0; i < json_array_size(blocks); i++)
        if (applies(json_array_get(blocks, i), capabilities))
            (void)json_array_append(calls, json_array_get(blocks, i));
    return json_pack("{s:O,s:O,s:[s,s,s],s:o}", "defaultAction",
                     json_object_get(profile, "defaultAction"), "defaultErrnoRet",
                     json_object_get(profile, "defaultErrnoRet"), "architectures",
                     "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "syscalls", calls);
}

static struct sock_fprog compile(const json_t *profile, uint64_t capabilities, struct arena *arena)
{
    scoped(json_release) json_t *resolved = resolve(profile, capabilities);
    struct oci_reader reader = {.arena = arena, .file = FOREIGN_PROFILE};
    struct process_spec process = {0};

    cr_assert_not_null(resolved);
    seccomp_profile_compile(&reader, (struct oci_at){resolved, ""}, &process);
    cr_assert_not(reader.failed, "%s", reader.err.text);
    return process.filter;
}

/*
 * Comparing
 */

struct comparison {
    struct sock_fprog ours, theirs;
    const char *set;
    struct text differences;
};

static const char *answer_name(uint32_t answer, char space[16])
{
    if (answer == SECCOMP_RET_ALLOW)
        return "allow";
    if (answer == (SECCOMP_RET_ERRNO | EPERM))
        return "EPERM";
    if (answer == (SECCOMP_RET_ERRNO | ENOSYS))
        return "ENOSYS";
    if (answer == (SECCOMP_RET_ERRNO | EINVAL))
        return "EINVAL";
    (void)snprintf(space, 16, "%#x", answer);
    return space;
}

struct answers {
    uint32_t ours, theirs;
    bool there;
};

static bool same_answers(const struct answers *a, const struct answers *b)
{
    return b->there && a->ours == b->ours && a->theirs == b->theirs;
}

/* Appends "name[:label] set abi[,abi]... theirs ours", once for all ABIs that answer alike. */
static void note(struct comparison *comparison, const char *name, const char *label,
                 struct answers *answers)
{
    for (size_t i = 0; i < ARRAY_LENGTH(abis); i++) {
        struct answers found = answers[i];
        char spaces[2][16];

        if (!found.there || found.ours == found.theirs)
            continue;
        text_appendf(&comparison->differences, "%s%s%s %s ", name, *label ? ":" : "", label,
                     comparison->set);
        for (size_t k = i; k < ARRAY_LENGTH(abis); k++)
            if (same_answers(&found, &answers[k])) {
                text_appendf(&comparison->differences, "%s%s", k > i ? "," : "",
                             table_columns[abis[k].column]);
                answers[k].there = false;
            }
        text_appendf(&comparison->differences, " %s %s\n", answer_name(found.theirs, spaces[0]),
                     answer_name(found.ours, spaces[1]));
    }
}

static void compare(struct comparison *comparison, const struct syscall_line *line,
                    const char *label, const uint64_t args[3])
{
    struct answers answers[ARRAY_LENGTH(abis)] = {{0}};

    for (size_t i = 0; i < ARRAY_LENGTH(abis); i++) {
        struct seccomp_data data = {.arch = abis[i].audit_arch,
                                    .args = {args[0], args[1], args[2]}};

        if (line->numbers[abis[i].column] < 0)
            continue;
        data.nr = (int)((uint32_t)line->numbers[abis[i].column] | abis[i].bits);
        answers[i] = (struct answers){seccomp_interpret(&comparison->ours, &data),
                                      seccomp_interpret(&comparison->theirs, &data), true};
    }
    note(comparison, line->name, label, answers);
}

static void compare_all(struct comparison *comparison, const struct syscall_table *table)
{
    static const uint64_t zeros[3] = {0};

    for (size_t i = 0; i < table->count; i++) {
        compare(comparison, &table->lines[i], "", zeros);
        for (size_t k = 0; k < ARRAY_LENGTH(cases); k++)
            if (string_eq(cases[k].name, table->lines[i].name))
                compare(comparison, &table->lines[i], cases[k].label, cases[k].args);
    }
}

/* x32 has numbers of its own, which x86_64 shares with it: see seccomp_abi's ignored_bits. */
static bool is_known(const struct syscall_table *table, size_t column, uint32_t number)
{
    bool shares = column == 0 || column == 2;

    return syscall_table_find(table, column, number) ||
           (shares && syscall_table_find(table, 2 - column, number));
}

/* Numbers that mean nothing. */
static void expect_unknown(const struct comparison *comparison, const struct syscall_table *table)
{
    for (size_t i = 0; i < ARRAY_LENGTH(abis); i++)
        for (uint32_t number = 0; number < HIGHEST_NUMBER; number++) {
            if (is_known(table, abis[i].column, number))
                continue;
            cr_expect_eq(seccomp_interpret_call(&comparison->ours, abis[i].audit_arch,
                                                number | abis[i].bits, 0),
                         SECCOMP_RET_ERRNO | ENOSYS, "%s %u", table_columns[abis[i].column],
                         number);
        }
}

/* The lines of the table without their reasons, which each has to have. */
static void read_table(struct text *out, char profile_digest[SHA256_HEX_SIZE])
{
    FILE *in = fopen(FOREIGN_PROFILE_TBL, "re");
    char line[512], words[6][64];

    cr_assert_not_null(in);
    while (fgets(line, sizeof(line), in)) {
        if (sscanf(line, "# profile %64s", profile_digest) == 1 || line[0] == '#')
            continue;
        cr_assert_eq(sscanf(line, "%63s %63s %63s %63s %63s %63s", words[0], words[1], words[2],
                            words[3], words[4], words[5]),
                     6, "no reason: %s", line);
        text_appendf(out, "%s %s %s %s %s\n", words[0], words[1], words[2], words[3], words[4]);
    }
    (void)fclose(in);
}

static bool has_line(const struct text *text, const char *line, size_t length)
{
    for (const char *at = text_get(text); *at; at += strcspn(at, "\n") + 1)
        if (strncmp(at, line, length + 1) == 0)
            return true;
    return false;
}

static void expect_within(const struct text *part, const struct text *whole, const char *what)
{
    for (const char *at = text_get(part); *at; at += strcspn(at, "\n") + 1) {
        size_t length = strcspn(at, "\n");

        cr_expect(has_line(whole, at, length), "%s: %.*s", what, (int)length, at);
    }
}

Test(foreign_profile, all_differences_are_known_and_have_a_reason)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const struct syscall_table *table = syscall_table_read(arena);
    scoped_text struct text bytes = {0}, known = {0};
    scoped(json_release) json_t *profile = NULL;
    char digest[SHA256_HEX_SIZE], known_digest[SHA256_HEX_SIZE] = "";
    struct comparison comparison = {0};
    struct error err = {0};
    bool exists;

#ifndef __x86_64__
    cr_skip_test("the table is for x86-64");
#endif
    cr_assert_eq(file_read(AT_FDCWD, FOREIGN_PROFILE, PROFILE_BYTES, &bytes, &exists, &err), 0);
    if (!exists)
        cr_skip_test("golang-github-containers-common is not installed");
    read_table(&known, known_digest);
    sha256_hex(bytes.data, bytes.length, digest);
    if (!string_eq(digest, known_digest))
        cr_skip_test("golang-github-containers-common is another version than the table's");
    profile = json_parse(text_get(&bytes), bytes.length, &err);
    cr_assert_not_null(profile, "%s", err.text);
    for (size_t i = 0; i < ARRAY_LENGTH(sets); i++) {
        comparison.set = sets[i].name;
        comparison.ours = seccomp_filter_default(sets[i].capabilities);
        comparison.theirs = compile(profile, sets[i].capabilities, arena);
        compare_all(&comparison, table);
        expect_unknown(&comparison, table);
        seccomp_filter_free(comparison.ours);
    }
    expect_within(&comparison.differences, &known, "not in the table");
    expect_within(&known, &comparison.differences, "no difference any more");
    text_done(&comparison.differences);
}
