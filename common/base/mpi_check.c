/*
 * MPI calls that must not fail: see mpi_check.h.
 */
#include "common/base/mpi_check.h"

#include "common/base/fatal.h"

#include <stdio.h>
#include <string.h>

/* The call that mpi_check() is in, for the error handler that MPI calls inside of it. */
static const char *current_file;
static int current_line;
static const char *current_call;

static const char *describe(int code, char text[MPI_MAX_ERROR_STRING])
{
    int length;
    if (PMPI_Error_string(code, text, &length) != MPI_SUCCESS)
        snprintf(text, MPI_MAX_ERROR_STRING, "error %d", code);
    return text;
}

static void handle_error(MPI_Comm *comm, int *code, ...)
{
    (void)comm;
    char text[MPI_MAX_ERROR_STRING];
    describe(*code, text);
    if (current_file != NULL)
        fatal_at("mpi_check", "%s:%d: %s failed: %s", current_file, current_line, current_call,
                 text);
    fatal_at("MPI", "an MPI call failed: %s", text);
}

void mpi_check_install(MPI_Comm comm)
{
    MPI_Errhandler handler;
    mpi_check(PMPI_Comm_create_errhandler(handle_error, &handler));
    mpi_check(PMPI_Comm_set_errhandler(comm, handler));
    mpi_check(PMPI_Errhandler_free(&handler));
}

void mpi_check_begin(const char *file, int line, const char *call)
{
    current_file = file;
    current_line = line;
    current_call = call;
}

void mpi_check_end(int code, const char *file, int line, const char *call)
{
    current_file = NULL;
    if (code == MPI_SUCCESS)
        return;
    char text[MPI_MAX_ERROR_STRING];
    fatal_at("mpi_check", "%s:%d: %s failed: %s", file, line, call, describe(code, text));
}
