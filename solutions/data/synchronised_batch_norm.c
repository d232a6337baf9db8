/*
 * Batch norm over the samples of all ranks.
 */
#include "assignments/data/data.h"

struct layer synchronised_batch_norm(const struct layer *kit, MPI_Comm comm)
{
    /* BEGIN SOLUTION */
    (void)comm;
    return *kit;
    /* END SOLUTION */
    //| todo("a batch norm over the samples of all ranks", kit, comm);
}
