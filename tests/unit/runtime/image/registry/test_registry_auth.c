/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/registry_auth.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/runtime/image/registry/registry_fixture.h"

static struct fixture fixture;

static void stop(void)
{
    fixture_stop(&fixture);
}

TestSuite(registry_auth, .fini = stop, .timeout = 60);

static void log_in(void)
{
    fixture_log_in(&fixture);
    fixture_connect(&fixture);
}

static void expect_let_in(void)
{
    struct registry_manifest manifest = {0};
    struct error err = {0};

    cr_assert(registry_get_manifest(fixture.registry, &fixture.reference, fixture.arena, &manifest,
                                    &err) == 0,
              "%s", err.text);
    cr_expect(manifest.exists);
}

static void expect_kept_out(const char *words)
{
    struct registry_manifest manifest = {0};
    struct error err = {0};

    cr_assert(registry_get_manifest(fixture.registry, &fixture.reference, fixture.arena, &manifest,
                                    &err) < 0);
    cr_expect(strstr(err.text, words), "%s", err.text);
}

Test(registry_auth, basic_is_sent_once_it_was_asked_for)
{
    fixture_start(&fixture, "auth=basic");
    log_in();
    expect_let_in();
    expect_let_in();
    cr_expect_eq(fixture_requests(&fixture, "/manifests/", ""), 3);
    cr_expect_eq(fixture_requests(&fixture, "/manifests/", "\"Basic dXNlcjpzZWNyZXQ=\""), 2);
}

Test(registry_auth, without_credentials_it_is_said_how_to_get_some)
{
    fixture_start(&fixture, "auth=basic");
    expect_kept_out(arena_printf(fixture.arena, "run 'docker login %s' or 'podman login",
                                 fixture.reference.registry));
}

Test(registry_auth, anonymous_pulls_fetch_one_token)
{
    fixture_start(&fixture, "auth=token", "anonymous");
    expect_let_in();
    expect_let_in();
    cr_expect_eq(fixture_requests(&fixture, "\"token\"", ""), 1);
    cr_expect_eq(fixture_requests(&fixture, "\"token\"", "authorization"), 0);
    cr_expect_eq(fixture_requests(&fixture, "\"token\"",
                                  "/token?service=test%20registry&scope=repository%3Ateam%2Fapp"
                                  "%3Apull\""),
                 1);
    cr_expect_eq(fixture_requests(&fixture, "/manifests/", "Bearer token-0"), 2);
}

Test(registry_auth, credentials_go_to_the_token_server_and_not_to_the_registry)
{
    fixture_start(&fixture, "auth=token");
    log_in();
    expect_let_in();
    cr_expect_eq(fixture_requests(&fixture, "\"token\"", "\"Basic dXNlcjpzZWNyZXQ=\""), 1);
    cr_expect_eq(fixture_requests(&fixture, "\"registry\"", "Basic"), 0);
}

Test(registry_auth, an_expired_token_is_replaced)
{
    fixture_start(&fixture, "auth=token", "anonymous", "token=0*1");
    expect_kept_out("denied");
    expect_let_in();
}

Test(registry_auth, a_repository_that_may_not_exist_is_told_so)
{
    fixture_start(&fixture, "auth=token", "anonymous", "token=0");
    expect_kept_out("access to repository 'team/app' denied: it does not exist, or needs 'docker "
                    "login");
}

Test(registry_auth, wrong_credentials_are_told_with_the_words_of_the_token_server)
{
    fixture_start(&fixture, "auth=token");
    (void)fixture_write(&fixture, ".docker/config.json",
                        arena_printf(fixture.arena,
                                     "{\"auths\": {\"%s\": {\"username\": \"user\", \"password\": "
                                     "\"wrong\"}}}",
                                     fixture.reference.registry));
    fixture_connect(&fixture);
    expect_kept_out("status 401: incorrect username or password");
}

Test(registry_auth, an_identity_token_goes_by_post)
{
    fixture_start(&fixture, "auth=token", "identity=refresh-me");
    (void)fixture_write(&fixture, ".docker/config.json",
                        arena_printf(fixture.arena,
                                     "{\"auths\": {\"%s\": {\"identitytoken\": \"refresh-me\"}}}",
                                     fixture.reference.registry));
    fixture_connect(&fixture);
    expect_let_in();
    cr_expect_eq(fixture_requests(&fixture, "\"token-form\"",
                                  "\"grant_type\": \"refresh_token\", \"refresh_token\": "
                                  "\"refresh-me\""),
                 1);
}

Test(registry_auth, a_server_that_knows_post_only_is_asked_so)
{
    fixture_start(&fixture, "auth=token", "token=post-only");
    log_in();
    expect_let_in();
    cr_expect_eq(fixture_requests(&fixture, "\"token-form\"", "\"grant_type\": \"password\""), 1);
}

Test(registry_auth, a_token_server_may_have_a_bad_minute)
{
    fixture_start(&fixture, "auth=token", "anonymous", "token=status*2");
    expect_let_in();
}

Test(registry_auth, credentials_are_kept_from_an_unproven_token_server_elsewhere)
{
    fixture_start(&fixture, "auth=token", "realm=http://localhost:{token}/token");
    log_in();
    expect_kept_out("credentials are kept from there");
    cr_expect_eq(fixture_requests(&fixture, "\"token\"", ""), 0);
}

Test(registry_auth, an_enormous_token_is_refused)
{
    fixture_start(&fixture, "auth=token", "anonymous", "token=enormous");
    expect_kept_out("its token is empty, larger than 32768 bytes or not printable");
}

Test(registry_auth, a_token_with_a_line_break_is_refused)
{
    fixture_start(&fixture, "auth=token", "anonymous", "token=broken");
    expect_kept_out("not printable");
    cr_expect_eq(fixture_requests(&fixture, "x-evil", ""), 0);
}

Test(registry_auth, an_answer_without_a_token_is_refused)
{
    fixture_start(&fixture, "auth=token", "anonymous", "token=missing");
    expect_kept_out("answers without a token");
}

Test(registry_auth, garbage_in_a_challenge_is_refused)
{
    fixture_start(&fixture, "challenge=Bearer realm=\"http://x");
    expect_kept_out("read WWW-Authenticate: quoted text without an end");
}

Test(registry_auth, a_challenge_without_realm_is_refused)
{
    fixture_start(&fixture, "challenge=Bearer service=\"x\"");
    expect_kept_out("does not say where to get it");
}

Test(registry_auth, a_realm_that_is_no_address_is_refused)
{
    fixture_start(&fixture, "challenge=Bearer realm=\"file:///etc/passwd\"");
    expect_kept_out("names a token server by a wrong address");
}

Test(registry_auth, an_unknown_kind_is_named)
{
    fixture_start(&fixture, "auth=odd");
    expect_kept_out("wants authentication of kind 'negotiate'; Bearer and Basic are known");
}

Test(registry_auth, a_mirror_gets_no_credentials_of_the_registry)
{
    fixture_start(&fixture);
    (void)fixture_write(&fixture, ".docker/config.json",
                        "{\"auths\": {\"origin.invalid\": {\"auth\": \"dXNlcjpzZWNyZXQ=\"}}}");
    (void)fixture_write(
        &fixture, "registries.json",
        arena_printf(fixture.arena,
                     "{\"registries\": {\"origin.invalid\": {\"mirrors\": [\"%s\"]}}}",
                     fixture.reference.registry));
    fixture_connect(&fixture);
    fixture.reference.registry = "origin.invalid";
    expect_let_in();
    cr_expect_eq(fixture_requests(&fixture, "", "authorization"), 0);
}
