/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/keys.h"

#include "orchestrator/compose/canonical.h"
#include "orchestrator/compose/check_value.h"
#include "orchestrator/compose/decode.h"
#include "orchestrator/compose/defaults.h"
#include "orchestrator/compose/identity.h"
#include "orchestrator/compose/paths.h"
#include "orchestrator/compose/typing.h"

static const char LATER[] = "it is not supported yet";
static const char WINDOWS[] = "it exists on Windows only";
static const char NO_ENGINE[] = "there is no engine behind it";

static const char *const cgroup_words[] = {"host", "private", NULL};

static const struct shape shape_cgroup = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .words = cgroup_words};

static const struct shape shape_container_name = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .accepts = is_container_name};

static const struct shape shape_pull_policy = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .accepts = is_pull_policy};

static const struct shape shape_cpu_count = {.forms = FORM_INT | FORM_STRING,
                                             .scalar = SCALAR_INT,
                                             .bounded = true,
                                             .least = 0,
                                             .most = INT64_MAX};

static const struct shape shape_cpu_percent = {.forms = FORM_INT | FORM_STRING,
                                               .scalar = SCALAR_FLOAT,
                                               .bounded = true,
                                               .least = 0,
                                               .most = 100};

static const struct shape shape_oom_score_adj = {.forms = FORM_INT | FORM_STRING,
                                                 .scalar = SCALAR_INT,
                                                 .bounded = true,
                                                 .least = -1000,
                                                 .most = 1000,
                                                 .decode = decode_int};

static const struct shape shape_memory_int = {.forms = FORM_INT | FORM_STRING,
                                              .scalar = SCALAR_BYTES};

static const struct key credential_keys[] = {
    {"config", &shape_string, NOTED, "config that holds it"},
    {"file", &shape_string, NOTED, "file that holds it"},
    {"registry", &shape_string, NOTED, "registry key that holds it"},
};

static const struct shape shape_credential_spec = {
    .forms = FORM_MAP, TABLE(credential_keys), .extensions = true};

static const char *const dependency_conditions[] = {"service_started", "service_healthy",
                                                    "service_completed_successfully", NULL};

static const struct shape shape_dependency_condition = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .words = dependency_conditions};

static const struct key dependency_keys[] = {
    {"condition", &shape_dependency_condition, ACTED, "what to wait for", KEY_REQUIRED},
    {"restart", &shape_bool, ACTED, "restart with the dependency"},
    {"required", &shape_plain_bool, ACTED, "false: go on when it fails", KEY_KEEP},
};

static const struct shape shape_dependency = {
    .forms = FORM_MAP, TABLE(dependency_keys), .extensions = true, .defaults = default_dependency};

static const struct shape shape_depends_on = {.forms = FORM_MAP,
                                              .each = &shape_dependency,
                                              .names = NAMES_RESOURCE,
                                              .canonical = canonical_depends_on,
                                              .decode = decode_depends_on};

static const struct key extends_keys[] = {
    {"file", &shape_path, ACTED, "file with the service; this one when left out"},
    {"service", &shape_string, ACTED, "service to start from", KEY_REQUIRED},
};

static const struct shape shape_extends = {
    .forms = FORM_MAP, TABLE(extends_keys), .canonical = canonical_extends};

static const struct shape shape_provider_value = {.forms = FORM_STRING | FORM_NUMBER | FORM_BOOL,
                                                  .scalar = SCALAR_STRING};

static const struct shape shape_provider_option = {.forms = FORM_STRING | FORM_NUMBER | FORM_BOOL |
                                                            FORM_LIST,
                                                   .item = &shape_provider_value,
                                                   .finish = finish_provider_option};

static const struct shape shape_provider_options = {.forms = FORM_MAP,
                                                    .each = &shape_provider_option};

static const struct key provider_keys[] = {
    {"type", &shape_string, REFUSED, "program that provides it", KEY_REQUIRED},
    {"options", &shape_provider_options, REFUSED, "its options"},
};

static const struct shape shape_provider = {
    .forms = FORM_MAP, TABLE(provider_keys), .extensions = true};

#define HEALTH(member) FIELD(struct healthcheck, member)

static const struct shape shape_health_test = {.forms = FORM_STRING | FORM_LIST,
                                               .merge = MERGE_REPLACE,
                                               .item = &shape_string,
                                               .finish = finish_health_test,
                                               .decode = decode_strings};

static const struct key health_keys[] = {
    {"test", &shape_health_test, ACTED, "probe", 0, HEALTH(test)},
    {"timeout", &shape_duration, ACTED, "time before a probe has failed", KEY_KEEP,
     HEALTH(timeout_ns)},
    {"interval", &shape_duration, ACTED, "time between probes", KEY_KEEP, HEALTH(interval_ns)},
    {"retries", &shape_number, ACTED, "failures in a row before it is unhealthy", KEY_KEEP,
     HEALTH(retries)},
    {"start_period", &shape_duration, ACTED, "time in which failures do not count", KEY_KEEP,
     HEALTH(start_period_ns)},
    {"start_interval", &shape_duration, ACTED, "time between probes in the start period", KEY_KEEP,
     HEALTH(start_interval_ns)},
    {"disable", &shape_bool, ACTED, "no probe, also not the image's", 0, HEALTH(disable)},
};

static const struct shape shape_healthcheck = {
    .forms = FORM_MAP, TABLE(health_keys), .extensions = true, .decode = decode_healthcheck};

static const struct shape shape_logging_option = {.forms = FORM_STRING | FORM_NUMBER | FORM_NULL,
                                                  .scalar = SCALAR_STRING};

static const struct shape shape_logging_options = {.forms = FORM_MAP,
                                                   .each = &shape_logging_option,
                                                   .finish = finish_labels,
                                                   .decode = decode_pairs};

static const struct key logging_keys[] = {
    {"driver", &shape_string, NOTED, "where logs go", 0, FIELD(struct service, logging_driver),
     "output is always kept in files here, as with 'local'", concerns_foreign_driver},
    {"options", &shape_logging_options, ACTED, "driver options", 0,
     FIELD(struct service, logging_options)},
};

static const struct shape shape_logging = {.forms = FORM_MAP,
                                           TABLE(logging_keys),
                                           .merge = MERGE_DRIVER,
                                           .extensions = true,
                                           .decode = decode_fields_logging};

static const struct key service_model_keys[] = {
    {"endpoint_var", &shape_string, REFUSED, "variable that gets the address"},
    {"model_var", &shape_string, REFUSED, "variable that gets the model's name"},
};

static const struct shape shape_service_model = {
    .forms = FORM_MAP | FORM_NULL, TABLE(service_model_keys), .extensions = true};

static const struct shape shape_service_models = {.forms = FORM_MAP,
                                                  .each = &shape_service_model,
                                                  .names = NAMES_RESOURCE,
                                                  .canonical = canonical_names};

#define NETWORK(member) FIELD(struct service_network, member)

static const struct key service_network_keys[] = {
    {"aliases", &shape_string_set, ACTED, "more names on this network", 0, NETWORK(aliases)},
    {"driver_opts", &shape_options, ACTED, "driver options", 0, NETWORK(driver_opts)},
    {"gw_priority", &shape_plain_number, ACTED, "the highest gives the default route", 0,
     NETWORK(gw_priority)},
    {"interface_name", &shape_string, ACTED, "name of the interface inside", 0,
     NETWORK(interface_name)},
    {"ipv4_address", &shape_string, ACTED, "fixed address", 0, NETWORK(ipv4_address)},
    {"ipv6_address", &shape_string, ACTED, "fixed address", 0, NETWORK(ipv6_address)},
    {"link_local_ips", &shape_string_set, ACTED, "link-local addresses", 0,
     NETWORK(link_local_ips)},
    {"mac_address", &shape_string, ACTED, "fixed hardware address", 0, NETWORK(mac_address)},
    {"priority", &shape_plain_number, ACTED, "order of attachment, highest first", 0,
     NETWORK(priority)},
};

static const struct shape shape_service_network = {
    .forms = FORM_MAP | FORM_NULL, TABLE(service_network_keys), .extensions = true};

static const struct shape shape_service_networks = {.forms = FORM_MAP,
                                                    .each = &shape_service_network,
                                                    .names = NAMES_RESOURCE,
                                                    .canonical = canonical_names,
                                                    .decode = decode_service_networks};

static const struct shape shape_expose_item = {.forms = FORM_STRING | FORM_NUMBER,
                                               .scalar = SCALAR_STRING};

static const struct shape shape_expose = {.forms = FORM_LIST,
                                          .item = &shape_expose_item,
                                          .unique = true,
                                          .identity = identity_value,
                                          .decode = decode_strings};

static const struct shape shape_groups = {
    .forms = FORM_LIST, .item = &shape_expose_item, .unique = true, .decode = decode_strings};

static const struct shape shape_label_files = {.forms = FORM_STRING | FORM_LIST,
                                               .item = &shape_path,
                                               .identity = identity_value,
                                               .canonical = canonical_list};

static const struct shape shape_tmpfs = {.forms = FORM_STRING | FORM_LIST,
                                         .item = &shape_string,
                                         .unique = true,
                                         .identity = identity_tmpfs,
                                         .canonical = canonical_list,
                                         .decode = decode_tmpfs};

static const struct shape shape_storage_opt = {
    .forms = FORM_MAP, .each = &shape_any, .finish = finish_texts};

static const struct shape shape_grace_period = {
    .forms = FORM_STRING, .scalar = SCALAR_DURATION, .decode = decode_grace_period};

static const struct shape shape_image = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .decode = decode_image};

#define SERVICE(member) FIELD(struct service, member)

static const struct key service_keys[] = {
    {"profiles", &shape_string_set, ACTED, "groups that switch it on", 0, SERVICE(profiles)},
    {"annotations", &shape_labels, NOTED, "OCI annotations", 0, 0, LATER},
    {"attach", &shape_bool, ACTED, "false: `up` does not show its output", KEY_KEEP,
     SERVICE(attach)},
    {"build", &shape_build, ACTED, "how to make the image", KEY_KEEP, WHOLE},
    {"develop", &shape_develop, ACTED, "what to do when sources change", KEY_KEEP, WHOLE},
    {"blkio_config", &shape_blkio_config, ACTED, "block device bandwidth", KEY_KEEP, WHOLE},
    {"cap_add", &shape_string_set, ACTED, "capabilities to add", 0, SERVICE(cap_add)},
    {"cap_drop", &shape_string_set, ACTED, "capabilities to drop", 0, SERVICE(cap_drop)},
    {"cgroup_parent", &shape_string, ACTED, "control group to live in", 0, SERVICE(cgroup_parent)},
    {"cgroup", &shape_cgroup, ACTED, "cgroup namespace", 0, SERVICE(cgroup_mode)},
    {"cpu_count", &shape_cpu_count, NOTED, "number of processors", 0, 0, WINDOWS},
    {"cpu_percent", &shape_cpu_percent, NOTED, "share of processors", 0, 0, WINDOWS},
    {"cpu_period", &shape_micros, ACTED, "scheduler period in microseconds", 0,
     SERVICE(cpu_period_us)},
    {"cpu_quota", &shape_micros, ACTED, "processor time per period", 0, SERVICE(cpu_quota_us)},
    {"cpu_rt_period", &shape_micros, ACTED, "real-time period, with cgroup v1 only", 0,
     SERVICE(cpu_rt_period_us)},
    {"cpu_rt_runtime", &shape_micros, ACTED, "real-time share, with cgroup v1 only", 0,
     SERVICE(cpu_rt_runtime_us)},
    {"cpus", &shape_float, ACTED, "most processors", 0, SERVICE(cpus)},
    {"cpuset", &shape_string, ACTED, "processors to run on", 0, SERVICE(cpuset)},
    {"cpu_shares", &shape_number, ACTED, "weight among others", 0, SERVICE(cpu_shares)},
    {"command", &shape_command, ACTED, "arguments, instead of the image's",
     KEY_JSON_NULL | KEY_KEEP, SERVICE(command)},
    {"configs", &shape_service_configs, ACTED, "configs to mount", 0, WHOLE},
    {"container_name", &shape_container_name, ACTED, "fixed name", 0, SERVICE(container_name)},
    {"credential_spec", &shape_credential_spec, NOTED, "Windows credentials", KEY_KEEP, 0, WINDOWS},
    {"depends_on", &shape_depends_on, ACTED, "services to start first", 0, WHOLE},
    {"deploy", &shape_deploy, ACTED, "replicas, limits, restarts", KEY_KEEP, WHOLE},
    {"device_cgroup_rules", &shape_strings, ACTED, "device access rules", 0,
     SERVICE(device_cgroup_rules)},
    {"devices", &shape_devices, ACTED, "devices to pass through", 0, WHOLE},
    {"dns", &shape_string_or_list, ACTED, "name servers", 0, SERVICE(dns)},
    {"dns_opt", &shape_string_set, ACTED, "resolver options", 0, SERVICE(dns_opt)},
    {"dns_search", &shape_string_or_list, ACTED, "search domains", 0, SERVICE(dns_search)},
    {"domainname", &shape_string, ACTED, "NIS domain name", 0, SERVICE(domainname)},
    {"entrypoint", &shape_command, ACTED, "program, instead of the image's",
     KEY_JSON_NULL | KEY_KEEP, SERVICE(entrypoint)},
    {"provider", &shape_provider, REFUSED, "a service run by another program", KEY_KEEP, 0,
     NO_ENGINE},
    {"environment", &shape_environment, ACTED, "variables", 0, SERVICE(environment)},
    {"env_file", &shape_env_files, ACTED, "files with variables"},
    {"expose", &shape_expose, ACTED, "ports that it listens on", 0, SERVICE(expose)},
    {"extends", &shape_extends, ACTED, "service to start from", KEY_KEEP},
    {"external_links", &shape_strings, ACTED, "other names for containers of other projects", 0,
     SERVICE(external_links)},
    {"extra_hosts", &shape_extra_hosts, ACTED, "more lines of /etc/hosts", 0, SERVICE(extra_hosts)},
    {"group_add", &shape_groups, ACTED, "supplementary groups", 0, SERVICE(group_add)},
    {"gpus", &shape_gpus, ACTED, "GPUs to pass through, by CDI", 0, WHOLE},
    {"hostname", &shape_string, ACTED, "host name", 0, SERVICE(hostname)},
    {"healthcheck", &shape_healthcheck, ACTED, "how to see that it works", KEY_KEEP,
     SERVICE(healthcheck)},
    {"image", &shape_image, ACTED, "image to run", 0, WHOLE},
    {"init", &shape_bool, ACTED, "small init as process 1", KEY_KEEP, SERVICE(init)},
    {"ipc", &shape_string, ACTED, "IPC namespace", 0, SERVICE(ipc_mode)},
    {"isolation", &shape_string, NOTED, "isolation technology", 0, 0, WINDOWS},
    {"labels", &shape_labels, ACTED, "labels of the container, for `ps`", 0, SERVICE(labels)},
    {"label_file", &shape_label_files, ACTED, "files with labels"},
    {"links", &shape_strings, ACTED, "services to wait for, and other names for them", 0,
     SERVICE(links)},
    {"logging", &shape_logging, ACTED, "where its output goes", KEY_KEEP, WHOLE},
    {"mem_limit", &shape_bytes, ACTED, "most memory", 0, SERVICE(mem_limit_bytes)},
    {"mem_reservation", &shape_memory_int, ACTED, "memory to protect", 0,
     SERVICE(mem_reservation_bytes)},
    {"memswap_limit", &shape_bytes, ACTED, "most memory and swap together", 0,
     SERVICE(memswap_limit_bytes)},
    {"mem_swappiness", &shape_memory_int, ACTED, "readiness to swap, with cgroup v1 only", 0,
     SERVICE(mem_swappiness)},
    {"mac_address", &shape_string, ACTED, "hardware address", 0, SERVICE(mac_address)},
    {"models", &shape_service_models, REFUSED, "AI models", 0, 0, NO_ENGINE},
    {"network_mode", &shape_string, ACTED, "network namespace", 0, SERVICE(network_mode)},
    {"networks", &shape_service_networks, ACTED, "networks to join", 0, WHOLE},
    {"oom_kill_disable", &shape_bool, ACTED, "never killed for memory, with cgroup v1 only", 0,
     SERVICE(oom_kill_disable)},
    {"oom_score_adj", &shape_oom_score_adj, ACTED, "readiness to be killed for memory", 0,
     SERVICE(oom_score_adj)},
    {"pid", &shape_string_or_null, ACTED, "PID namespace", 0, SERVICE(pid_mode)},
    {"pids_limit", &shape_number, ACTED, "most processes", 0, SERVICE(pids_limit)},
    {"platform", &shape_string, ACTED, "platform of the image", 0, SERVICE(platform)},
    {"ports", &shape_ports, ACTED, "ports to publish", 0, WHOLE},
    {"privileged", &shape_bool, ACTED, "all capabilities and devices", 0, SERVICE(privileged)},
    {"pull_policy", &shape_pull_policy, ACTED, "when to pull the image", 0, SERVICE(pull_policy)},
    {"pull_refresh_after", &shape_string, NOTED, "age of an image to pull again", KEY_HIDDEN, 0,
     NO_ENGINE},
    {"read_only", &shape_bool, ACTED, "root file system is read-only", 0, SERVICE(read_only)},
    {"restart", &shape_string, ACTED, "when to start it again", 0, SERVICE(restart)},
    {"runtime", &shape_string, NOTED, "OCI runtime", 0, 0, NO_ENGINE},
    {"scale", &shape_int, ACTED, "how many containers", KEY_KEEP, SERVICE(scale)},
    {"secrets", &shape_service_secrets, ACTED, "secrets to mount", 0, WHOLE},
    {"security_opt", &shape_strings, ACTED, "security options", 0, SERVICE(security_opt)},
    {"shm_size", &shape_bytes, ACTED, "size of /dev/shm", 0, SERVICE(shm_size_bytes)},
    {"stdin_open", &shape_bool, ACTED, "keep standard input open", 0, SERVICE(stdin_open)},
    {"stop_grace_period", &shape_grace_period, ACTED, "time between stop signal and kill", KEY_KEEP,
     WHOLE},
    {"stop_signal", &shape_string, ACTED, "signal that asks it to stop", 0, SERVICE(stop_signal)},
    {"storage_opt", &shape_storage_opt, NOTED, "storage options", 0, 0, NO_ENGINE},
    {"sysctls", &shape_labels, ACTED, "kernel parameters", 0, SERVICE(sysctls)},
    {"tmpfs", &shape_tmpfs, ACTED, "memory file systems", 0, WHOLE},
    {"tty", &shape_bool, ACTED, "a terminal", 0, SERVICE(tty)},
    {"ulimits", &shape_ulimits, ACTED, "resource limits", 0, SERVICE(ulimits)},
    {"use_api_socket", &shape_plain_bool, NOTED, "socket of the engine", 0, 0, NO_ENGINE},
    {"user", &shape_string, ACTED, "user and group to run as", 0, SERVICE(user)},
    {"userns_mode", &shape_string, ACTED, "user namespace", 0, SERVICE(userns_mode)},
    {"uts", &shape_string, ACTED, "UTS namespace", 0, SERVICE(uts_mode)},
    {"volumes", &shape_service_volumes, ACTED, "what to mount", 0, WHOLE},
    {"volumes_from", &shape_strings, ACTED, "mounts of another service", 0, SERVICE(volumes_from)},
    {"working_dir", &shape_string, ACTED, "directory to start in", 0, SERVICE(working_dir)},
    {"pre_start", &shape_pre_start_hooks, ACTED, "containers to run before", 0, WHOLE},
    {"post_start", &shape_post_start_hooks, ACTED, "commands to run after the start", 0, WHOLE},
    {"pre_stop", &shape_pre_stop_hooks, ACTED, "commands to run before the stop", 0, WHOLE},
};

const struct shape shape_service = {
    .forms = FORM_MAP, TABLE(service_keys), .extensions = true, .decode = decode_service};
