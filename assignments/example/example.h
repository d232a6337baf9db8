/*
 * The example: a mean over all ranks. What you write, in a file named after it.
 *
 * Wrap MPI calls in mpi_check(…): if one fails, the program ends on all ranks and
 * says which call it was and why (common/base/mpi_check.h).
 */
#ifndef ASSIGNMENTS_EXAMPLE_EXAMPLE_H
#define ASSIGNMENTS_EXAMPLE_EXAMPLE_H

#include "common/base/mpi_check.h"
#include "common/base/todo.h"

#include <mpi.h>

/* The mean of the numbers that the ranks of `comm` call this with, one each. Every rank gets it. */
double average(double mine, MPI_Comm comm);

#endif
