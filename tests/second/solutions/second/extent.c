/*
 * The largest of one number per rank less the smallest.
 */
#include "assignments/second/second.h"

double extent(double mine, MPI_Comm comm)
{
    /* BEGIN SOLUTION */
    double smallest, largest;
    mpi_check(MPI_Allreduce(&mine, &smallest, 1, MPI_DOUBLE, MPI_MIN, comm));
    mpi_check(MPI_Allreduce(&mine, &largest, 1, MPI_DOUBLE, MPI_MAX, comm));
    return largest - smallest;
    /* END SOLUTION */
    //| /* TODO: the largest of the numbers that the ranks of `comm` have, less the smallest.
    //|  *
    //|  * Check: make grade ASSIGNMENT=second
    //|  */
    //| todo("measure the extent", &mine, comm);
}
