/*
 * ZeRO 1 beside pipelines and slices: what shares the state are the ranks that have the same parameters.
 */
#include "assignments/memory/memory.h"

void zero1_hybrid_train_step(struct zero *zero)
{
    /* BEGIN SOLUTION */
    hybrid_forward_backward(zero);
    for (int u = 0; u < zero->units; u++) {
        const struct unit *unit = &zero->unit[u];
        void *whole = numbers_at(stage_gradients(zero->stage)->data, zero->gradients, unit->begin);
        reduce_scatter_gradients(zero, unit, whole, own_gradients_of(zero, unit));
        /* Each pipeline's are those of the mean over its own share, and all shares are as large. */
        scale_numbers(zero->gradients, unit->own_count, own_gradients_of(zero, unit),
                      1.0 / zero->ranks);
    }
    update_own_parameters(zero);
    for (int u = 0; u < zero->units; u++) {
        const struct unit *unit = &zero->unit[u];
        void *whole = numbers_at(stage_parameters(zero->stage)->data, zero->precision, unit->begin);
        all_gather_parameters(zero, unit, own_parameters_of(zero, unit), whole);
    }
    /* END SOLUTION */
    //| /* TODO: one training step: the pipeline, and then as in ZeRO 1, among the ranks of zero->comm.
    //|  *
    //|  * Given: hybrid_forward_backward, before which the gradients need not be zero; scale_numbers.
    //|  * From zero1.c: reduce_scatter_gradients, own_gradients_of, update_own_parameters,
    //|  * all_gather_parameters, own_parameters_of, and numbers_at in stage_gradients and
    //|  * stage_parameters. zero->ranks is the number of pipelines.
    //|  * Hint: of what mean are the gradients, and of what mean are they to be?
    //|  * Check: make grade ASSIGNMENT=memory CHECK=combination
    //|  */
    //| todo("take a step of pipelines that share the optimizer's state", zero);
}
