/*
 * Judges "zero", "zero_numbers" and "zero_memory".
 *
 * Run:       training steps with --zero 1, 2 or 3 on any number of ranks, with one micro-batch or more each; parameters and
 *            state are stored before some steps (numbers), memory is in the log (memory).
 * Must hold: each step's losses, state and parameters are what one process makes of what was there before, on every rank;
 *            replicas have the same bits. What a rank holds is its shards, to the byte, and what is at work; messages are no
 *            longer than by formula.
 * A failure: names the first element that is wrong, and where the numbers show it, the mistake; or what is held or sent, and
 *            what would do.
 */
#include "assignments/memory/judges/zero/zero.h"
#include "assignments/memory/judges/zero/mistakes_of_hang.h"
#include "assignments/memory/judges/zero/zero_costs.h"
#include "assignments/memory/judges/zero/zero_state.h"
#include "assignments/memory/options.h"
#include "grader/evidence/communication.h"

static bool costs_are_right(const struct outcome *run, struct verdict *verdict)
{
    struct model *model = evidence_model(run, verdict);
    if (!model)
        return false;
    const struct zero_sizes sizes = memory_zero_sizes(run, model);
    const double gradient_bytes = memory_zero_memory_is_right(run, &sizes, verdict);
    if (gradient_bytes > 0)
        memory_zero_explain_memory(&sizes, gradient_bytes, verdict);
    const bool right =
        gradient_bytes > 0 && memory_zero_traffic_is_right(run, &sizes, gradient_bytes, verdict);
    model_free(model);
    return right;
}

static void judge_numbers(const struct judgement *judgement, const struct outcome *run,
                          struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    if (evidence_communication_is_sound(run, verdict)) {
        memory_zero_state_is_right(run, verdict);
        return;
    }
    g_autoptr(GString) cause = g_string_new(NULL);
    const struct mistake *mistake =
        verdict->mistake->len == 0 ? memory_zero_mistake_of_calls(run, cause) : NULL;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

static void judge_memory(const struct judgement *judgement, const struct outcome *run,
                         struct verdict *verdict)
{
    (void)judgement;
    if (evidence_logs(run, verdict))
        costs_are_right(run, verdict);
}

static void judge_both(const struct judgement *judgement, const struct outcome *run,
                       struct verdict *verdict)
{
    judge_numbers(judgement, run, verdict);
    if (verdict->kind == VERDICT_PASS && run->options.log_memory > 0)
        judge_memory(judgement, run, verdict);
}

void memory_judge_zero(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_both,
                      "state and parameters are those of one process, and each rank holds and "
                      "sends what it must");
}

void memory_judge_zero_numbers(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_numbers,
                      "state and parameters are those of one process");
}

void memory_judge_zero_memory(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_memory,
                      "each rank holds its shards and the layers at work, and sends what it must");
}
