/*
 * Requests of the simulated machine's own non-blocking collectives. To SMPI the handle is an inactive
 * request. The functions that complete requests are the kit's here (complete.c): they know these handles,
 * and leave all others to SMPI.
 */
#ifndef COMMON_MPI_MACHINES_OWN_REQUESTS_H
#define COMMON_MPI_MACHINES_OWN_REQUESTS_H

#include "common/mpi/machines/steps.h"

struct own_request {
    struct own_request *next;
    MPI_Request handle;
    struct own_request
        *behind; /* the next call over the same communicator, while this one is under way */
    bool is_complete;
    struct collective call;
};

/* Begins a call beside the rank, and makes its request. `call` is copied. */
int own_request_start(const struct collective *call, MPI_Request *request);

/* NULL: it is none of them. */
struct own_request *own_request_find(MPI_Request handle);
/* How many have completed so far. */
extern unsigned long own_request_completions;
/* Waits until there are more than `seen`. */
void own_request_wait_for_more(unsigned long seen);
/* The program's handle is done with. Returns the error of what it stood for. */
int own_request_end(struct own_request *own, MPI_Request *handle);
int own_request_wait_and_end(struct own_request *own, MPI_Request *handle);

/* SMPI's own function: pointers to functions don't fit through a void pointer but in this way. */
#define ORIGINAL(name, function)                                                                   \
    static __typeof__(function) *name;                                                             \
    if (name == NULL)                                                                              \
    own_request_find_original(#function, &name, sizeof name)
void own_request_find_original(const char *function, void *pointer, size_t bytes);

/* Frees what hangs on a call that has been carried out. */
void collective_free(struct collective *call);

#endif
