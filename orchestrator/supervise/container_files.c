/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written for a container before it starts: its parts of /etc, its secrets and configs.
 * They lie in the project's run directory, one directory per instance, and are bind-mounted into
 * the container; hence what others may have mounted too is written over, never replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "orchestrator/supervise/supervisor_state.h"

#define RESOLV_COPY "resolv.conf.copy"
enum { SECRET_MAX_BYTES = 16 * 1024 * 1024, RESOLV_MAX_BYTES = 64 * 1024 };

static int files_dir_open(struct instance *instance, const char *kind, int *ret_fd,
                          struct error *err)
{
    int run_fd = instance->supervisor->dir->run_fd;
    char name[300];

    (void)snprintf(name, sizeof(name), "%s/%s", kind, instance->plan->name);
    if (path_make_dirs(run_fd, name, 0755, err) < 0)
        return -1;
    *ret_fd = openat(run_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret_fd < 0 ? error_sys(err, "open '%s'", name) : 0;
}

static int file_make(int dir_fd, const struct plan_file *file, struct error *err)
{
    scoped_text struct text bytes = {0};
    scoped_fd int fd = -1;

    if (file->source) {
        if (file_read(AT_FDCWD, file->source, SECRET_MAX_BYTES, &bytes, NULL, err) < 0)
            return -1;
    } else {
        text_append(&bytes, file->content ? file->content : "");
    }
    if (file_replace(dir_fd, file->name, text_get(&bytes), bytes.length, 0600, err) < 0)
        return -1;
    fd = openat(dir_fd, file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fchown(fd, (uid_t)file->uid, (gid_t)file->gid) < 0 ||
        fchmod(fd, (mode_t)file->mode) < 0)
        return error_sys(err, "set owner and mode of '%s'", file->name);
    return 0;
}

static int secrets_write(struct instance *instance, struct error *err)
{
    const struct plan_instance *plan = instance->made;
    scoped_fd int dir_fd = -1;

    if (plan->n_files == 0)
        return 0;
    if (files_dir_open(instance, "files", &dir_fd, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->n_files; i++)
        if (file_make(dir_fd, &plan->files[i], err) < 0)
            return -1;
    return 0;
}

/* localhost, our own names on every network, and extra_hosts. */
static int hosts_text(struct instance *instance, struct text *out, struct error *err)
{
    const struct plan_instance *plan = instance->made;
    scoped(arena_free) struct arena *arena = arena_new();
    const char *hostname = plan->container.hostname;

    text_append(out, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
                     "fe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\n"
                     "ff02::2\tip6-allrouters\n");
    for (size_t i = 0; i < plan->hosts.count; i++)
        text_appendf(out, "%s\n", plan->hosts.items[i]);
    for (size_t i = 0; hostname && i < plan->n_endpoints; i++) {
        struct string_list addresses;

        if (net_addresses_of(instance->supervisor->net, plan->name, &plan->endpoints[i], arena,
                             &addresses, err) < 0)
            return -1;
        for (size_t k = 0; k < addresses.count; k++) {
            text_appendf(out, "%s\t", addresses.items[k]);
            if (plan->container.domainname)
                text_appendf(out, "%s.%s ", hostname, plan->container.domainname);
            text_appendf(out, "%s\n", hostname);
        }
    }
    return 0;
}

/* The value of the last `keyword` line of the host's resolv.conf, or "". */
static void host_resolv_value(const char *keyword, struct text *ret_value)
{
    scoped_text struct text host = {0};
    char *rest = NULL;
    size_t length = strlen(keyword);

    if (file_read(AT_FDCWD, "/etc/resolv.conf", RESOLV_MAX_BYTES, &host, NULL, NULL) < 0 ||
        host.length == 0)
        return;
    for (char *line = strtok_r(host.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (strncmp(line, keyword, length) == 0 && (line[length] == ' ' || line[length] == '\t')) {
            text_clear(ret_value);
            text_append(ret_value, line + length + 1);
        }
}

static int resolv_text(struct instance *instance, struct text *out, struct error *err)
{
    const struct plan_instance *plan = instance->made;
    scoped_text struct text search = {0};

    if (plan->container.host_network) {
        bool exists;

        return file_read(AT_FDCWD, "/etc/resolv.conf", RESOLV_MAX_BYTES, out, &exists, err);
    }
    if (plan->n_endpoints == 0)
        return 0;
    text_append(out, "nameserver 127.0.0.11\n");
    for (size_t i = 0; i < plan->dns_search.count; i++)
        text_appendf(&search, "%s%s", i ? " " : "", plan->dns_search.items[i]);
    if (plan->dns_search.count == 0)
        host_resolv_value("search", &search);
    if (search.length && !string_eq(search.data, "."))
        text_appendf(out, "search %s\n", search.data);
    text_append(out, "options ndots:0");
    for (size_t i = 0; i < plan->dns_options.count; i++)
        text_appendf(out, " %s", plan->dns_options.items[i]);
    text_append(out, "\n");
    return 0;
}

/* The copy that nobody mounts tells later whether the file is still as it was written. */
static int resolv_write(int dir_fd, const struct text *resolv, struct error *err)
{
    if (file_update(dir_fd, "resolv.conf", text_get(resolv), resolv->length, 0644, err) < 0)
        return -1;
    return file_update(dir_fd, RESOLV_COPY, text_get(resolv), resolv->length, 0644, err);
}

/* In place: who shares the network and runs has the same files mounted. */
static int etc_write(struct instance *instance, struct error *err)
{
    scoped_text struct text hosts = {0}, resolv = {0}, hostname = {0};
    scoped_fd int dir_fd = -1;

    if (files_dir_open(instance, "etc", &dir_fd, err) < 0 ||
        hosts_text(instance, &hosts, err) < 0 || resolv_text(instance, &resolv, err) < 0)
        return -1;
    if (instance->plan->container.hostname)
        text_appendf(&hostname, "%s\n", instance->plan->container.hostname);
    if (file_update(dir_fd, "hosts", text_get(&hosts), hosts.length, 0644, err) < 0 ||
        resolv_write(dir_fd, &resolv, err) < 0 ||
        file_update(dir_fd, "hostname", text_get(&hostname), hostname.length, 0644, err) < 0)
        return -1;
    return 0;
}

int container_files_write(struct instance *instance, struct error *err)
{
    /* Who shares a network has the files of the network's owner. */
    if ((!instance->made->network_of && etc_write(instance, err) < 0) ||
        secrets_write(instance, err) < 0)
        return error_wrap(err, "write files of '%s'", instance->plan->name);
    return 0;
}

/* What the container has written itself, as clients of VPNs do, stays. */
int container_files_follow(struct instance *instance, struct error *err)
{
    scoped_text struct text now = {0}, copy = {0}, resolv = {0};
    scoped_fd int dir_fd = -1;
    bool exists;

    if (!instance->container || !instance->made || instance->made->network_of)
        return 0;
    if (files_dir_open(instance, "etc", &dir_fd, err) < 0 ||
        file_read(dir_fd, "resolv.conf", RESOLV_MAX_BYTES, &now, &exists, err) < 0 ||
        file_read(dir_fd, RESOLV_COPY, RESOLV_MAX_BYTES, &copy, &exists, err) < 0)
        return -1;
    if (!exists || !string_eq(text_get(&now), text_get(&copy)))
        return 0;
    if (resolv_text(instance, &resolv, err) < 0)
        return -1;
    return resolv_write(dir_fd, &resolv, err);
}
