/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/short_port.h"

#include <criterion/criterion.h>

#include "common/text.h"

/* "host_ip:published:target/protocol" of each port with blanks between, or the error. */
static const char *expand(struct arena *arena, const char *text)
{
    struct position at = {"f", 1, 1};
    struct node *list = node_new(arena, NODE_LIST, at);
    scoped_text struct text out = {0};
    struct error err = {0};

    if (short_port_expand(arena, node_string(arena, text, at), list, &err) < 0)
        return arena_strdup(arena, err.text);
    for (size_t i = 0; i < list->list.count; i++) {
        const struct node *port = list->list.items[i];
        const char *host_ip = node_get_text(port, "host_ip");
        const char *published = node_get_text(port, "published");

        text_appendf(&out, "%s%s:%s:%lld/%s", i ? " " : "", host_ip ? host_ip : "",
                     published ? published : "", (long long)node_get(port, "target")->integer,
                     node_get_text(port, "protocol"));
    }
    return arena_strdup(arena, text_get(&out));
}

#define EXPECT(text, result)                                                                       \
    do {                                                                                           \
        scoped(arena_free) struct arena *arena = arena_new();                                      \
        cr_expect_str_eq(expand(arena, text), result);                                             \
    } while (0)

Test(short_port, a_target_alone_has_no_published_port)
{
    EXPECT("80", "::80/tcp");
    EXPECT("6000/udp", "::6000/udp");
    EXPECT("80/TCP", "::80/tcp");
    EXPECT("80/", "::80/tcp");
    EXPECT("080:080", ":80:80/tcp");
}

Test(short_port, ranges_pair_up)
{
    EXPECT("3000-3001", "::3000/tcp ::3001/tcp");
    EXPECT("8000-8001:90-91", ":8000:90/tcp :8001:91/tcp");
    EXPECT("8000-9000:80", ":8000-9000:80/tcp");
    EXPECT("8000-8000:80", ":8000:80/tcp");
    EXPECT("9000-9001:8000-8002",
           "Invalid ranges specified for container and host Ports: 8000-8002 and 9000-9001");
}

Test(short_port, a_range_is_sorted_as_text)
{
    EXPECT("9999-10000", "::10000/tcp ::9999/tcp");
}

Test(short_port, an_address_may_have_brackets)
{
    EXPECT("127.0.0.1::5000", "127.0.0.1::5000/tcp");
    EXPECT("127.0.0.1:80:5000", "127.0.0.1:80:5000/tcp");
    EXPECT("[::1]:6001:6001", "::1:6001:6001/tcp");
    EXPECT("::1:6000:6000", "::1:6000:6000/tcp");
}

Test(short_port, mistakes_are_named)
{
    EXPECT("abc", "Invalid containerPort: abc");
    EXPECT("80:99999", "Invalid containerPort: 99999");
    EXPECT("x:80", "Invalid hostPort: x");
    EXPECT("80/xyz", "Invalid proto: xyz");
    EXPECT("80/tcp:90", "Invalid hostPort: 80/tcp");
    EXPECT("80:", "No port specified: 80:<empty>");
    EXPECT("1.2.3:1:2", "Invalid ip address: 1.2.3");
    EXPECT("9-8", "Invalid containerPort: 9-8");
}

Test(short_port, a_file_cannot_ask_for_millions)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct position at = {"f", 1, 1};
    struct node *list = node_new(arena, NODE_LIST, at);
    struct node *all = node_string(arena, "0-65535", at);
    struct error err = {0};

    cr_expect_eq(short_port_expand(arena, all, list, &err), 0);
    cr_expect_eq(short_port_expand(arena, all, list, &err), 0);
    cr_expect_eq(short_port_expand(arena, all, list, &err), -1);
    cr_expect_str_eq(err.text, "too many ports");
}
