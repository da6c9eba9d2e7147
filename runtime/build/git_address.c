/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/git_address.h"

#include <string.h>

#include "common/text.h"

/* "user@host:path", with nothing odd in front of the colon. */
static bool is_scp_like(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t user = strspn(text, plain), host;

    if (user == 0 || *text == '-' || text[user] != '@')
        return false;
    host = strspn(text + user + 1, plain);
    return host > 0 && text[user + 1] != '-' && text[user + 1 + host] == ':' &&
           text[user + 2 + host] != '\0';
}

static bool is_repository(const char *remote)
{
    if (string_starts_with(remote, "git://") || string_starts_with(remote, "ssh://"))
        return true;
    if (string_starts_with(remote, "http://") || string_starts_with(remote, "https://"))
        return string_ends_with(remote, ".git");
    return is_scp_like(remote);
}

bool git_address_parse(const char *text, struct arena *arena, struct git_address *ret_address)
{
    size_t length = strcspn(text, "#");
    const char *fragment = text[length] ? text + length + 1 : "";
    size_t ref_length = strcspn(fragment, ":");
    struct git_address address = {.remote = arena_strndup(arena, text, length)};

    if (string_starts_with(text, "github.com/"))
        address.remote = arena_printf(arena, "https://%s", address.remote);
    else if (!is_repository(address.remote))
        return false;
    if (ref_length > 0)
        address.ref = arena_strndup(arena, fragment, ref_length);
    if (fragment[ref_length] && fragment[ref_length + 1])
        address.folder = arena_strdup(arena, fragment + ref_length + 1);
    *ret_address = address;
    return true;
}
