/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/registry_settings.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/runtime/image/registry/registry_fixture.h"

static struct fixture fixture;
static struct registry_settings *settings;

static void start(void)
{
    fixture_prepare(&fixture);
    settings = registry_settings_new(NULL, NULL);
}

static void stop(void)
{
    registry_settings_free(settings);
    fixture_stop(&fixture);
}

TestSuite(registry_settings, .init = start, .fini = stop);

static void parse(const char *text)
{
    struct error err = {0};

    cr_assert(registry_settings_parse(settings, "r.json", text, strlen(text), &err) == 0, "%s",
              err.text);
}

static void expect_wrong(const char *text, const char *expected)
{
    struct error err = {0};

    cr_assert(registry_settings_parse(settings, "r.json", text, strlen(text), &err) < 0);
    cr_expect_str_eq(err.text, expected);
}

static void expect_mirrors(const char *registry, const char *expected)
{
    const struct registry_mirror *mirrors;
    size_t count = registry_settings_mirrors(settings, registry, &mirrors);
    scoped_text struct text out = {0};

    for (size_t i = 0; i < count; i++)
        text_appendf(&out, "%s%s/%s", i > 0 ? " " : "", mirrors[i].host, mirrors[i].prefix);
    cr_expect_str_eq(text_get(&out), expected);
}

Test(registry_settings, mirrors_keep_their_order_and_paths)
{
    parse("{\"registries\": {\"docker.io\": {\"mirrors\": [\"a:5000\", \"https://b/hub\", "
          "\"c/x/y/\"]}}}");
    expect_mirrors("docker.io", "a:5000/ b/hub/ c/x/y/");
    expect_mirrors("other.io", "");
}

Test(registry_settings, dockers_own_spelling_is_understood)
{
    parse("{\"registry-mirrors\": [\"https://mirror.example/\", \"http://plain.example:5000\"], "
          "\"insecure-registries\": [\"other.example:5000\", \"10.0.0.0/8\", \"fd00::/8\"]}");
    expect_mirrors("docker.io", "mirror.example/ plain.example:5000/");
    cr_expect(registry_settings_allow_plain(settings, "plain.example:5000"));
    cr_expect(registry_settings_allow_plain(settings, "other.example:5000"));
    cr_expect(registry_settings_allow_plain(settings, "10.1.2.3:5000"));
    cr_expect(registry_settings_allow_plain(settings, "[fd12::1]:5000"));
    cr_expect_not(registry_settings_allow_plain(settings, "mirror.example"));
    cr_expect_not(registry_settings_allow_plain(settings, "other.example"));
    cr_expect_not(registry_settings_allow_plain(settings, "11.1.2.3:5000"));
    cr_expect_not(registry_settings_allow_plain(settings, "[fe80::1]:5000"));
    cr_expect_not(registry_settings_allow_plain(settings, "10.example"));
}

Test(registry_settings, loopback_may_do_without_tls_but_is_not_believed)
{
    struct http_tls tls;

    cr_expect(registry_settings_allow_plain(settings, "localhost:5000"));
    cr_expect(registry_settings_allow_plain(settings, "127.0.0.1"));
    cr_expect(registry_settings_allow_plain(settings, "127.8.9.1:80"));
    cr_expect(registry_settings_allow_plain(settings, "[::1]:5000"));
    cr_expect_not(registry_settings_allow_plain(settings, "localhost.example"));
    cr_expect_not(registry_settings_allow_plain(settings, "128.0.0.1"));
    cr_assert(registry_settings_tls(settings, "localhost:5000", fixture.arena, &tls, NULL) == 0);
    cr_expect_not(tls.insecure);
}

Test(registry_settings, a_later_file_replaces_what_an_earlier_said)
{
    parse("{\"registries\": {\"a\": {\"insecure\": true, \"mirrors\": [\"m\"]}, \"b\": "
          "{\"insecure\": true}}}");
    parse("{\"registries\": {\"a\": {}}}");
    cr_expect_not(registry_settings_allow_plain(settings, "a"));
    expect_mirrors("a", "");
    cr_expect(registry_settings_allow_plain(settings, "b"));
}

Test(registry_settings, mistakes_are_told_with_their_place)
{
    expect_wrong("{\"registrys\": {}}",
                 "read 'r.json': line 1, column 2: unknown key 'registrys' (did you mean "
                 "'registries'?)");
    expect_wrong("{\"registries\": {\n \"a\": {\"mirror\": []}}}",
                 "read 'r.json': line 2, column 8: unknown key 'mirror' (did you mean 'mirrors'?)");
    expect_wrong("{\"registries\": {\"a\": {\"insecure\": 1}}}",
                 "read 'r.json': line 1, column 23: neither true nor false");
    expect_wrong("{\"registries\": {\"a\": {\"ca\": \"x.pem\"}}}",
                 "read 'r.json': line 1, column 23: no absolute path of a file");
    expect_wrong("{\"registries\": {\"a\": {\"mirrors\": [\"ftp://x\"]}}}",
                 "read 'r.json': line 1, column 23: mirror 'ftp://x': address of scheme 'ftp', "
                 "which is neither http nor https");
    expect_wrong("{\"insecure-registries\": {}}", "read 'r.json': line 1, column 2: no list");
    expect_wrong("{,}", "read 'r.json': JSON line 1, column 2: string or '}' expected near ','");
}

Test(registry_settings, folders_are_read_in_their_order)
{
    const char *first = arena_printf(fixture.arena, "%s/first", fixture.folder);
    const char *second = arena_printf(fixture.arena, "%s/second", fixture.folder);
    const char *const dirs[] = {first, second, NULL};
    struct http_tls tls = {0};
    struct error err = {0};

    (void)fixture_write(&fixture, "first/registries.json",
                        "{\"registries\": {\"a\": {\"insecure\": true}}}");
    (void)fixture_write(&fixture, "second/certs.d/a/ca.crt", "-----BEGIN CERTIFICATE-----\nA");
    (void)fixture_write(&fixture, "second/certs.d/a/me.cert", "");
    (void)fixture_write(&fixture, "second/certs.d/a/me.key", "");
    (void)fixture_write(&fixture, "first/certs.d/a/ca.crt", "-----BEGIN CERTIFICATE-----\nB");
    registry_settings_free(settings);
    settings = registry_settings_new(dirs, &err);
    cr_assert(settings, "%s", err.text);
    cr_assert(registry_settings_tls(settings, "a", fixture.arena, &tls, &err) == 0, "%s", err.text);
    cr_expect(tls.insecure);
    cr_expect_str_eq(tls.authorities,
                     "-----BEGIN CERTIFICATE-----\nA\n-----BEGIN CERTIFICATE-----\nB\n");
    cr_expect_str_eq(tls.certificate_file,
                     arena_printf(fixture.arena, "%s/certs.d/a/me.cert", second));
}

Test(registry_settings, a_certificate_without_key_is_an_error)
{
    const char *const dirs[] = {fixture.folder, NULL};
    struct http_tls tls;
    struct error err = {0};

    (void)fixture_write(&fixture, "certs.d/a/me.cert", "");
    registry_settings_free(settings);
    settings = registry_settings_new(dirs, NULL);
    cr_assert(registry_settings_tls(settings, "a", fixture.arena, &tls, &err) < 0);
    cr_expect(strstr(err.text, "me.key' of certificate"), "%s", err.text);
}
