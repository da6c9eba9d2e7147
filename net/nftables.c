/* SPDX-License-Identifier: Apache-2.0 */
#include "net/nftables.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <string.h>

#include "common/memory.h"
#include "net/ipv4.h"

struct nft {
    struct netlink_batch *batch;
    const char *table;
    uint32_t flags; /* NFT_TABLE_F_* */
    uint32_t n_sets;
    struct nl_msg *rule; /* being built, with its list of expressions */
    struct nlattr *expressions;
};

/* What is being added to the current rule. */
struct expression {
    struct nlattr *element, *data;
};

static struct nl_msg *nft_message(struct nft *nft, int type, int flags)
{
    struct nfgenmsg header = {.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};

    return netlink_batch_add(nft->batch, (NFNL_SUBSYS_NFTABLES << 8) | type, flags, &header,
                             sizeof(header));
}

static void nft_bound(struct nft *nft, int type)
{
    struct nfgenmsg header = {.version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};

    (void)netlink_batch_add(nft->batch, type, 0, &header, sizeof(header));
}

/* Ends the rule that is being built, if there is one. */
static void nft_settle(struct nft *nft)
{
    if (nft->rule)
        netlink_nest_end(nft->rule, nft->expressions);
    nft->rule = NULL;
    nft->expressions = NULL;
}

static void put_table(const struct nft *nft, struct nl_msg *message)
{
    netlink_batch_describe(nft->batch, "nftables table '%s'", nft->table);
    netlink_put_string(message, NFTA_TABLE_NAME, nft->table);
    if (nft->flags)
        netlink_put_be32(message, NFTA_TABLE_FLAGS, nft->flags);
}

/* NEW, DEL, NEW: the first makes sure that there is something to delete. */
static struct nft *nft_begin(const char *table, uint32_t flags)
{
    static const int types[] = {NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE, NFT_MSG_NEWTABLE};
    struct nft *nft = memory_new(struct nft);
    nft->batch = netlink_batch_new();
    nft->table = table;
    nft->flags = flags;
    nft_bound(nft, NFNL_MSG_BATCH_BEGIN);
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        struct nl_msg *message =
            nft_message(nft, types[i], types[i] == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0);

        put_table(nft, message);
    }
    return nft;
}

struct nft *nft_new(const char *table)
{
    return nft_begin(table, 0);
}

struct nft *nft_new_owned(const char *table)
{
    return nft_begin(table, NFT_TABLE_F_OWNER);
}

void nft_free(struct nft *nft)
{
    if (!nft)
        return;
    netlink_batch_free(nft->batch);
    free(nft);
}

/* The last message before the end asks for an answer: kernels before 6.10 do not acknowledge the
 * end itself, and no answer at all would look like success. */
static int nft_end(struct nft *nft, int type, struct netlink *netlink, struct error *err)
{
    struct nl_msg *message;

    nft_settle(nft);
    message = nft_message(nft, type, NLM_F_ACK | (type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0));
    put_table(nft, message);
    nft_bound(nft, NFNL_MSG_BATCH_END);
    return netlink_send(netlink, nft->batch, NULL, err);
}

int nft_commit(struct nft *nft, struct netlink *netlink, struct error *err)
{
    return nft_end(nft, NFT_MSG_NEWTABLE, netlink, err);
}

int nft_remove_owned(const char *table, struct netlink *netlink, struct error *err)
{
    scoped(nft_free) struct nft *nft = nft_new_owned(table);

    return nft_end(nft, NFT_MSG_DELTABLE, netlink, err);
}

void nft_chain(struct nft *nft, const struct nft_chain *chain)
{
    struct nl_msg *message;
    struct nlattr *hook;

    nft_settle(nft);
    message = nft_message(nft, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    netlink_batch_describe(nft->batch, "nftables chain '%s'", chain->name);
    netlink_put_string(message, NFTA_CHAIN_TABLE, nft->table);
    netlink_put_string(message, NFTA_CHAIN_NAME, chain->name);
    netlink_put_string(message, NFTA_CHAIN_TYPE, chain->nat ? "nat" : "filter");
    netlink_put_be32(message, NFTA_CHAIN_POLICY, (uint32_t)chain->policy);
    hook = netlink_nest(message, NFTA_CHAIN_HOOK);
    netlink_put_be32(message, NFTA_HOOK_HOOKNUM, (uint32_t)chain->hook);
    netlink_put_be32(message, NFTA_HOOK_PRIORITY, (uint32_t)chain->priority);
    netlink_nest_end(message, hook);
}

/* ---------------------------------------------------------------------------------------------
 * sets */

static void nft_new_set(struct nft *nft, const char *name, int key_type, uint32_t flags)
{
    struct nl_msg *message;

    nft_settle(nft);
    message = nft_message(nft, NFT_MSG_NEWSET, NLM_F_CREATE);
    netlink_batch_describe(nft->batch, "nftables set '%s'", name);
    netlink_put_string(message, NFTA_SET_TABLE, nft->table);
    netlink_put_string(message, NFTA_SET_NAME, name);
    netlink_put_be32(message, NFTA_SET_FLAGS, flags);
    netlink_put_be32(message, NFTA_SET_KEY_TYPE, (uint32_t)key_type);
    netlink_put_be32(message, NFTA_SET_KEY_LEN, sizeof(uint32_t));
    netlink_put_be32(message, NFTA_SET_ID, ++nft->n_sets);
}

static void put_element(struct nl_msg *message, const void *key, uint32_t flags)
{
    struct nlattr *element = netlink_nest(message, NFTA_LIST_ELEM);
    struct nlattr *nest = netlink_nest(message, NFTA_SET_ELEM_KEY);

    netlink_put(message, NFTA_DATA_VALUE, key, sizeof(uint32_t));
    netlink_nest_end(message, nest);
    if (flags)
        netlink_put_be32(message, NFTA_SET_ELEM_FLAGS, flags);
    netlink_nest_end(message, element);
}

/* One message per element or range: a message has one page, and sets have no bound. */
static struct nl_msg *elements_begin(struct nft *nft, const char *set, struct nlattr **ret_list)
{
    struct nl_msg *message;

    nft_settle(nft);
    message = nft_message(nft, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
    netlink_batch_describe(nft->batch, "nftables set '%s': add element", set);
    netlink_put_string(message, NFTA_SET_ELEM_LIST_TABLE, nft->table);
    netlink_put_string(message, NFTA_SET_ELEM_LIST_SET, set);
    *ret_list = netlink_nest(message, NFTA_SET_ELEM_LIST_ELEMENTS);
    return message;
}

void nft_set(struct nft *nft, const char *name, int key_type)
{
    nft_new_set(nft, name, key_type, 0);
}

void nft_set_add(struct nft *nft, const char *set, const void *key)
{
    struct nlattr *list;
    struct nl_msg *message = elements_begin(nft, set, &list);

    put_element(message, key, 0);
    netlink_nest_end(message, list);
}

void nft_range_set(struct nft *nft, const char *name)
{
    nft_new_set(nft, name, NFT_TYPE_IPV4, NFT_SET_INTERVAL);
}

/* A range ends before its end element; one up to the last address has none. */
void nft_range_set_add(struct nft *nft, const char *set, uint32_t first, uint32_t last)
{
    uint32_t start = htonl(first);
    uint32_t end = htonl(last + 1);
    struct nlattr *list;
    struct nl_msg *message = elements_begin(nft, set, &list);

    put_element(message, &start, 0);
    if (last != UINT32_MAX)
        put_element(message, &end, NFT_SET_ELEM_INTERVAL_END);
    netlink_nest_end(message, list);
}

/* --------------------------------------------------------------------------------------------
 * rules */

void nft_rule(struct nft *nft, const char *chain)
{
    nft_settle(nft);
    nft->rule = nft_message(nft, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
    netlink_batch_describe(nft->batch, "nftables rule in chain '%s'", chain);
    netlink_put_string(nft->rule, NFTA_RULE_TABLE, nft->table);
    netlink_put_string(nft->rule, NFTA_RULE_CHAIN, chain);
    nft->expressions = netlink_nest(nft->rule, NFTA_RULE_EXPRESSIONS);
}

static struct expression expression_begin(struct nft *nft, const char *kind)
{
    struct expression expression;

    expression.element = netlink_nest(nft->rule, NFTA_LIST_ELEM);
    netlink_put_string(nft->rule, NFTA_EXPR_NAME, kind);
    expression.data = netlink_nest(nft->rule, NFTA_EXPR_DATA);
    return expression;
}

static void expression_end(struct nft *nft, struct expression expression)
{
    netlink_nest_end(nft->rule, expression.data);
    netlink_nest_end(nft->rule, expression.element);
}

static void put_value(struct nft *nft, int type, const void *value, size_t length)
{
    struct nlattr *nest = netlink_nest(nft->rule, type);

    netlink_put(nft->rule, NFTA_DATA_VALUE, value, length);
    netlink_nest_end(nft->rule, nest);
}

void nft_meta(struct nft *nft, uint32_t key)
{
    struct expression expression = expression_begin(nft, "meta");

    netlink_put_be32(nft->rule, NFTA_META_KEY, key);
    netlink_put_be32(nft->rule, NFTA_META_DREG, NFT_REG_1);
    expression_end(nft, expression);
}

void nft_payload(struct nft *nft, uint32_t header, uint32_t offset, uint32_t length)
{
    struct expression expression = expression_begin(nft, "payload");

    netlink_put_be32(nft->rule, NFTA_PAYLOAD_DREG, NFT_REG_1);
    netlink_put_be32(nft->rule, NFTA_PAYLOAD_BASE, header);
    netlink_put_be32(nft->rule, NFTA_PAYLOAD_OFFSET, offset);
    netlink_put_be32(nft->rule, NFTA_PAYLOAD_LEN, length);
    expression_end(nft, expression);
}

void nft_socket(struct nft *nft, uint32_t key)
{
    struct expression expression = expression_begin(nft, "socket");

    netlink_put_be32(nft->rule, NFTA_SOCKET_KEY, key);
    netlink_put_be32(nft->rule, NFTA_SOCKET_DREG, NFT_REG_1);
    expression_end(nft, expression);
}

void nft_destination_kind(struct nft *nft)
{
    struct expression expression = expression_begin(nft, "fib");

    netlink_put_be32(nft->rule, NFTA_FIB_DREG, NFT_REG_1);
    netlink_put_be32(nft->rule, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    netlink_put_be32(nft->rule, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
    expression_end(nft, expression);
}

void nft_connection(struct nft *nft, uint32_t key)
{
    struct expression expression = expression_begin(nft, "ct");

    netlink_put_be32(nft->rule, NFTA_CT_KEY, key);
    netlink_put_be32(nft->rule, NFTA_CT_DREG, NFT_REG_1);
    expression_end(nft, expression);
}

void nft_mask(struct nft *nft, const void *mask, size_t length)
{
    static const uint8_t none[16] = {0};
    struct expression expression = expression_begin(nft, "bitwise");

    netlink_put_be32(nft->rule, NFTA_BITWISE_SREG, NFT_REG_1);
    netlink_put_be32(nft->rule, NFTA_BITWISE_DREG, NFT_REG_1);
    netlink_put_be32(nft->rule, NFTA_BITWISE_LEN, (uint32_t)length);
    put_value(nft, NFTA_BITWISE_MASK, mask, length);
    put_value(nft, NFTA_BITWISE_XOR, none, length);
    expression_end(nft, expression);
}

static void nft_compare(struct nft *nft, uint32_t how, const void *value, size_t length)
{
    struct expression expression = expression_begin(nft, "cmp");

    netlink_put_be32(nft->rule, NFTA_CMP_SREG, NFT_REG_1);
    netlink_put_be32(nft->rule, NFTA_CMP_OP, how);
    put_value(nft, NFTA_CMP_DATA, value, length);
    expression_end(nft, expression);
}

void nft_equal(struct nft *nft, const void *value, size_t length)
{
    nft_compare(nft, NFT_CMP_EQ, value, length);
}

void nft_unequal(struct nft *nft, const void *value, size_t length)
{
    nft_compare(nft, NFT_CMP_NEQ, value, length);
}

static void nft_look_up(struct nft *nft, const char *set, uint32_t flags)
{
    struct expression expression = expression_begin(nft, "lookup");

    netlink_put_string(nft->rule, NFTA_LOOKUP_SET, set);
    netlink_put_be32(nft->rule, NFTA_LOOKUP_SREG, NFT_REG_1);
    if (flags)
        netlink_put_be32(nft->rule, NFTA_LOOKUP_FLAGS, flags);
    expression_end(nft, expression);
}

void nft_in_set(struct nft *nft, const char *set)
{
    nft_look_up(nft, set, 0);
}

void nft_not_in_set(struct nft *nft, const char *set)
{
    nft_look_up(nft, set, NFT_LOOKUP_F_INV);
}

static void nft_load_value_to(struct nft *nft, uint32_t target, const void *value, size_t length)
{
    struct expression expression = expression_begin(nft, "immediate");

    netlink_put_be32(nft->rule, NFTA_IMMEDIATE_DREG, target);
    put_value(nft, NFTA_IMMEDIATE_DATA, value, length);
    expression_end(nft, expression);
}

static void nft_load_value(struct nft *nft, const void *value, size_t length)
{
    nft_load_value_to(nft, NFT_REG_1, value, length);
}

void nft_set_mark(struct nft *nft, uint32_t mark)
{
    struct expression expression;

    nft_load_value(nft, &mark, sizeof(mark));
    expression = expression_begin(nft, "meta");
    netlink_put_be32(nft->rule, NFTA_META_KEY, NFT_META_MARK);
    netlink_put_be32(nft->rule, NFTA_META_SREG, NFT_REG_1);
    expression_end(nft, expression);
}

void nft_tproxy(struct nft *nft, uint32_t family, uint16_t port)
{
    uint16_t wire = htons(port);
    struct expression expression;

    nft_load_value(nft, &wire, sizeof(wire));
    expression = expression_begin(nft, "tproxy");
    netlink_put_be32(nft->rule, NFTA_TPROXY_FAMILY, family);
    netlink_put_be32(nft->rule, NFTA_TPROXY_REG_PORT, NFT_REG_1);
    expression_end(nft, expression);
}

void nft_to_port(struct nft *nft, uint16_t port)
{
    uint16_t wire = htons(port);
    struct expression expression;

    nft_load_value(nft, &wire, sizeof(wire));
    expression = expression_begin(nft, "nat");
    netlink_put_be32(nft->rule, NFTA_NAT_TYPE, NFT_NAT_DNAT);
    netlink_put_be32(nft->rule, NFTA_NAT_FAMILY, NFPROTO_IPV4);
    netlink_put_be32(nft->rule, NFTA_NAT_REG_PROTO_MIN, NFT_REG_1);
    expression_end(nft, expression);
}

void nft_to_address(struct nft *nft, uint32_t address, uint16_t port)
{
    uint32_t wire_address = htonl(address);
    uint16_t wire_port = htons(port);
    struct expression expression;

    nft_load_value(nft, &wire_address, sizeof(wire_address));
    nft_load_value_to(nft, NFT_REG_2, &wire_port, sizeof(wire_port));
    expression = expression_begin(nft, "nat");
    netlink_put_be32(nft->rule, NFTA_NAT_TYPE, NFT_NAT_DNAT);
    netlink_put_be32(nft->rule, NFTA_NAT_FAMILY, NFPROTO_IPV4);
    netlink_put_be32(nft->rule, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
    netlink_put_be32(nft->rule, NFTA_NAT_REG_PROTO_MIN, NFT_REG_2);
    expression_end(nft, expression);
}

void nft_masquerade(struct nft *nft)
{
    expression_end(nft, expression_begin(nft, "masq"));
}

void nft_verdict(struct nft *nft, int verdict)
{
    struct expression expression = expression_begin(nft, "immediate");
    struct nlattr *data, *code;

    netlink_put_be32(nft->rule, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    data = netlink_nest(nft->rule, NFTA_IMMEDIATE_DATA);
    code = netlink_nest(nft->rule, NFTA_DATA_VERDICT);
    netlink_put_be32(nft->rule, NFTA_VERDICT_CODE, (uint32_t)verdict);
    netlink_nest_end(nft->rule, code);
    netlink_nest_end(nft->rule, data);
    expression_end(nft, expression);
}

void nft_reset(struct nft *nft)
{
    struct expression expression = expression_begin(nft, "reject");

    netlink_put_be32(nft->rule, NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST);
    expression_end(nft, expression);
}

void nft_reject(struct nft *nft)
{
    struct expression expression = expression_begin(nft, "reject");

    netlink_put_be32(nft->rule, NFTA_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH);
    netlink_put_u8(nft->rule, NFTA_REJECT_ICMP_CODE, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
    expression_end(nft, expression);
}
