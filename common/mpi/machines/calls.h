/* From the arguments of a collective to the call that is carried out: calls.c. */
#ifndef COMMON_MPI_MACHINES_CALLS_H
#define COMMON_MPI_MACHINES_CALLS_H

#include "common/mpi/machines/steps.h"

/* In place of a request: the call returns when it is over. */
#define AT_ONCE (&calls_at_once)
extern MPI_Request calls_at_once;

/* A call over this communicator, of the function "PMPI_I…" whose name stays valid; arguments that MPI
 * does not allow leave their error in it. */
struct collective call_over(const char *function, MPI_Comm comm,
                            void (*carry_out)(struct collective *));
void call_set_root(struct collective *call, int root);
void call_set_op(struct collective *call, MPI_Op op);
/* One side's arguments: the same for every rank, or for each of so many ranks or neighbours its own; the
 * last with displacements in bytes and a datatype for each. */
void call_set_even(struct collective *call, struct side *side, const void *buffer, int count,
                   MPI_Datatype type);
void call_set_uneven(struct collective *call, struct side *side, const void *buffer,
                     const int counts[], const int places[], MPI_Datatype type, int peers);
void call_set_typed(struct collective *call, struct side *side, const void *buffer,
                    const int counts[], const int places[], const MPI_Aint displacements[],
                    const MPI_Datatype types[], int peers);
/* The ranks on both sides in every dimension of a Cartesian communicator. */
void call_set_neighbours(struct collective *call);

/* Carries it out, or begins to. Returns MPI's error. */
int call_make(struct collective *call, MPI_Request *request);

#endif
