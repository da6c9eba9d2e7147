/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/text.h"

#define BIT(capability) (UINT64_C(1) << (capability))

/* In the order of their numbers. */
static const char *const names[] = {
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
};

/* Docker's default set. */
static const uint64_t default_set =
    BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FSETID) | BIT(CAP_FOWNER) | BIT(CAP_MKNOD) |
    BIT(CAP_NET_RAW) | BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETFCAP) | BIT(CAP_SETPCAP) |
    BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SYS_CHROOT) | BIT(CAP_KILL) | BIT(CAP_AUDIT_WRITE);

uint64_t capabilities_all(void)
{
    uint64_t all = 0;

    for (int i = 0; i < 63; i++)
        if (prctl(PR_CAPBSET_READ, i) >= 0)
            all |= BIT(i);
        else
            break;
    return all;
}

/* What this process has: nothing beyond it can be given without a new user namespace. */
uint64_t capabilities_permitted(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};

    if (syscall(SYS_capget, &header, data) < 0)
        return 0;
    return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

const char *capabilities_name(size_t number)
{
    return number < ARRAY_LENGTH(names) ? names[number] : NULL;
}

static const char *without_prefix(const char *name)
{
    return strncasecmp(name, "CAP_", 4) == 0 ? name + 4 : name;
}

bool capabilities_add_name(const char *name, uint64_t *set)
{
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcasecmp(without_prefix(name), names[i]) == 0) {
            *set |= BIT(i);
            return true;
        }
    return false;
}

static int parse_names(struct string_list list, const char *key, uint64_t *ret_set,
                       struct error *err)
{
    *ret_set = 0;
    for (size_t i = 0; i < list.count; i++) {
        const char *name = list.items[i];

        if (strcasecmp(name, "ALL") == 0 || strcasecmp(name, "CAP_ALL") == 0) {
            *ret_set |= capabilities_all();
            continue;
        }
        if (!capabilities_add_name(name, ret_set)) {
            const char *near = string_suggest(without_prefix(name), names, ARRAY_LENGTH(names));

            return near ? error_set(err, "%s: there is no capability '%s' (did you mean '%s'?)",
                                    key, list.items[i], near)
                        : error_set(err, "%s: there is no capability '%s'", key, list.items[i]);
        }
    }
    return 0;
}

static bool names_all(struct string_list list)
{
    for (size_t i = 0; i < list.count; i++)
        if (strcasecmp(list.items[i], "ALL") == 0 || strcasecmp(list.items[i], "CAP_ALL") == 0)
            return true;
    return false;
}

int capabilities_of(const struct container_spec *spec, bool in_user_namespace, uint64_t *ret_set,
                    struct error *err)
{
    uint64_t set = default_set;
    uint64_t add, drop;

    if (parse_names(spec->cap_add, "cap_add", &add, err) < 0 ||
        parse_names(spec->cap_drop, "cap_drop", &drop, err) < 0)
        return -1;
    if (in_user_namespace)
        set &= ~(BIT(CAP_MKNOD) | BIT(CAP_AUDIT_WRITE));
    /* As docker does: with "drop: ALL" only what is added stays, with "add: ALL" all but what is
     * dropped. */
    if (spec->privileged)
        set = capabilities_all();
    else if (names_all(spec->cap_drop))
        set = add;
    else
        set = (set | add) & ~drop;
    set &= capabilities_all();
    *ret_set = in_user_namespace ? set : set & capabilities_permitted();
    return 0;
}

int capabilities_bound(uint64_t set, struct failure *failure)
{
    for (int i = 0; i < 63; i++) {
        if (set & BIT(i))
            continue;
        if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0) {
            if (errno == EINVAL)
                break; /* beyond the kernel's last */
            return failure_sys(failure, "drop a capability from the bounding set", NULL);
        }
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return failure_sys(failure, "clear the ambient capabilities", NULL);
    return 0;
}

static int own_set(const struct capability_sets *sets)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable},
        {(uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
         (uint32_t)(sets->inheritable >> 32)},
    };

    return (int)syscall(SYS_capset, &header, data);
}

int capabilities_set(const struct capability_sets *sets, struct failure *failure)
{
    if (own_set(sets) < 0)
        return failure_sys(failure, "set the capabilities", NULL);
    for (unsigned long i = 0; i < 63; i++)
        if (sets->ambient & BIT(i))
            (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0);
    return 0;
}

int capabilities_raise(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};

    if (syscall(SYS_capget, &header, data) < 0)
        return -1;
    for (size_t i = 0; i < 2; i++)
        data[i].effective = data[i].permitted;
    return (int)syscall(SYS_capset, &header, data);
}
