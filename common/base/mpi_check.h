/*
 * MPI calls that must not fail.
 *
 *     mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
 *
 * ends the program on all ranks if the call fails, with the source line, the
 * call, MPI's own message and the value that was wrong. The driver installs an
 * error handler, so that a failing call without mpi_check() ends the program too;
 * its line is known then where addr2line can tell it.
 */
#ifndef COMMON_BASE_MPI_CHECK_H
#define COMMON_BASE_MPI_CHECK_H

#include <mpi.h>
#include <stddef.h>

#define mpi_check(call)                                                                            \
    (mpi_check_begin(__FILE__, __LINE__, #call), mpi_check_end((call), __FILE__, __LINE__, #call))

/* Makes errors on the communicator fatal, with a message. Communicators made from it inherit. */
void mpi_check_install(MPI_Comm comm);

/* The values of the MPI call that comes next, for a message if it fails. half: 1 for the other half of
 * a call that does two things, behind half 0. */
struct mpi_check_values {
    const void *buffer;
    const void *into; /* of a collective: what comes out */
    int count;
    MPI_Datatype type;
    int peer, tag;
    MPI_Comm comm;
};
void mpi_check_values(int half, const struct mpi_check_values *values);
/* What is doubtful about a request of the MPI call that comes next, where MPI refuses one: words that live as
 * long as the call. NULL: nothing is known. */
void mpi_check_request(const char *doubt);
/* The communicator among them; MPI_COMM_WORLD where there is none. */
MPI_Comm mpi_check_communicator(void);
/* What was wrong with the last values, "there is no rank 4, …"; "" if it is not known. Returns text. */
const char *mpi_check_explain(int code, char *text, size_t size);
/* Who knows what ranks stand for adds to such a message what a rank that does not exist may come from:
 * explain writes ": …", or nothing. */
void mpi_check_set_rank_explanation(void (*explain)(int rank, char *text, size_t size));

/* For the macro. */
void mpi_check_begin(const char *file, int line, const char *call);
void mpi_check_end(int code, const char *file, int line, const char *call);

#endif
