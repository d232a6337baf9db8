/*
 * Recomputation: of what is computed forwards only the input of each segment of layers is kept, and the rest is computed
 * again when its backward comes. (Chen et al. 2016; in pipelines: GPipe, Huang et al. 2019)
 */
#include "assignments/memory/memory.h"

#include <math.h>

int make_segments(int first, int layers, bool by_root, int *first_layer)
{
    /* BEGIN SOLUTION */
    const int size = by_root ? (int)lround(sqrt(layers)) : 1;
    int segments = 0;
    for (int layer = 0; layer < layers; layer += size)
        first_layer[segments++] = first + layer;
    first_layer[segments] = first + layers;
    return segments;
    /* END SOLUTION */
    //| /* TODO: cut the layers into segments: one layer each, or, with by_root, √layers each, to the
    //|  * nearest whole number.
    //|  *
    //|  * Hint: the last segment may have fewer. first_layer[segments] is the end of the last one.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=recompute, as soon as the two below are written,
    //|  * too
    //|  */
    //| todo("cut the layers into segments", &first, &layers, &by_root, first_layer);
}

/* BEGIN SOLUTION */
static bool is_recomputed(const struct recomputation *recomputation, int micro_batch)
{
    return recomputation->when == RECOMPUTE_ALWAYS ||
           (recomputation->when == RECOMPUTE_ALL_BUT_LAST &&
            micro_batch < recomputation->micro_batches - 1);
}

/* Runs the layers of one segment. */
static struct tensor *run_segment(struct recomputation *recomputation, int micro_batch, int segment,
                                  struct tensor *x, enum stage_run run, int draw)
{
    const int first = recomputation->first_layer[segment],
              layers = recomputation->first_layer[segment + 1] - first;
    return stage_run_forward(recomputation->stage, micro_batch, first, layers, x, run, draw);
}

/* END SOLUTION */
struct tensor *recompute_forward(struct recomputation *recomputation, int micro_batch,
                                 struct tensor *x)
{
    /* BEGIN SOLUTION */
    const bool forgets = is_recomputed(recomputation, micro_batch);
    const int draw = stage_next_draw(recomputation->stage, micro_batch);
    for (int segment = 0; segment < recomputation->segments; segment++) {
        const int place = micro_batch * recomputation->segments + segment;
        recomputation->draw[place] = draw;
        if (forgets)
            recomputation->input[place] = tensor_retain(x);
        x = run_segment(recomputation, micro_batch, segment, x, forgets ? RUN_FORGETS : RUN_KEEPS,
                        draw);
    }
    return x;
    /* END SOLUTION */
    //| /* TODO: run the segments one after the other. Of a micro-batch that is to be recomputed
    //|  * (recomputation->when) keep only the input of each segment, in recomputation->input; of one
    //|  * that is not, the layers keep what they need.
    //|  *
    //|  * Given: stage_run_forward, with RUN_FORGETS or RUN_KEEPS. It takes over x: tensor_retain
    //|  * makes one reference more. One draw of stage_next_draw is for the whole forward of a
    //|  * micro-batch; recomputation->draw has room for it.
    //|  * Hint: what will a dropout have to draw when its layer runs again?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=recompute, as soon as the backward below is
    //|  * written, too
    //|  */
    //| todo("run a micro-batch's segments forwards", recomputation, &micro_batch, x);
}

struct tensor *recompute_backward(struct recomputation *recomputation, int micro_batch,
                                  struct tensor *dy)
{
    /* BEGIN SOLUTION */
    for (int segment = recomputation->segments - 1; segment >= 0; segment--) {
        const int place = micro_batch * recomputation->segments + segment;
        const int first = recomputation->first_layer[segment],
                  layers = recomputation->first_layer[segment + 1] - first;
        if (is_recomputed(recomputation, micro_batch)) {
            struct tensor *x = recomputation->input[place];
            recomputation->input[place] = NULL;
            tensor_free(run_segment(recomputation, micro_batch, segment, x, RUN_REPEATS,
                                    recomputation->draw[place]));
        }
        dy = stage_run_backward(recomputation->stage, micro_batch, first, layers, dy);
    }
    return dy;
    /* END SOLUTION */
    //| /* TODO: from the last segment to the first: if the micro-batch was not kept, run the segment
    //|  * forwards again, from its input; then run it backwards.
    //|  *
    //|  * Given: stage_run_forward with RUN_REPEATS, which takes over the input; then its place in
    //|  * recomputation->input is NULL again, for the next step. Nobody needs the output of the
    //|  * repetition: tensor_free. stage_run_backward takes over dy, and gives dx, which is the dy of
    //|  * the segment before.
    //|  * Check: make grade ASSIGNMENT=memory CHECK=recompute, then recompute_memory and
    //|  * recompute_pipeline
    //|  */
    //| todo("run a micro-batch's segments backwards", recomputation, &micro_batch, dy);
}
