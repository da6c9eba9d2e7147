/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/keys.h"

#include "orchestrator/compose/canonical.h"
#include "orchestrator/compose/decode.h"
#include "orchestrator/compose/defaults.h"
#include "orchestrator/compose/identity.h"
#include "orchestrator/compose/paths.h"
#include "orchestrator/compose/typing.h"

static const char UNBUILT[] = "the image builder does not use it";
static const char WINDOWS[] = "it exists on Windows only";

static const struct shape shape_context = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .resolve = resolve_context};

static const struct shape shape_contexts = {.forms = FORM_MAP,
                                            .each = &shape_context,
                                            .canonical = canonical_pairs,
                                            .decode = decode_pairs};

static const struct shape shape_ssh_value = {.forms =
                                                 FORM_STRING | FORM_NUMBER | FORM_BOOL | FORM_NULL,
                                             .scalar = SCALAR_STRING,
                                             .resolve = resolve_file};

static const struct shape shape_ssh = {.forms = FORM_MAP,
                                       .each = &shape_ssh_value,
                                       .canonical = canonical_ssh,
                                       .finish = finish_ssh,
                                       .decode = decode_agents};

static const struct shape shape_attestation = {.forms = FORM_STRING | FORM_BOOL,
                                               .scalar = SCALAR_STRING};

static const struct shape shape_filter = {.forms = FORM_STRING | FORM_LIST,
                                          .item = &shape_string,
                                          .unique = true,
                                          .canonical = canonical_list,
                                          .decode = decode_strings};

static const struct shape shape_arg_value = {
    .forms = FORM_STRING | FORM_NUMBER | FORM_BOOL | FORM_NULL, .scalar = SCALAR_STRING};

static const struct shape shape_args = {.forms = FORM_MAP,
                                        .each = &shape_arg_value,
                                        .canonical = canonical_pairs,
                                        .decode = decode_pairs};

static const struct shape shape_build_shm = {.forms = FORM_INT | FORM_STRING,
                                             .scalar = SCALAR_BYTES};

#define BUILD(member) FIELD(struct build, member)

static const struct key build_keys[] = {
    {"context", &shape_context, ACTED, "directory that the build may read", 0, BUILD(context)},
    {"dockerfile", &shape_string, ACTED, "build instructions, below the context", 0,
     BUILD(dockerfile)},
    {"dockerfile_inline", &shape_string, ACTED, "build instructions, written here", 0,
     BUILD(dockerfile_inline)},
    {"entitlements", &shape_plain_strings, ACTED, "extra privileges of the build", 0,
     BUILD(entitlements)},
    {"args", &shape_args, ACTED, "values for ARG", 0, BUILD(args)},
    {"provenance", &shape_attestation, NOTED, "attach a provenance attestation", 0, 0, UNBUILT},
    {"sbom", &shape_attestation, NOTED, "attach a bill of materials", 0, 0, UNBUILT},
    {"ssh", &shape_ssh, ACTED, "SSH agents and keys for RUN --mount=type=ssh", 0, BUILD(ssh)},
    {"labels", &shape_labels, ACTED, "labels of the image", 0, BUILD(labels)},
    {"cache_from", &shape_plain_strings, ACTED, "caches to read", 0, BUILD(cache_from)},
    {"cache_to", &shape_plain_strings, ACTED, "caches to write", 0, BUILD(cache_to)},
    {"no_cache", &shape_bool, ACTED, "do not use the layer cache", 0, BUILD(no_cache)},
    {"no_cache_filter", &shape_filter, ACTED, "stages that do not use the cache", 0,
     BUILD(no_cache_filter)},
    {"additional_contexts", &shape_contexts, ACTED, "more named contexts", 0,
     BUILD(additional_contexts)},
    {"pull", &shape_bool, ACTED, "always pull base images", 0, BUILD(pull)},
    {"extra_hosts", &shape_extra_hosts, ACTED, "host names during the build", 0,
     BUILD(extra_hosts)},
    {"isolation", &shape_string, NOTED, "isolation technology", 0, 0, WINDOWS},
    {"network", &shape_string, ACTED, "network of RUN steps", 0, BUILD(network)},
    {"target", &shape_string, ACTED, "stage to stop at", 0, BUILD(target)},
    {"secrets", &shape_build_secrets, ACTED, "secrets for RUN --mount=type=secret", 0, WHOLE},
    {"shm_size", &shape_build_shm, ACTED, "size of /dev/shm in RUN steps", 0,
     BUILD(shm_size_bytes)},
    {"tags", &shape_string_set, ACTED, "more names for the image", 0, BUILD(tags)},
    {"ulimits", &shape_ulimits, ACTED, "resource limits of RUN steps", 0, BUILD(ulimits)},
    {"platforms", &shape_plain_strings, ACTED, "platforms to build for", 0, BUILD(platforms)},
    {"privileged", &shape_bool, ACTED, "RUN steps with all capabilities", 0, BUILD(privileged)},
};

const struct shape shape_build = {.forms = FORM_MAP,
                                  TABLE(build_keys),
                                  .extensions = true,
                                  .canonical = canonical_build,
                                  .defaults = default_build,
                                  .decode = decode_build};

static const char *const watch_actions[] = {"rebuild",      "sync",      "restart",
                                            "sync+restart", "sync+exec", NULL};

static const struct shape shape_watch_action = {
    .forms = FORM_STRING, .scalar = SCALAR_STRING, .words = watch_actions};

static const struct key exec_keys[] = {
    {"command", &shape_command, ACTED, "what to run", KEY_REQUIRED | KEY_JSON_NULL | KEY_KEEP,
     FIELD(struct hook, command)},
    {"user", &shape_string, ACTED, "user to run it as", 0, FIELD(struct hook, user)},
    {"privileged", &shape_bool, ACTED, "with all capabilities", 0, FIELD(struct hook, privileged)},
    {"working_dir", &shape_string, ACTED, "directory to run it in", 0,
     FIELD(struct hook, working_dir)},
    {"environment", &shape_environment, ACTED, "additional variables", 0,
     FIELD(struct hook, environment)},
};

const struct shape shape_watch_exec = {
    .forms = FORM_MAP, TABLE(exec_keys), .extensions = true, .decode = decode_watch_exec};

#define WATCH(member) FIELD(struct watch_rule, member)

static const struct key watch_keys[] = {
    {"path", &shape_path, ACTED, "what to watch", KEY_REQUIRED, WATCH(path)},
    {"action", &shape_watch_action, ACTED, "what to do on a change", KEY_REQUIRED},
    {"target", &shape_string, ACTED, "where changes go in the container", 0, WATCH(target)},
    {"exec", &shape_watch_exec, ACTED, "what to run after sync+exec", KEY_JSON_EMPTY, WATCH(exec)},
    {"include", &shape_string_or_list, ACTED, "patterns of files that count", 0, WATCH(include)},
    {"ignore", &shape_string_or_list, ACTED, "patterns of files that do not count", 0,
     WATCH(ignore)},
    {"initial_sync", &shape_plain_bool, ACTED, "copy everything at the start", 0,
     WATCH(initial_sync)},
};

const struct shape shape_watch = {.forms = FORM_MAP, TABLE(watch_keys), .extensions = true};

static const struct shape shape_watches = {.forms = FORM_LIST, .item = &shape_watch};

static const struct key develop_keys[] = {
    {"watch", &shape_watches, ACTED, "what `watch` does when files change"},
};

const struct shape shape_develop = {.forms = FORM_MAP | FORM_NULL,
                                    TABLE(develop_keys),
                                    .extensions = true,
                                    .decode = decode_develop};
