/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_devices.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"

enum { MAX_DIRECTORY_DEPTH = 8 };

/* Making a node grants nothing by itself: using it is checked again. */
static const struct device_rule default_rules[] = {
    {'c', DEVICE_ANY, DEVICE_ANY, ACCESS_MKNOD, false},
    {'b', DEVICE_ANY, DEVICE_ANY, ACCESS_MKNOD, false},
    {'c', 1, 3, ACCESS_ALL, false},            /* null */
    {'c', 1, 5, ACCESS_ALL, false},            /* zero */
    {'c', 1, 7, ACCESS_ALL, false},            /* full */
    {'c', 1, 8, ACCESS_ALL, false},            /* random */
    {'c', 1, 9, ACCESS_ALL, false},            /* urandom */
    {'c', 5, 0, ACCESS_ALL, false},            /* tty */
    {'c', 5, 1, ACCESS_ALL, false},            /* console */
    {'c', 5, 2, ACCESS_ALL, false},            /* ptmx */
    {'c', 136, DEVICE_ANY, ACCESS_ALL, false}, /* pts/N */
};

static int parse_access(const char *device, const char *permissions, unsigned *ret_access,
                        struct error *err)
{
    const char *letters = permissions ? permissions : "rwm";
    unsigned access = 0;

    for (const char *at = letters; *at; at++) {
        if (*at != 'r' && *at != 'w' && *at != 'm')
            return error_set(err, "device '%s': permissions '%s' are not some of 'rwm'", device,
                             letters);
        access |= *at == 'r' ? ACCESS_READ : *at == 'w' ? ACCESS_WRITE : ACCESS_MKNOD;
    }
    *ret_access = access;
    return 0;
}

static int parse_number(const char *text, size_t length, int *ret_number)
{
    char digits[12];
    unsigned long long number;

    if (length == 1 && *text == '*') {
        *ret_number = DEVICE_ANY;
        return 0;
    }
    if (length == 0 || length >= sizeof(digits))
        return -1;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!string_to_u64(digits, INT32_MAX, &number))
        return -1;
    *ret_number = (int)number;
    return 0;
}

int device_rule_parse(const char *text, const char *permissions, struct device_rule *ret_rule,
                      struct error *err)
{
    const char *colon = strchr(text, ':');
    struct device_rule rule = {.type = *text};

    if (!*text || !strchr("abc", *text) || text[1] != ' ' || !colon ||
        parse_number(text + 2, (size_t)(colon - text) - 2, &rule.major_number) < 0 ||
        parse_number(colon + 1, strlen(colon + 1), &rule.minor_number) < 0)
        return error_set(err, "'%s' is no rule for devices, such as 'c 189:*'", text);
    if (parse_access(text, permissions, &rule.access, err) < 0)
        return -1;
    *ret_rule = rule;
    return 0;
}

static int add_rule(const struct device_rule *rule, struct device_rules *rules, struct error *err)
{
    if (rules->count >= DEVICE_RULES_MAX)
        return error_set(err, "more than %d device rules", DEVICE_RULES_MAX);
    rules->items[rules->count++] = *rule;
    return 0;
}

static int add_node(const struct stat *status, unsigned access, struct device_rules *rules,
                    struct error *err)
{
    struct device_rule rule = {
        S_ISBLK(status->st_mode) ? 'b' : 'c',
        (int)major(status->st_rdev),
        (int)minor(status->st_rdev),
        access,
        false,
    };

    return add_rule(&rule, rules, err);
}

static bool is_device(const struct stat *status)
{
    return S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode);
}

/* Adds every device below the directory; takes the descriptor. Links are not followed. */
static int add_directory(int take_fd, unsigned access, struct device_rules *rules, unsigned depth,
                         struct error *err)
{
    DIR *dir = fdopendir(take_fd);
    const struct dirent *entry;
    int result = 0;

    if (!dir) {
        fd_close(take_fd);
        return error_sys(err, "read directory");
    }
    while (result == 0 && (entry = readdir(dir))) {
        struct stat status;

        if (entry->d_name[0] == '.' ||
            fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (is_device(&status)) {
            result = add_node(&status, access, rules, err);
        } else if (S_ISDIR(status.st_mode) && depth < MAX_DIRECTORY_DEPTH) {
            int fd =
                openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

            if (fd >= 0)
                result = add_directory(fd, access, rules, depth + 1, err);
        }
    }
    (void)closedir(dir);
    return result;
}

static int add_device(const struct device_spec *device, struct device_rules *rules,
                      struct error *err)
{
    struct stat status;
    unsigned access = 0;
    struct device_rule rule;
    int fd;

    if (!device->target)
        return device_rule_parse(device->source, device->permissions, &rule, err) < 0
                   ? -1
                   : add_rule(&rule, rules, err);
    if (parse_access(device->source, device->permissions, &access, err) < 0)
        return -1;
    if (stat(device->source, &status) < 0)
        return error_sys(err, "device '%s'", device->source);
    if (is_device(&status))
        return add_node(&status, access, rules, err);
    if (!S_ISDIR(status.st_mode))
        return error_set(err, "device '%s': is no device node", device->source);
    fd = open(device->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_sys(err, "device '%s'", device->source);
    if (add_directory(fd, access, rules, 0, err) < 0)
        return error_wrap(err, "device '%s'", device->source);
    return 0;
}

int device_rules_make(const struct device_spec *devices, size_t n_devices,
                      struct device_rules *ret_rules, struct error *err)
{
    memcpy(ret_rules->items, default_rules, sizeof(default_rules));
    ret_rules->count = ARRAY_LENGTH(default_rules);
    for (size_t i = 0; i < n_devices; i++)
        if (add_device(&devices[i], ret_rules, err) < 0)
            return -1;
    return 0;
}

int device_rules_add_default(struct device_rules *rules, struct error *err)
{
    if (rules->count + ARRAY_LENGTH(default_rules) > DEVICE_RULES_MAX)
        return error_set(err, "more than %zu device rules",
                         DEVICE_RULES_MAX - ARRAY_LENGTH(default_rules));
    memcpy(rules->items + rules->count, default_rules, sizeof(default_rules));
    rules->count += ARRAY_LENGTH(default_rules);
    return 0;
}

static void append_number(struct text *text, int number)
{
    if (number == DEVICE_ANY)
        text_append_char(text, '*');
    else
        text_appendf(text, "%d", number);
}

int device_rules_write_v1(const struct device_rules *rules, int cgroup_fd, struct error *err)
{
    if (file_write_existing(cgroup_fd, "devices.deny", "a", err) < 0)
        return -1;
    for (size_t i = 0; i < rules->count; i++) {
        const struct device_rule *rule = &rules->items[i];
        scoped_text struct text line = {0};

        text_appendf(&line, "%c ", rule->type);
        append_number(&line, rule->major_number);
        text_append_char(&line, ':');
        append_number(&line, rule->minor_number);
        text_appendf(&line, " %s%s%s", rule->access & ACCESS_READ ? "r" : "",
                     rule->access & ACCESS_WRITE ? "w" : "",
                     rule->access & ACCESS_MKNOD ? "m" : "");
        if (file_write_existing(cgroup_fd, rule->denies ? "devices.deny" : "devices.allow",
                                line.data, err) < 0)
            return -1;
    }
    return 0;
}
