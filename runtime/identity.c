/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/fd.h"
#include "common/limits.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/bundle_spec.h"

enum { MAX_FIELDS = 8 };
#define MAX_ID 2147483646ULL /* 2^31-2; Docker's bound */

/* One line of /etc/passwd or /etc/group, cut at its colons. */
struct account_line {
    char *fields[MAX_FIELDS];
    size_t n_fields;
};

/* Whether the image has no such file, rather than that it could not be looked for. */
static bool is_absent(int number)
{
    return number == ENOENT || number == ENOTDIR || number == ELOOP || number == EINVAL ||
           number == ENAMETOOLONG;
}

/* Reads a file of the image, or of a container that runs. One that is absent or not a regular file
 * counts as empty; one that is too large or cannot be read is an error. */
static int account_file_read(int root_fd, const char *name, struct text *ret_text,
                             struct error *err)
{
    scoped_fd int fd = path_open_file_in_root(root_fd, name);

    if (fd < 0 && is_absent(errno))
        return 0;
    if (fd < 0)
        return error_sys(err, "open '/%s' of the image", name);
    if (fd_read_all(fd, LIMIT_PASSWD_BYTES, ret_text, err) < 0)
        return error_wrap(err, "'/%s' of the image", name);
    return 0;
}

/* Takes the next line out of *rest; false at the end. */
static bool account_line_next(char **rest, struct account_line *ret_line)
{
    char *line = strsep(rest, "\n");

    if (!line)
        return false;
    ret_line->n_fields = 0;
    while (line && ret_line->n_fields < MAX_FIELDS)
        ret_line->fields[ret_line->n_fields++] = strsep(&line, ":");
    return true;
}

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static int parse_id(const char *text, const char *what, uint32_t *ret_id, struct error *err)
{
    unsigned long long value;

    if (!string_to_u64(text, MAX_ID, &value))
        return error_set(err, "%s id '%s' is not within 0-%llu", what, text, MAX_ID);
    *ret_id = (uint32_t)value;
    return 0;
}

static int identity_add_group(struct identity *identity, uint32_t gid, struct error *err)
{
    for (uint32_t i = 0; i < identity->n_groups; i++)
        if (identity->groups[i] == gid)
            return 0;
    if (identity->n_groups == IDENTITY_MAX_GROUPS)
        return error_set(err, "more than %d groups", IDENTITY_MAX_GROUPS);
    identity->groups[identity->n_groups++] = gid;
    return 0;
}

/* Finds the user, a name or a number, in /etc/passwd. *ret_name is the entry's, or NULL; it lies in
 * `passwd`. */
static int find_user(struct text *passwd, const char *user, struct identity *identity,
                     const char **ret_name, struct error *err)
{
    bool numeric = is_number(user);
    char *rest = passwd->data;
    struct account_line line;

    *ret_name = NULL;
    if (numeric && parse_id(user, "user", &identity->uid, err) < 0)
        return -1;
    while (account_line_next(&rest, &line)) {
        unsigned long long uid;

        if (line.n_fields < 4 || line.fields[0][0] == '\0')
            continue;
        if (numeric ? !string_to_u64(line.fields[2], MAX_ID, &uid) || uid != identity->uid
                    : strcmp(line.fields[0], user) != 0)
            continue;
        if (parse_id(line.fields[2], "user", &identity->uid, err) < 0 ||
            parse_id(line.fields[3], "group", &identity->gid, err) < 0)
            return error_wrap(err, "'/etc/passwd' of the image");
        if (line.n_fields > 5 && line.fields[5][0] == '/')
            (void)snprintf(identity->home, sizeof(identity->home), "%s", line.fields[5]);
        *ret_name = line.fields[0];
        return 0;
    }
    if (!numeric)
        return error_set(err, "no user '%s' in '/etc/passwd' of the image", user);
    return 0;
}

static int find_group(const struct text *groups, const char *group, uint32_t *ret_gid,
                      struct error *err)
{
    scoped_text struct text copy = {0};
    struct account_line line;
    char *rest;

    if (is_number(group))
        return parse_id(group, "group", ret_gid, err);
    text_append(&copy, text_get(groups));
    rest = copy.data;
    while (account_line_next(&rest, &line)) {
        if (line.n_fields < 3 || strcmp(line.fields[0], group) != 0)
            continue;
        if (parse_id(line.fields[2], "group", ret_gid, err) < 0)
            return error_wrap(err, "'/etc/group' of the image");
        return 0;
    }
    return error_set(err, "no group '%s' in '/etc/group' of the image", group);
}

static bool list_names(char *members, const char *name)
{
    char *member;

    while ((member = strsep(&members, ",")))
        if (strcmp(member, name) == 0)
            return true;
    return false;
}

/* Adds the groups that list the user as a member. */
static int add_memberships(const struct text *groups, const char *name, struct identity *identity,
                           struct error *err)
{
    scoped_text struct text copy = {0};
    struct account_line line;
    char *rest;

    text_append(&copy, text_get(groups));
    rest = copy.data;
    while (account_line_next(&rest, &line)) {
        unsigned long long gid;

        if (line.n_fields < 4 || !string_to_u64(line.fields[2], MAX_ID, &gid) ||
            !list_names(line.fields[3], name))
            continue;
        if (identity_add_group(identity, (uint32_t)gid, err) < 0)
            return error_wrap(err, "user '%s'", name);
    }
    return 0;
}

/* Cuts "user:group"; the parts lie in `copy`. *ret_group is NULL when there is none. */
static int split_user(const char *user, struct text *copy, const char **ret_user,
                      const char **ret_group, struct error *err)
{
    char *colon;

    text_append(copy, user ? user : "");
    colon = copy->length ? strchr(copy->data, ':') : NULL;
    *ret_group = NULL;
    if (colon) {
        if (strchr(colon + 1, ':'))
            return error_set(err, "user '%s' has more than one ':'", user);
        *colon = '\0';
        *ret_group = colon[1] ? colon + 1 : NULL;
    }
    *ret_user = text_get(copy);
    if (!**ret_user)
        *ret_user = "0";
    return 0;
}

int identity_find(int root_fd, const char *user, struct string_list groups,
                  struct identity *ret_identity, struct error *err)
{
    scoped_text struct text passwd_file = {0};
    scoped_text struct text group_file = {0};
    scoped_text struct text copy = {0};
    struct identity identity = {.home = "/"};
    const char *user_part = NULL, *group_part = NULL, *name;

    if (split_user(user, &copy, &user_part, &group_part, err) < 0 ||
        account_file_read(root_fd, "etc/passwd", &passwd_file, err) < 0 ||
        account_file_read(root_fd, "etc/group", &group_file, err) < 0 ||
        find_user(&passwd_file, user_part, &identity, &name, err) < 0)
        return -1;
    if (group_part && find_group(&group_file, group_part, &identity.gid, err) < 0)
        return -1;
    if (identity_add_group(&identity, identity.gid, err) < 0)
        return -1;
    /* A group that was asked for stands alone, as with docker. */
    if (name && !group_part && add_memberships(&group_file, name, &identity, err) < 0)
        return -1;
    for (size_t i = 0; i < groups.count; i++) {
        uint32_t gid;

        if (find_group(&group_file, groups.items[i], &gid, err) < 0 ||
            identity_add_group(&identity, gid, err) < 0)
            return error_wrap(err, "group_add");
    }
    *ret_identity = identity;
    return 0;
}

int identity_of_process(int root_fd, const struct process_spec *process,
                        struct identity *ret_identity, struct error *err)
{
    scoped_text struct text passwd_file = {0};
    struct identity identity = {.home = "/"};
    char user[16];
    const char *name;

    (void)snprintf(user, sizeof(user), "%u", process->uid);
    if (process->uid <= MAX_ID &&
        (account_file_read(root_fd, "etc/passwd", &passwd_file, err) < 0 ||
         find_user(&passwd_file, user, &identity, &name, err) < 0))
        return -1;
    identity.uid = process->uid;
    identity.gid = process->gid;
    for (size_t i = 0; i < process->n_groups; i++)
        if (identity_add_group(&identity, process->groups[i], err) < 0)
            return -1;
    *ret_identity = identity;
    return 0;
}
