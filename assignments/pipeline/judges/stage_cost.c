/* What the computations of a stage must cost; see stage_cost.h. */
#include "assignments/pipeline/judges/stage_cost.h"

struct cost {
    double forward;
    double backward_least, backward_most; /* with and without gradients for the inputs */
};

static struct cost cost_of(const struct model *model, const struct evidence_stage *stage, int s,
                           double samples)
{
    struct cost cost = {0};
    for (int i = stage->first_layer; i < stage->first_layer + stage->layers; i++) {
        const struct layer *layer = &model->layer[i];
        cost.forward += samples * layer->forward_flops;
        cost.backward_least += samples * layer->backward_weight_flops;
        cost.backward_most +=
            samples * (layer->backward_weight_flops + layer->backward_input_flops);
    }
    /* On the first stage, layers whose input needs no gradient may go without. */
    if (s > 0)
        cost.backward_least = cost.backward_most;
    return cost;
}

static bool is_between(double value, double least, double most)
{
    return value >= least * (1 - 1e-6) - 1 && value <= most * (1 + 1e-6) + 1;
}

bool stage_cost_is_right(const GArray *events, const struct model *model,
                         const struct evidence_stage *stage, int s, double samples,
                         struct verdict *verdict)
{
    const struct cost cost = cost_of(model, stage, s, samples);
    const int rank = stage->rank;
    double halves = 0;
    int inputs = 0;
    for (guint i = 0; i < events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        double flops = (double)event->flops;
        bool right = true;
        if (event->stage != s || event->step < 0) /* --compare runs the baseline behind the steps */
            continue;
        if (event->operation == LOG_FORWARD)
            right = is_between(flops, cost.forward, cost.forward);
        else if (event->operation == LOG_BACKWARD)
            right = is_between(flops, cost.backward_least, cost.backward_most);
        else if (event->operation <= LOG_BACKWARD_WEIGHT) {
            halves += flops;
            inputs += event->operation == LOG_BACKWARD_INPUT;
        }
        if (!right) {
            evidence_fail(
                verdict,
                "rank %d: %s of micro-batch %d on stage %d cost %.0f FLOPs; the layers of "
                "stage %d cost %.0f forward and %.0f backward",
                rank, log_operation_name(event->operation), event->micro_batch, event->stage, flops,
                s, cost.forward, cost.backward_most);
            return false;
        }
    }
    if (is_between(halves, inputs * cost.backward_least, inputs * cost.backward_most))
        return true;
    evidence_fail(verdict, "rank %d: its %d backwards in two halves cost %.0f FLOPs", rank, inputs,
                  halves);
    return false;
}
