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
    /* BEGIN SOLUTION */
    if ((ranks & (ranks - 1)) == 0)
        return true;
    int below = 1;
    while (2 * below < ranks)
        below *= 2;
    snprintf(reason, reason_size, "%d ranks are no power of two: use %d or %d, or --sum ring",
             ranks, below, 2 * below);
    return false;
    /* END SOLUTION */
    //| /* TODO: which numbers of ranks your halving_doubling_all_reduce can do.
    //|  *
    //|  * All powers of two, at the least. To the others write why not, and what the user can do.
    //|  * Check: make grade ASSIGNMENT=data CHECK=halving_doubling
    //|  */
    //| todo("say which numbers of ranks there may be", reason, ranks, reason_size);
}

void halving_doubling_all_reduce(float *values, int count, MPI_Comm comm)
{
    /* BEGIN SOLUTION */
    int rank, p;
    mpi_check(MPI_Comm_rank(comm, &rank));
    mpi_check(MPI_Comm_size(comm, &p));
    float *received = malloc(((size_t)count / 2 + 1) * sizeof *received);
    if (received == NULL)
        fatal("no memory left for %d numbers", count / 2 + 1);

    /* Halving: of what both have, one partner keeps the lower half and the other the upper one. What
     * became of each step is kept, for the way back. */
    int begin[32] = {0}, end[32] = {count}, step = 0;
    for (int distance = p / 2; distance > 0; distance /= 2, step++) {
        const int partner = rank ^ distance, middle = begin[step] + (end[step] - begin[step]) / 2;
        const bool lower = rank < partner;
        const int keep = lower ? begin[step] : middle, keep_end = lower ? middle : end[step];
        const int give = lower ? middle : begin[step], give_end = lower ? end[step] : middle;
        mpi_check(MPI_Sendrecv(values + give, give_end - give, MPI_FLOAT, partner, 0, received,
                               keep_end - keep, MPI_FLOAT, partner, 0, comm, MPI_STATUS_IGNORE));
        add_values(values + keep, received, keep_end - keep);
        begin[step + 1] = keep;
        end[step + 1] = keep_end;
    }
    /* Doubling: the same steps back, in which the partners exchange what each has of the sum. */
    for (int distance = 1; distance < p; distance *= 2, step--) {
        const int partner = rank ^ distance;
        const bool lower = rank < partner;
        const int other = lower ? end[step] : begin[step - 1];
        const int other_end = lower ? end[step - 1] : begin[step];
        mpi_check(MPI_Sendrecv(values + begin[step], end[step] - begin[step], MPI_FLOAT, partner, 1,
                               values + other, other_end - other, MPI_FLOAT, partner, 1, comm,
                               MPI_STATUS_IGNORE));
    }
    free(received);
    /* END SOLUTION */
    //| /* TODO: the sum of all ranks' numbers, on every rank, in 2 log2 p steps.
    //|  *
    //|  * First exchange, with the rank half of all ranks away, half of the numbers: each partner adds up the half
    //|  * that it keeps. Then with the rank a quarter of them away a quarter, and so on. Then all of it backwards:
    //|  * partners exchange what they have, without adding, and each has twice as much.
    //|  *
    //|  * Given: mpi_check(MPI_Sendrecv(…)); add_values. count need not be a power of two, and may be smaller than p.
    //|  * Hint: rank ^ distance is the partner. Remember for each step what this rank kept.
    //|  * Check: make grade ASSIGNMENT=data CHECK=halving_doubling, then own_sums
    //|  */
    //| todo("add up by halving and doubling", values, count, comm);
}
