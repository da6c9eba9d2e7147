/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/host_gateway.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "common/memory.h"

struct guest {
    struct inet_address address;
    enum host_access access;
};

struct host_gateway {
    struct guest *guests;
    size_t count, capacity;
};

struct host_gateway *host_gateway_new(void)
{
    return memory_new(struct host_gateway);
}

void host_gateway_free(struct host_gateway *gateway)
{
    if (!gateway)
        return;
    free(gateway->guests);
    free(gateway);
}

static struct guest *guest_find(const struct host_gateway *gateway,
                                const struct inet_address *container)
{
    for (size_t i = 0; i < gateway->count; i++)
        if (inet_address_same_host(&gateway->guests[i].address, container))
            return &gateway->guests[i];
    return NULL;
}

void host_gateway_set(struct host_gateway *gateway, const struct inet_address *container,
                      enum host_access access)
{
    struct guest *guest = guest_find(gateway, container);

    if (access == HOST_ACCESS_NONE) {
        if (guest)
            *guest = gateway->guests[--gateway->count];
        return;
    }
    if (!guest) {
        memory_grow(gateway->guests, gateway->count, gateway->capacity);
        guest = &gateway->guests[gateway->count++];
    }
    *guest = (struct guest){*container, access};
}

bool host_gateway_is(const struct inet_address *destination)
{
    struct in_addr reserved;

    return inet_address_is_v4(destination) &&
           inet_pton(AF_INET, HOST_GATEWAY_ADDRESS, &reserved) == 1 &&
           destination->v4.sin_addr.s_addr == reserved.s_addr;
}

bool host_gateway_translate(const struct host_gateway *gateway, struct route_lookup *lookup,
                            const struct inet_address *container, struct inet_address *destination)
{
    const struct guest *guest = guest_find(gateway, container);
    struct in_addr host = {htonl(INADDR_LOOPBACK)};

    if (!guest || (guest->access == HOST_ACCESS_OWN && !route_lookup_own(lookup, &host)))
        return false;
    destination->v4.sin_addr = host;
    return true;
}
