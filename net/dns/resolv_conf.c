/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns/resolv_conf.h"

#include <stdbool.h>
#include <string.h>

#include "net/dns/dns_message.h"

enum { DNS_PORT = 53 };

/* The next word of a line that ends at `end`; NULL when there is none. */
static const char *next_word(const char **place, const char *end, struct arena *arena)
{
    const char *word = *place + strspn(*place, " \t\r");
    size_t length = strcspn(word, " \t\r\n");

    if (word >= end)
        return NULL;
    if (length > (size_t)(end - word))
        length = (size_t)(end - word);
    *place = word + length;
    return length > 0 && length < DNS_NAME_TEXT_SIZE ? arena_strndup(arena, word, length) : NULL;
}

static void take_server(struct resolv_conf *conf, const char *word)
{
    if (conf->n_servers < NET_LIMIT_NAME_SERVERS &&
        inet_address_parse(word, DNS_PORT, &conf->servers[conf->n_servers], NULL) == 0)
        conf->n_servers++;
}

/* The last "search" or "domain" line counts. */
static void take_search(struct resolv_conf *conf, struct arena *arena, const char *place,
                        const char *end)
{
    const char *word;

    conf->search = (struct string_list){0};
    while (conf->search.count < NET_LIMIT_SEARCH_DOMAINS &&
           (word = next_word(&place, end, arena)) != NULL) {
        struct dns_name name;

        if (dns_name_from_text(word, &name) && name.length > 1)
            string_list_add(arena, &conf->search, word);
    }
}

static void take_line(struct resolv_conf *conf, struct arena *arena, const char *line,
                      const char *end)
{
    const char *keyword, *word;

    if (line[0] == '#' || line[0] == ';')
        return;
    keyword = next_word(&line, end, arena);
    if (!keyword)
        return;
    if (strcmp(keyword, "nameserver") == 0 && (word = next_word(&line, end, arena)) != NULL)
        take_server(conf, word);
    else if (strcmp(keyword, "search") == 0 || strcmp(keyword, "domain") == 0)
        take_search(conf, arena, line, end);
}

void resolv_conf_parse(const char *text, struct arena *arena, struct resolv_conf *ret_conf)
{
    struct resolv_conf conf = {0};

    while (*text) {
        const char *end = text + strcspn(text, "\n");

        take_line(&conf, arena, text, end);
        text = *end ? end + 1 : end;
    }
    if (conf.n_servers == 0)
        take_server(&conf, "127.0.0.1");
    *ret_conf = conf;
}
