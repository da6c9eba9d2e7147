/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/cache_spec.h"

#include <criterion/criterion.h>

static struct arena *arena;

static void start(void)
{
    arena = arena_new();
}

static void stop(void)
{
    arena_free(arena);
}

TestSuite(cache_spec, .init = start, .fini = stop);

static struct cache_spec parse(const char *text, bool is_target)
{
    struct cache_spec spec = {0};
    struct error err = {0};

    cr_assert(cache_spec_parse(text, is_target, arena, &spec, &err) == 0, "%s", err.text);
    return spec;
}

static void expect_refused(const char *text, bool is_target, const char *expected)
{
    struct cache_spec spec;
    struct error err = {0};

    cr_expect(cache_spec_parse(text, is_target, arena, &spec, &err) < 0);
    cr_expect_str_eq(err.text, expected);
}

Test(cache_spec, a_name_alone_is_of_a_registry)
{
    struct cache_spec spec = parse("registry.example/app:cache", false);

    cr_expect_eq(spec.kind, CACHE_REGISTRY);
    cr_expect_str_eq(spec.reference, "registry.example/app:cache");
}

Test(cache_spec, attributes_are_read_in_any_order)
{
    struct cache_spec spec = parse("mode=max,ref=app:cache,ignore-error=true,type=registry", true);

    cr_expect_eq(spec.kind, CACHE_REGISTRY);
    cr_expect_str_eq(spec.reference, "app:cache");
    cr_expect(spec.all_stages && spec.ignores_errors);
}

Test(cache_spec, a_folder_is_src_or_dest)
{
    cr_expect_str_eq(parse("type=local,src=a,tag=x", false).folder, "a");
    cr_expect_str_eq(parse("type=local,src=a,tag=x", false).tag, "x");
    cr_expect_str_eq(parse("type=local,dest=b", true).folder, "b");
    expect_refused("type=local,dest=b", false, "cache 'type=local,dest=b': src= is missing");
    expect_refused("type=local,src=a", true, "cache 'type=local,src=a': dest= is missing");
}

Test(cache_spec, a_type_of_others_keeps_its_name)
{
    struct cache_spec spec = parse("type=gha,scope=main,mode=max", true);

    cr_expect_eq(spec.kind, CACHE_OTHER);
    cr_expect_str_eq(spec.type, "gha");
}

Test(cache_spec, mistakes_are_named)
{
    expect_refused("type=registry", true, "cache 'type=registry': ref= is missing");
    expect_refused("type=local,dest=a,mode=all", true,
                   "cache 'type=local,dest=a,mode=all': mode 'all' is neither min nor max");
    expect_refused("type=local,dest", true, "cache 'type=local,dest': 'dest' is no NAME=VALUE");
    expect_refused("type=inline", false,
                   "cache 'type=inline': what is inline is read by its ref, type=registry");
}
