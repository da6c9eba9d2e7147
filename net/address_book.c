/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address_book.h"

#include "common/file.h"
#include "common/json.h"
#include "common/limits.h"
#include "common/memory.h"
#include "common/text.h"

#define BOOK_NAME "addresses.json"

struct address_book {
    int dir_fd;
    bool changed;     /* since it was written */
    json_t *networks; /* name -> {"subnet": text, "addresses": {instance: text},
                                  "fixed6": {instance: text}} */
};

int address_book_open(int dir_fd, struct address_book **ret_book, struct error *err)
{
    scoped(address_book_free) struct address_book *book = memory_new(struct address_book);
    scoped(json_release) json_t *json = NULL;
    scoped_text struct text bytes = {0};
    bool exists;

    if (file_read(dir_fd, BOOK_NAME, LIMIT_JSON_BYTES, &bytes, &exists, err) < 0)
        return -1;
    if (exists)
        json = json_parse(text_get(&bytes), bytes.length, NULL);
    book->dir_fd = dir_fd;
    book->networks = json_incref(json_get_object(json, "networks"));
    if (!book->networks)
        book->networks = json_object();
    *ret_book = steal(book);
    return 0;
}

void address_book_free(struct address_book *book)
{
    if (!book)
        return;
    json_decref(book->networks);
    free(book);
}

bool address_book_subnet(const struct address_book *book, const char *network,
                         struct ipv4_prefix *ret_subnet)
{
    const char *text = json_get_string(json_get_object(book->networks, network), "subnet", NULL);

    return text && ipv4_prefix_parse(text, ret_subnet);
}

void address_book_recall(const struct address_book *book, const char *network, struct ipam *ipam)
{
    json_t *addresses = json_get_object(json_get_object(book->networks, network), "addresses");
    const char *instance;
    json_t *value;
    uint32_t address;

    json_object_foreach(addresses, instance, value) {
        if (json_is_string(value) && ipv4_parse(json_string_value(value), &address))
            ipam_remember(ipam, instance, address);
    }
}

static json_t *page_new(struct ipv4_prefix subnet, const struct ipam *ipam)
{
    char prefix[IPV4_PREFIX_TEXT_SIZE], text[IPV4_TEXT_SIZE];
    json_t *page = json_object();
    json_t *addresses = json_object();
    const char *instance;
    uint32_t address;

    for (size_t i = 0; ipam_entry(ipam, i, &instance, &address); i++)
        json_object_set_new(addresses, instance, json_string(ipv4_format(address, text)));
    json_object_set_new(page, "subnet", json_string(ipv4_prefix_format(subnet, prefix)));
    json_object_set_new(page, "addresses", addresses);
    return page;
}

void address_book_keep(struct address_book *book, const char *network, struct ipv4_prefix subnet,
                       const struct ipam *ipam)
{
    scoped(json_release) json_t *page = page_new(subnet, ipam);
    json_t *fixed6 = json_get_object(json_get_object(book->networks, network), "fixed6");

    if (fixed6)
        json_object_set(page, "fixed6", fixed6);
    if (json_equal(page, json_object_get(book->networks, network)))
        return;
    json_object_set(book->networks, network, page);
    book->changed = true;
}

bool address_book_fixed6(const struct address_book *book, const char *network, size_t index,
                         const char **ret_instance, struct in6_addr *ret_address)
{
    json_t *fixed6 = json_get_object(json_get_object(book->networks, network), "fixed6");
    const char *instance;
    json_t *value;

    json_object_foreach(fixed6, instance, value) {
        if (!json_is_string(value) || !ipv6_parse(json_string_value(value), ret_address) ||
            index-- > 0)
            continue;
        *ret_instance = instance;
        return true;
    }
    return false;
}

void address_book_fix6(struct address_book *book, const char *network, const char *instance,
                       const struct in6_addr *address)
{
    json_t *page = json_get_object(book->networks, network);
    json_t *fixed6 = json_get_object(page, "fixed6");
    const char *known = json_get_string(fixed6, instance, NULL);
    char text[IPV6_TEXT_SIZE];

    if (!page || string_eq(known, address ? ipv6_format(address, text) : NULL))
        return;
    if (!fixed6) {
        fixed6 = json_object();
        json_object_set_new(page, "fixed6", fixed6);
    }
    if (address)
        json_object_set_new(fixed6, instance, json_string(text));
    else
        (void)json_object_del(fixed6, instance);
    book->changed = true;
}

int address_book_save(struct address_book *book, struct error *err)
{
    scoped(json_release) json_t *whole = NULL;
    scoped_text struct text bytes = {0};

    if (!book->changed)
        return 0;
    whole = json_pack("{s:O}", "networks", book->networks);
    json_format(whole, &bytes);
    if (file_replace(book->dir_fd, BOOK_NAME, bytes.data, bytes.length, 0600, err) < 0)
        return -1;
    book->changed = false;
    return 0;
}
