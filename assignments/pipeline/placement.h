/*
 * Where stages live: stage s is on rank s % ranks, and is that rank's chunk
 * s / ranks. With one stage per rank that is stage r on rank r; with several
 * (interleaved) a micro-batch passes all ranks before it comes to the next chunk.
 *
 * The program places stages by this, and the judges expect them there.
 */
#ifndef ASSIGNMENTS_PIPELINE_PLACEMENT_H
#define ASSIGNMENTS_PIPELINE_PLACEMENT_H

/* What pictures call the stages of a rank that has several. */
#define PLACEMENT_STAGE_WORD "chunk"

static inline int placement_rank(int stage, int ranks)
{
    return stage % ranks;
}

static inline int placement_chunk(int stage, int ranks)
{
    return stage / ranks;
}

static inline int placement_stage(int rank, int chunk, int ranks)
{
    return chunk * ranks + rank;
}

/* The rank's stage behind this one: from placement_stage(rank, 0, ranks) on, all of its stages. */
static inline int placement_next(int stage, int ranks)
{
    return stage + ranks;
}

#endif
