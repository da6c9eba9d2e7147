/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/http_url.h"

#include <criterion/criterion.h>
#include <string.h>

static struct arena *arena;

static void start(void)
{
    arena = arena_new();
}

static void stop(void)
{
    arena_free(arena);
}

TestSuite(http_url, .init = start, .fini = stop);

static struct http_url parse(const char *text)
{
    struct http_url url = {0};
    struct error err = {0};

    cr_assert(http_url_parse(text, NULL, arena, &url, &err) == 0, "%s", err.text);
    return url;
}

static void expect_at(const char *base, const char *text, const char *expected)
{
    struct http_url start_url = parse(base), url = {0};
    struct error err = {0};

    cr_assert(http_url_parse(text, &start_url, arena, &url, &err) == 0, "%s: %s", text, err.text);
    cr_expect_str_eq(url.text, expected);
}

static void expect_refused(const char *base, const char *text)
{
    struct http_url base_url, url;
    struct error err = {0};

    if (base)
        base_url = parse(base);
    cr_expect(http_url_parse(text, base ? &base_url : NULL, arena, &url, &err) < 0, "%s", text);
    cr_expect(err.text[0]);
}

Test(http_url, parts_are_told)
{
    struct http_url url = parse("HTTPS://Registry.Example:5000/v2/x?y=z#fragment");

    cr_expect(url.secure);
    cr_expect_str_eq(url.host, "registry.example");
    cr_expect_str_eq(url.authority, "registry.example:5000");
    cr_expect_null(strchr(url.text, '#'));
    cr_expect_str_eq(parse("http://[::1]:80/").authority, "[::1]");
}

Test(http_url, the_usual_port_goes_without_saying)
{
    struct http_url a = parse("https://h/x"), b = parse("https://h:443/y");
    struct http_url c = parse("https://h:444/"), d = parse("http://h/"), e = parse("https://g/");

    cr_expect(http_url_same_origin(&a, &b));
    cr_expect_not(http_url_same_origin(&a, &c));
    cr_expect_not(http_url_same_origin(&a, &d));
    cr_expect_not(http_url_same_origin(&a, &e));
}

Test(http_url, relative_ones_are_resolved)
{
    expect_at("https://h/v2/a/blobs/uploads/", "/v2/b?s=1", "https://h/v2/b?s=1");
    expect_at("https://h/v2/a/b", "c", "https://h/v2/a/c");
    expect_at("https://h/v2/a/b", "?x=1", "https://h/v2/a/b?x=1");
    expect_at("https://h/v2", "//g/x", "https://g/x");
    expect_at("http://h/v2", "https://h/", "https://h/");
}

Test(http_url, what_is_dangerous_is_refused)
{
    expect_refused("https://h/", "http://h/");
    expect_refused("https://h/", "http://h:443/");
    expect_refused("https://h/", "file:///etc/passwd");
    expect_refused("https://h/", "gopher://h/");
    expect_refused("https://h/", "https://user:password@h/");
    expect_refused("https://h/", "//user@h/");
    expect_refused("https://h/", "https://h/\r\nX: y");
    expect_refused("https://h/", "https://h/a b");
    expect_refused("https://h/", "https://h\\@g/");
    expect_refused(NULL, "/relative");
    expect_refused(NULL, "");
}

Test(http_url, queries_are_escaped_and_joined)
{
    cr_expect_str_eq(http_url_add_query("https://h/x", "a", "b c&d=/:", arena),
                     "https://h/x?a=b%20c%26d%3D%2F%3A");
    cr_expect_str_eq(http_url_add_query("https://h/x?s=1", "a", "b", arena), "https://h/x?s=1&a=b");
}
