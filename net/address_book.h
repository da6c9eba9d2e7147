/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The project's sticky choices, "addresses.json" in its state directory: each network's subnet,
 * each instance's address on it. A file that cannot be read as such is as good as none: the choices
 * follow from the names again.
 */
#ifndef YAWL_NET_ADDRESS_BOOK_H
#define YAWL_NET_ADDRESS_BOOK_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "net/ipam.h"
#include "net/ipv6.h"

struct address_book;

/* dir_fd is borrowed. */
MUST_CHECK int address_book_open(int dir_fd, struct address_book **ret_book, struct error *err);
void address_book_free(struct address_book *book);
DEFINE_SCOPED(struct address_book *, address_book_free)

/* The subnet that the network had; false when the book does not know it. */
bool address_book_subnet(const struct address_book *book, const char *network,
                         struct ipv4_prefix *ret_subnet);

/* Tells ipam what the book knows about the network. */
void address_book_recall(const struct address_book *book, const char *network, struct ipam *ipam);

/* The IPv6 addresses that users have fixed on the network, one by one: false beyond the last. For
 * networks that projects share; the others' follow from the numbers. */
bool address_book_fixed6(const struct address_book *book, const char *network, size_t index,
                         const char **ret_instance, struct in6_addr *ret_address);
/* address: NULL when the instance has none. The network has its page. */
void address_book_fix6(struct address_book *book, const char *network, const char *instance,
                       const struct in6_addr *address);

/* Replaces what the page says of the subnet and of IPv4. */
void address_book_keep(struct address_book *book, const char *network, struct ipv4_prefix subnet,
                       const struct ipam *ipam);

/* Writes the file when a page has changed since: half a millisecond on a disk, hence not at every
 * change. Must have happened before a container uses an address. */
MUST_CHECK int address_book_save(struct address_book *book, struct error *err);

#endif
