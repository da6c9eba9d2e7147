/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/credentials.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/runtime/image/registry/registry_fixture.h"

static struct fixture fixture;
static struct credentials *credentials;
static struct credential credential;

static void start(void)
{
    fixture_prepare(&fixture);
    credentials = credentials_new();
}

static void stop(void)
{
    credential_done(&credential);
    credentials_free(credentials);
    fixture_stop(&fixture);
}

TestSuite(credentials, .init = start, .fini = stop, .timeout = 60);

static void parse(const char *text)
{
    struct error err = {0};

    cr_assert(credentials_parse(credentials, "config.json", text, strlen(text), &err) == 0, "%s",
              err.text);
}

static void expect_wrong(const char *text, const char *expected)
{
    struct error err = {0};

    cr_assert(credentials_parse(credentials, "config.json", text, strlen(text), &err) < 0);
    cr_expect_str_eq(err.text, expected);
}

static void expect(const char *registry, const char *repository, const char *username,
                   const char *secret)
{
    struct error err = {0};
    bool found;

    credential_done(&credential);
    cr_assert(credentials_find(credentials, registry, repository, &credential, &found, &err) == 0,
              "%s", err.text);
    cr_assert_eq(found, secret != NULL, "%s/%s", registry, repository);
    if (!found)
        return;
    cr_expect(string_eq(credential.username, username), "%s", credential.username);
    cr_expect_str_eq(credential.secret, secret);
}

/* Files -------------------------------------------------------------------------------------------
 */

Test(credentials, dockers_hub_has_many_names)
{
    static const char *const names[] = {"https://index.docker.io/v1/", "index.docker.io",
                                        "docker.io", "https://registry-1.docker.io"};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        credentials_free(credentials);
        credentials = credentials_new();
        parse(arena_printf(fixture.arena, "{\"auths\": {\"%s\": {\"auth\": \"dTpw\"}}}", names[i]));
        expect("docker.io", "library/x", "u", "p");
        expect("other.io", "library/x", NULL, NULL);
    }
}

Test(credentials, keys_come_with_and_without_scheme_and_path)
{
    parse(
        "{\"auths\": {\"https://a:5000/v2/\": {\"auth\": \"dTph\"}, \"b/v1\": {\"auth\": \"dTpi\"},"
        " \"http://c\": {\"auth\": \"dTpj\"}}}");
    expect("a:5000", "x", "u", "a");
    expect("a", "x", NULL, NULL);
    expect("b", "x", "u", "b");
    expect("c", "x", "u", "c");
}

Test(credentials, the_nearest_namespace_counts)
{
    parse("{\"auths\": {\"h/team\": {\"auth\": \"dTp0\"}, \"h\": {\"auth\": \"dTpo\"}, "
          "\"h/team/app\": {\"auth\": \"dTph\"}}}");
    expect("h", "team/app", "u", "a");
    expect("h", "team/app/x", "u", "a");
    expect("h", "team/apple", "u", "t");
    expect("h", "teams", "u", "h");
}

Test(credentials, passwords_may_have_colons_and_zeros_behind)
{
    parse("{\"auths\": {\"h\": {\"auth\": \"dTphOmIAAA==\"}, \"g\": {\"username\": \"u\", "
          "\"password\": \"p\"}, \"empty\": {}}}");
    expect("h", "x", "u", "a:b");
    expect("g", "x", "u", "p");
    expect("empty", "x", NULL, NULL);
}

Test(credentials, identity_tokens_are_known_as_such)
{
    parse("{\"auths\": {\"h\": {\"auth\": \"dTo=\", \"identitytoken\": \"tok\"}}}");
    expect("h", "x", "u", "tok");
    cr_expect(credential.is_identity_token);
}

Test(credentials, mistakes_are_told_with_their_place_and_without_the_secret)
{
    expect_wrong("{\"auths\": {\n  \"h\": {\"auth\": \"secret!\"}}}",
                 "read credentials 'config.json': line 2, column 9: no base 64 of 'user:password'");
    expect_wrong("{\"auths\": []}",
                 "read credentials 'config.json': line 1, column 2: no JSON object");
    expect_wrong("{\"auths\": {\"h\": {\"auth\": 5}}}",
                 "read credentials 'config.json': line 1, column 18: no text of a sensible length");
    expect_wrong("{\"auths\": {\"h\": {\"auth\": \"c2VjcmV0\" \"x\"",
                 "read credentials 'config.json': JSON line 1, column 39: '}' expected");
    expect_wrong(
        "{\"credHelpers\": {\"h\": \"../x\"}}",
        "read credentials 'config.json': line 1, column 18: no name of a credential helper");
    expect_wrong("[]", "read credentials 'config.json': no JSON object");
}

Test(credentials, the_files_are_asked_in_their_order)
{
    (void)fixture_write(&fixture, "docker/config.json",
                        "{\"auths\": {\"a\": {\"auth\": \"dTox\"}}}");
    (void)fixture_write(&fixture, ".docker/config.json",
                        "{\"auths\": {\"a\": {\"auth\": \"dTo5\"}}}");
    (void)fixture_write(&fixture, "auth.json",
                        "{\"auths\": {\"a\": {\"auth\": \"dToy\"}, \"b\": {\"auth\": \"dToy\"}}}");
    (void)fixture_write(&fixture, "run/containers/auth.json",
                        "{\"auths\": {\"b\": {\"auth\": \"dToz\"}, \"c\": {\"auth\": \"dToz\"}}}");
    (void)fixture_write(&fixture, ".config/containers/auth.json",
                        "{\"auths\": {\"c\": {\"auth\": \"dTo0\"}, \"d\": {\"auth\": \"dTo0\"}}}");
    (void)setenv("DOCKER_CONFIG", arena_printf(fixture.arena, "%s/docker", fixture.folder), 1);
    (void)setenv("REGISTRY_AUTH_FILE", arena_printf(fixture.arena, "%s/auth.json", fixture.folder),
                 1);
    (void)setenv("XDG_RUNTIME_DIR", arena_printf(fixture.arena, "%s/run", fixture.folder), 1);
    cr_assert(credentials_read_files(credentials, NULL) == 0);
    expect("a", "x", "u", "1");
    expect("b", "x", "u", "2");
    expect("c", "x", "u", "3");
    expect("d", "x", "u", "4");
}

Test(credentials, no_file_is_no_mistake)
{
    cr_assert(credentials_read_files(credentials, NULL) == 0);
    expect("a", "x", NULL, NULL);
}

/* Helpers -----------------------------------------------------------------------------------------
 */

static void add_helper(const char *name, const char *script)
{
    const char *path = getenv("PATH");

    (void)fixture_write(&fixture, arena_printf(fixture.arena, "bin/docker-credential-%s", name),
                        script);
    (void)setenv("PATH", arena_printf(fixture.arena, "%s/bin:%s", fixture.folder, path), 1);
}

static void expect_failure(const char *words)
{
    struct error err = {0};
    bool found;

    cr_assert(credentials_find(credentials, "h", "x", &credential, &found, &err) < 0);
    cr_expect(strstr(err.text, words), "%s", err.text);
}

/* Answers with what it was asked. */
#define ECHO                                                                                       \
    "#!/bin/sh\n[ \"$1\" = get ] && printf '{\"ServerURL\": \"x\", \"Username\": \"u\", "          \
    "\"Secret\": \"%s\"}' \"$(cat)\"\n"

Test(credentials, helpers_come_before_what_is_in_the_file)
{
    add_helper("own", ECHO);
    add_helper("common", "#!/bin/sh\necho 'credentials not found in native keychain'; exit 1\n");
    parse("{\"auths\": {\"h\": {\"auth\": \"dTpm\"}, \"g\": {\"auth\": \"dTpm\"}}, "
          "\"credHelpers\": {\"h\": \"own\", \"docker.io\": \"own\"}, \"credsStore\": \"common\"}");
    expect("h", "x", "u", "h");
    expect("docker.io", "x", "u", "https://index.docker.io/v1/");
    expect("g", "x", "u", "f");
    expect("other", "x", NULL, NULL);
}

Test(credentials, helpers_may_have_identity_tokens)
{
    add_helper("own", "#!/bin/sh\necho '{\"Username\": \"<token>\", \"Secret\": \"tok\"}'\n");
    parse("{\"credsStore\": \"own\"}");
    expect("h", "x", NULL, "tok");
    cr_expect(credential.is_identity_token);
}

Test(credentials, a_helper_that_fails_is_told_with_its_words)
{
    add_helper("own", "#!/bin/sh\necho 'keychain is \033[1mlocked'; exit 1\n");
    parse("{\"credsStore\": \"own\"}");
    expect_failure("'docker-credential-own' fails: keychain is [1mlocked");
}

Test(credentials, a_helper_that_is_not_there_is_named)
{
    parse("{\"credsStore\": \"nowhere\"}");
    expect_failure("run 'docker-credential-nowhere': No such file or directory");
}

Test(credentials, a_helper_that_answers_nonsense_is_refused)
{
    add_helper("own", "#!/bin/sh\necho hello\n");
    parse("{\"credsStore\": \"own\"}");
    expect_failure("answers without Username and Secret");
}

Test(credentials, a_helper_that_never_stops_talking_is_ended)
{
    add_helper("own", "#!/bin/sh\nexec yes\n");
    parse("{\"credsStore\": \"own\"}");
    expect_failure("says more than 65536 bytes");
}
