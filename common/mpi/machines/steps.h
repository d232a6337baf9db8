/*
 * One collective call on the simulated machine: what it was called with, and the algorithms that
 * carry it out by messages (transfer.h). A blocking call is carried out by the rank itself, a
 * non-blocking one beside it (beside.h), by the same function: so both take the same time.
 *
 * Algorithms: Thakur, Rabenseifner and Gropp, Optimization of Collective Communication Operations in
 * MPICH (2005); the halving and doubling here goes to near ranks with much and to far ones with little.
 */
#ifndef COMMON_MPI_MACHINES_STEPS_H
#define COMMON_MPI_MACHINES_STEPS_H

#include "common/mpi/machines/typed.h"

/* One side's arguments. */
struct side {
    char *buffer; /* or MPI_IN_PLACE */
    int count;    /* where counts is NULL: for every rank */
    const int *counts, *places;
    const MPI_Aint *displacements; /* instead of places: bytes (MPI_Neighbor_alltoallw) */
    bool places_are_bytes;         /* MPI_Alltoallw */
    struct typed typed;            /* where types is NULL */
    struct typed *types;           /* malloc()ed */
};

struct collective {
    const char *function; /* "PMPI_Ibcast", also of MPI_Bcast */
    bool is_blocking;
    void (*carry_out)(struct collective *);
    struct side input, output;
    MPI_Op op;
    bool commutes;
    bool is_uneven; /* with a count of its own for each rank */
    int root;
    int rank, size;
    int ranks_of_run;
    MPI_Comm comm;
    struct transfer_key line; /* context and sequence of all its messages */
    int neighbour_count;      /* of a Cartesian communicator; each may be MPI_PROC_NULL */
    int *neighbours;          /* malloc()ed */
    int error;                /* the first that happened, or MPI_SUCCESS */
    char *disagreement;       /* with the other ranks (agreement.h); malloc()ed */
};

/* ---- what algorithms are made of: steps.c --------------------------------------------------- */

/* As the program called it: "MPI_Bcast". Returns text. */
enum { COLLECTIVE_NAME = 40 };
const char *collective_name(const struct collective *call, char text[COLLECTIVE_NAME]);
/* How the message begins that ends the run where ranks don't agree about a collective; the grader knows
 * it. */
#define COLLECTIVES_CLASH "collectives differ: "

bool collective_is_in_place(const struct collective *call);
/* What is this rank's of, or for, rank k. */
struct block side_block(const struct side *side, int k);
/* What MPI says. */
void collective_note_error(struct collective *call, int error);

struct transfer *collective_begin_send(struct collective *call, int to, struct packet packet);
struct transfer *collective_begin_receive(struct collective *call, int from);
void collective_send(struct collective *call, int to, struct packet packet);
struct packet collective_receive(struct collective *call, int from);
/* Both at once. */
struct packet collective_exchange(struct collective *call, int to, struct packet packet, int from);
/* Received, and put there. */
void collective_put(struct collective *call, struct packet packet, struct block block);
/* Where no more than the two ranks have to agree about the size: if they don't, the run ends. */
void collective_put_from(struct collective *call, int from, struct packet packet,
                         struct block block);
/* What this rank gives itself: likewise. */
void collective_copy(struct collective *call, struct block from, struct block to);

/* ---- spread.c: everybody has block `rank`, and then all of them ----------------------------- */

void spread_blocks(struct collective *call, const struct block block[]);

/* ---- the calls ------------------------------------------------------------------------------ */

void carry_out_barrier(struct collective *call);
void carry_out_bcast(struct collective *call);
void carry_out_gather(struct collective *call);
void carry_out_scatter(struct collective *call);
void carry_out_allgather(struct collective *call);
void carry_out_alltoall(struct collective *call);
void carry_out_neighbor_allgather(struct collective *call);
void carry_out_neighbor_alltoall(struct collective *call);
void carry_out_reduce(struct collective *call);
void carry_out_allreduce(struct collective *call);
void carry_out_reduce_scatter(struct collective *call);
void carry_out_scan(struct collective *call);
void carry_out_exscan(struct collective *call);

#endif
