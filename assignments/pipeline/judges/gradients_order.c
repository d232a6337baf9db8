/*
 * Wrong gradients whose reason the order of the computations shows: something was
 * never run, or run twice, or behind the optimizer's step.
 */
#include "assignments/pipeline/judges/gradients.h"
#include "assignments/pipeline/judges/order_rules.h"

/* "rank 1 ran W of micro-batches 6 and 7 behind optimizer_step" */
static void say_late_weights(const struct schedule *schedule, int micro_batches, GString *why)
{
    for (int rank = 0; rank < schedule->ranks; rank++) {
        g_autofree bool *late = g_new0(bool, micro_batches);
        bool stepped = false;
        int count = 0;
        for (int i = 0; i < schedule->count[rank]; i++) {
            const struct schedule_operation *one = &schedule->operation[rank][i];
            stepped = stepped || one->operation == LOG_OPTIMIZER_STEP;
            if (!stepped || one->operation != LOG_BACKWARD_WEIGHT || one->micro_batch < 0 ||
                one->micro_batch >= micro_batches)
                continue;
            late[one->micro_batch] = true;
            count++;
        }
        if (count == 0)
            continue;
        g_string_printf(why, "rank %d ran W of micro-batch%s ", rank, count == 1 ? "" : "es");
        schedule_append_numbers(why, late, micro_batches);
        g_string_append(why, " behind optimizer_step");
        return;
    }
}

const struct mistake *gradients_order(const struct gradient_case *c, GString *why)
{
    const struct schedule_kind *kind = schedule_find(c->run->options.step);
    const struct schedule_shape shape = {c->run->ranks, c->stages / c->run->ranks,
                                         c->micro_batches};
    if (!kind)
        return NULL;
    int rank;
    struct schedule **schedule = order_of_steps(c->run->log, c->run->ranks, c->step + 1, true);
    const struct schedule *own = schedule[c->step];
    const struct mistake *mistake = order_recognise_gradients(kind, own, shape);
    if (mistake && schedule_check(own, c->stages, c->micro_batches, why, &rank))
        say_late_weights(own, c->micro_batches, why);
    order_of_steps_free(schedule, c->step + 1);
    return mistake;
}
