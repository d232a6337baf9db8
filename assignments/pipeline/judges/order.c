/*
 * Judge "order".
 *
 * Run:       training steps of one schedule.
 * Must hold: in each step every (stage, micro-batch) has exactly one forward and one backward (or
 *            both halves) on its rank, in an order that can be run at all, the order satisfies the
 *            schedule's definition (order_rules.h), and all forwards of a stage cost the same, and
 *            all backwards.
 * A failure: shows where the order leaves the rule, and which known mistake makes such an order.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/order_rules.h"
#include "assignments/pipeline/judges/stages.h"

#include <math.h>

#define LONGEST_TEXT 700
#define EVEN         1e-3

static void explain(const struct schedule_kind *kind, const struct schedule *schedule,
                    struct schedule_shape shape, int rank, int step, struct verdict *verdict)
{
    bool stages = shape.chunks > 1;
    g_autofree char *text = schedule_text(schedule, rank, stages, LONGEST_TEXT);
    verdict_explain(verdict, "\nThe rule of %s: %s\n", kind->facts->title, order_rule(kind));
    verdict_explain(verdict, "\nRank %d ran in step %d: `%s`\n", rank, step,
                    text[0] ? text : "nothing");
    struct schedule *reference =
        schedule_equal(kind->make, shape.ranks, shape.chunks, shape.micro_batches, 1, 1, 1);
    if (reference) {
        g_autofree char *one = schedule_text(reference, rank, stages, LONGEST_TEXT);
        verdict_explain(verdict, "\nOne order that follows the rule%s: `%s`\n",
                        stages ? " (micro-batch.stage)" : "", one);
        schedule_free(reference);
    }
    const struct mistake *mistake = order_recognise(kind, schedule, shape);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

/* Micro-batches are of the same size, so all forwards of a stage cost the same, and all backwards:
 * else some of them are empty, and others do their work. */
static bool work_is_even(const struct schedule *schedule, GString *why, int *rank)
{
    for (*rank = 0; *rank < schedule->ranks; ++*rank)
        for (int i = 0; i < schedule->count[*rank]; i++) {
            const struct schedule_operation *one = &schedule->operation[*rank][i], *other = one;
            for (int k = 0; other == one && k < i; k++)
                if (schedule->operation[*rank][k].operation == one->operation &&
                    schedule->operation[*rank][k].stage == one->stage)
                    other = &schedule->operation[*rank][k];
            if (fabs(one->duration - other->duration) <= EVEN * other->duration + 2)
                continue;
            g_string_printf(why,
                            "%s%d cost %.0f FLOPs on stage %d, and %s%d %.0f: micro-batches are of "
                            "the same size, and so is their work",
                            log_operation_name(one->operation), one->micro_batch, one->duration,
                            one->stage, log_operation_name(other->operation), other->micro_batch,
                            other->duration);
            return false;
        }
    return true;
}

/* Sets the verdict and returns false if the step is not as it should be. */
static bool judge_step(const struct schedule_kind *kind, const struct schedule *schedule,
                       struct schedule_shape shape, int step, struct verdict *verdict)
{
    g_autoptr(GString) why = g_string_new(NULL);
    int rank = 0;
    if (!schedule_check(schedule, shape.ranks * shape.chunks, shape.micro_batches, why, &rank)) {
        evidence_fail(verdict, "step %d: %s", step, why->str);
        verdict_look(
            verdict,
            "which micro-batches each rank runs, forwards and backwards, and in which order");
    } else if (!order_follows_rule(kind, schedule, shape, why, &rank) ||
               !work_is_even(schedule, why, &rank))
        evidence_fail(verdict, "rank %d, step %d: %s", rank, step, why->str);
    else
        return true;
    explain(kind, schedule, shape, rank, step, verdict);
    return false;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    const struct schedule_kind *kind = schedule_find(run->options.step);
    if (!kind || !order_rule(kind)) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "there is no rule for the order of --schedule %s",
                    run->options.step);
        return;
    }
    struct schedule_shape shape = {run->ranks, pipeline_chunks(&run->options),
                                   options_micro_batches(&run->options)};
    int steps = MAX(1, run->options.steps);
    struct schedule **schedule = order_of_steps(run->log, run->ranks, steps,
                                                kind->facts->asynchronous || kind->facts->halves);
    for (int step = 0; step < steps; step++)
        if (!judge_step(kind, schedule[step], shape, step, verdict))
            break;
    order_of_steps_free(schedule, steps);
}

/* The first run's schedule stands for all: a check is about one. */
void judge_order(const struct judgement *judgement, struct verdict *verdict)
{
    const struct schedule_kind *kind =
        judgement->outcomes ? schedule_find(judgement->outcome[0].options.step) : NULL;
    g_autofree char *passed = g_strdup_printf("every rank's order follows the rule of %s",
                                              kind ? kind->facts->title : "its schedule");
    evidence_each_run(judgement, verdict, judge_run, passed);
}
