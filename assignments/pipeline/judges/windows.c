/*
 * Judge "windows".
 *
 * Run:       hundreds of training steps on real data; parameters and optimizer state are stored
 *            before some of them. (Two right runs drift apart, so a band around a curve decides
 *            nothing.)
 * Must hold: the first snapshot has the judge's own initial values; from each one the judge trains
 *            on by itself, in one process, for five steps, and the losses agree; and what lies
 *            between two snapshots is training: a step of the optimizer in each step, parameters
 *            that change, a loss that falls.
 * A failure: training goes another way than in one process; the step from which on is named.
 */
#include "grader/truth/windows.h"
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/stages.h"

static void judge_snapshots(const struct outcome *run, struct reference *reference,
                            struct verdict *verdict)
{
    int rank = evidence_loss_rank(run);
    if (rank < 0) {
        evidence_fail(verdict, "no rank computed a loss");
        return;
    }
    g_autofree double *loss = g_new(double, run->options.steps);
    evidence_losses(&run->log[rank], options_micro_batches(&run->options), run->options.steps,
                    loss);
    windows_judge(run, reference,
                  &(struct windows_rules){loss, .parameters.copies = 1, .state.copies = 1},
                  verdict);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    struct reference *reference = windows_reference(run, verdict);
    if (!reference)
        return;
    g_autofree struct evidence_stage *stage = stages_read(run, reference->model->layers, verdict);
    if (stage)
        judge_snapshots(run, reference, verdict);
    reference_free(reference);
}

void judge_windows(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "one process continues from each snapshot with the same losses");
}
