/*
 * MPI calls that must not fail: see mpi_check.h.
 */
#include "common/base/mpi_check.h"

#include "common/base/callers.h"
#include "common/base/fatal.h"

#include <stdio.h>
#include <string.h>

/* The call that mpi_check() is in, for the error handler that MPI calls inside of it. */
static const char *current_file;
static int current_line;
static const char *current_call;

enum { TEXT = MPI_MAX_ERROR_STRING + 512 };

/* MPI's message, and what is known of the values. */
static const char *describe(int code, char text[TEXT])
{
    char values[400];
    int length;
    if (PMPI_Error_string(code, text, &length) != MPI_SUCCESS)
        length = snprintf(text, MPI_MAX_ERROR_STRING, "error %d", code);
    if (mpi_check_explain(code, values, sizeof values)[0] != '\0')
        snprintf(text + length, (size_t)(TEXT - length), " (%s)", values);
    return text;
}

static _Noreturn void tell(int code, const char *file, int line, const char *call)
{
    char text[TEXT], place[400], through[520] = "";
    struct callers callers;
    /* Its own line is known; that of the file that called it, if it was another, helps, too. */
    if (callers_find(NULL, &callers) && callers.through[0] != '\0') {
        snprintf(callers.function, sizeof callers.function, "%s", callers.called);
        callers.through[0] = '\0';
        callers_text(&callers, place, sizeof place);
        snprintf(through, sizeof through, " (in %s, called at %s)", callers.called, place);
    }
    const char *name = strrchr(file, '/');
    fatal_at("mpi_check", "%s:%d: %s failed: %s%s", name == NULL ? file : name + 1, line, call,
             describe(code, text), through);
}

static void mpi_error(MPI_Comm *comm, int *code, ...)
{
    (void)comm;
    char text[TEXT];
    if (current_file != NULL)
        tell(*code, current_file, current_line, current_call);
    fatal_at("MPI", "an MPI call failed: %s", describe(*code, text));
}

void mpi_check_install(MPI_Comm comm)
{
    MPI_Errhandler handler;
    mpi_check(PMPI_Comm_create_errhandler(mpi_error, &handler));
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
    if (code != MPI_SUCCESS)
        tell(code, file, line, call);
}
