/*
 * One table on two stages: the first looks words up in it, the last compares with it.
 */
#include "assignments/data/data.h"

MPI_Comm make_embedding_group(const struct groups *groups)
{
    /* BEGIN SOLUTION */
    int stage, stages;
    MPI_Comm group;
    mpi_check(MPI_Comm_rank(groups->pipeline, &stage));
    mpi_check(MPI_Comm_size(groups->pipeline, &stages));
    const bool has_table = stage == 0 || stage == stages - 1;
    mpi_check(MPI_Comm_split(groups->pipeline, has_table ? 0 : MPI_UNDEFINED, stage, &group));
    return group;
    /* END SOLUTION */
    //| /* TODO: the group of the first and the last stage of this rank's pipeline.
    //|  *
    //|  * Given: groups->pipeline; mpi_check(MPI_Comm_split(…)), which gives MPI_COMM_NULL to who has the colour
    //|  * MPI_UNDEFINED.
    //|  * Check: make grade ASSIGNMENT=data CHECK=tied_embedding
    //|  */
    //| todo("make the group of the first and the last stage", groups);
}

void sum_tied_gradients(MPI_Comm embedding_group, struct stage *stage)
{
    /* BEGIN SOLUTION */
    struct tensor *gradient = stage_tied_gradients(stage);
    if (gradient == NULL)
        return;
    mpi_check(MPI_Allreduce(MPI_IN_PLACE, gradient->data, gradient->count, MPI_FLOAT, MPI_SUM,
                            embedding_group));
    tensor_free(gradient);
    /* END SOLUTION */
    //| /* TODO: both stages' gradients of the table become their sum.
    //|  *
    //|  * Given: stage_tied_gradients(stage), a new view of the table's gradient, which you free (tensor_free); NULL on
    //|  * stages that have no table.
    //|  * Hint: which stages are in the group?
    //|  * Check: make grade ASSIGNMENT=data CHECK=tied_embedding
    //|  */
    //| todo("sum the gradients of the table", stage, embedding_group);
}
