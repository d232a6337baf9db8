/*
 * An all-reduce in 2 log2 p steps: recursive halving, then recursive doubling.
 * (Rabenseifner 2004; Thakur, Rabenseifner & Gropp 2005, "Optimization of collective communication operations in
 * MPICH")
 */
#include "assignments/data/data.h"

#include "common/base/fatal.h"

#include <stdio.h>
#include <stdlib.h>

bool can_halve_and_double(int ranks, char *reason, size_t reason_size)
{
    /* TODO: which numbers of ranks your halving_doubling_all_reduce can do.
     *
     * All powers of two, at the least. To the others write why not, and what the user can do.
     * Check: make grade ASSIGNMENT=data CHECK=halving_doubling
     */
    todo("say which numbers of ranks there may be", reason, ranks, reason_size);
}

void halving_doubling_all_reduce(float *values, int count, MPI_Comm comm)
{
    /* TODO: the sum of all ranks' numbers, on every rank, in 2 log2 p steps.
     *
     * First exchange, with the rank half of all ranks away, half of the numbers: each partner adds up the half
     * that it keeps. Then with the rank a quarter of them away a quarter, and so on. Then all of it backwards:
     * partners exchange what they have, without adding, and each has twice as much.
     *
     * Given: mpi_check(MPI_Sendrecv(…)); add_values. count need not be a power of two, and may be smaller than p.
     * Hint: rank ^ distance is the partner. Remember for each step what this rank kept.
     * Check: make grade ASSIGNMENT=data CHECK=halving_doubling, then own_sums
     */
    todo("add up by halving and doubling", values, count, comm);
}
