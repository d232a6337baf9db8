/*
 * Judge "zero_training".
 *
 * Run:       training with real data, with --zero 1, 2 or 3; parameters and state are stored before some steps. (Two right
 *            runs drift apart, so a band around a curve decides nothing.)
 * Must hold: the first snapshot has the judge's own initial values; from each one the judge trains on by itself, in one
 *            process, for five steps, and the losses agree; and what lies between two snapshots is training.
 * A failure: training goes another way than in one process; the step from which on is named.
 */
#include "assignments/memory/judges/zero/zero.h"
#include "assignments/memory/options.h"
#include "grader/truth/windows.h"

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    struct reference *reference = windows_reference(run, verdict);
    if (!reference)
        return;
    const int zero = memory_options(&run->options).zero;
    g_autofree double *loss = g_new(double, run->options.steps);
    evidence_losses_together(run, options_micro_batches(&run->options), run->options.steps, loss);
    const struct wholes_rules parameters = {.copies = zero == 3 ? 1 : run->ranks, .finite = true};
    const struct wholes_rules state = {.copies = zero > 0 ? 1 : run->ranks, .finite = true};
    windows_judge(run, reference, &(struct windows_rules){loss, parameters, state}, verdict);
    reference_free(reference);
}

void memory_judge_zero_training(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "one process continues from each snapshot with the same losses");
}
