/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink requests in batches: several messages in one sendmsg(2), each answered by the kernel,
 * with the kernel's own words (extended ACK) in the error.
 *
 * libnl builds and parses the messages; its blocking sockets are not used. rtnetlink, nfnetlink and
 * sock_diag work through a request before sendmsg() returns, so that answers are only collected,
 * never waited for. A socket stays in the network namespace where it was opened, whoever uses it.
 */
#ifndef YAWL_NET_NETLINK_H
#define YAWL_NET_NETLINK_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"

struct netlink;

/* protocol: NETLINK_ROUTE, NETLINK_NETFILTER, NETLINK_SOCK_DIAG. In the calling thread's namespace.
 */
MUST_CHECK int netlink_open(int protocol, struct netlink **ret_netlink, struct error *err);
/* In a network namespace, where the socket stays. */
MUST_CHECK int netlink_open_in(int netns_fd, int protocol, struct netlink **ret_netlink,
                               struct error *err);
/* A socket that somebody else has opened and used, who is gone. */
struct netlink *netlink_adopt(int take_fd);
void netlink_free(struct netlink *netlink);
DEFINE_SCOPED(struct netlink *, netlink_free)
/* Borrowed. */
int netlink_fd(const struct netlink *netlink);
/* Hands over the bare descriptor. */
int netlink_take_fd(struct netlink *take_netlink);

struct netlink_batch;

struct netlink_batch *netlink_batch_new(void);
void netlink_batch_free(struct netlink_batch *batch);
DEFINE_SCOPED(struct netlink_batch *, netlink_batch_free)

/* One message: type, NLM_F_* flags (NLM_F_REQUEST is added) and the family's fixed header.
 * Attributes are added to the result, which belongs to the batch. */
struct nl_msg *netlink_batch_add(struct netlink_batch *batch, int type, int flags,
                                 const void *header, size_t header_size);
/* What the last message does, for errors: "create bridge 'br-front'". */
void netlink_batch_describe(struct netlink_batch *batch, const char *format, ...) PRINTF_LIKE(2, 3);
/* Makes this errno of the last message a success. */
void netlink_batch_tolerate(struct netlink_batch *batch, int number);

/* Attributes; all abort when the message is full, which only our own mistake can cause. */
void netlink_put(struct nl_msg *message, int type, const void *data, size_t length);
void netlink_put_u8(struct nl_msg *message, int type, uint8_t value);
void netlink_put_u32(struct nl_msg *message, int type, uint32_t value);
void netlink_put_be32(struct nl_msg *message, int type, uint32_t value);
void netlink_put_string(struct nl_msg *message, int type, const char *text);
struct nlattr *netlink_nest(struct nl_msg *message, int type);
void netlink_nest_end(struct nl_msg *message, struct nlattr *nest);
/* Raw bytes inside the current nest. */
void netlink_append(struct nl_msg *message, const void *data, size_t length);

/* What comes back beside acknowledgements; may be NULL. */
struct netlink_visitor {
    void (*visit)(void *owner, struct nlmsghdr *message);
    void *owner;
};

/* Sends the batch and collects an answer to each message with NLM_F_ACK or NLM_F_DUMP. The first
 * message that failed is the error; err->number is its errno. The batch is empty afterwards. */
MUST_CHECK int netlink_send(struct netlink *netlink, struct netlink_batch *batch,
                            const struct netlink_visitor *visitor, struct error *err);

#endif
