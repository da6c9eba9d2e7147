/* SPDX-License-Identifier: Apache-2.0 */
/* The top level of a Compose file and its networks, volumes, secrets, configs and models. */
#include "orchestrator/compose/keys.h"

#include "orchestrator/compose/canonical.h"
#include "orchestrator/compose/decode.h"
#include "orchestrator/compose/identity.h"
#include "orchestrator/compose/paths.h"

static const char LATER[] = "it is not supported yet";
static const char UNREAD[] = "nothing reads labels yet";
static const char CLUSTER[] = "it has a meaning in a cluster only";

static const struct shape shape_external = {.forms = FORM_BOOL | FORM_STRING | FORM_MAP,
                                            .scalar = SCALAR_BOOL};

static const struct shape shape_address_value = {.forms = FORM_STRING, .scalar = SCALAR_STRING};

static const struct shape shape_addresses = {.forms = FORM_MAP, .each = &shape_address_value};

static const struct key ipam_config_keys[] = {
    {"subnet", &shape_string, ACTED, "addresses of the network"},
    {"gateway", &shape_string, ACTED, "address of the router"},
    {"ip_range", &shape_string, ACTED, "addresses to give away"},
    {"aux_addresses", &shape_addresses, ACTED, "addresses to keep free"},
};

static const struct shape shape_ipam_config = {
    .forms = FORM_MAP, TABLE(ipam_config_keys), .extensions = true};

static const struct shape shape_ipam_configs = {
    .forms = FORM_LIST, .item = &shape_ipam_config, .merge = MERGE_SUBNET};

static const struct key ipam_keys[] = {
    {"driver", &shape_string, NOTED, "who hands out addresses", 0, 0, LATER,
     concerns_foreign_driver},
    {"config", &shape_ipam_configs, ACTED, "subnets"},
    {"options", &shape_addresses, NOTED, "driver options", KEY_HIDDEN, 0, LATER},
};

static const struct shape shape_ipam = {
    .forms = FORM_MAP, TABLE(ipam_keys), .extensions = true, .decode = decode_ipam};

#define NETWORK(member) FIELD(struct network, member)

static const struct key network_keys[] = {
    {"name", &shape_string, ACTED, "name outside of the project", 0, NETWORK(name)},
    {"driver", &shape_string, ACTED, "bridge, macvlan, ipvlan, host or none", 0, NETWORK(driver)},
    {"driver_opts", &shape_options, ACTED, "driver options", 0, NETWORK(driver_opts)},
    {"ipam", &shape_ipam, ACTED, "addresses", KEY_JSON_EMPTY, WHOLE},
    {"external", &shape_external, ACTED, "made by somebody else", 0, NETWORK(external)},
    {"internal", &shape_bool, ACTED, "no way out", 0, NETWORK(internal)},
    {"attachable", &shape_bool, NOTED, "others may join", 0, 0, CLUSTER, concerns_true},
    {"labels", &shape_labels, NOTED, "labels", 0, NETWORK(labels), UNREAD},
    {"enable_ipv4", &shape_bool, ACTED, "addresses of version 4", KEY_KEEP, NETWORK(enable_ipv4)},
    {"enable_ipv6", &shape_bool, ACTED, "addresses of version 6", KEY_KEEP, NETWORK(enable_ipv6)},
};

static const struct shape shape_network = {.forms = FORM_MAP | FORM_NULL,
                                           TABLE(network_keys),
                                           .extensions = true,
                                           .canonical = canonical_external};

const struct shape shape_networks = {
    .forms = FORM_MAP, .each = &shape_network, .names = NAMES_RESOURCE};

#define VOLUME(member) FIELD(struct volume, member)

static const struct key volume_keys[] = {
    {"name", &shape_string, ACTED, "name outside of the project", 0, VOLUME(name)},
    {"driver", &shape_string, ACTED, "local", 0, VOLUME(driver)},
    {"driver_opts", &shape_options, ACTED, "what to mount as the volume", 0, VOLUME(driver_opts)},
    {"external", &shape_external, ACTED, "made by somebody else", 0, VOLUME(external)},
    {"labels", &shape_labels, NOTED, "labels", 0, VOLUME(labels), UNREAD},
};

static const struct shape shape_volume = {.forms = FORM_MAP | FORM_NULL,
                                          TABLE(volume_keys),
                                          .extensions = true,
                                          .canonical = canonical_external,
                                          .resolve = resolve_volume};

const struct shape shape_volumes = {
    .forms = FORM_MAP, .each = &shape_volume, .names = NAMES_RESOURCE};

#define SECRET(member) FIELD(struct secret, member)

static const struct key secret_keys[] = {
    {"name", &shape_string, ACTED, "name outside of the project", 0, SECRET(name)},
    {"file", &shape_path, ACTED, "file that holds it", KEY_KEEP, SECRET(file)},
    {"environment", &shape_string, ACTED, "variable that holds it", KEY_KEEP, SECRET(environment)},
    {"external", &shape_external, REFUSED, "made by somebody else", 0, SECRET(external), CLUSTER,
     concerns_true},
    {"labels", &shape_labels, NOTED, "labels", 0, 0, CLUSTER},
    {"driver", &shape_string, NOTED, "where it is kept", 0, 0, CLUSTER},
    {"driver_opts", &shape_options, NOTED, "driver options", 0, 0, CLUSTER},
    {"template_driver", &shape_string, NOTED, "how it is expanded", 0, 0, CLUSTER},
};

static const struct shape shape_secret = {
    .forms = FORM_MAP, TABLE(secret_keys), .extensions = true, .canonical = canonical_external};

const struct shape shape_secrets = {
    .forms = FORM_MAP, .each = &shape_secret, .names = NAMES_RESOURCE};

static const struct key config_keys[] = {
    {"name", &shape_string, ACTED, "name outside of the project", 0, SECRET(name)},
    {"file", &shape_path, ACTED, "file that holds it", KEY_KEEP, SECRET(file)},
    {"environment", &shape_string, ACTED, "variable that holds it", KEY_KEEP, SECRET(environment)},
    {"content", &shape_string, ACTED, "what it holds", KEY_KEEP, SECRET(content)},
    {"external", &shape_external, REFUSED, "made by somebody else", 0, SECRET(external), CLUSTER,
     concerns_true},
    {"labels", &shape_labels, NOTED, "labels", 0, 0, CLUSTER},
    {"template_driver", &shape_string, NOTED, "how it is expanded", 0, 0, CLUSTER},
};

static const struct shape shape_config = {
    .forms = FORM_MAP, TABLE(config_keys), .extensions = true, .canonical = canonical_external};

const struct shape shape_configs = {
    .forms = FORM_MAP, .each = &shape_config, .names = NAMES_RESOURCE};

static const struct shape shape_context_size = {.forms = FORM_INT, .scalar = SCALAR_INT};

static const struct key model_keys[] = {
    {"name", &shape_string, REFUSED, "name outside of the project"},
    {"model", &shape_string, REFUSED, "which model", KEY_REQUIRED},
    {"context_size", &shape_context_size, REFUSED, "tokens of context"},
    {"runtime_flags", &shape_plain_strings, REFUSED, "flags of the runner"},
};

static const struct shape shape_model = {.forms = FORM_MAP, TABLE(model_keys), .extensions = true};

const struct shape shape_models = {
    .forms = FORM_MAP, .each = &shape_model, .names = NAMES_RESOURCE};

static const struct shape shape_services = {
    .forms = FORM_MAP, .each = &shape_service, .names = NAMES_RESOURCE};

static const struct shape shape_include_files = {.forms = FORM_STRING | FORM_LIST,
                                                 .item = &shape_string,
                                                 .unique = true,
                                                 .canonical = canonical_list};

static const struct key include_keys[] = {
    {"path", &shape_include_files, ACTED, "files, merged like several -f"},
    {"project_directory", &shape_string, ACTED, "what their paths are relative to"},
    {"env_file", &shape_include_files, ACTED, "instead of .env beside them"},
};

static const struct shape shape_include = {
    .forms = FORM_MAP, TABLE(include_keys), .canonical = canonical_include};

static const struct shape shape_includes = {.forms = FORM_LIST, .item = &shape_include};

static const struct key project_keys[] = {
    {"version", &shape_string, NOTED, "version of the format", KEY_HIDDEN, 0, "it is obsolete"},
    {"include", &shape_includes, ACTED, "other Compose files", KEY_HIDDEN},
    {"name", &shape_string, ACTED, "name of the project"},
    {"services", &shape_services, ACTED, "what runs", KEY_KEEP},
    {"networks", &shape_networks, ACTED, "what they talk over"},
    {"volumes", &shape_volumes, ACTED, "what they keep"},
    {"secrets", &shape_secrets, ACTED, "files that must not be seen"},
    {"configs", &shape_configs, ACTED, "files that are given to them"},
    {"models", &shape_models, REFUSED, "AI models", KEY_YAML_ONLY, 0, "there is no model runner"},
};

const struct shape shape_project = {.forms = FORM_MAP, TABLE(project_keys), .extensions = true};
