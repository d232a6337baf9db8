/*
 * Messages of the simulated machine's own collectives. They take the time that messages of MPI take,
 * and can't be mistaken for one: sender and receiver meet by the key below, in memory that all ranks
 * share. Those of one key arrive in the order in which they were sent.
 *
 * Up to SMPI's threshold a send is over at once; above, and for every message where the simulation is
 * one without buffered sends, when it has arrived.
 */
#ifndef COMMON_MPI_MACHINES_TRANSFER_H
#define COMMON_MPI_MACHINES_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

struct transfer_key {
    uint64_t context;  /* of the communicator */
    uint64_t sequence; /* which of its collectives */
    int from, to;      /* ranks of the communicator */
    int way;           /* where more than one message goes from one rank to another at once */
};

/* What is sent. */
struct packet {
    void *data;   /* malloc()ed; NULL: the time of so many bytes, but no data */
    size_t bytes; /* how long it takes */
};

struct transfer; /* under way */

/* Begins to send or receive. The packet's data is taken over. Each is waited for once, which frees it. */
struct transfer *transfer_send(struct transfer_key key, struct packet packet);
struct transfer *transfer_receive(struct transfer_key key);
void transfer_wait_sent(struct transfer *transfer);
/* The packet's data is the caller's, to free. */
struct packet transfer_wait_received(struct transfer *transfer);

#endif
