/*
 * Takes the number of a stage for that of its rank. In the place of a student's
 * train_step_interleaved.c; runs with 2 chunks on 2 ranks.
 */
#include "assignments/pipeline/micro_batch.h"

void train_step_interleaved(struct pipeline *chunk, int chunks)
{
    float x = 0;
    const int next = chunk[chunks - 1].stage_index + 1 - chunks / 2; /* 2 on rank 0 */
    if (chunk->rank > 0)
        MPI_Barrier(chunk->comm);
    MPI_Send(&x, 1, MPI_FLOAT, next, 0, chunk->comm); /* stage_for_rank */
}
