/*
 * Messages of collectives; see transfer.h.
 *
 * Whoever comes first opens a meeting and waits at a mailbox of SimGrid's; the other one finds the
 * meeting by its key. From then on nobody else can come to that mailbox, and the next meeting may have
 * it: SimGrid keeps every mailbox that was ever named until the end. SimGrid only takes the time; the
 * data is handed over by its pointer.
 */
#include "common/mpi/machines/transfer.h"

#include "common/base/fatal.h"
#include "common/base/machines/simulated.h"

#include <simgrid/comm.h>

#include <simgrid/mailbox.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xbt/config.h>

#define BUCKETS (1 << 14)

struct meeting {
    struct meeting *next; /* of those that wait in one bucket, the oldest first */
    struct transfer_key key;
    bool is_sender_waiting; /* or the receiver */
    int members;            /* who will still look at it */
    sg_mailbox_t mailbox;
    struct packet packet;
    void *token, *taken; /* what SimGrid copies */
};

struct idle_mailbox {
    struct idle_mailbox *next;
    sg_mailbox_t mailbox;
};

/* What all ranks share. */
struct meetings {
    struct meeting *waiting[BUCKETS];
    struct idle_mailbox *idle;
    int mailboxes;
};

struct transfer {
    sg_comm_t comm; /* NULL: is over already */
    struct meeting *meeting;
};

static struct meetings *all_meetings(void)
{
    static struct meetings *meetings;
    if (meetings == NULL)
        meetings = simulated_shared_memory(SIMULATED_MEETINGS, sizeof *meetings);
    return meetings;
}

static void *memory_for(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (memory == NULL)
        fatal("no memory for the messages of a collective");
    return memory;
}

static struct meeting **bucket_of(const struct transfer_key *key)
{
    uint64_t hash = key->context * 0x9e3779b97f4a7c15u + key->sequence;
    hash = hash * 0x9e3779b97f4a7c15u + (uint64_t)(unsigned)key->from;
    hash = hash * 0x9e3779b97f4a7c15u + (uint64_t)(unsigned)key->to;
    return &all_meetings()->waiting[(hash * 0x9e3779b97f4a7c15u) >> 50];
}

static bool is_same(const struct transfer_key *a, const struct transfer_key *b)
{
    return a->context == b->context && a->sequence == b->sequence && a->from == b->from &&
           a->to == b->to && a->way == b->way;
}

/* ---- mailboxes ------------------------------------------------------------------------------ */

static void give_mailbox_back(sg_mailbox_t mailbox)
{
    struct idle_mailbox *idle = memory_for(sizeof *idle);
    *idle = (struct idle_mailbox){all_meetings()->idle, mailbox};
    all_meetings()->idle = idle;
}

/* While SimGrid makes one, other ranks have their turns. */
static void make_sure_of_a_mailbox(void)
{
    struct meetings *all = all_meetings();
    while (all->idle == NULL) {
        char name[32];
        snprintf(name, sizeof name, "collective-%d", all->mailboxes++);
        give_mailbox_back(sg_mailbox_by_name(name));
    }
}

static sg_mailbox_t take_mailbox(void)
{
    struct idle_mailbox *idle = all_meetings()->idle;
    const sg_mailbox_t mailbox = idle->mailbox;
    all_meetings()->idle = idle->next;
    free(idle);
    return mailbox;
}

/* ---- meetings ------------------------------------------------------------------------------- */

/* The oldest at which the other side waits already, or a new one, at which this side does. */
static struct meeting *meet(const struct transfer_key *key, bool is_sender, bool *was_there)
{
    make_sure_of_a_mailbox(); /* from here on no other rank has its turn */
    struct meeting **place = bucket_of(key);
    for (; *place != NULL; place = &(*place)->next) {
        struct meeting *meeting = *place;
        if (meeting->is_sender_waiting == is_sender || !is_same(&meeting->key, key))
            continue;
        *place = meeting->next;
        *was_there = true;
        return meeting;
    }
    struct meeting *new = memory_for(sizeof *new);
    *new = (struct meeting){
        .key = *key, .is_sender_waiting = is_sender, .members = 2, .mailbox = take_mailbox()};
    *place = new;
    *was_there = false;
    return new;
}

static void leave(struct meeting *meeting)
{
    if (--meeting->members == 0)
        free(meeting);
}

static struct transfer *new_transfer(sg_comm_t comm, struct meeting *meeting)
{
    struct transfer *new = memory_for(sizeof *new);
    *new = (struct transfer){comm, meeting};
    return new;
}

/* ---- messages ------------------------------------------------------------------------------- */

static bool is_buffered(size_t bytes)
{
    static int threshold = -1;
    if (threshold < 0)
        threshold = sg_cfg_get_int("smpi/send-is-detached-thresh");
    return bytes < (size_t)threshold;
}

struct transfer *transfer_send(struct transfer_key key, struct packet packet)
{
    bool was_there;
    struct meeting *meeting = meet(&key, true, &was_there);
    const sg_mailbox_t mailbox = meeting->mailbox;
    sg_comm_t comm = NULL;
    meeting->packet = packet;
    if (is_buffered(packet.bytes)) {
        /* SMPI frees what a detached message carries. */
        comm = sg_mailbox_put_init(mailbox, memory_for(sizeof(void *)), (long)packet.bytes);
        sg_comm_detach(comm, NULL);
        comm = NULL;
    } else {
        comm = sg_mailbox_put_async(mailbox, &meeting->token, (long)packet.bytes);
    }
    if (was_there)
        give_mailbox_back(mailbox);
    return new_transfer(comm, meeting);
}

struct transfer *transfer_receive(struct transfer_key key)
{
    bool was_there;
    struct meeting *meeting = meet(&key, false, &was_there);
    const sg_mailbox_t mailbox = meeting->mailbox;
    const sg_comm_t comm = sg_mailbox_get_async(mailbox, &meeting->taken);
    if (was_there)
        give_mailbox_back(mailbox);
    return new_transfer(comm, meeting);
}

static void wait_and_free(struct transfer *transfer)
{
    if (transfer->comm != NULL && sg_comm_wait(transfer->comm) != SG_OK)
        fatal("a message of a collective was lost in the simulated network");
    free(transfer);
}

void transfer_wait_sent(struct transfer *transfer)
{
    struct meeting *meeting = transfer->meeting;
    wait_and_free(transfer);
    leave(meeting);
}

struct packet transfer_wait_received(struct transfer *transfer)
{
    struct meeting *meeting = transfer->meeting;
    wait_and_free(transfer);
    const struct packet packet = meeting->packet;
    leave(meeting);
    return packet;
}
