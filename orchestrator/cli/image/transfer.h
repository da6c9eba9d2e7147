/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the images of one pull or push have come: the sum of the events so far.
 *
 * Plain data in an arena; views read it. The clock is the caller's, so that the same events give
 * the same state. Texts from outside are made harmless for a terminal when they come in.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_TRANSFER_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/text.h"
#include "orchestrator/cli/image/image_event.h"

enum transfer_kind { TRANSFER_PULL, TRANSFER_PUSH };

enum transfer_phase { TRANSFER_WAITING, TRANSFER_RUNNING, TRANSFER_DONE, TRANSFER_FAILED };

struct transfer_layer {
    const char *digest;
    enum layer_state state;
    int64_t size;            /* bytes to move; 0: not known */
    int64_t moved;           /* of them */
    int64_t unpacked, whole; /* while it is unpacked */
};

struct transfer_image {
    const char *reference; /* as events name it */
    const char *label;     /* how people know it: "web" */
    enum transfer_phase phase;
    bool changed;
    const char *digest;  /* once it is done */
    const char *message; /* why it failed */
    struct transfer_layer *layers;
    size_t n_layers;
    int64_t size, moved; /* of all layers that have to be moved */
    int quarter;         /* the highest that was passed */
    int64_t rate;        /* bytes a second, smoothed */
    uint64_t started_ms, ended_ms;
    uint64_t measured_ms; /* when the rate was */
    int64_t measured;     /* `moved` then */
};

struct transfer {
    struct arena *arena;
    enum transfer_kind kind;
    struct transfer_image *images;
    size_t n_images;
};

/* Room for `most` images. */
struct transfer *transfer_new(struct arena *arena, enum transfer_kind kind, size_t most);

/* The reference is what the worker is given; a second image of the same reference is left out. */
void transfer_add(struct transfer *transfer, const char *reference, const char *label);

struct transfer_image *transfer_find(const struct transfer *transfer, const char *reference);

/* What an event has changed. */
struct transfer_change {
    const struct transfer_image *image; /* NULL: it is about none of ours */
    const struct transfer_layer *layer; /* that has another state or more bytes, or NULL */
    bool started, ended;                /* the image */
    bool layer_state;                   /* the layer's state is another one */
    int quarter;                        /* 1 to 3: so many quarters were just passed */
};

struct transfer_change transfer_apply(struct transfer *transfer, const struct image_event *event,
                                      uint64_t now_ms);

/* Measures the rates anew; for every redraw. */
void transfer_tick(struct transfer *transfer, uint64_t now_ms);

/* The worker has ended: what it said nothing final about has failed. */
void transfer_finish(struct transfer *transfer, const char *reason, uint64_t now_ms);

size_t transfer_count(const struct transfer *transfer, enum transfer_phase phase);

/* Appends text of others so that it cannot steer a terminal: '?' for what is not printable ASCII.
 */
void transfer_append_plain(const char *text, struct text *out);

/* The first twelve digits of a digest, as docker names layers; at most as long as the text. */
const char *transfer_short_digest(const char *digest, char ret_short[13]);

#endif
