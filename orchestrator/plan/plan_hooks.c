/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pre_start hooks: each is a job of its own, with the networks and volumes of its service, that the
 * replicas wait for. So everything that holds for jobs holds for them: their order, their logs,
 * what is shown of a failure, and that one that ended well is not run again while it is unchanged.
 */
#include <string.h>

#include "common/sha256.h"
#include "common/text.h"
#include "orchestrator/plan/plan_build.h"

/* What one service's hooks are built from. */
struct hooks {
    struct plan_build *build; /* of the service */
    struct plan *plan;
    size_t first, end; /* its replicas in the plan */
};

/* -- one container */

/* The service as far as its hook's container is concerned. */
static struct service *service_of_hook(const struct plan_build *build, const struct hook *hook,
                                       bool own_image)
{
    struct service *service = arena_new_object(build->arena, struct service);

    *service = *build->service;
    service->command = hook->command;
    service->entrypoint = (struct command){0};
    service->user = hook->user ? hook->user : own_image ? service->user : NULL;
    service->working_dir = hook->working_dir ? hook->working_dir
                           : own_image       ? service->working_dir
                                             : NULL;
    service->privileged = service->privileged || hook->privileged;
    service->tty = service->stdin_open = false;
    service->container_name = service->hostname = service->restart = NULL;
    service->healthcheck = (struct healthcheck){.given = true, .disable = true};
    service->n_ports = service->n_post_start = service->n_pre_stop = 0;
    service->networks = arena_new_array(build->arena, struct service_network, service->n_networks);
    for (size_t i = 0; i < service->n_networks; i++) {
        service->networks[i] = build->service->networks[i];
        /* They are the replica's. */
        service->networks[i].ipv4_address = service->networks[i].ipv6_address =
            service->networks[i].mac_address = NULL;
    }
    return service;
}

/* Its definition: by a change of it, and of nothing else, it is run again. */
static const char *hook_hash(const struct plan_build *build)
{
    const struct container_spec *container = &build->instance->container;
    scoped_text struct text text = {0};
    char hex[SHA256_HEX_SIZE];

    text_appendf(&text, "%s\n%s\n%s\n%d", build->image->config->digest, container->user,
                 container->cwd ? container->cwd : "", container->privileged);
    for (size_t i = 0; i < container->args.count; i++)
        text_appendf(&text, "\narg %s", container->args.items[i]);
    for (size_t i = 0; i < container->env.count; i++)
        text_appendf(&text, "\nenv %s", container->env.items[i]);
    for (size_t i = 0; i < container->n_mounts; i++)
        text_appendf(&text, "\nmount %s %s",
                     container->mounts[i].source ? container->mounts[i].source : "",
                     container->mounts[i].target);
    sha256_hex(text.data, text.length, hex);
    return arena_strdup(build->arena, hex);
}

static bool image_of_hook(struct plan_build *build, const struct hook *hook,
                          struct plan_image *ret_image)
{
    const struct plan_side_image *side;

    *ret_image = *build->image;
    if (!hook->image || string_eq(hook->image, build->service->image))
        return true;
    side = plan_build_side_image(build, hook->image, hook->at, "pre_start");
    if (side)
        *ret_image = (struct plan_image){.service = build->service->name,
                                         .reference = side->reference,
                                         .config = side->config,
                                         .layers = side->layers};
    return side != NULL;
}

/* The volumes are those of the service's container, also where its image names them. */
static void hook_build(struct plan_build *build, const struct plan_image *service_image,
                       const struct hook *hook)
{
    const struct plan_image *own = build->image;
    struct plan_instance *instance = build->instance;

    plan_build_container(build);
    plan_build_env(build, &instance->container.env, &hook->environment);
    build->image = service_image;
    plan_build_mounts(build);
    plan_build_cdi(build);
    build->image = own;
    plan_build_network(build);
    plan_build_supervision(build);
    plan_build_logging(build);
    instance->run_once = true;
    instance->config_hash = hook_hash(build);
}

/* -- who waits for whom */

static void wait_for(struct plan_build *build, struct plan_instance *instance,
                     const struct plan_instance *hook)
{
    struct plan_dependency *more =
        arena_new_array(build->arena, struct plan_dependency, instance->n_dependencies + 1);

    if (instance->n_dependencies > 0)
        memcpy(more, instance->dependencies, instance->n_dependencies * sizeof(*more));
    more[instance->n_dependencies++] = (struct plan_dependency){
        .service = hook->name, .by_name = true, .condition = PLAN_COMPLETED, .required = true};
    instance->dependencies = more;
}

/* Every hook before it that concerns the same replicas, and these wait for it. */
static void hook_order(const struct hooks *hooks, struct plan_instance *step,
                       const struct plan_instance *replica)
{
    for (size_t i = hooks->end; i < hooks->plan->n_instances; i++) {
        const struct plan_instance *earlier = &hooks->plan->instances[i];

        if (earlier != step &&
            (!replica || earlier->number == 0 || earlier->number == replica->number))
            wait_for(hooks->build, step, earlier);
    }
    for (size_t i = hooks->first; i < hooks->end; i++)
        if (!replica || replica == &hooks->plan->instances[i])
            wait_for(hooks->build, &hooks->plan->instances[i], step);
}

/* -- all of them */

/* For one replica, or for all of them (NULL). */
static void hook_make(const struct hooks *hooks, size_t index, const struct plan_instance *replica)
{
    const struct hook *hook = &hooks->build->service->pre_start[index];
    const struct plan_instance *lowest = &hooks->plan->instances[hooks->first];
    struct plan_build build = *hooks->build;
    struct arena *arena = build.arena;
    struct plan_image image;
    struct plan_instance *step;

    if (!image_of_hook(&build, hook, &image))
        return;
    for (size_t i = hooks->first; i < hooks->end; i++)
        if (hooks->plan->instances[i].number < lowest->number)
            lowest = &hooks->plan->instances[i];
    step = &hooks->plan->instances[hooks->plan->n_instances++];
    *step = (struct plan_instance){
        .service = lowest->service,
        .name = replica ? arena_printf(arena, "%s.pre_start.%zu", replica->name, index + 1)
                        : arena_printf(arena, "%s-%s.pre_start.%zu", build.project->name,
                                       build.service->name, index + 1),
        .label = arena_printf(arena, "%s ->", replica ? replica->label : lowest->service),
        .number = replica ? replica->number : 0,
        .image = arena_strdup(arena, image.reference),
        .image_digest = arena_strdup(arena, image.config->digest),
        .attach = lowest->attach,
        .hook = true,
    };
    build.service = service_of_hook(&build, hook, image.config == build.image->config);
    build.instance = step;
    build.owner = replica ? replica : lowest;
    build.image = &image;
    build.scale = 1;
    hook_build(&build, hooks->build->image, hook);
    hook_order(hooks, step, replica);
}

void plan_build_hooks(struct plan_build *build, struct plan *plan, size_t first)
{
    const struct hooks hooks = {
        .build = build, .plan = plan, .first = first, .end = plan->n_instances};

    for (size_t i = 0; i < build->service->n_pre_start; i++) {
        if (!build->service->pre_start[i].per_replica) {
            hook_make(&hooks, i, NULL);
            continue;
        }
        for (size_t j = hooks.first; j < hooks.end; j++)
            hook_make(&hooks, i, &plan->instances[j]);
    }
}
