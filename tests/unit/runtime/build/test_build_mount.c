/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/build_mount.h"

#include <criterion/criterion.h>

static struct arena *arena;
static struct build_mount mount;
static struct error err;

static void setup(void)
{
    arena = arena_new();
}

static void teardown(void)
{
    arena_free(arena);
}

TestSuite(build_mount, .init = setup, .fini = teardown);

static int parse(const char *text)
{
    struct build_mount_source source = {{text, {"Dockerfile", 1, 1}}, NULL};

    return build_mount_parse(&source, arena, &mount, &err);
}

#define EXPECT_ERROR(value, expected)                                                              \
    do {                                                                                           \
        cr_expect_eq(parse(value), -1);                                                            \
        cr_expect_str_eq(err.text, expected);                                                      \
    } while (0)

Test(build_mount, a_bind_is_the_default_and_read_only)
{
    cr_assert_eq(parse("from=base,src=/a,dst=/b"), 0);
    cr_expect_eq(mount.type, BUILD_MOUNT_BIND);
    cr_expect_str_eq(mount.from.text, "base");
    cr_expect_str_eq(mount.source, "/a");
    cr_expect_str_eq(mount.target, "/b");
    cr_expect(mount.read_only);
    cr_assert_eq(parse("target=/b,rw"), 0);
    cr_expect_not(mount.read_only);
    cr_assert_eq(parse("target=/b,readonly=false"), 0);
    cr_expect_not(mount.read_only);
}

Test(build_mount, a_cache_is_writable_unless_it_says_otherwise)
{
    cr_assert_eq(parse("TYPE=Cache,target=/b,id=x,sharing=Private,mode=0750,uid=7,gid=8"), 0);
    cr_expect_not(mount.read_only);
    cr_expect_eq(mount.sharing, SHARING_PRIVATE);
    cr_expect_eq(mount.mode, 0750);
    cr_expect_eq(mount.uid, 7);
    cr_expect_eq(mount.gid, 8);
    cr_assert_eq(parse("type=cache,target=/b,ro"), 0);
    cr_expect(mount.read_only);
}

Test(build_mount, the_type_may_come_last)
{
    cr_assert_eq(parse("required,id=x,env=TOKEN,type=secret"), 0);
    cr_expect(mount.required);
    cr_expect_str_eq(mount.env, "TOKEN");
}

Test(build_mount, mistakes_say_what_is_wrong)
{
    EXPECT_ERROR("type=bnid", "unknown mount type 'bnid' (did you mean 'bind'?)");
    EXPECT_ERROR("tagret=/x", "unknown mount key 'tagret' (did you mean 'target'?)");
    EXPECT_ERROR("type=cache", "a mount of type cache needs a target");
    EXPECT_ERROR("type=tmpfs,target=/x,size=big", "size 'big' is not a size like 64m");
    EXPECT_ERROR("type=tmpfs,target=/x,source=/y", "a mount of type tmpfs has no 'source'");
    EXPECT_ERROR("type=ssh,from=a", "a mount of type ssh has no 'from'");
    EXPECT_ERROR("type=secret", "a secret needs an id or a target");
    EXPECT_ERROR("type=cache,target=/x,mode=9", "mode must be an octal number, not '9'");
    EXPECT_ERROR("type=cache,target=/x,uid=-1", "uid must be a number, not '-1'");
    EXPECT_ERROR("target", "mount key 'target' needs a value");
    EXPECT_ERROR("target=/x,ro=perhaps", "ro must be true or false, not 'perhaps'");
    EXPECT_ERROR("", "unknown mount key ''");
}

Test(build_mount, a_value_with_a_variable_is_left_for_later)
{
    cr_assert_eq(parse("type=$TYPE,target=/x,mode=$MODE"), 0);
    cr_expect_eq(mount.mode, -1);
    EXPECT_ERROR("from=$STAGE",
                 "from cannot hold a variable; name a stage with FROM ... AS instead");
}
