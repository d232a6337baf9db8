/*
 * Data of MPI datatypes, for the simulated machine's own collectives: from and to packets, and reduced.
 * Nothing is read from or written to folded memory (machine.h).
 */
#ifndef COMMON_MPI_MACHINES_TYPED_H
#define COMMON_MPI_MACHINES_TYPED_H

#include "common/mpi/machines/transfer.h"

#include <mpi.h>
#include <stdbool.h>

/* What is known of a datatype. */
struct typed {
    MPI_Datatype type;
    size_t size;     /* bytes of data in one element */
    MPI_Aint extent; /* from one element to the next */
    MPI_Aint lower,
        true_bytes; /* of one element: the first byte of its data, and how many to the last */
    bool is_plain;  /* in memory as in a packet */
};
/* Is called by a rank, never by work beside it. */
struct typed typed_of(MPI_Datatype type);

/* Elements of one type in memory. */
struct block {
    char *data;
    long count;
    const struct typed *typed;
};
struct block block_part(struct block block, long first, long count);
size_t block_bytes(struct block block); /* in a packet */

/* Part `part` of `parts` that are as equal as can be. */
struct block block_share(struct block block, int part, int parts);
/* The same bytes of one that lies in memory as in a packet: the same part on every rank, whatever its
 * datatype. */
struct block block_as_bytes(struct block block);
struct block block_of_packet(struct packet packet);

/* The elements of all blocks, one behind the other. */
struct packet block_pack(int count, const struct block block[]);
/* The packet's data goes into the blocks, and is freed. MPI_ERR_TRUNCATE: it is of another length. */
int block_unpack(struct packet packet, int count, const struct block block[]);
int block_copy(struct block from, struct block to);
/* block = block op packet, or packet op block; the packet is freed. The error as of block_unpack. */
int block_reduce(struct packet packet, struct block block, MPI_Op op, bool is_packet_first);

/* The same data once more. */
struct packet packet_copy(struct packet packet);

/* Room for as many elements as in the block, with undefined values: folded if that is. */
struct block block_room(struct block like);
void block_free_room(struct block room);

#endif
