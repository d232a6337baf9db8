/*
 * Persistent sends of the simulated machine. SMPI takes one of up to 64 KiB that is started anew for the
 * one that is still on its way, and both get lost. Here each start is a send of its own behind the
 * program's handle, which to SMPI stays a request that was never started.
 *
 * These are SMPI's own functions, for requests among which such handles may be.
 */
#ifndef COMMON_MPI_MACHINES_PERSISTENT_H
#define COMMON_MPI_MACHINES_PERSISTENT_H

#include <mpi.h>

int persistent_wait(MPI_Request *request, MPI_Status *status);
int persistent_test(MPI_Request *request, int *flag, MPI_Status *status);
int persistent_waitall(int count, MPI_Request requests[], MPI_Status statuses[]);
int persistent_testall(int count, MPI_Request requests[], int *flag, MPI_Status statuses[]);
int persistent_waitany(int count, MPI_Request requests[], int *index, MPI_Status *status);
int persistent_testany(int count, MPI_Request requests[], int *index, int *flag,
                       MPI_Status *status);
int persistent_waitsome(int count, MPI_Request requests[], int *completed, int indices[],
                        MPI_Status statuses[]);
int persistent_testsome(int count, MPI_Request requests[], int *completed, int indices[],
                        MPI_Status statuses[]);

#endif
