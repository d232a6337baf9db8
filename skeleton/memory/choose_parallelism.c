/*
 * Does it fit, and in which way is it fastest? All ways are tried: there are a few thousand.
 */
#include "assignments/memory/arithmetic.h"

struct choice choose_parallelism(const struct job *job)
{
    /* TODO: does the job fit, and in which way is it fastest?
     *
     * Try the ways that are possible: which degrees, which stage of ZeRO, which recomputation, how
     * large a micro-batch. Of those that fit take the fastest; arithmetic.h says how long a step
     * takes. Say what a rank needs, and why replicas of the whole model won't do, if they won't.
     *
     * Given: transformer_numbers() describes the model's layers for your memory_per_rank(), in
     * room that you make and free; where there is none left, fatal("…") (common/base/fatal.h) ends
     * the program.
     * Hint: a few thousand ways are tried in a moment. What if none fits?
     * Check: make grade ASSIGNMENT=memory CHECK=choose_parallelism
     */
    todo("choose a way", job);
}
