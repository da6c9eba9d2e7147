/* SPDX-License-Identifier: Apache-2.0 */
/* With certificates that openssl(1) makes for each test. */
#include "runtime/image/registry/registry.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "tests/unit/runtime/image/registry/registry_fixture.h"

static struct fixture fixture;
static int fd = -1;

static void stop(void)
{
    fd_close(fd);
    fixture_stop(&fixture);
}

TestSuite(registry_tls, .fini = stop, .timeout = 120);

/* ca.pem, and NAME.pem with NAME.key for "127.0.0.1", in the folder. */
static void make_certificates(void)
{
    static const char script[] =
        "cd %s && exec >/dev/null 2>&1 && "
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key "
        "-out ca.pem -subj /CN=test-ca -days 2 && "
        "for name in server client; do "
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key "
        "-out $name.csr -subj /CN=$name && "
        "printf 'subjectAltName=IP:127.0.0.1\\n' >$name.ext && "
        "openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $name.pem "
        "-days 2 -extfile $name.ext || exit 1; done";

    cr_assert_eq(system(arena_printf(fixture.arena, script, fixture.folder)), 0);
}

static const char *in_folder(const char *name)
{
    return arena_printf(fixture.arena, "%s/%s", fixture.folder, name);
}

/* Up to two faults, and whether the server wants a certificate of ours. */
static void serve(const char *fault, const char *other, bool wants_certificate)
{
    const char *arguments[16] = {"--cert", NULL, "--key", NULL};
    size_t n = 4;

    fixture_prepare(&fixture);
    make_certificates();
    arguments[1] = in_folder("server.pem");
    arguments[3] = in_folder("server.key");
    for (size_t i = 0; i < 2; i++)
        if ((i == 0 ? fault : other) != NULL) {
            arguments[n++] = "--fault";
            arguments[n++] = i == 0 ? fault : other;
        }
    if (wants_certificate) {
        arguments[n++] = "--client-ca";
        arguments[n++] = in_folder("ca.pem");
    }
    fixture_serve(&fixture, arguments);
}

/* As if somebody had copied them there. */
static void copy_to_certs_d(const char *from, const char *name)
{
    const char *folder = arena_printf(fixture.arena, "certs.d/%s", fixture.reference.registry);

    (void)fixture_write(&fixture, arena_printf(fixture.arena, "%s/README", folder), "");
    cr_assert_eq(
        symlink(in_folder(from), in_folder(arena_printf(fixture.arena, "%s/%s", folder, name))), 0);
}

static void settings(const char *format)
{
    (void)fixture_write(&fixture, "registries.json",
                        arena_printf(fixture.arena, "{\"registries\": {\"%s\": {%s}}}",
                                     fixture.reference.registry, format));
}

static int get(struct registry_manifest *manifest, struct error *err)
{
    if (!fixture.registry)
        fixture_connect(&fixture);
    return registry_get_manifest(fixture.registry, &fixture.reference, fixture.arena, manifest,
                                 err);
}

static void expect_let_in(void)
{
    struct registry_manifest manifest = {0};
    struct error err = {0};

    cr_assert(get(&manifest, &err) == 0, "%s", err.text);
    cr_expect(manifest.exists);
}

static void expect_kept_out(const char *words)
{
    struct registry_manifest manifest = {0};
    struct error err = {0};

    cr_assert(get(&manifest, &err) < 0);
    cr_expect(strstr(err.text, words), "%s", err.text);
}

Test(registry_tls, an_unknown_authority_is_not_trusted_and_nothing_goes_plain)
{
    serve(NULL, NULL, false);
    expect_kept_out(arena_printf(fixture.arena,
                                 "(put its authority's certificate into certs.d/%s/ca.crt beside "
                                 "registries.json)",
                                 fixture.reference.registry));
    cr_expect_eq(fixture_requests(&fixture, "\"registry\"", ""), 0);
}

Test(registry_tls, an_authority_in_certs_d_is_trusted)
{
    serve(NULL, NULL, false);
    copy_to_certs_d("ca.pem", "ca.crt");
    expect_let_in();
}

Test(registry_tls, an_authority_in_the_settings_is_trusted)
{
    serve(NULL, NULL, false);
    settings(arena_printf(fixture.arena, "\"ca\": \"%s\"", in_folder("ca.pem")));
    expect_let_in();
}

Test(registry_tls, one_that_is_named_insecure_needs_no_authority)
{
    serve(NULL, NULL, false);
    settings("\"insecure\": true");
    expect_let_in();
}

Test(registry_tls, a_certificate_of_ours_is_shown)
{
    serve(NULL, NULL, true);
    copy_to_certs_d("ca.pem", "ca.crt");
    copy_to_certs_d("client.pem", "client.cert");
    copy_to_certs_d("client.key", "client.key");
    expect_let_in();
}

Test(registry_tls, without_a_certificate_of_ours_the_server_says_no)
{
    serve(NULL, NULL, true);
    copy_to_certs_d("ca.pem", "ca.crt");
    expect_kept_out("127.0.0.1");
    cr_expect_eq(fixture_requests(&fixture, "\"registry\"", ""), 0);
}

Test(registry_tls, a_token_server_without_tls_is_refused)
{
    serve("auth=token", NULL, false);
    copy_to_certs_d("ca.pem", "ca.crt");
    fixture_log_in(&fixture);
    expect_kept_out("it names token server 'http://127.0.0.1:");
    cr_expect_eq(fixture_requests(&fixture, "\"token\"", ""), 0);
}

Test(registry_tls, a_proven_registry_may_send_credentials_to_its_token_server)
{
    serve("auth=token", "realm=https://127.0.0.1:{storage}/token", false);
    copy_to_certs_d("ca.pem", "ca.crt");
    fixture_log_in(&fixture);
    settings(arena_printf(fixture.arena, "}, \"127.0.0.1:%lld\": {\"ca\": \"%s\"",
                          (long long)fixture_number(&fixture, "storage"), in_folder("ca.pem")));
    expect_let_in();
    cr_expect_eq(fixture_requests(&fixture, "/token?", "\"Basic dXNlcjpzZWNyZXQ=\""), 1);
}

Test(registry_tls, nothing_leads_from_https_to_http)
{
    struct error err = {0};

    serve("redirect=plain", NULL, false);
    copy_to_certs_d("ca.pem", "ca.crt");
    fixture_connect(&fixture);
    cr_assert(fixture_download(&fixture, &fd, &err) < 0);
    cr_expect(strstr(err.text, "without TLS, named over TLS"), "%s", err.text);
    cr_expect_eq(fixture_requests(&fixture, "\"token\"", ""), 0);
}

Test(registry_tls, an_upload_is_not_led_from_https_to_http)
{
    struct registry_upload upload = {0};
    enum registry_outcome outcome;
    struct error err = {0};

    serve("location=plain", NULL, false);
    copy_to_certs_d("ca.pem", "ca.crt");
    fixture_connect(&fixture);
    cr_assert(fixture_download(&fixture, &fd, &err) == 0, "%s", err.text);
    upload.fd = fd;
    upload.blob.digest = fixture_text(&fixture, "layer");
    upload.blob.size = fixture_number(&fixture, "layer_size");
    fixture.reference.repository = "team/copy";
    cr_assert(registry_upload_blob(fixture.registry, &fixture.reference, &upload, &outcome, &err) <
              0);
    cr_expect(strstr(err.text, "sends the upload to a wrong place"), "%s", err.text);
    cr_expect_eq(fixture_requests(&fixture, "\"token\"", ""), 0);
}

Test(registry_tls, storage_elsewhere_is_spoken_to_with_its_own_certificates)
{
    struct error err = {0};

    serve("redirect=storage", NULL, false);
    settings("\"insecure\": true");
    fixture_connect(&fixture);
    cr_assert(fixture_download(&fixture, &fd, &err) < 0);
    cr_expect(strstr(err.text, "trust the certificate of"), "%s", err.text);
    cr_expect_eq(fixture_requests(&fixture, "\"storage\"", ""), 0);
}
