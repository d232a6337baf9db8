/*
 * MPI calls that must not fail.
 *
 *     mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
 *
 * ends the program on all ranks if the call fails, with the source line, the
 * call and MPI's own message. The driver installs an error handler, so that a
 * failing call without mpi_check() ends the program too; only its line is not
 * known then.
 */
#ifndef COMMON_BASE_MPI_CHECK_H
#define COMMON_BASE_MPI_CHECK_H

#include <mpi.h>

#define mpi_check(call)                                                                            \
    (mpi_check_begin(__FILE__, __LINE__, #call), mpi_check_end((call), __FILE__, __LINE__, #call))

/* Makes errors on the communicator fatal, with a message. Communicators made from it inherit. */
void mpi_check_install(MPI_Comm comm);

/* For the macro. */
void mpi_check_begin(const char *file, int line, const char *call);
void mpi_check_end(int code, const char *file, int line, const char *call);

#endif
