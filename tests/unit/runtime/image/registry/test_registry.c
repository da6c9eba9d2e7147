/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/registry.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/process.h"
#include "runtime/image/image_digest.h"
#include "tests/unit/runtime/image/registry/registry_fixture.h"

static struct fixture fixture;

static void stop(void)
{
    fixture_stop(&fixture);
}

TestSuite(registry, .fini = stop, .timeout = 60);

static struct registry_manifest get(void)
{
    struct registry_manifest manifest = {0};
    struct error err = {0};

    cr_assert(registry_get_manifest(fixture.registry, &fixture.reference, fixture.arena, &manifest,
                                    &err) == 0,
              "%s", err.text);
    return manifest;
}

static void expect_refused(const char *words)
{
    struct registry_manifest manifest = {0};
    struct error err = {0};

    cr_assert(registry_get_manifest(fixture.registry, &fixture.reference, fixture.arena, &manifest,
                                    &err) < 0);
    cr_expect(strstr(err.text, words), "%s", err.text);
    cr_expect(string_starts_with(err.text, arena_printf(fixture.arena, "registry '%s': ",
                                                        fixture.reference.registry)),
              "%s", err.text);
}

Test(registry, a_manifest_comes_by_tag_and_by_digest)
{
    struct registry_manifest manifest;

    fixture_start(&fixture);
    manifest = get();
    cr_expect(manifest.exists);
    cr_expect_str_eq(manifest.digest, fixture_text(&fixture, "manifest"));
    cr_expect_str_eq(manifest.media_type, "application/vnd.oci.image.manifest.v1+json");
    cr_expect(strstr(manifest.bytes, fixture_text(&fixture, "layer")));
    fixture.reference.tag = NULL;
    fixture.reference.digest = fixture_text(&fixture, "index");
    cr_expect_str_eq(get().media_type, "application/vnd.oci.image.index.v1+json");
    cr_expect_eq(fixture_requests(&fixture, "application/vnd.docker.distribution.manifest.list",
                                  "\"user-agent\": \"yawl-test/1\""),
                 2);
}

Test(registry, one_on_loopback_is_asked_once_whether_it_does_without_tls)
{
    fixture_start(&fixture, "auth=basic");
    fixture_log_in(&fixture);
    fixture_connect(&fixture);
    cr_expect(get().exists);
    cr_expect(get().exists);
    cr_expect_eq(fixture_requests(&fixture, "\"/v2/\"", ""), 1);
    cr_expect_eq(fixture_requests(&fixture, "\"/v2/\"", "authorization"), 0);
}

static struct registry_manifest head(void)
{
    struct registry_manifest manifest = {0};
    struct error err = {0};

    cr_assert(registry_head_manifest(fixture.registry, &fixture.reference, fixture.arena, &manifest,
                                     &err) == 0,
              "%s", err.text);
    return manifest;
}

Test(registry, one_on_loopback_is_asked_by_a_head_request_itself)
{
    fixture_start(&fixture);
    cr_expect(head().exists);
    cr_expect_eq(fixture_requests(&fixture, "\"HEAD\"", "/manifests/"), 1);
    cr_expect_eq(fixture_requests(&fixture, "", ""), 1);
}

Test(registry, one_on_loopback_gets_no_credentials_before_it_asks)
{
    fixture_start(&fixture, "auth=basic");
    fixture_log_in(&fixture);
    fixture_connect(&fixture);
    cr_expect(head().exists);
    cr_expect_eq(fixture_requests(&fixture, "\"/v2/\"", ""), 0);
    cr_expect_eq(fixture_requests(&fixture, "\"HEAD\"", ""), 3);
    cr_expect_eq(fixture_requests(&fixture, "\"HEAD\"", "authorization"), 1);
}

Test(registry, one_on_loopback_that_lacks_the_image_is_known_by_its_support)
{
    fixture_start(&fixture);
    fixture.reference.tag = "nothing";
    cr_expect_not(head().exists);
    cr_expect_eq(fixture_requests(&fixture, "\"/v2/\"", ""), 1);
}

Test(registry, what_is_not_there_does_not_exist)
{
    fixture_start(&fixture);
    fixture.reference.tag = "nothing";
    cr_expect_not(get().exists);
}

Test(registry, head_tells_digest_and_size_without_the_bytes)
{
    struct registry_manifest manifest;

    fixture_start(&fixture);
    manifest = head();
    cr_expect_str_eq(manifest.digest, fixture_text(&fixture, "manifest"));
    cr_expect_eq(manifest.length, get().length);
    cr_expect_null(manifest.bytes);
    cr_expect_eq(fixture_requests(&fixture, "\"GET\"", "/manifests/"), 1);
}

Test(registry, head_without_a_digest_becomes_get)
{
    struct registry_manifest manifest;

    fixture_start(&fixture, "no-head");
    manifest = head();
    cr_expect_str_eq(manifest.digest, fixture_text(&fixture, "manifest"));
    cr_expect_null(manifest.bytes);
    cr_expect_eq(fixture_requests(&fixture, "\"GET\"", "/manifests/"), 1);
}

/* Hostile documents -------------------------------------------------------------------------------
 */

Test(registry, a_changed_manifest_is_not_what_the_reference_names)
{
    fixture_start(&fixture, "manifest=changed", "digest=none");
    fixture.reference.digest = fixture_text(&fixture, "manifest");
    expect_refused("the reference says sha256:");
}

Test(registry, a_wrong_claim_of_the_digest_is_found)
{
    fixture_start(&fixture, "digest=sha256:../../../../etc/passwd");
    expect_refused("the registry says sha256:../../../../etc/passwd");
}

Test(registry, a_huge_manifest_is_cut_off)
{
    fixture_start(&fixture, "manifest=huge");
    expect_refused("answer of more than 4194304 bytes");
}

Test(registry, a_deep_document_is_refused)
{
    fixture_start(&fixture, "manifest=deep");
    expect_refused("maximum parsing depth");
}

Test(registry, a_broken_document_is_refused)
{
    fixture_start(&fixture, "manifest=broken");
    expect_refused("read manifest: JSON line 1");
}

Test(registry, schema_1_is_refused)
{
    fixture_start(&fixture, "manifest=schema1");
    expect_refused("schema 1, which is not supported");
}

Test(registry, a_web_page_is_no_manifest)
{
    fixture_start(&fixture, "manifest=html");
    expect_refused("read manifest");
}

Test(registry, two_words_for_one_document_must_agree)
{
    fixture_start(&fixture, "type=application/vnd.oci.image.index.v1+json");
    expect_refused("calls itself 'application/vnd.oci.image.manifest.v1+json' and is sent as "
                   "'application/vnd.oci.image.index.v1+json'");
}

Test(registry, a_useless_content_type_is_forgiven)
{
    fixture_start(&fixture, "type=text/plain; charset=utf-8");
    cr_expect_str_eq(get().media_type, "application/vnd.oci.image.manifest.v1+json");
}

Test(registry, headers_without_an_end_are_cut_off)
{
    fixture_start(&fixture, "headers");
    expect_refused("headers of more than 65536 bytes");
}

Test(registry, hostile_words_lose_their_control_characters)
{
    fixture_start(&fixture, "status=400", "error-text=\\x1b[31mred\\r\\nX: \\u202eevil\\x9b2J");
    expect_refused("status 400: unknown: [31mred X: evil 2J");
}

Test(registry, a_long_story_is_cut)
{
    char fault[3000] = "error-text=";

    memset(fault + 11, 'x', 2500);
    fixture_start(&fixture, "status=400", fault);
    expect_refused("xxx...");
}

Test(registry, a_slow_drip_is_not_waited_for)
{
    uint64_t start_ms;

    fixture_start(&fixture, "drip=0.2");
    fixture_connect_impatiently(&fixture);
    start_ms = clock_monotonic_ms();
    expect_refused("lost '127.0.0.1:");
    cr_expect(clock_monotonic_ms() - start_ms < 40000);
}

/* Bad minutes -------------------------------------------------------------------------------------
 */

Test(registry, a_bad_minute_passes)
{
    fixture_start(&fixture, "status=503*3");
    cr_expect(get().exists);
    cr_expect(strstr(fixture_notices(&fixture), "status 503: unknown: no; try 2 of 5 follows in"),
              "%s", fixture_notices(&fixture));
    cr_expect_eq(fixture_requests(&fixture, "/manifests/", ""), 4);
}

Test(registry, there_is_an_end_to_patience)
{
    fixture_start(&fixture, "status=500");
    expect_refused("status 500: unknown: no");
    cr_expect_eq(fixture_requests(&fixture, "/manifests/", ""), 5);
}

Test(registry, what_will_not_get_better_is_not_tried_again)
{
    fixture_start(&fixture, "status=400");
    expect_refused("status 400");
    cr_expect_eq(fixture_requests(&fixture, "/manifests/", ""), 1);
}

Test(registry, too_many_requests_wait_as_long_as_they_are_told)
{
    uint64_t start_ms = clock_monotonic_ms();

    fixture_start(&fixture, "status=429*1", "retry-after=1*1", "quota=0/100*1");
    start_ms = clock_monotonic_ms();
    cr_expect(get().exists);
    cr_expect(clock_monotonic_ms() - start_ms >= 1000);
    cr_expect(strstr(fixture_notices(&fixture),
                     "status 429: toomanyrequests: no; 0 of 100 pulls left; try 2 of 5 follows in "
                     "1.0 s"),
              "%s", fixture_notices(&fixture));
}

Test(registry, a_wait_for_hours_is_an_error_at_once)
{
    fixture_start(&fixture, "status=429", "retry-after=21600", "quota=0/100");
    expect_refused("toomanyrequests: no (0 of 100 pulls left) (try again later");
    cr_expect_eq(fixture_requests(&fixture, "/manifests/", ""), 1);
}

Test(registry, a_quota_that_runs_low_is_told_once)
{
    fixture_start(&fixture, "quota=12/100");
    get();
    get();
    cr_expect_str_eq(
        fixture_notices(&fixture),
        arena_printf(fixture.arena, "%s: 12 of 100 pulls left\n", fixture.reference.registry));
}

Test(registry, a_quota_that_does_not_is_not)
{
    fixture_start(&fixture, "quota=80/100");
    get();
    cr_expect_str_eq(fixture_notices(&fixture), "");
}

Test(registry, a_host_that_is_not_there_is_named)
{
    fixture_start(&fixture);
    fixture.reference.registry = "127.0.0.1:1";
    expect_refused("connect to '127.0.0.1:1': Connection refused");
}

Test(registry, cancelling_ends_a_call)
{
    struct registry_manifest manifest;
    struct error err = {0};

    fixture_start(&fixture, "drip=0.1");
    fixture.cancelled = true;
    cr_assert(registry_get_manifest(fixture.registry, &fixture.reference, fixture.arena, &manifest,
                                    &err) < 0);
    cr_expect(strstr(err.text, "cancelled"), "%s", err.text);
}

/* Mirrors -----------------------------------------------------------------------------------------
 */

static void use_mirror(const char *mirror)
{
    (void)fixture_write(
        &fixture, "registries.json",
        arena_printf(fixture.arena,
                     "{\"registries\": {\"origin.invalid\": {\"mirrors\": [\"%s\"]}}}", mirror));
    fixture_connect(&fixture);
    fixture.reference.registry = "origin.invalid";
}

Test(registry, a_mirror_is_asked_first)
{
    fixture_start(&fixture);
    use_mirror(fixture.reference.registry);
    cr_expect_str_eq(get().digest, fixture_text(&fixture, "manifest"));
}

Test(registry, a_path_of_a_mirror_comes_before_repositories)
{
    fixture_start(&fixture);
    use_mirror(arena_printf(fixture.arena, "https://%s/team", fixture.reference.registry));
    fixture.reference.repository = "app";
    cr_expect_str_eq(get().digest, fixture_text(&fixture, "manifest"));
}

Test(registry, after_mirrors_that_fail_the_registry_is_asked)
{
    fixture_start(&fixture);
    (void)fixture_write(&fixture, "registries.json",
                        arena_printf(fixture.arena,
                                     "{\"registries\": {\"%s\": {\"mirrors\": [\"127.0.0.1:1\"]}}}",
                                     fixture.reference.registry));
    fixture_connect(&fixture);
    cr_expect(get().exists);
    cr_expect(strstr(fixture_notices(&fixture), "mirror '127.0.0.1:1' is passed over: connect to"));
}

/* Pushing -----------------------------------------------------------------------------------------
 */

Test(registry, a_manifest_goes_up_and_comes_down_again)
{
    struct registry_manifest manifest, back;
    struct error err = {0};

    fixture_start(&fixture);
    manifest = get();
    fixture.reference.tag = "copy";
    cr_assert(registry_put_manifest(fixture.registry, &fixture.reference, manifest.bytes,
                                    manifest.length, manifest.media_type, &err) == 0,
              "%s", err.text);
    back = get();
    cr_expect_str_eq(back.digest, manifest.digest);
    cr_expect_str_eq(back.media_type, manifest.media_type);
}

Test(registry, a_manifest_that_the_registry_refuses_is_an_error_with_its_words)
{
    static const char document[] =
        "{\"schemaVersion\": 2, \"config\": {\"digest\": \"sha256:0\"}, \"layers\": []}";
    struct error err = {0};

    fixture_start(&fixture);
    cr_assert(registry_put_manifest(fixture.registry, &fixture.reference, document,
                                    strlen(document), "application/vnd.oci.image.manifest.v1+json",
                                    &err) < 0);
    cr_expect(strstr(err.text, "manifest blob unknown: sha256:0 is unknown"), "%s", err.text);
}
