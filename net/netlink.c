/* SPDX-License-Identifier: Apache-2.0 */
#include "net/netlink.h"

#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/text.h"
#include "net/netns.h"

/* Enough for some hundred messages with their answers; the default cuts at about two hundred. */
enum { SOCKET_BUFFER_BYTES = 1024 * 1024, RECEIVE_BYTES = 64 * 1024, DESCRIPTION_SIZE = 80 };

struct netlink {
    int fd;
    uint32_t sequence;
};

struct request {
    struct nl_msg *message;
    int tolerated;
    bool answered;
    char what[DESCRIPTION_SIZE];
};

struct netlink_batch {
    struct request *requests;
    size_t count, capacity;
};

/* -------------------------------------------------------------------------------------------
 * socket */

int netlink_open(int protocol, struct netlink **ret_netlink, struct error *err)
{
    scoped_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    struct sockaddr_nl self = {.nl_family = AF_NETLINK};
    int size = SOCKET_BUFFER_BYTES;
    int one = 1;
    struct netlink *netlink;

    if (fd < 0)
        return error_sys(err, "open netlink socket");
    if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0)
        return error_sys(err, "bind netlink socket");
    if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) < 0 ||
        setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)) < 0)
        return error_sys(err, "ask netlink for extended answers");
    /* Larger buffers need privilege over the host; without it the defaults serve all but huge
     * projects. */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));

    netlink = memory_new(struct netlink);
    netlink->fd = steal_fd(&fd);
    *ret_netlink = netlink;
    return 0;
}

struct opening {
    int protocol;
    struct netlink *netlink; /* out */
};

static int open_inside(void *owner, struct error *err)
{
    struct opening *opening = owner;

    return netlink_open(opening->protocol, &opening->netlink, err);
}

int netlink_open_in(int netns_fd, int protocol, struct netlink **ret_netlink, struct error *err)
{
    struct opening opening = {.protocol = protocol};

    if (netns_run(netns_fd, open_inside, &opening, err) < 0)
        return -1;
    *ret_netlink = opening.netlink;
    return 0;
}

/* Answers to what the other asked are not taken for ours. */
struct netlink *netlink_adopt(int take_fd)
{
    struct netlink *netlink = memory_new(struct netlink);
    char byte;

    while (recv(take_fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0 || errno == EINTR)
        continue;
    netlink->fd = take_fd;
    return netlink;
}

int netlink_fd(const struct netlink *netlink)
{
    return netlink->fd;
}

void netlink_free(struct netlink *netlink)
{
    if (!netlink)
        return;
    fd_close(netlink->fd);
    free(netlink);
}

int netlink_take_fd(struct netlink *take_netlink)
{
    int fd = steal_fd(&take_netlink->fd);

    netlink_free(take_netlink);
    return fd;
}

/* --------------------------------------------------------------------------------------------
 * batch */

struct netlink_batch *netlink_batch_new(void)
{
    struct netlink_batch *batch = memory_new(struct netlink_batch);

    return batch;
}

static void batch_clear(struct netlink_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        nlmsg_free(batch->requests[i].message);
    batch->count = 0;
}

void netlink_batch_free(struct netlink_batch *batch)
{
    if (!batch)
        return;
    batch_clear(batch);
    free(batch->requests);
    free(batch);
}

struct nl_msg *netlink_batch_add(struct netlink_batch *batch, int type, int flags,
                                 const void *header, size_t header_size)
{
    struct nl_msg *message = nlmsg_alloc_simple(type, flags | NLM_F_REQUEST);
    struct request *request;

    if (batch->count == batch->capacity) {
        batch->capacity = batch->capacity ? 2 * batch->capacity : 16;
        batch->requests = reallocarray(batch->requests, batch->capacity, sizeof(*batch->requests));
    }
    if (!message || !batch->requests)
        abort();
    request = &batch->requests[batch->count++];
    *request = (struct request){.message = message};
    (void)snprintf(request->what, sizeof(request->what), "netlink message %d", type);
    netlink_append(message, header, header_size);
    return message;
}

void netlink_batch_describe(struct netlink_batch *batch, const char *format, ...)
{
    struct request *request = &batch->requests[batch->count - 1];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(request->what, sizeof(request->what), format, args);
    va_end(args);
}

void netlink_batch_tolerate(struct netlink_batch *batch, int number)
{
    batch->requests[batch->count - 1].tolerated = number;
}

/* ---------------------------------------------------------------------------------------
 * attributes */

static void must_fit(int result)
{
    if (result < 0)
        abort();
}

void netlink_put(struct nl_msg *message, int type, const void *data, size_t length)
{
    must_fit(nla_put(message, type, (int)length, data));
}

void netlink_put_u8(struct nl_msg *message, int type, uint8_t value)
{
    must_fit(nla_put_u8(message, type, value));
}

void netlink_put_u32(struct nl_msg *message, int type, uint32_t value)
{
    must_fit(nla_put_u32(message, type, value));
}

void netlink_put_be32(struct nl_msg *message, int type, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                        (uint8_t)value};

    netlink_put(message, type, bytes, sizeof(bytes));
}

void netlink_put_string(struct nl_msg *message, int type, const char *text)
{
    must_fit(nla_put_string(message, type, text));
}

struct nlattr *netlink_nest(struct nl_msg *message, int type)
{
    struct nlattr *nest = nla_nest_start(message, type);

    if (!nest)
        abort();
    return nest;
}

void netlink_nest_end(struct nl_msg *message, struct nlattr *nest)
{
    must_fit(nla_nest_end(message, nest));
}

void netlink_append(struct nl_msg *message, const void *data, size_t length)
{
    must_fit(nlmsg_append(message, (void *)(uintptr_t)data, length, NLMSG_ALIGNTO));
}

/* -----------------------------------------------------------------------------------------
 * exchange */

/* The state of one netlink_send(). */
struct exchange {
    struct netlink_batch *batch;
    uint32_t first_sequence;
    size_t n_missing; /* answers */
    const struct netlink_visitor *visitor;
    size_t failed;   /* index of the first failed request, SIZE_MAX when there is none */
    int number;      /* its errno */
    char words[256]; /* the kernel's, about it */
};

static int batch_transmit(struct netlink *netlink, struct exchange *exchange, struct error *err)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    scoped_text struct text bytes = {0};
    ssize_t n;

    exchange->first_sequence = netlink->sequence;
    for (size_t i = 0; i < exchange->batch->count; i++) {
        struct nlmsghdr *header = nlmsg_hdr(exchange->batch->requests[i].message);

        header->nlmsg_seq = netlink->sequence++;
        if (header->nlmsg_flags & NLM_F_ACK || (header->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
            exchange->n_missing++;
        text_append_bytes(&bytes, header, NLMSG_ALIGN(header->nlmsg_len));
    }
    do
        n = sendto(netlink->fd, bytes.data, bytes.length, 0, (struct sockaddr *)&kernel,
                   sizeof(kernel));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_sys(err, "%s", exchange->batch->requests[0].what);
    return 0;
}

/* The extended ACK's text, "" when there is none. */
static void answer_words(struct nlmsghdr *header, char *words, size_t size)
{
    const struct nlmsgerr *answer = nlmsg_data(header);
    size_t offset = sizeof(*answer);
    struct nlattr *attributes[NLMSGERR_ATTR_MAX + 1];

    words[0] = '\0';
    if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
        return;
    if (!(header->nlmsg_flags & NLM_F_CAPPED))
        offset += NLMSG_ALIGN(answer->msg.nlmsg_len) - sizeof(struct nlmsghdr);
    if (nlmsg_parse(header, (int)offset, attributes, NLMSGERR_ATTR_MAX, NULL) == 0 &&
        attributes[NLMSGERR_ATTR_MSG])
        nla_strlcpy(words, attributes[NLMSGERR_ATTR_MSG], size);
}

static void exchange_take_answer(struct exchange *exchange, struct nlmsghdr *header)
{
    size_t index = header->nlmsg_seq - exchange->first_sequence;
    struct request *request = &exchange->batch->requests[index];
    int number = 0;

    if (header->nlmsg_type == NLMSG_ERROR)
        number = -((struct nlmsgerr *)nlmsg_data(header))->error;
    else if (nlmsg_datalen(header) >= (int)sizeof(int))
        number = -*(int *)nlmsg_data(header);
    if (!request->answered && exchange->n_missing > 0)
        exchange->n_missing--;
    request->answered = true;
    if (number == 0 || number == request->tolerated || index >= exchange->failed)
        return;

    exchange->failed = index;
    exchange->number = number;
    exchange->words[0] = '\0';
    if (header->nlmsg_type == NLMSG_ERROR)
        answer_words(header, exchange->words, sizeof(exchange->words));
}

static void exchange_take(struct exchange *exchange, char *bytes, int length)
{
    struct nlmsghdr *header = (struct nlmsghdr *)(void *)bytes;

    for (; nlmsg_ok(header, length); header = nlmsg_next(header, &length)) {
        if (header->nlmsg_seq - exchange->first_sequence >= exchange->batch->count)
            continue; /* a late answer to an earlier batch that failed half-way */
        if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE)
            exchange_take_answer(exchange, header);
        else if (exchange->visitor)
            exchange->visitor->visit(exchange->visitor->owner, header);
    }
}

/* Reads until each request is answered, or the kernel has nothing more to say (a transaction that
 * failed is answered by its errors alone). */
static int exchange_collect(struct netlink *netlink, struct exchange *exchange, struct error *err)
{
    char *bytes = malloc(RECEIVE_BYTES);
    ssize_t n;

    if (!bytes)
        abort();
    while (exchange->n_missing > 0) {
        n = recv(netlink->fd, bytes, RECEIVE_BYTES, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        exchange_take(exchange, bytes, (int)n);
    }
    free(bytes);
    if (exchange->n_missing > 0 && exchange->failed == SIZE_MAX)
        return error_sys(err, "%s: the kernel's answer is missing",
                         exchange->batch->requests[0].what);
    return 0;
}

static int exchange_verdict(const struct exchange *exchange, struct error *err)
{
    if (exchange->failed == SIZE_MAX)
        return 0;
    errno = exchange->number;
    if (exchange->words[0])
        return error_sys(err, "%s: %s", exchange->batch->requests[exchange->failed].what,
                         exchange->words);
    return error_sys(err, "%s", exchange->batch->requests[exchange->failed].what);
}

int netlink_send(struct netlink *netlink, struct netlink_batch *batch,
                 const struct netlink_visitor *visitor, struct error *err)
{
    struct exchange exchange = {.batch = batch, .visitor = visitor, .failed = SIZE_MAX};
    int result;

    if (batch->count == 0)
        return 0;
    result = batch_transmit(netlink, &exchange, err);
    if (result == 0)
        result = exchange_collect(netlink, &exchange, err);
    if (result == 0)
        result = exchange_verdict(&exchange, err);
    batch_clear(batch);
    return result;
}
