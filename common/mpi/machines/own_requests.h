/*
 * Requests of the simulated machine's own non-blocking collectives. To SMPI the handle is an inactive
 * request. The functions that complete requests are the kit's here: they know these handles, and leave
 * all others to SMPI.
 */
#ifndef COMMON_MPI_MACHINES_OWN_REQUESTS_H
#define COMMON_MPI_MACHINES_OWN_REQUESTS_H

#include "common/mpi/machines/steps.h"

/* Begins a call beside the rank, and makes its request. `call` is copied. */
int own_request_start(const struct collective *call, MPI_Request *request);

/* Frees what hangs on a call that has been carried out. */
void collective_free(struct collective *call);

#endif
