/*
 * Judge "mixed_training".
 *
 * Run:       many training steps with --precision bfloat16; parameters, masters and state are stored before some of them.
 * Must hold: from each snapshot one process, in the same precision and with masters, trains on with the same losses for five
 *            steps, up to what rounding to 16 bits makes of them (docs/precision.md); and the loss falls.
 * A failure: training goes another way than in one process; the step from which on is named.
 */
#include "assignments/memory/judges/mixed/mixed.h"
#include "assignments/memory/options.h"
#include "grader/evidence/communication.h"
#include "grader/truth/windows.h"

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    const struct memory_options own = memory_options(&run->options);
    if (!evidence_logs(run, verdict) || !evidence_communication_is_sound(run, verdict))
        return;
    struct reference *reference = windows_reference_in(run, own.precision, verdict);
    if (!reference)
        return;
    const int steps = run->options.steps;
    g_autofree double *loss = g_new(double, steps);
    evidence_losses_together(run, options_micro_batches(&run->options), steps, loss);
    const struct wholes_rules parameters = {.copies = own.zero == 3 ? 1 : run->ranks,
                                            .finite = true};
    const struct wholes_rules state = {.copies = own.zero == 0 ? run->ranks : 1, .finite = true};
    windows_judge(run, reference, &(struct windows_rules){loss, parameters, state}, verdict);
    reference_free(reference);
}

void memory_judge_mixed_training(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "one process continues from each snapshot with the same losses");
}
