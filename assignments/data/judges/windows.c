/*
 * Judge "windows".
 *
 * Run:       hundreds of training steps on real data; parameters and optimizer state are stored before some
 *            of them. (Two right runs drift apart, so a band around a curve decides nothing.)
 * Must hold: replicas have the same bits; the first snapshot has the judge's own initial values; from each one the
 *            judge trains on by itself, in one process, with the samples that the ranks shared, for five
 *            steps, and the losses agree; and what lies between two snapshots is training.
 * A failure: training goes another way than in one process; the step from which on is named.
 */
#include "grader/truth/windows.h"
#include "assignments/data/judges/judges.h"
#include "assignments/data/judges/results.h"
#include "assignments/data/options.h"

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    struct shares *shares;
    struct reference *reference;
    if (!evidence_logs(run, verdict) || !data_shares_of(run, &shares, &reference, verdict))
        return;
    g_autofree double *loss = g_new(double, run->options.steps);
    shares_losses(shares, run, options_micro_batches(&run->options), run->options.steps, loss);
    const struct tolerance between_copies = tolerance_gradient();
    const bool split = data_options(&run->options).tensor > 1;
    const struct wholes_rules rules = {.closeness = split ? &between_copies : NULL,
                                       .finite = true,
                                       .one_is_enough = split ? whole_is_of_a_bias : NULL};
    windows_judge(run, reference, &(struct windows_rules){loss, rules, rules}, verdict);
    reference_free(reference);
    shares_free(shares);
}

void data_judge_windows(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "one process continues from each snapshot with the same losses");
}
