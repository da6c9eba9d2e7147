/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/keys.h"

#include "orchestrator/compose/canonical.h"
#include "orchestrator/compose/decode.h"
#include "orchestrator/compose/defaults.h"

static const char CLUSTER[] = "it has a meaning in a cluster only";

static const struct shape shape_device_count = {
    .forms = FORM_STRING | FORM_INT, .scalar = SCALAR_INT, .canonical = canonical_device_count};

static const struct key device_request_keys[] = {
    {"capabilities", &shape_strings, ACTED, "what the device can do", KEY_REQUIRED},
    {"driver", &shape_string, ACTED, "driver that provides it"},
    {"count", &shape_device_count, ACTED, "how many; all when left out"},
    {"device_ids", &shape_strings, ACTED, "which ones"},
    {"options", &shape_labels, NOTED, "driver options", 0, 0, "no driver takes any"},
};

static const struct shape shape_device_request = {.forms = FORM_MAP,
                                                  TABLE(device_request_keys),
                                                  .extensions = true,
                                                  .defaults = default_device_request};

const struct shape shape_device_requests = {.forms = FORM_LIST, .item = &shape_device_request};

static const struct key gpu_keys[] = {
    {"capabilities", &shape_strings, ACTED, "what the device can do"},
    {"driver", &shape_string, ACTED, "driver that provides it"},
    {"count", &shape_device_count, ACTED, "how many; all when left out"},
    {"device_ids", &shape_strings, ACTED, "which ones"},
    {"options", &shape_labels, NOTED, "driver options", 0, 0, "no driver takes any"},
};

static const struct shape shape_gpu = {
    .forms = FORM_MAP, TABLE(gpu_keys), .extensions = true, .defaults = default_device_request};

static const char *const all_gpus[] = {"all", NULL};

const struct shape shape_gpus = {.forms = FORM_STRING | FORM_LIST,
                                 .words = all_gpus,
                                 .item = &shape_gpu,
                                 .canonical = canonical_gpus,
                                 .decode = decode_gpus};

static const char *const update_orders[] = {"start-first", "stop-first", NULL};

static const struct shape shape_update_order = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .words = update_orders};

static const struct key update_keys[] = {
    {"parallelism", &shape_int, NOTED, "how many at a time", KEY_KEEP, 0, CLUSTER},
    {"delay", &shape_duration, NOTED, "time between groups", 0, 0, CLUSTER},
    {"failure_action", &shape_string, NOTED, "what to do when it fails", 0, 0, CLUSTER},
    {"monitor", &shape_duration, NOTED, "how long to watch for a failure", 0, 0, CLUSTER},
    {"max_failure_ratio", &shape_float, NOTED, "failures to tolerate", 0, 0, CLUSTER},
    {"order", &shape_update_order, ACTED, "stop the old one before or after starting the new"},
};

static const struct shape shape_update = {
    .forms = FORM_MAP, TABLE(update_keys), .extensions = true};

static const struct key discrete_keys[] = {
    {"kind", &shape_string, NOTED, "kind of resource", KEY_KEEP},
    {"value", &shape_number, NOTED, "how many", KEY_KEEP},
};

static const struct shape shape_discrete = {
    .forms = FORM_MAP, TABLE(discrete_keys), .extensions = true};

static const struct key generic_resource_keys[] = {
    {"discrete_resource_spec", &shape_discrete, NOTED, "a countable resource", KEY_KEEP},
};

static const struct shape shape_generic_resource = {
    .forms = FORM_MAP, TABLE(generic_resource_keys), .extensions = true};

static const struct shape shape_generic_resources = {.forms = FORM_LIST,
                                                     .item = &shape_generic_resource};

static const struct key limit_keys[] = {
    {"cpus", &shape_float, ACTED, "most processors"},
    {"memory", &shape_bytes_text, ACTED, "most memory"},
    {"pids", &shape_int, ACTED, "most processes"},
};

static const struct shape shape_limits = {.forms = FORM_MAP, TABLE(limit_keys), .extensions = true};

static const struct key reservation_keys[] = {
    {"cpus", &shape_float, NOTED, "processors to set aside", 0, 0, CLUSTER},
    {"memory", &shape_bytes_text, ACTED, "memory to protect from reclaim"},
    {"devices", &shape_device_requests, ACTED, "devices such as GPUs, by CDI"},
    {"generic_resources", &shape_generic_resources, NOTED, "named resources", 0, 0, CLUSTER},
};

static const struct shape shape_reservations = {
    .forms = FORM_MAP, TABLE(reservation_keys), .extensions = true};

static const struct key resource_keys[] = {
    {"limits", &shape_limits, ACTED, "what a container may use at most", KEY_KEEP},
    {"reservations", &shape_reservations, ACTED, "what is set aside for it", KEY_KEEP},
};

static const struct shape shape_resources = {
    .forms = FORM_MAP, TABLE(resource_keys), .extensions = true};

static const struct key restart_policy_keys[] = {
    {"condition", &shape_string, ACTED, "any, on-failure or none"},
    {"delay", &shape_duration, ACTED, "time before a restart", KEY_KEEP},
    {"max_attempts", &shape_int, ACTED, "restarts before giving up", KEY_KEEP},
    {"window", &shape_duration, ACTED, "when a restart counts as successful", KEY_KEEP},
};

static const struct shape shape_restart_policy = {
    .forms = FORM_MAP, TABLE(restart_policy_keys), .extensions = true};

static const struct key preference_keys[] = {
    {"spread", &shape_string, NOTED, "label to spread over"},
};

static const struct shape shape_preference = {
    .forms = FORM_MAP, TABLE(preference_keys), .extensions = true};

static const struct shape shape_preferences = {.forms = FORM_LIST, .item = &shape_preference};

static const struct key placement_keys[] = {
    {"constraints", &shape_plain_strings, NOTED, "nodes that qualify"},
    {"preferences", &shape_preferences, NOTED, "nodes to prefer"},
    {"max_replicas_per_node", &shape_int, NOTED, "most replicas on one node"},
};

static const struct shape shape_placement = {
    .forms = FORM_MAP, TABLE(placement_keys), .extensions = true};

static const struct key deploy_keys[] = {
    {"mode", &shape_string, NOTED, "replicated or global", 0, 0, CLUSTER},
    {"replicas", &shape_int, ACTED, "how many containers", KEY_KEEP},
    {"labels", &shape_labels, NOTED, "labels of the service", 0, 0, CLUSTER},
    {"update_config", &shape_update, ACTED, "how to update", KEY_KEEP},
    {"rollback_config", &shape_update, NOTED, "how to roll back", KEY_KEEP, 0, CLUSTER},
    {"resources", &shape_resources, ACTED, "limits and reservations", KEY_JSON_EMPTY},
    {"restart_policy", &shape_restart_policy, ACTED, "wins over `restart`", KEY_KEEP},
    {"placement", &shape_placement, NOTED, "on which nodes", KEY_JSON_EMPTY, 0, CLUSTER},
    {"endpoint_mode", &shape_string, NOTED, "vip or dnsrr", 0, 0, CLUSTER},
};

const struct shape shape_deploy = {
    .forms = FORM_MAP | FORM_NULL, TABLE(deploy_keys), .extensions = true, .decode = decode_deploy};

static const struct key weight_keys[] = {
    {"path", &shape_string, ACTED, "device", KEY_KEEP | KEY_CAPITAL},
    {"weight", &shape_int, ACTED, "share of its bandwidth", KEY_KEEP | KEY_CAPITAL},
};

static const struct shape shape_weight = {.forms = FORM_MAP, TABLE(weight_keys)};
static const struct shape shape_weights = {.forms = FORM_LIST, .item = &shape_weight};

static const struct shape shape_rate = {.forms = FORM_INT | FORM_STRING, .scalar = SCALAR_BYTES};

static const struct key throttle_keys[] = {
    {"path", &shape_string, ACTED, "device", KEY_KEEP | KEY_CAPITAL},
    {"rate", &shape_rate, ACTED, "per second", KEY_KEEP | KEY_CAPITAL},
};

static const struct shape shape_throttle = {.forms = FORM_MAP, TABLE(throttle_keys)};
static const struct shape shape_throttles = {.forms = FORM_LIST, .item = &shape_throttle};

static const struct key blkio_keys[] = {
    {"weight", &shape_int, ACTED, "share of block device bandwidth"},
    {"weight_device", &shape_weights, ACTED, "shares by device"},
    {"device_read_bps", &shape_throttles, ACTED, "bytes read per second"},
    {"device_read_iops", &shape_throttles, ACTED, "reads per second"},
    {"device_write_bps", &shape_throttles, ACTED, "bytes written per second"},
    {"device_write_iops", &shape_throttles, ACTED, "writes per second"},
};

const struct shape shape_blkio_config = {
    .forms = FORM_MAP, TABLE(blkio_keys), .decode = decode_blkio};
