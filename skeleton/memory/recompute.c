/*
 * Recomputation: of what is computed forwards only the input of each segment of layers is kept, and the rest is computed
 * again when its backward comes. (Chen et al. 2016; in pipelines: GPipe, Huang et al. 2019)
 */
#include "assignments/memory/memory.h"

#include <math.h>

int make_segments(int first, int layers, bool by_root, int *first_layer)
{
    /* TODO: cut the layers into segments: one layer each, or, with by_root, √layers each, to the
     * nearest whole number.
     *
     * Hint: the last segment may have fewer. first_layer[segments] is the end of the last one.
     * Check: make grade ASSIGNMENT=memory CHECK=recompute, as soon as the two below are written,
     * too
     */
    todo("cut the layers into segments", &first, &layers, &by_root, first_layer);
}

struct tensor *recompute_forward(struct recomputation *recomputation, int micro_batch,
                                 struct tensor *x)
{
    /* TODO: run the segments one after the other. Of a micro-batch that is to be recomputed
     * (recomputation->when) keep only the input of each segment, in recomputation->input; of one
     * that is not, the layers keep what they need.
     *
     * Given: stage_run_forward, with RUN_FORGETS or RUN_KEEPS. It takes over x: tensor_retain
     * makes one reference more. One draw of stage_next_draw is for the whole forward of a
     * micro-batch; recomputation->draw has room for it.
     * Hint: what will a dropout have to draw when its layer runs again?
     * Check: make grade ASSIGNMENT=memory CHECK=recompute, as soon as the backward below is
     * written, too
     */
    todo("run a micro-batch's segments forwards", recomputation, &micro_batch, x);
}

struct tensor *recompute_backward(struct recomputation *recomputation, int micro_batch,
                                  struct tensor *dy)
{
    /* TODO: from the last segment to the first: if the micro-batch was not kept, run the segment
     * forwards again, from its input; then run it backwards.
     *
     * Given: stage_run_forward with RUN_REPEATS, which takes over the input; then its place in
     * recomputation->input is NULL again, for the next step. Nobody needs the output of the
     * repetition: tensor_free. stage_run_backward takes over dy, and gives dx, which is the dy of
     * the segment before.
     * Check: make grade ASSIGNMENT=memory CHECK=recompute, then recompute_memory and
     * recompute_pipeline
     */
    todo("run a micro-batch's segments backwards", recomputation, &micro_batch, dy);
}
