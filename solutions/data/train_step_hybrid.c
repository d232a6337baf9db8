/*
 * One training step of pipelines side by side.
 */
#include "assignments/data/data.h"

void train_step_hybrid(struct hybrid *hybrid)
{
    /* BEGIN SOLUTION */
    struct data_parallel *data = &hybrid->data;
    /* Each pipeline has the gradients of its own share … */
    pipeline_forward_backward(hybrid);
    /* … of which those of one table may be on two stages … */
    if (hybrid->is_tied)
        sum_tied_gradients(hybrid->embedding, data->stage);
    /* … and the ranks with the same stage, one of each pipeline, average them. */
    data->average(data);
    optimizer_step(data->optimizer);
    /* END SOLUTION */
    //| /* TODO: one training step: the pipeline with this rank's share of the batch, then the average over the ranks
    //|  * that have the same stage, then one step of the optimizer.
    //|  *
    //|  * Given: pipeline_forward_backward runs your schedule of the pipeline assignment, all but the optimizer's
    //|  * step: this rank's gradients are those of the mean loss over its pipeline's share. hybrid->data is as in
    //|  * train_step_data_parallel, among the ranks of hybrid->groups.data. Where hybrid->is_tied, call
    //|  * sum_tied_gradients in between (bonus; else it is false). optimizer_step(hybrid->data.optimizer).
    //|  * Check: make grade ASSIGNMENT=data CHECK=hybrid, then hybrid_messages; for the bonus, with more of
    //|  * the pipeline and tensor assignments, three_dimensions and hybrid_schedules
    //|  */
    //| todo("take a step of pipelines side by side", hybrid);
}
