/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/orchestrator/plan/plan_fixture.h"

void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){.arena = arena_new(), .diagnostics = diagnostics_new()};
    fixture->service = (struct service){
        .name = "a", .at = {"compose.yaml", 3, 5}, .image = "img", .scale = 1, .attach = true};
    fixture->project = (struct project){
        .name = "p", .separator = "-", .services = &fixture->service, .n_services = 1};
    fixture->config.digest = "sha256:1";
    string_list_add(fixture->arena, &fixture->config.entrypoint, "/entry");
    string_list_add(fixture->arena, &fixture->config.command, "default");
    string_list_add(fixture->arena, &fixture->config.env, "PATH=/image");
    fixture->image = (struct plan_image){
        .service = "a", .reference = "img", .config = &fixture->config, .config_hash = "h"};
    fixture->options = (struct plan_options){.data_root = "/data",
                                             .project_data = "/data/projects/p",
                                             .project_run = "/run/projects/p",
                                             .id_base = 1000000,
                                             .images = &fixture->image,
                                             .n_images = 1};
}

void fixture_done(struct fixture *fixture)
{
    diagnostics_free(fixture->diagnostics);
    arena_free(fixture->arena);
}

struct plan *fixture_plan(struct fixture *fixture)
{
    return plan_make(&fixture->project, &fixture->options, fixture->arena, fixture->diagnostics);
}

const char *first_error(const struct fixture *fixture)
{
    return diagnostics_length(fixture->diagnostics) > 0
               ? diagnostics_get(fixture->diagnostics, 0)->message
               : "";
}
