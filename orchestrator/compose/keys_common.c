/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/keys.h"

#include "orchestrator/compose/canonical.h"
#include "orchestrator/compose/decode.h"
#include "orchestrator/compose/identity.h"
#include "orchestrator/compose/paths.h"
#include "orchestrator/compose/typing.h"

const struct shape shape_any = {.forms = FORM_ANY, .scalar = SCALAR_ANY, .extensions = true};

const struct shape shape_string = {.forms = FORM_STRING, .scalar = SCALAR_STRING};

const struct shape shape_string_or_null = {.forms = FORM_STRING | FORM_NULL,
                                           .scalar = SCALAR_STRING};

const struct shape shape_path = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .resolve = resolve_file};

const struct shape shape_bool = {.forms = FORM_BOOL | FORM_STRING, .scalar = SCALAR_BOOL};

const struct shape shape_plain_bool = {.forms = FORM_BOOL, .scalar = SCALAR_BOOL};

const struct shape shape_int = {.forms = FORM_INT | FORM_STRING, .scalar = SCALAR_INT};

const struct shape shape_number = {.forms = FORM_NUMBER | FORM_STRING, .scalar = SCALAR_INT};

const struct shape shape_plain_number = {
    .forms = FORM_NUMBER, .scalar = SCALAR_INT, .decode = decode_int};

const struct shape shape_float = {.forms = FORM_NUMBER | FORM_STRING, .scalar = SCALAR_FLOAT};

const struct shape shape_bytes = {.forms = FORM_NUMBER | FORM_STRING, .scalar = SCALAR_BYTES};

const struct shape shape_bytes_text = {.forms = FORM_STRING, .scalar = SCALAR_BYTES};

const struct shape shape_micros = {.forms = FORM_NUMBER | FORM_STRING, .scalar = SCALAR_MICROS};

const struct shape shape_duration = {.forms = FORM_STRING, .scalar = SCALAR_DURATION};

const struct shape shape_mode = {.forms = FORM_NUMBER | FORM_STRING, .scalar = SCALAR_MODE};

const struct shape shape_strings = {
    .forms = FORM_LIST, .item = &shape_string, .unique = true, .decode = decode_strings};

const struct shape shape_plain_strings = {
    .forms = FORM_LIST, .item = &shape_string, .decode = decode_strings};

const struct shape shape_string_set = {.forms = FORM_LIST,
                                       .item = &shape_string,
                                       .unique = true,
                                       .identity = identity_value,
                                       .decode = decode_strings};

const struct shape shape_string_or_list = {.forms = FORM_STRING | FORM_LIST,
                                           .item = &shape_string,
                                           .unique = true,
                                           .identity = identity_value,
                                           .canonical = canonical_list,
                                           .decode = decode_strings};

static const struct shape shape_pair_value = {
    .forms = FORM_STRING | FORM_NUMBER | FORM_BOOL | FORM_NULL, .scalar = SCALAR_STRING};

const struct shape shape_environment = {.forms = FORM_MAP,
                                        .each = &shape_pair_value,
                                        .canonical = canonical_environment,
                                        .decode = decode_pairs};

const struct shape shape_labels = {.forms = FORM_MAP,
                                   .each = &shape_pair_value,
                                   .canonical = canonical_pairs,
                                   .finish = finish_labels,
                                   .decode = decode_pairs};

static const struct shape shape_option_value = {.forms = FORM_STRING | FORM_NUMBER,
                                                .scalar = SCALAR_STRING};

const struct shape shape_options = {
    .forms = FORM_MAP, .each = &shape_option_value, .decode = decode_pairs};

const struct shape shape_command = {.forms = FORM_NULL | FORM_STRING | FORM_LIST,
                                    .merge = MERGE_REPLACE,
                                    .item = &shape_string,
                                    .finish = finish_command,
                                    .decode = decode_command};

static const struct key ulimit_keys[] = {
    {"soft", &shape_int, ACTED, "limit that processes start with", KEY_REQUIRED | KEY_KEEP},
    {"hard", &shape_int, ACTED, "limit up to which they may raise it", KEY_REQUIRED | KEY_KEEP},
};

static const struct shape shape_ulimit = {.forms = FORM_INT | FORM_STRING | FORM_MAP,
                                          .scalar = SCALAR_INT,
                                          .merge = MERGE_REPLACE,
                                          TABLE(ulimit_keys),
                                          .extensions = true};

const struct shape shape_ulimits = {
    .forms = FORM_MAP, .each = &shape_ulimit, .names = NAMES_LOWER, .decode = decode_ulimits};

const struct shape shape_extra_hosts = {.forms = FORM_LIST,
                                        .item = &shape_string,
                                        .identity = identity_value,
                                        .canonical = canonical_extra_hosts,
                                        .finish = finish_sorted,
                                        .decode = decode_strings};

static const struct key env_file_keys[] = {
    {"path", &shape_path, ACTED, "file in dotenv syntax", KEY_REQUIRED},
    {"required", &shape_bool, ACTED, "false: the file may be missing", KEY_KEEP},
    {"format", &shape_string, ACTED, "raw: values are taken as they are"},
};

static const struct shape shape_env_file = {.forms = FORM_MAP, TABLE(env_file_keys)};

const struct shape shape_env_files = {.forms = FORM_LIST,
                                      .item = &shape_env_file,
                                      .identity = identity_env_file,
                                      .canonical = canonical_env_files};

#define HOOK(member) FIELD(struct hook, member)

static const struct key hook_keys[] = {
    {"command", &shape_command, ACTED, "what to run", KEY_REQUIRED | KEY_JSON_NULL | KEY_KEEP,
     HOOK(command)},
    {"user", &shape_string, ACTED, "user to run it as", 0, HOOK(user)},
    {"privileged", &shape_bool, ACTED, "with all capabilities", 0, HOOK(privileged)},
    {"working_dir", &shape_string, ACTED, "directory to run it in", 0, HOOK(working_dir)},
    {"environment", &shape_environment, ACTED, "additional variables", 0, HOOK(environment)},
};

static const struct shape shape_hook = {.forms = FORM_MAP, TABLE(hook_keys), .extensions = true};

const struct shape shape_post_start_hooks = {
    .forms = FORM_LIST, .item = &shape_hook, .decode = decode_post_start};
const struct shape shape_pre_stop_hooks = {
    .forms = FORM_LIST, .item = &shape_hook, .decode = decode_pre_stop};

static const struct key pre_start_keys[] = {
    {"command", &shape_command, ACTED, "what to run", KEY_JSON_NULL | KEY_KEEP, HOOK(command)},
    {"image", &shape_string, ACTED, "image to run it from; the service's when left out", 0,
     HOOK(image)},
    {"user", &shape_string, ACTED, "user to run it as", 0, HOOK(user)},
    {"privileged", &shape_bool, ACTED, "with all capabilities", 0, HOOK(privileged)},
    {"working_dir", &shape_string, ACTED, "directory to run it in", 0, HOOK(working_dir)},
    {"environment", &shape_environment, ACTED, "additional variables", 0, HOOK(environment)},
    {"per_replica", &shape_bool, ACTED, "once per replica instead of once per service", 0,
     HOOK(per_replica)},
};

static const struct shape shape_pre_start_hook = {
    .forms = FORM_MAP, TABLE(pre_start_keys), .extensions = true};

const struct shape shape_pre_start_hooks = {
    .forms = FORM_LIST, .item = &shape_pre_start_hook, .decode = decode_pre_start};
