/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/read_ahead.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "common/memory.h"

/*
 * A ring of slots between one writer and one reader:
 *
 *     taken <= filled <= taken + SLOTS
 *
 * Slot `i % SLOTS` belongs to the thread while filled == i, and to the reader while taken == i -
 * that is, from being filled until the reader asks for the next one. The copy into the slot gathers
 * the inner source's small pieces (an inflater's are 64 KiB), so that hand-overs are rare.
 */
enum { SLOTS = 4, SLOT_BYTES = 512 * 1024 };

struct slot {
    size_t length;
    char bytes[SLOT_BYTES];
};

struct read_ahead {
    struct byte_source *inner;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t filled, taken;
    bool holding;  /* the reader is still looking at slot `taken` */
    bool stopping; /* the reader is gone */
    bool ended;    /* nothing comes after `filled` */
    bool failed;   /* what comes after `filled` is `err` */
    struct error err;
    /* The thread's own: what the inner source gave and did not fit. */
    const char *rest;
    size_t rest_length;
    struct slot slots[SLOTS];
};

/* Fills a slot as far as the inner source goes. Returns -1 on its error; *ret_end after its end. */
static int fill_slot(struct read_ahead *ahead, struct slot *slot, bool *ret_end, struct error *err)
{
    slot->length = 0;
    while (slot->length < SLOT_BYTES) {
        size_t room = SLOT_BYTES - slot->length;
        const void *bytes;

        if (ahead->rest_length == 0) {
            if (byte_source_read(ahead->inner, &bytes, &ahead->rest_length, err) < 0)
                return -1;
            ahead->rest = bytes;
        }
        if (ahead->rest_length == 0) {
            *ret_end = true;
            return 0;
        }
        if (room > ahead->rest_length)
            room = ahead->rest_length;
        memcpy(slot->bytes + slot->length, ahead->rest, room);
        slot->length += room;
        ahead->rest += room;
        ahead->rest_length -= room;
    }
    return 0;
}

/* Waits for a free slot; NULL when the reader is gone. */
static struct slot *wait_for_room(struct read_ahead *ahead)
{
    struct slot *slot;

    (void)pthread_mutex_lock(&ahead->mutex);
    while (!ahead->stopping && ahead->filled - ahead->taken == SLOTS)
        (void)pthread_cond_wait(&ahead->changed, &ahead->mutex);
    slot = ahead->stopping ? NULL : &ahead->slots[ahead->filled % SLOTS];
    (void)pthread_mutex_unlock(&ahead->mutex);
    return slot;
}

static void *read_ahead_run(void *owner)
{
    struct read_ahead *ahead = owner;
    bool end = false;
    bool failed = false;

    while (!end && !failed) {
        struct slot *slot = wait_for_room(ahead);
        struct error err = {0};

        if (!slot)
            break;
        failed = fill_slot(ahead, slot, &end, &err) < 0;
        (void)pthread_mutex_lock(&ahead->mutex);
        if (failed)
            ahead->err = err;
        ahead->failed = failed;
        ahead->ended = end || failed;
        if (slot->length > 0)
            ahead->filled++;
        (void)pthread_cond_signal(&ahead->changed);
        (void)pthread_mutex_unlock(&ahead->mutex);
    }
    return NULL;
}

static int read_ahead_read(void *owner, const void **ret_bytes, size_t *ret_length,
                           struct error *err)
{
    struct read_ahead *ahead = owner;
    int result = 0;

    (void)pthread_mutex_lock(&ahead->mutex);
    if (ahead->holding) {
        ahead->holding = false;
        ahead->taken++;
        (void)pthread_cond_signal(&ahead->changed);
    }
    while (ahead->filled == ahead->taken && !ahead->ended)
        (void)pthread_cond_wait(&ahead->changed, &ahead->mutex);
    *ret_length = 0;
    if (ahead->filled != ahead->taken) {
        struct slot *slot = &ahead->slots[ahead->taken % SLOTS];

        *ret_bytes = slot->bytes;
        *ret_length = slot->length;
        ahead->holding = true;
    } else if (ahead->failed) {
        if (err)
            *err = ahead->err;
        result = -1;
    }
    (void)pthread_mutex_unlock(&ahead->mutex);
    return result;
}

static void read_ahead_free(void *owner)
{
    struct read_ahead *ahead = owner;

    (void)pthread_mutex_lock(&ahead->mutex);
    ahead->stopping = true;
    (void)pthread_cond_signal(&ahead->changed);
    (void)pthread_mutex_unlock(&ahead->mutex);
    (void)pthread_join(ahead->thread, NULL);
    (void)pthread_cond_destroy(&ahead->changed);
    (void)pthread_mutex_destroy(&ahead->mutex);
    byte_source_free(ahead->inner);
    free(ahead);
}

static const struct byte_source_ops read_ahead_ops = {.read = read_ahead_read,
                                                      .free = read_ahead_free};

struct byte_source *read_ahead_new(struct byte_source *take_inner)
{
    struct read_ahead *ahead = memory_new(struct read_ahead);

    ahead->inner = take_inner;
    if (pthread_mutex_init(&ahead->mutex, NULL) != 0 ||
        pthread_cond_init(&ahead->changed, NULL) != 0)
        abort();
    /* Without a thread the inner source is read directly; it is only slower. */
    if (pthread_create(&ahead->thread, NULL, read_ahead_run, ahead) != 0) {
        free(ahead);
        return take_inner;
    }
    return byte_source_new(&read_ahead_ops, ahead);
}
