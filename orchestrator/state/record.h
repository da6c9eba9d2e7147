/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of one container: kept on disk after every change, sent to clients, shown by `ps`.
 *
 * A record outlives the supervisor that wrote it; the next one adopts from it. It is plain data in
 * an arena.
 */
#ifndef YAWL_ORCHESTRATOR_STATE_RECORD_H
#define YAWL_ORCHESTRATOR_STATE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/codec.h"
#include "orchestrator/state/roots.h"

enum phase {
    PHASE_ABSENT,   /* nothing of it exists */
    PHASE_CREATED,  /* has its directories and FIFOs; never ran, or is to run again */
    PHASE_STARTING, /* cloned; the program is not yet executed */
    PHASE_RUNNING,
    PHASE_EXITED, /* process 1 is gone; its cgroup and network are not yet cleaned */
    PHASE_DONE,   /* ran, ended, and is cleaned up */
    PHASE_FAILED, /* could not be started; see message */
};

enum health { HEALTH_NONE, HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

struct record_port {
    const char *host_ip; /* NULL: all */
    int host_port, container_port;
    bool udp;
};

/* What we did to a container to end it, or only sent it. */
struct record_signal {
    const char *by;    /* the command: "stop", "kill", "up", ...; NULL: nothing */
    int number;        /* sent to process 1; 0: none */
    bool ends;         /* it was to end: no restart policy applies */
    bool missed;       /* process 1 does not handle it */
    bool killed;       /* all of its processes were, then */
    int64_t waited_ms; /* between the two */
};

/* Of the last run that has ended, beside wait_status, oom_killed and finished_ns. */
struct record_end {
    uint64_t started_ns;
    struct record_signal signal;
    uint64_t memory_limit_bytes, memory_peak_bytes; /* 0: not known */
    uint64_t largest_bytes;                         /* of its processes, resident */
    const char *oom_process;                        /* who was killed for memory, or NULL */
    uint64_t oom_process_bytes;
};

/* The last health probe. */
struct record_probe {
    int count;            /* which one since the start; 0: there was none */
    int failures;         /* that counted, in a row */
    int64_t retries;      /* so many make it unhealthy */
    int wait_status;      /* as of waitpid(2) */
    int64_t timed_out_ms; /* it was killed after so long; 0: it ended by itself */
    uint64_t ended_ns;    /* CLOCK_REALTIME */
    const char *output;   /* its beginning, UTF-8, without control characters; or NULL */
};

struct record {
    const char *name;    /* "shop-api-1" */
    const char *service; /* "api" */
    const char *label;   /* "api-1": the prefix of its log lines */
    int number;
    bool quiet;  /* `attach: false`: shown by `logs` when asked for by name */
    bool oneoff; /* of `run` */
    bool hook;   /* a pre_start hook's */
    const char *image, *image_digest, *config_hash;
    const char *command; /* for people */

    int phase;  /* enum phase */
    int health; /* enum health */
    bool has_health;
    int goal;     /* enum goal of the supervisor: 0 absent, 1 stopped, 2 running, 3 created */
    bool wanted;  /* the goal is to run */
    bool blocked; /* waits for a dependency that has failed */
    bool will_restart;
    bool replace, bounce;  /* how it is pending */
    bool yields;           /* it is to go once another one of its service is ready */
    bool renew;            /* with empty anonymous volumes */
    int post_started;      /* hooks of this start that are done */
    bool hooks_pending;    /* some are still to run */
    bool hook_failed;      /* one after the start; see message */
    bool stop_refused;     /* one before the stop has failed; see message */
    bool paused, to_pause; /* is, and is wanted */
    int failures;          /* in a row, for on-failure:N */
    int64_t grace_ms;      /* of the stop that is asked for */
    bool pending;          /* is to be replaced or restarted: what is here now does not count */
    const char *message;   /* what it waits for, or why it failed */
    const char *waits_for; /* the container that it waits for, or that keeps it blocked */
    const char *asked_by;  /* the command that made the goal what it is */

    int pid;
    uint64_t start_time; /* of the process, clock ticks since boot */
    const char *boot_id;
    int starts;                /* how often it was started; names the cgroup of each start */
    const char *cgroup_parent; /* where that is; see cgroup.h. NULL: in "yawl/PROJECT" */
    int restarts;              /* by the restart policy */
    int restarts_in_row;       /* without staying up in between */
    bool crash_loop;           /* it ends again and again */
    uint64_t restart_at_ns;    /* with will_restart: when; 0: at once */
    int wait_status;           /* of the last run that has ended */
    bool oom_killed;           /* the same */
    struct record_signal sent; /* since the last start */
    struct record_end end;
    uint64_t created_ns, started_ns, finished_ns; /* CLOCK_REALTIME */
    struct record_port *ports;
    size_t n_ports;
    struct record_probe probe;
};

extern const struct codec_field record_codec[];

/* The exit code as a shell would give it: 128 + signal for a signal. */
int record_exit_code(const struct record *record);

/* A pre_start hook that ended well: as long as its record is there it is not run again, so `rm`
 * leaves it. */
bool record_is_kept_hook(const struct record *record);

/* "Up 4 seconds (healthy)", "Exited (3) 2 minutes ago", as docker says it. */
void record_status_text(const struct record *record, uint64_t now_ns, struct text *out);

/* Reads NAME below dir_fd. *ret_record is NULL when there is none. */
MUST_CHECK int record_read(int dir_fd, const char *file_name, struct arena *arena,
                           struct record **ret_record, struct error *err);
MUST_CHECK int record_write(int dir_fd, const char *file_name, const struct record *record,
                            struct error *err);

/* The directory of the project's records; -1 where there is none, also for a `dir` of NULL. */
int record_dir_open(const struct project_dir *dir);

/* All records (*.json) of a directory, sorted by name; none for a dir_fd of -1. */
MUST_CHECK int record_list(int dir_fd, struct arena *arena, struct record ***ret_records,
                           size_t *ret_count, struct error *err);

#endif
