#include "assignments/pipeline/micro_batch.h"

struct plan {
    struct pipeline *pl;
    int next_forward, next_backward;
};

static void forwards(struct plan *plan, int count)
{
    while (count-- > 0 && plan->next_forward < plan->pl->micro_batches) {
        const int i = plan->next_forward++;
        micro_batch_pass_output(plan->pl, i,
                                stage_forward(plan->pl->stage, i, micro_batch_input(plan->pl, i)));
    }
}

static void backwards(struct plan *plan, int count)
{
    const float share = 1.0f / (float)plan->pl->micro_batches;
    while (count-- > 0 && plan->next_backward < plan->pl->micro_batches) {
        const int i = plan->next_backward++;
        micro_batch_pass_input_gradient(
            plan->pl, i,
            stage_backward(plan->pl->stage, i, micro_batch_output_gradient(plan->pl, i, share)));
    }
}

void train_step_1f1b(struct pipeline *pl)
{
    struct plan plan = {pl, 0, 0};
    stage_zero_gradients(pl->stage);
    forwards(&plan, pl->stages - 1 - pl->stage_index);
    while (plan.next_forward < pl->micro_batches) {
        forwards(&plan, 1);
        backwards(&plan, 1);
    }
    backwards(&plan, pl->micro_batches);
    micro_batch_finish(pl);
    optimizer_step(pl->optimizer);
}
