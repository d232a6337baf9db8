/*
 * The variance of one number per rank.
 */
#include "assignments/second/second.h"

double spread(double mine, MPI_Comm comm)
{
    /* BEGIN SOLUTION */
    const double distance = mine - average(mine, comm);
    return average(distance * distance, comm);
    /* END SOLUTION */
    //| /* TODO: the variance of the numbers that the ranks of `comm` have.
    //|  *
    //|  * Given: average, which you wrote for the example.
    //|  * Check: make grade ASSIGNMENT=second
    //|  */
    //| todo("measure the spread", &mine, comm);
}
