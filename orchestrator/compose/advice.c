/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings about what every Compose tool accepts and which fails, or does something else than it
 * seems to, only when it runs.
 */
#include <ctype.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "orchestrator/compose/compose_model.h"
#include "orchestrator/compose/trail.h"

enum { SIGNALS = 32, LONGEST_HOST_NAME = 63 };

struct advisor {
    struct arena *arena;
    struct diagnostics *diagnostics;
    const struct node *services;
    struct node *ports;        /* of the host, that were asked for so far */
    const struct trail *trail; /* of the service */
    const struct node *service;
};

static void advise(const struct advisor *advisor, const struct node *at, const char *key,
                   const char *hint, const char *message)
{
    struct trail here = {advisor->trail, key, 0};
    struct diagnostic entry = {.severity = SEVERITY_WARNING,
                               .at = at->at,
                               .path = trail_text(advisor->arena, key ? &here : advisor->trail),
                               .message = message,
                               .hint = hint,
                               .came_by = at->came_by,
                               .came_how = at->came_how};

    diagnostics_add(advisor->diagnostics, &entry);
}

static const char *meant(const struct advisor *advisor, const char *near)
{
    return near ? arena_printf(advisor->arena, "did you mean '%s'?", near) : NULL;
}

/* -- words that nobody checks */

static void advise_restart(const struct advisor *advisor)
{
    static const char *const words[] = {"no", "always", "on-failure", "unless-stopped"};
    const struct node *restart = node_get(advisor->service, "restart");
    const char *text = node_text(restart);
    unsigned long long attempts;

    if (!text || !*text)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strcmp(text, words[i]) == 0)
            return;
    if (string_starts_with(text, "on-failure:") &&
        string_to_u64(text + strlen("on-failure:"), INT32_MAX, &attempts))
        return;
    advise(advisor, restart, "restart",
           meant(advisor, string_suggest(text, words, ARRAY_LENGTH(words))),
           arena_printf(advisor->arena,
                        "'%s' is none of no, always, on-failure[:N], unless-stopped", text));
}

static void advise_signal(const struct advisor *advisor)
{
    const struct node *signal = node_get(advisor->service, "stop_signal");
    const char *text = node_text(signal), *name = text;
    const char *names[SIGNALS];
    unsigned long long number;
    const char *near;
    size_t count = 0;

    if (!text || !*text || string_to_u64(text, 64, &number))
        return;
    name += strncasecmp(name, "SIG", 3) == 0 ? 3 : 0;
    for (int i = 1; i < SIGNALS; i++) {
        const char *known = sigabbrev_np(i);

        if (known && strcasecmp(known, name) == 0)
            return;
        if (known)
            names[count++] = known;
    }
    if (strncasecmp(name, "RTMIN", 5) == 0 || strncasecmp(name, "RTMAX", 5) == 0)
        return;
    near = string_suggest(name, names, count);
    advise(advisor, signal, "stop_signal",
           near ? arena_printf(advisor->arena, "did you mean 'SIG%s'?", near) : NULL,
           arena_printf(advisor->arena, "'%s' is no signal", text));
}

static const char *const capabilities[] = {"ALL",
                                           "AUDIT_CONTROL",
                                           "AUDIT_READ",
                                           "AUDIT_WRITE",
                                           "BLOCK_SUSPEND",
                                           "BPF",
                                           "CHECKPOINT_RESTORE",
                                           "CHOWN",
                                           "DAC_OVERRIDE",
                                           "DAC_READ_SEARCH",
                                           "FOWNER",
                                           "FSETID",
                                           "IPC_LOCK",
                                           "IPC_OWNER",
                                           "KILL",
                                           "LEASE",
                                           "LINUX_IMMUTABLE",
                                           "MAC_ADMIN",
                                           "MAC_OVERRIDE",
                                           "MKNOD",
                                           "NET_ADMIN",
                                           "NET_BIND_SERVICE",
                                           "NET_BROADCAST",
                                           "NET_RAW",
                                           "PERFMON",
                                           "SETFCAP",
                                           "SETGID",
                                           "SETPCAP",
                                           "SETUID",
                                           "SYSLOG",
                                           "SYS_ADMIN",
                                           "SYS_BOOT",
                                           "SYS_CHROOT",
                                           "SYS_MODULE",
                                           "SYS_NICE",
                                           "SYS_PACCT",
                                           "SYS_PTRACE",
                                           "SYS_RAWIO",
                                           "SYS_RESOURCE",
                                           "SYS_TIME",
                                           "SYS_TTY_CONFIG",
                                           "WAKE_ALARM"};

static void advise_capability(const struct advisor *advisor, const struct node *item,
                              const char *key)
{
    const char *text = node_text(item), *name = text;
    char *upper;

    if (!text)
        return;
    name += strncasecmp(name, "CAP_", 4) == 0 ? 4 : 0;
    for (size_t i = 0; i < ARRAY_LENGTH(capabilities); i++)
        if (strcasecmp(name, capabilities[i]) == 0)
            return;
    upper = arena_strdup(advisor->arena, name);
    for (char *p = upper; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    advise(advisor, item, key,
           meant(advisor, string_suggest(upper, capabilities, ARRAY_LENGTH(capabilities))),
           arena_printf(advisor->arena, "'%s' is no capability", text));
}

static void advise_capabilities(const struct advisor *advisor)
{
    static const char *const keys[] = {"cap_add", "cap_drop"};

    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        const struct node *list = node_get(advisor->service, keys[i]);

        for (size_t j = 0; node_is(list, NODE_LIST) && j < list->list.count; j++)
            advise_capability(advisor, list->list.items[j], keys[i]);
    }
}

static void advise_network_mode(const struct advisor *advisor)
{
    static const char *const words[] = {"none", "host", "bridge"};
    const struct node *mode = node_get(advisor->service, "network_mode");
    const struct node *ports = node_get(advisor->service, "ports");
    const char *text = node_text(mode);

    if (!text || !*text)
        return;
    if (strcmp(text, "host") == 0 && node_is(ports, NODE_LIST) && ports->list.count > 0)
        advise(advisor, ports, "ports", "remove 'ports'",
               "with 'network_mode: host' ports are not published: the container uses the host's");
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strcmp(text, words[i]) == 0)
            return;
    if (string_starts_with(text, "service:") || string_starts_with(text, "container:"))
        return;
    advise(advisor, mode, "network_mode",
           meant(advisor, string_suggest(text, words, ARRAY_LENGTH(words))),
           arena_printf(advisor->arena,
                        "'%s' is none of none, host, bridge, service:NAME, container:NAME", text));
}

static bool is_host_name(const char *text)
{
    size_t length = 0;

    for (; *text; text++) {
        if (*text == '.') {
            if (length == 0 || text[-1] == '-')
                return false;
            length = 0;
        } else if (!isalnum((unsigned char)*text) && (*text != '-' || length == 0)) {
            return false;
        } else if (++length > LONGEST_HOST_NAME) {
            return false;
        }
    }
    return length > 0 && text[-1] != '-';
}

static void advise_hostname(const struct advisor *advisor)
{
    const struct node *name = node_get(advisor->service, "hostname");

    if (node_text(name) && *name->text && !is_host_name(name->text))
        advise(advisor, name, "hostname", "letters, digits and '-', at most 63 between dots",
               arena_printf(advisor->arena, "'%s' is no host name", name->text));
}

/* -- ports */

static bool is_every_address(const char *ip)
{
    return !ip || !*ip || strcmp(ip, "0.0.0.0") == 0 || strcmp(ip, "::") == 0;
}

/* Host ports by "number/protocol": the first that asked for them. Ranges find room by themselves.
 */
static void advise_port(const struct advisor *advisor, const struct node *port)
{
    const char *published = node_get_text(port, "published");
    const char *protocol = node_get_text(port, "protocol");
    const char *ip = node_get_text(port, "host_ip");
    struct node at = {.came_how = "asked for first in"};
    const struct node *first;
    const char *key;

    if (!published || !*published || strchr(published, '-'))
        return;
    key = arena_printf(advisor->arena, "%s/%s", published, protocol ? protocol : "tcp");
    first = node_get(advisor->ports, key);
    if (!first) {
        node_put(advisor->arena, advisor->ports, key, node_copy(advisor->arena, port));
        return;
    }
    if (!is_every_address(ip) && !is_every_address(node_get_text(first, "host_ip")) &&
        strcmp(ip, node_get_text(first, "host_ip")) != 0)
        return;
    at.at = port->at;
    at.came_by = first->at;
    advise(advisor, &at, "ports", NULL,
           arena_printf(advisor->arena, "host port %s is taken already", key));
}

static void advise_ports(const struct advisor *advisor)
{
    const struct node *list = node_get(advisor->service, "ports");

    /* Variants of one service, a profile each, share their ports and never run together. */
    if (node_get(advisor->service, "profiles"))
        return;
    for (size_t i = 0; node_is(list, NODE_LIST) && i < list->list.count; i++)
        advise_port(advisor, list->list.items[i]);
}

/* -- waits */

static bool has_healthcheck(const struct node *service)
{
    const struct node *check = node_get(service, "healthcheck");
    const struct node *test = node_get(check, "test");
    bool none = node_is(test, NODE_LIST) && test->list.count > 0 &&
                string_eq(node_text(test->list.items[0]), "NONE");

    return test && !none && !node_get_bool(check, "disable");
}

/* An image may bring a check of its own, unless the file switches it off. */
static bool may_become_healthy(const struct node *service)
{
    return has_healthcheck(service) || !node_get(service, "healthcheck") ||
           (!node_get_bool(node_get(service, "healthcheck"), "disable") &&
            !node_get(node_get(service, "healthcheck"), "test"));
}

static void advise_wait(const struct advisor *advisor, const struct node_entry *entry)
{
    const struct node *other = node_get(advisor->services, entry->key);
    const char *condition = node_get_text(entry->value, "condition");
    const char *restart = node_get_text(other, "restart");
    struct node at = {.at = entry->at, .came_by = entry->value->came_by};

    if (!other || !condition)
        return;
    if (strcmp(condition, "service_healthy") == 0 && !may_become_healthy(other))
        advise(advisor, &at, "depends_on", NULL,
               arena_printf(advisor->arena,
                            "waits for '%s' to be healthy, whose healthcheck is switched off",
                            entry->key));
    else if (strcmp(condition, "service_healthy") == 0 && !has_healthcheck(other))
        advise(advisor, &at, "depends_on", NULL,
               arena_printf(advisor->arena,
                            "waits for '%s' to be healthy, which has no healthcheck unless its "
                            "image brings one",
                            entry->key));
    if (strcmp(condition, "service_completed_successfully") == 0 &&
        (string_eq(restart, "always") || string_eq(restart, "unless-stopped")))
        advise(advisor, &at, "depends_on", NULL,
               arena_printf(advisor->arena,
                            "waits for '%s' to complete, which is always started again",
                            entry->key));
}

static void advise_service(const struct advisor *advisor)
{
    const struct node *depends_on = node_get(advisor->service, "depends_on");

    advise_restart(advisor);
    advise_signal(advisor);
    advise_capabilities(advisor);
    advise_network_mode(advisor);
    advise_hostname(advisor);
    advise_ports(advisor);
    for (size_t i = 0; node_is(depends_on, NODE_MAP) && i < depends_on->map.count; i++)
        advise_wait(advisor, &depends_on->map.entries[i]);
}

void compose_report_advice(const struct compose *compose, struct diagnostics *diagnostics)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const struct node *services = node_get(compose->model, "services");
    struct node *ports = node_new(arena, NODE_MAP, compose->model->at);
    struct trail all = {NULL, "services", 0};

    for (size_t i = 0; node_is(services, NODE_MAP) && i < services->map.count; i++) {
        struct trail here = {&all, services->map.entries[i].key, 0};
        struct advisor advisor = {.arena = arena,
                                  .diagnostics = diagnostics,
                                  .services = services,
                                  .ports = ports,
                                  .trail = &here,
                                  .service = services->map.entries[i].value};

        advise_service(&advisor);
    }
}
