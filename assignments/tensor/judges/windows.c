/*
 * Judge "windows".
 *
 * Run:       hundreds of training steps on real data; parameters and optimizer state are stored before some
 *            of them, each rank's slices. (Two right runs drift apart, so a band around a curve decides nothing.)
 * Must hold: the slices make up wholes; the first snapshot has the judge's own initial values; from each one
 *            the judge trains on by itself, in one process, for five steps, and the losses agree; and what lies
 *            between two snapshots is training. All ranks have the same loss. Of biases the copies of one rank,
 *            whichever, are enough.
 * A failure: training goes another way than in one process; the step from which on is named.
 */
#include "grader/truth/windows.h"
#include "assignments/tensor/judges/judges.h"

#include <math.h>

/* Every rank computes the loss. False: the ranks' differ, or are not there. */
static bool losses_of_all(const struct outcome *run, double *loss, struct verdict *verdict)
{
    const int steps = run->options.steps, micro_batches = options_micro_batches(&run->options);
    g_autofree double *other = g_new(double, steps);
    evidence_losses(&run->log[0], micro_batches, steps, loss);
    for (int rank = 1; rank < run->ranks; rank++) {
        evidence_losses(&run->log[rank], micro_batches, steps, other);
        for (int step = 0; step < steps; step++)
            if (!(fabs(loss[step] - other[step]) <= 1e-5 * fabs(loss[step]))) {
                evidence_fail(verdict,
                              "in step %d rank 0 has a loss of %.7g, and rank %d one of %.7g: what "
                              "enters the loss is to be whole on each rank",
                              step, loss[step], rank, other[step]);
                return false;
            }
    }
    return true;
}

/* With the biases of one rank. */
static void judge_with(const struct outcome *run, const double *loss, int one,
                       struct verdict *verdict)
{
    struct reference *reference = windows_reference(run, verdict);
    if (!reference)
        return;
    const struct tolerance between_copies = tolerance_gradient();
    const struct wholes_rules rules = {.closeness = &between_copies,
                                       .finite = true,
                                       .one_is_enough = whole_is_of_a_bias,
                                       .one = one};
    windows_judge(run, reference, &(struct windows_rules){loss, rules, rules}, verdict);
    reference_free(reference);
}

/* It fails with rank 0's biases; with another rank's it may be right. */
static void judge_with_others(const struct outcome *run, const double *loss, gsize explained,
                              struct verdict *verdict)
{
    for (int one = 1; one < run->ranks && verdict->kind == VERDICT_FAIL; one++) {
        struct verdict *own = verdict_new();
        verdict_set(own, VERDICT_PASS, "%s", verdict->headline->str);
        judge_with(run, loss, one, own);
        if (own->kind == VERDICT_PASS) {
            verdict->kind = VERDICT_PASS;
            g_string_truncate(verdict->explanation, explained);
            g_string_append(verdict->explanation, own->explanation->str);
            g_string_truncate(verdict->mistake, 0);
            g_string_truncate(verdict->look, 0);
        }
        verdict_free(own);
    }
}

void tensor_judge_windows_of(const struct judgement *judgement, const struct outcome *run,
                             struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    const gsize explained = verdict->explanation->len;
    g_autofree double *loss = g_new(double, run->options.steps);
    if (!losses_of_all(run, loss, verdict))
        return;
    judge_with(run, loss, 0, verdict);
    judge_with_others(run, loss, explained, verdict);
}

void tensor_judge_windows(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, tensor_judge_windows_of,
                      "one process continues from each snapshot with the same losses");
}
