/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: the supervisor's world. One supervisor owns everything here; its files share
 * it.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_SUPERVISOR_STATE_H
#define YAWL_ORCHESTRATOR_SUPERVISE_SUPERVISOR_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/loop.h"
#include "common/text.h"
#include "net/dns/host_resolver.h"
#include "net/net.h"
#include "orchestrator/logs/log_writer.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/state/record.h"
#include "orchestrator/state/roots.h"
#include "orchestrator/supervise/decide.h"
#include "orchestrator/supervise/noted.h"
#include "orchestrator/supervise/request.h"
#include "runtime/container.h"

/* One of a container's two output streams. */
struct output {
    struct instance *instance;
    enum log_stream stream;
    int fifo_fd;
    struct fd_watch *watch;
};

/* The health probe that runs, if any. */
struct probe {
    pid_t pid;
    int pidfd, output_fd;
    bool timed_out;
    struct fd_watch *exit_watch, *output_watch;
    struct text output;
};

/* The hook that runs, if any. */
struct hook_run {
    pid_t pid;
    int pidfd, output_fd;
    struct fd_watch *exit_watch, *output_watch;
    struct text line; /* not yet ended */
    struct text last; /* the last one that was */
};

struct instance {
    struct supervisor *supervisor;
    struct plan_instance *plan; /* what should be; in plan_arena */
    struct arena *plan_arena;
    struct plan_instance
        *made; /* what the existing container was made from, or NULL; in made_arena */
    struct arena *made_arena;
    struct arena *ports_arena; /* of record.ports */
    struct desired want;
    struct observed is;
    struct record record;
    struct text message, waits_for, probe_output; /* behind the record's pointers */
    char oom_process[32];                         /* the same */
    uint64_t largest_bytes; /* of the processes of a run that ended, if the kernel told */
    bool dirty;             /* the record on disk and the clients are behind */
    bool keep_log;          /* of a container that is replaced */

    struct container *container;
    struct kept_root *root; /* of the container's starts, while it runs or comes back */
    int ended_mounts[CONTAINER_MOUNT_FDS]; /* of the last one, until the next one runs; or -1 */
    struct fd_watch *exit_watch, *report_watch;
    struct output outputs[2];
    int terminal_fd; /* the master of its terminal, or -1; its output goes the way of the first */
    struct fd_watch *terminal_watch;
    int input_fd; /* keeps the FIFO of its standard input from ending, or -1; see input.h */
    struct log_writer *log;
    struct probe probe;
    struct hook_run hook;
    struct noted noted;
    bool names_asked; /* the net worker is asked whether it knows that it leaves; see names.h */
};

struct client;

/* A descriptor that an earlier supervisor parked in the keeper. */
struct parked {
    struct parked *next;
    const char *name; /* in the supervisor's arena */
    int fd;
};

struct supervisor {
    struct arena *arena;
    struct roots roots;
    struct project_dir *dir;
    const char *project;
    char boot_id[40];
    struct loop *loop;
    struct timer *wake;
    struct unreaped *unreaped;
    struct net *net;
    struct mapped_tree *tree; /* the data root, for the containers' file systems */
    struct device_program_cache *device_programs;
    struct fd_watch *net_watch;
    struct fd_watch *shared_watch; /* of networks shared with other projects */
    int names_fd;                  /* the net worker's answer, or -1; see names.h */
    struct fd_watch *names_watch;
    struct host_resolver *host_resolver;
    uint64_t net_retry_ms;
    bool uplink_parked; /* net_uplink_fd() */
    bool records_stale; /* some record could not be written */
    bool net_stale;     /* the net worker is to be told something */
    struct plan shared; /* networks, volumes, declared names; in shared_arena */
    struct arena *shared_arena;
    bool *networks_stale; /* per shared network: an earlier definition is still in use; or NULL */
    struct instance **instances;
    size_t n_instances;
    struct client *clients;
    struct parked *parked; /* until all is adopted */
    int listen_fd, keeper_fd, records_fd, logs_fd;
    struct fd_watch *listen_watch, *keeper_watch;
    int lock_fd;
    struct notes notes;
    uint64_t idle_end_ms; /* with nothing to supervise and nobody there, the end */
    bool keeper_lost, finished;
    bool trash_filled;     /* by us, since it was emptied; see state/trash.h */
    const char *successor; /* the program that takes over from us, or NULL; in arena */
};

/* -- instance.c */

/* Takes over the arena. What exists (made) is not touched. */
struct instance *instance_new(struct supervisor *supervisor, struct plan_instance *plan,
                              struct arena *take_arena);
void instance_free(struct instance *instance);
/* Gives an instance a newer plan; whether what exists is replaced is for who asks to say. */
void instance_set_plan(struct instance *instance, struct plan_instance *plan,
                       struct arena *take_arena);
/* Whether it takes the place of the other, which yields to it. */
bool instance_succeeds(const struct instance *instance, const struct instance *yielding);
void instance_set_phase(struct instance *instance, enum phase phase);
void instance_set_message(struct instance *instance, const char *text);
/* The container that it waits for, "": none. */
void instance_set_wait(struct instance *instance, const char *name);
struct instance *supervisor_find(struct supervisor *supervisor, const char *name);
/* Brings the record up to date with `is`. */
void instance_renew_record(struct instance *instance);
/* And writes it. */
MUST_CHECK int instance_write_record(struct instance *instance, struct error *err);
MUST_CHECK int instance_write_plan(struct instance *instance, const char *suffix,
                                   const struct plan_instance *plan, struct error *err);
/* The other way: a plan that was written, or NULL. */
MUST_CHECK int instance_read_plan(struct supervisor *supervisor, const char *name,
                                  const char *suffix, struct arena *arena,
                                  struct plan_instance **ret_plan, struct error *err);

/* -- actions.c */

void instance_perform(struct instance *instance, enum action_kind kind, uint64_t now_ms);
/* Furnishes the network of a container that was created or adopted; what is there stays. */
MUST_CHECK int network_join(struct instance *instance, struct error *err);
/* Kills all of its processes; what fails is said in the log. */
void container_kill_or_warn(struct instance *instance);
/* Watches a container's end and, while it starts, its report. */
void instance_watch(struct instance *instance);
/* What was learnt from the end of process 1. */
void instance_ended(struct instance *instance, int wait_status, uint64_t now_ms);

/* -- container_files.c: what is written for a container before it starts */

MUST_CHECK int container_files_write(struct instance *instance, struct error *err);
/* The host's resolv.conf has changed: what follows it in a container that runs follows. */
MUST_CHECK int container_files_follow(struct instance *instance, struct error *err);

/* -- links.c */

struct links links_of(struct supervisor *supervisor, struct instance *instance);

/* -- adopt.c: from records and plans on disk to instances */

MUST_CHECK int supervisor_adopt(struct supervisor *supervisor, struct error *err);

/* -- apply.c: requests that change what is wanted */

MUST_CHECK int supervisor_request(struct supervisor *supervisor, const struct request *request,
                                  struct error *err);

/* -- control.c: clients on the control socket */

MUST_CHECK int control_open(struct supervisor *supervisor, struct error *err);
void control_close(struct supervisor *supervisor);
void control_send_record(struct supervisor *supervisor, const struct instance *instance);
void control_send_gone(struct supervisor *supervisor, const char *name);
void control_send_end(struct supervisor *supervisor);

#endif
