/* SPDX-License-Identifier: Apache-2.0 */
#include "net/bandwidth.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* A hundredth of a second's bytes may go at once, a tenth may wait; and never so little that a
 * large packet does not fit. */
enum { BURSTS_PER_S = 100, QUEUES_PER_S = 10, BURST_MIN_BYTES = 16 * 1024 };

static uint32_t at_most_u32(uint64_t value)
{
    return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

void bandwidth_batch_limit(struct netlink_batch *batch, int ifindex, int64_t bits_per_second)
{
    struct tcmsg header = {
        .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = TC_H_ROOT};
    uint64_t rate = (uint64_t)bits_per_second / 8;
    uint64_t burst = rate / BURSTS_PER_S > BURST_MIN_BYTES ? rate / BURSTS_PER_S : BURST_MIN_BYTES;
    /* With a link layer named the kernel needs no table of rates. */
    struct tc_tbf_qopt options = {
        .rate = {.linklayer = TC_LINKLAYER_ETHERNET, .rate = at_most_u32(rate)},
        .limit = at_most_u32(burst + rate / QUEUES_PER_S),
    };
    struct nl_msg *message = netlink_batch_add(
        batch, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, &header, sizeof(header));
    struct nlattr *nest;

    netlink_batch_describe(batch, "limit interface %d to %lld bits a second", ifindex,
                           (long long)bits_per_second);
    netlink_put_string(message, TCA_KIND, "tbf");
    nest = netlink_nest(message, TCA_OPTIONS);
    netlink_put(message, TCA_TBF_PARMS, &options, sizeof(options));
    netlink_put_u32(message, TCA_TBF_BURST, at_most_u32(burst));
    if (rate >= UINT32_MAX)
        netlink_put(message, TCA_TBF_RATE64, &rate, sizeof(rate));
    netlink_nest_end(message, nest);
}
