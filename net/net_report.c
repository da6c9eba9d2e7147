/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net_report.h"

#include <sys/socket.h>
#include <sys/time.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/json.h"
#include "net/worker_protocol.h"

enum { PATIENCE_S = 5, REPORT_MAX_BYTES = 64 * 1024 * 1024 };

static const struct codec_field network_codec[] = {
    CODEC_FIELD(struct report_network, name, CODEC_STRING),
    CODEC_FIELD(struct report_network, subnet, CODEC_STRING),
    CODEC_FIELD(struct report_network, subnet6, CODEC_STRING),
    CODEC_FIELD(struct report_network, more_subnets, CODEC_STRINGS),
    CODEC_FIELD(struct report_network, internal, CODEC_BOOL),
    {0},
};

static const struct codec_field member_codec[] = {
    CODEC_FIELD(struct report_member, instance, CODEC_STRING),
    CODEC_FIELD(struct report_member, network, CODEC_STRING),
    CODEC_FIELD(struct report_member, address, CODEC_STRING),
    CODEC_FIELD(struct report_member, address6, CODEC_STRING),
    CODEC_FIELD(struct report_member, names, CODEC_STRINGS),
    CODEC_FIELD(struct report_member, rank, CODEC_INT),
    {0},
};

static const struct codec_field port_codec[] = {
    CODEC_FIELD(struct report_port, instance, CODEC_STRING),
    CODEC_FIELD(struct report_port, host, CODEC_STRINGS),
    CODEC_FIELD(struct report_port, target, CODEC_STRING),
    CODEC_FIELD(struct report_port, udp, CODEC_BOOL),
    CODEC_FIELD(struct report_port, open, CODEC_BOOL),
    CODEC_FIELD(struct report_port, listening, CODEC_BOOL),
    CODEC_FIELD(struct report_port, connections, CODEC_INT),
    {0},
};

const struct codec_field net_report_codec[] = {
    CODEC_LIST(struct net_report, networks, n_networks, network_codec),
    CODEC_LIST(struct net_report, members, n_members, member_codec),
    CODEC_LIST(struct net_report, ports, n_ports, port_codec),
    CODEC_FIELD(struct net_report, outbound_connections, CODEC_INT),
    CODEC_FIELD(struct net_report, outbound_flows, CODEC_INT),
    CODEC_FIELD(struct net_report, outbound_pings, CODEC_INT),
    CODEC_FIELD(struct net_report, may_ping, CODEC_BOOL),
    {0},
};

static int question_send(int fd, struct error *err)
{
    const struct worker_message question = {.op = WORKER_REPORT};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    scoped(json_release) json_t *json = codec_encode(worker_message_codec, &question);
    scoped_text struct text bytes = {0};

    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
        return error_sys(err, "prepare the connection");
    json_format(json, &bytes);
    return fd_message_send(fd, bytes.data, bytes.length, NULL, 0, err);
}

static int answer_receive(int fd, struct text *answer, struct error *err)
{
    scoped_text struct text part = {0};
    enum fd_message_result result;
    int fds[FD_MESSAGE_MAX_FDS];
    size_t n_fds;

    for (;;) {
        if (fd_message_receive(fd, &part, fds, &n_fds, &result, err) < 0)
            return -1;
        if (result == FD_MESSAGE_CLOSED)
            return 0;
        if (result == FD_MESSAGE_NONE)
            return error_set(err, "no answer within %d s", PATIENCE_S);
        text_append_bytes(answer, text_get(&part), part.length);
        if (answer->length > REPORT_MAX_BYTES)
            return error_set(err, "the answer is longer than %d bytes", REPORT_MAX_BYTES);
    }
}

int net_report_ask(int run_dir_fd, struct arena *arena, struct net_report **ret_report,
                   struct error *err)
{
    scoped(json_release) json_t *json = NULL;
    scoped_text struct text answer = {0};
    struct net_report *report;
    scoped_fd int fd = -1;

    *ret_report = NULL;
    if (fd_message_connect(run_dir_fd, "net.sock", &fd, err) < 0)
        return -1;
    if (fd < 0)
        return 0;
    if (question_send(fd, err) < 0 || answer_receive(fd, &answer, err) < 0)
        return error_wrap(err, "ask the net worker");
    json = json_parse(text_get(&answer), answer.length, err);
    report = arena_new_object(arena, struct net_report);
    if (!json || codec_decode(net_report_codec, json, report, arena, err) < 0)
        return error_wrap(err, "answer of the net worker");
    *ret_report = report;
    return 0;
}
