/*
 * One table on two stages: the first looks words up in it, the last compares with it.
 */
#include "assignments/data/data.h"

MPI_Comm make_embedding_group(const struct groups *groups)
{
    /* TODO: the group of the first and the last stage of this rank's pipeline.
     *
     * Given: groups->pipeline; mpi_check(MPI_Comm_split(…)), which gives MPI_COMM_NULL to who has the colour
     * MPI_UNDEFINED.
     * Check: make grade ASSIGNMENT=data CHECK=tied_embedding
     */
    todo("make the group of the first and the last stage", groups);
}

void sum_tied_gradients(MPI_Comm embedding_group, struct stage *stage)
{
    /* TODO: both stages' gradients of the table become their sum.
     *
     * Given: stage_tied_gradients(stage), a new view of the table's gradient, which you free (tensor_free); NULL on
     * stages that have no table.
     * Hint: which stages are in the group?
     * Check: make grade ASSIGNMENT=data CHECK=tied_embedding
     */
    todo("sum the gradients of the table", stage, embedding_group);
}
