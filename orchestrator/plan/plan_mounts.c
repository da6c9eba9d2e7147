/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the bytes come from: host paths, volumes, memory, and files that are written for the
 * container.
 *
 * Anonymous volumes and written files live with the container's own data, so that they go when it
 * goes.
 */
#include <stdlib.h>
#include <string.h>

#include "common/sha256.h"
#include "common/text.h"
#include "orchestrator/plan/plan_build.h"
#include "orchestrator/plan/plan_volume.h"

enum { DEFAULT_FILE_MODE = 0444, ANONYMOUS_NAME_LENGTH = 16 };

static struct mount_spec *mount_add(struct plan_build *build)
{
    struct container_spec *container = &build->instance->container;

    container->mounts = arena_room(build->arena, container->mounts, container->n_mounts);
    return &container->mounts[container->n_mounts++];
}

static bool mount_target_taken(const struct container_spec *container, const char *target)
{
    for (size_t i = 0; i < container->n_mounts; i++)
        if (string_eq(container->mounts[i].target, target))
            return true;
    return false;
}

/* The directory is named after the target, by which a replacement finds its volumes again. */
static void mount_anonymous(struct plan_build *build, const char *target, bool read_only)
{
    const struct plan_instance *owner = build->owner ? build->owner : build->instance;
    char name[SHA256_HEX_SIZE];

    sha256_hex(target, strlen(target), name);
    name[ANONYMOUS_NAME_LENGTH] = '\0';
    *mount_add(build) = (struct mount_spec){
        .kind = MOUNT_BIND,
        .source = arena_printf(build->arena, "%s/containers/%s/volumes/%s",
                               build->options->project_data, owner->name, name),
        .target = arena_strdup(build->arena, target),
        .read_only = read_only,
    };
    if (!build->owner)
        string_list_add(build->arena, &build->instance->anonymous_volumes,
                        arena_strdup(build->arena, name));
}

static void mount_tmpfs(struct plan_build *build, const struct service_volume *wanted)
{
    scoped_text struct text options = {0};

    if (wanted->tmpfs_size_bytes > 0)
        text_appendf(&options, "size=%lld", (long long)wanted->tmpfs_size_bytes);
    if (wanted->tmpfs_mode > 0)
        text_appendf(&options, "%smode=%o", options.length ? "," : "",
                     (unsigned)wanted->tmpfs_mode);
    *mount_add(build) =
        (struct mount_spec){.kind = MOUNT_TMPFS,
                            .target = arena_strdup(build->arena, wanted->target),
                            .read_only = wanted->read_only,
                            .options = arena_strdup(build->arena, text_get(&options))};
}

/* Options of a memory file system without the words that are flags of the mount. */
static const char *tmpfs_options(struct plan_build *build, const struct volume *volume)
{
    static const char *const flags[] = {"ro", "rw", "defaults"};
    const char *rest = plan_volume_option(volume, "o");
    scoped_text struct text options = {0};

    while (rest && *rest) {
        const char *word = arena_strndup(build->arena, rest, strcspn(rest, ","));
        bool is_flag = false;

        for (size_t i = 0; i < ARRAY_LENGTH(flags); i++)
            is_flag = is_flag || string_eq(word, flags[i]);
        if (!is_flag)
            text_appendf(&options, "%s%s", options.length ? "," : "", word);
        rest += strlen(word);
        rest += *rest == ',';
    }
    return arena_strdup(build->arena, text_get(&options));
}

static const char *volume_source(struct plan_build *build, const struct volume *volume)
{
    if (plan_volume_kind(volume) == VOLUME_IS_BIND)
        return arena_strdup(build->arena, plan_volume_option(volume, "device"));
    return arena_printf(build->arena, "%s/volumes/%s/_data", build->options->data_root,
                        volume->name);
}

static void mount_named(struct plan_build *build, const struct service_volume *wanted)
{
    const struct volume *volume = project_find_volume(build->project, wanted->source);
    struct mount_spec mount = {
        .kind = MOUNT_BIND,
        .target = arena_strdup(build->arena, wanted->target),
        .read_only = wanted->read_only,
        .no_fill = wanted->nocopy,
        .subpath = arena_strdup(build->arena, wanted->subpath),
        .propagation = arena_strdup(build->arena, wanted->propagation),
    };

    if (!volume) {
        plan_build_error(build, wanted->at, "volumes", "refers to undefined volume '%s'",
                         wanted->source);
        return;
    }
    mount.read_only = mount.read_only || plan_volume_has_flag(volume, "ro");
    if (plan_volume_kind(volume) == VOLUME_IS_TMPFS) {
        mount.kind = MOUNT_TMPFS;
        mount.options = tmpfs_options(build, volume);
    } else {
        mount.source = volume_source(build, volume);
        mount.recursive = plan_volume_has_flag(volume, "rbind");
    }
    *mount_add(build) = mount;
}

static void mount_image(struct plan_build *build, const struct service_volume *wanted)
{
    const struct plan_side_image *image =
        plan_build_side_image(build, wanted->source, wanted->at, "volumes");

    if (!image)
        return;
    *mount_add(build) = (struct mount_spec){.kind = MOUNT_IMAGE,
                                            .source = arena_strdup(build->arena, wanted->source),
                                            .layers = string_list_copy(build->arena, image->layers),
                                            .target = arena_strdup(build->arena, wanted->target),
                                            .subpath = arena_strdup(build->arena, wanted->subpath),
                                            .read_only = true};
    string_list_add(build->arena, &build->instance->volume_images,
                    arena_strdup(build->arena, image->config->digest));
}

/* Mounts below the source come along, and are read-only where it is, unless said otherwise. */
static void mount_bind(struct plan_build *build, const struct service_volume *wanted)
{
    if (string_eq(wanted->recursive, "readonly") && !wanted->read_only)
        plan_build_error(build, wanted->at, "volumes",
                         "'recursive: readonly' is for a mount with 'read_only: true'");
    *mount_add(build) = (struct mount_spec){
        .kind = MOUNT_BIND,
        .source = arena_strdup(build->arena, wanted->source),
        .target = arena_strdup(build->arena, wanted->target),
        .read_only = wanted->read_only,
        .recursive = !string_eq(wanted->recursive, "disabled"),
        .writable_below = string_eq(wanted->recursive, "writable"),
        .create_source = wanted->create_host_path,
        .propagation = arena_strdup(build->arena, wanted->propagation),
    };
}

static void mount_volume(struct plan_build *build, const struct service_volume *wanted)
{
    if (wanted->kind == VOLUME_TMPFS) {
        mount_tmpfs(build, wanted);
    } else if (wanted->kind == VOLUME_IMAGE) {
        mount_image(build, wanted);
    } else if (wanted->kind == VOLUME_NAMED && !wanted->source) {
        mount_anonymous(build, wanted->target, wanted->read_only);
    } else if (wanted->kind == VOLUME_NAMED) {
        mount_named(build, wanted);
    } else {
        mount_bind(build, wanted);
    }
}

static int number_or(const char *text, int fallback)
{
    unsigned long long value;

    return text && string_to_u64(text, 2147483647, &value) ? (int)value : fallback;
}

/* A secret or config: the host's file itself, or one that is written with owner and mode as asked.
 */
static void mount_grant(struct plan_build *build, const struct grant *grant,
                        const struct secret *secret, const char *key)
{
    struct plan_instance *instance = build->instance;
    struct plan_file *file;

    if (!secret) {
        plan_build_error(build, grant->at, key, "refers to undefined name '%s'", grant->source);
        return;
    }
    if (secret->external) {
        plan_build_error(build, grant->at, key,
                         "'%s' is external: there is no store it could come from", grant->source);
        return;
    }
    if (secret->environment && !secret->content) {
        plan_build_error(build, secret->at, key,
                         "environment variable '%s' required by '%s' is not set",
                         secret->environment, grant->source);
        return;
    }
    if (secret->file && grant->mode < 0 && !grant->uid && !grant->gid) {
        *mount_add(build) = (struct mount_spec){.kind = MOUNT_BIND,
                                                .source = arena_strdup(build->arena, secret->file),
                                                .target = arena_strdup(build->arena, grant->target),
                                                .read_only = true};
        return;
    }
    file = &instance->files[instance->n_files];
    *file = (struct plan_file){
        .name = arena_printf(build->arena, "%zu", instance->n_files),
        .content = secret->file ? NULL : arena_strdup(build->arena, secret->content),
        .source = arena_strdup(build->arena, secret->file),
        .uid = number_or(grant->uid, 0),
        .gid = number_or(grant->gid, 0),
        .mode = grant->mode < 0 ? DEFAULT_FILE_MODE : grant->mode,
    };
    instance->n_files++;
    *mount_add(build) = (struct mount_spec){
        .kind = MOUNT_BIND,
        .source = arena_printf(build->arena, "%s/files/%s/%s", build->options->project_run,
                               instance->name, file->name),
        .target = arena_strdup(build->arena, grant->target),
        .read_only = true,
    };
}

static void mount_grants(struct plan_build *build)
{
    const struct service *service = build->service;

    build->instance->files =
        arena_new_array(build->arena, struct plan_file, service->n_secrets + service->n_configs);
    for (size_t i = 0; i < service->n_secrets; i++)
        mount_grant(build, &service->secrets[i],
                    project_find_secret(build->project, service->secrets[i].source), "secrets");
    for (size_t i = 0; i < service->n_configs; i++)
        mount_grant(build, &service->configs[i],
                    project_find_config(build->project, service->configs[i].source), "configs");
}

static void mount_image_volumes(struct plan_build *build)
{
    const struct string_list *targets = &build->image->config->volumes;

    for (size_t i = 0; i < targets->count; i++)
        if (!mount_target_taken(&build->instance->container, targets->items[i]))
            mount_anonymous(build, targets->items[i], false);
}

static void mount_volumes_from(struct plan_build *build);

/* What the service mounts as its first container does, where nothing is mounted yet. Memory is each
 * container's own, and so are the files that secrets and configs are. */
static void mount_as_first(struct plan_build *build)
{
    const struct service *service = build->service;
    const struct plan_instance owner = {.name = plan_build_name(build, 1)};

    build->owner = &owner;
    for (size_t i = 0; i < service->n_volumes; i++)
        if (service->volumes[i].kind != VOLUME_TMPFS &&
            !mount_target_taken(&build->instance->container, service->volumes[i].target))
            mount_volume(build, &service->volumes[i]);
    mount_volumes_from(build);
    mount_image_volumes(build);
}

/* "SERVICE[:ro|rw]": what that one mounts. It has no part in filling them, which comes first as
 * depends_on has it. */
static void mount_volumes_from(struct plan_build *build)
{
    const struct string_list *list = &build->service->volumes_from;
    struct container_spec *container = &build->instance->container;

    for (size_t i = 0; i < list->count; i++) {
        const char *item = list->items[i], *mode = strchr(item, ':');
        const char *name = arena_strndup(build->arena, item, strcspn(item, ":"));
        struct plan_build other = *build;
        size_t first = container->n_mounts;

        other.service = project_find_service(build->project, name);
        other.image = plan_build_image(build->options, name);
        other.oneoff = NULL;
        if (!other.service || !other.image) {
            plan_build_error(build, build->service->at, "volumes_from",
                             "'%s' is no service that is used here", item);
            continue;
        }
        mount_as_first(&other);
        for (size_t j = first; j < container->n_mounts; j++) {
            container->mounts[j].no_fill = true;
            container->mounts[j].read_only =
                container->mounts[j].read_only || string_eq(mode, ":ro");
        }
    }
}

void plan_build_mounts(struct plan_build *build)
{
    const struct service *service = build->service;
    struct plan_instance *instance = build->instance;
    struct container_spec *container = &instance->container;

    container->upper_dir = arena_printf(build->arena, "%s/containers/%s",
                                        build->options->project_data, instance->name);
    container->etc_dir =
        arena_printf(build->arena, "%s/etc/%s", build->options->project_run, instance->name);
    for (size_t i = 0; i < service->n_volumes; i++)
        mount_volume(build, &service->volumes[i]);
    for (size_t i = 0; i < service->n_tmpfs; i++)
        *mount_add(build) =
            (struct mount_spec){.kind = MOUNT_TMPFS,
                                .target = arena_strdup(build->arena, service->tmpfs[i].target),
                                .options = arena_strdup(build->arena, service->tmpfs[i].options)};
    mount_grants(build);
    mount_volumes_from(build);
    mount_image_volumes(build);
}
