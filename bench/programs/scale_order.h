/*
 * The order in which a rank of interleaved pipelines works (Narayanan et al. 2021, section 2.2, as Megatron-LM has it):
 * forwards in groups of as many micro-batches as stages, chunk after chunk; so many of them first, then one and one.
 */
#ifndef BENCH_PROGRAMS_SCALE_ORDER_H
#define BENCH_PROGRAMS_SCALE_ORDER_H

#include <stdbool.h>

struct turn {
    bool backward;
    int chunk, micro_batch;
};

/* The k-th of all forwards, or backwards. */
static inline struct turn turn_in_groups(bool backward, int k, int stages, int all_chunks)
{
    const int chunk = k / stages % all_chunks;
    return (struct turn){backward, backward ? all_chunks - 1 - chunk : chunk,
                         k / (stages * all_chunks) * stages + k % stages};
}

/* Of 2 · micro-batches · chunks turns the k-th. */
static inline struct turn turn_at(int k, int stage, int stages, int all_chunks, int all)
{
    const int most = 2 * (stages - 1 - stage) + (all_chunks - 1) * stages;
    const int warm_up = most < all * all_chunks ? most : all * all_chunks;
    const int behind = k - warm_up; /* a forward, a backward, a forward … */
    if (k < warm_up)
        return turn_in_groups(false, k, stages, all_chunks);
    if (behind / 2 < all * all_chunks - warm_up)
        return turn_in_groups(behind % 2 == 1, behind / 2 + (behind % 2 == 1 ? 0 : warm_up), stages,
                              all_chunks);
    return turn_in_groups(true, k - all * all_chunks, stages, all_chunks);
}

#endif
