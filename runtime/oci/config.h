/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCI runtime configuration (config.json of a bundle; runtime-spec 1.0 to 1.3) as what the
 * runtime library takes.
 *
 * What the configuration asks for and we cannot give is refused, never left out; members that
 * nobody knows are passed over, as the specification wants it.
 */
#ifndef YAWL_RUNTIME_OCI_CONFIG_H
#define YAWL_RUNTIME_OCI_CONFIG_H

#include "runtime/bundle_spec.h"
#include "runtime/cgroup/cgroup_devices.h"
#include "runtime/oci/oci_json.h"
#include "runtime/oci/resctrl.h"
#include "runtime/oci/systemd_scope.h"

/* The newest version of the specification that is implemented, and the oldest. */
#define OCI_VERSION "1.3.0"
#define OCI_VERSION_MIN "1.0.0"

#define OCI_SELINUX_FILE "/sys/fs/selinux/enforce" /* there when SELinux is enabled */

/* Annotations that change what is done; crun's names. */
#define OCI_ANNOTATION_PIDFD "run.oci.pidfd_receiver"
#define OCI_ANNOTATION_HOOKS_STDOUT "run.oci.hooks.stdout"
#define OCI_ANNOTATION_HOOKS_STDERR "run.oci.hooks.stderr"
#define OCI_ANNOTATION_SYSTEMD_PROPERTY                                                            \
    "org.systemd.property." /* and its name; runc's and crun's */

enum { OCI_MAX_RANGES = 340 }; /* of ids in one map; the kernel's limit */

/* A process object: of the configuration, or given to `exec`. */
struct oci_process {
    struct string_list args, env;
    const char *cwd;
    bool terminal, no_new_privileges;
    const struct number_set *exec_cpus_first, *exec_cpus_last; /* of `exec` alone; or NULL */
    struct process_spec spec; /* the filter is the whole configuration's */
};

/* A device of the host that goes into the container's network namespace. */
struct oci_net_device {
    const char *name, *new_name;
};

/* Without a process in it (`create` takes that) process.args is empty. */
struct oci_config {
    struct container_spec container; /* id and control group are the caller's to set */
    struct bundle_spec bundle;       /* container.bundle; its process is process.spec */
    struct oci_process process;
    const char *cgroups_path;           /* or NULL */
    struct systemd_scope scope;         /* that is to be the control group; the caller's to set */
    const char *mount_label;            /* of SELinux; or NULL */
    const struct resctrl_spec *resctrl; /* or NULL */
    const char *pidfd_receiver; /* crun's annotation: a socket that gets a pidfd of the container's
                                   process; or NULL */
    struct device_rules device_rules;
    struct oci_net_device *net_devices;
    size_t n_net_devices;
    struct string_list warnings; /* what was left out of it, as the specification wants it */
};

/* Whether somebody is there for the other side of a terminal. */
enum oci_console {
    OCI_CONSOLE_ANY,   /* that does not matter */
    OCI_CONSOLE_TAKEN, /* who waits for one: the process must have it */
    OCI_CONSOLE_NONE,  /* nobody: it must not */
};

struct oci_config_source {
    const struct text *text;
    const char *dir;      /* the absolute bundle */
    bool compiles_filter; /* for who starts a process; else the seccomp profile is not looked at */
    enum oci_console console;
};

/* Reads a whole configuration. Everything lives in the arena. */
MUST_CHECK int oci_config_read(const struct oci_config_source *source, struct arena *arena,
                               struct oci_config *ret_config, struct error *err);

/* The parts, for oci_config_read() and the commands that take one alone. */
void oci_process_read(struct oci_reader *reader, struct oci_at at, struct oci_process *process);
/* A security label for the program. It is refused where the host would not mind it: who asks for
 * one relies on it. */
struct oci_label {
    const char *key; /* where it stands */
    const char *text;
    bool is_apparmor; /* else SELinux's */
};
void oci_label_take(struct oci_reader *reader, struct oci_at at, const struct oci_label *label,
                    struct process_spec *spec);
void oci_mounts_read(struct oci_reader *reader, struct oci_at root, struct oci_config *config);
void oci_linux_read(struct oci_reader *reader, struct oci_at root, struct oci_config *config);
void oci_memory_policy_read(struct oci_reader *reader, struct oci_at linux_at,
                            struct process_spec *process);
void oci_net_devices_read(struct oci_reader *reader, struct oci_at linux_at,
                          struct oci_config *config);
void oci_intel_rdt_read(struct oci_reader *reader, struct oci_at linux_at,
                        struct oci_config *config);
void oci_ids_read(struct oci_reader *reader, struct oci_at at, const char *key,
                  struct id_ranges *ranges);
void oci_hooks_read(struct oci_reader *reader, struct oci_at root, struct bundle_hooks *hooks);

/* `at` is a resources object; settings and rules are added. */
void oci_resources_read(struct oci_reader *reader, struct oci_at at,
                        struct resource_spec *resources);
void oci_device_rules_read(struct oci_reader *reader, struct oci_at at, struct device_rules *rules);

/* For `features`: every word that a mount's options may have, and what memoryPolicy may say. The
 * caller owns them. */
json_t *oci_mount_options(void);
json_t *oci_memory_policy_features(void);

/* MS_... of "private", "rslave", ...; 0 when it is none. */
unsigned long oci_propagation(const char *word);

#endif
