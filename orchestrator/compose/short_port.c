/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/short_port.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

/* Of one service; a file must not turn a line into gigabytes. */
enum { MAX_PORTS = 128 * 1024 };

struct range {
    unsigned first, last;
    bool given;
};

struct short_port {
    const char *host_ip; /* "" when there is none */
    const char *published, *target, *protocol;
};

static bool parse_range(const char *text, struct range *ret_range)
{
    const char *dash = strchr(text, '-');
    size_t length = dash ? (size_t)(dash - text) : strlen(text);
    struct range range = {.given = *text != '\0'};

    if (range.given && !string_to_port(text, length, &range.first))
        return false;
    range.last = range.first;
    if (dash && !string_to_port(dash + 1, strlen(dash + 1), &range.last))
        return false;
    *ret_range = range;
    return range.last >= range.first;
}

static const char *strip_brackets(struct arena *arena, const char *text)
{
    size_t length = strlen(text);

    if (length >= 2 && text[0] == '[' && text[length - 1] == ']')
        return arena_strndup(arena, text + 1, length - 2);
    return text;
}

/* The target is behind the last colon, the published port behind the one before, the rest is the
 * address. A protocol follows the target; none behind the slash is tcp, too. */
static void split(struct arena *arena, const char *text, struct short_port *ret_port)
{
    char *rest = arena_strdup(arena, text);
    char *colon = strrchr(rest, ':');
    char *slash = strchr(colon ? colon : rest, '/');
    struct short_port port = {.host_ip = "", .published = "", .target = rest, .protocol = "tcp"};

    if (slash)
        *slash = '\0';
    if (slash && slash[1])
        port.protocol = slash + 1;
    if (colon) {
        *colon = '\0';
        port.target = colon + 1;
        port.published = rest;
        colon = strrchr(rest, ':');
    }
    if (port.published == rest && colon) {
        *colon = '\0';
        port.published = colon + 1;
        port.host_ip = strip_brackets(arena, rest);
    }
    *ret_port = port;
}

static int check(const struct short_port *port, const char *text, struct error *err)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (!*port->target)
        return error_set(err, "No port specified: %s<empty>", text);
    if (*port->host_ip && inet_pton(AF_INET, port->host_ip, address) != 1 &&
        inet_pton(AF_INET6, port->host_ip, address) != 1)
        return error_set(err, "Invalid ip address: %s", port->host_ip);
    if (strcasecmp(port->protocol, "tcp") != 0 && strcasecmp(port->protocol, "udp") != 0 &&
        strcasecmp(port->protocol, "sctp") != 0)
        return error_set(err, "Invalid proto: %s", port->protocol);
    return 0;
}

struct wanted {
    const struct short_port *port;
    const struct node *item;
    unsigned target;
    const char *published; /* NULL: none */
};

static void put(struct arena *arena, struct node *map, const char *key, const char *text)
{
    node_put(arena, map, key, node_string(arena, text, map->at));
}

static struct node *long_form(struct arena *arena, const struct wanted *wanted)
{
    struct node *map = node_new(arena, NODE_MAP, wanted->item->at);
    char *protocol = arena_strdup(arena, wanted->port->protocol);

    for (char *p = protocol; *p; p++)
        *p = (char)(*p | 0x20);
    map->came_by = wanted->item->came_by;
    map->came_how = wanted->item->came_how;
    put(arena, map, "mode", "ingress");
    if (*wanted->port->host_ip)
        put(arena, map, "host_ip", wanted->port->host_ip);
    node_put(arena, map, "target", node_int(arena, wanted->target, map->at));
    if (wanted->published)
        put(arena, map, "published", wanted->published);
    put(arena, map, "protocol", protocol);
    return map;
}

/* The reference sorts the ports of a range as texts: 10000 comes before 9999. */
static int compare_targets(const void *a, const void *b)
{
    char texts[2][16];
    const struct wanted *left = a, *right = b;

    (void)snprintf(texts[0], sizeof(texts[0]), "%u/", left->target);
    (void)snprintf(texts[1], sizeof(texts[1]), "%u/", right->target);
    return strcmp(texts[0], texts[1]);
}

static void expand(struct arena *arena, struct wanted *wanted, size_t count, struct node *list)
{
    qsort(wanted, count, sizeof(*wanted), compare_targets);
    for (size_t i = 0; i < count; i++)
        node_append(arena, list, long_form(arena, &wanted[i]));
}

/* What is published for the target at `offset`. One target alone may ask for any port of a range.
 */
static const char *published_text(struct arena *arena, const struct range *published, size_t count,
                                  size_t offset)
{
    unsigned port = published->first + (unsigned)offset;

    if (!published->given)
        return NULL;
    if (count == 1 && published->last != published->first)
        return arena_printf(arena, "%u-%u", port, published->last);
    return arena_printf(arena, "%u", port);
}

int short_port_expand(struct arena *arena, const struct node *item, struct node *list,
                      struct error *err)
{
    struct range target, published;
    struct short_port port;
    struct wanted *wanted;
    size_t count;

    split(arena, item->text, &port);
    if (check(&port, item->text, err) < 0)
        return -1;
    if (!parse_range(port.target, &target))
        return error_set(err, "Invalid containerPort: %s", port.target);
    if (!parse_range(port.published, &published))
        return error_set(err, "Invalid hostPort: %s", port.published);
    count = target.last - target.first + 1;
    if (published.given && count > 1 && published.last - published.first + 1 != count)
        return error_set(err, "Invalid ranges specified for container and host Ports: %s and %s",
                         port.target, port.published);
    if (list->list.count + count > MAX_PORTS)
        return error_set(err, "too many ports");
    wanted = arena_new_array(arena, struct wanted, count);
    for (size_t i = 0; i < count; i++)
        wanted[i] = (struct wanted){&port, item, target.first + (unsigned)i,
                                    published_text(arena, &published, count, i)};
    expand(arena, wanted, count, list);
    return 0;
}
