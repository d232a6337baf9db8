/*
 * Which communicator the ranks in the log are of. Unless somebody says otherwise
 * it is MPI_COMM_WORLD. And whether there are communicators that the wrappers
 * can't know of.
 */
#ifndef COMMON_MPI_RANKS_H
#define COMMON_MPI_RANKS_H

#include <mpi.h>

/* From now on. comm has all processes as members, and stays; to be called before any MPI call is
 * recorded, and on every rank. */
void log_mpi_ranks_are_of(MPI_Comm comm);

/* From now on all communicators are made by calls of MPI_X, none of PMPI_X: then who uses one that was
 * freed is told so (fatal), where MPI might crash. */
void log_mpi_sees_all_communicators(void);

#endif
