/*
 * Judge "loss_falls".
 *
 * Run:       training steps on real data.
 * Must hold: the losses of the last steps are lower than those of the first, and all are numbers.
 * A failure: it does not learn; why, other judges find out.
 */
#include "grader/evidence/evidence.h"
#include "grader/judges/judges.h"

#include <math.h>

#define WINDOW 20 /* steps whose losses are averaged, at both ends */
/* Clearly below: noise between windows of 20 batches is a few percent. */
#define ENOUGH 0.8

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    int steps = run->options.steps;
    if (!evidence_logs(run, verdict))
        return;
    if (steps < 2 * WINDOW) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "%d steps are too few to judge this by", steps);
        return;
    }
    int rank = evidence_loss_rank(run);
    if (rank < 0) {
        evidence_fail(verdict, "no rank computed a loss");
        return;
    }
    g_autofree double *loss = g_new(double, steps);
    evidence_losses(&run->log[rank], options_micro_batches(&run->options), steps, loss);
    double first = 0, last = 0;
    for (int k = 0; k < WINDOW; k++) {
        first += loss[k] / WINDOW;
        last += loss[steps - 1 - k] / WINDOW;
    }
    for (int k = 0; k < steps; k++)
        if (!isfinite(loss[k])) {
            evidence_fail(
                verdict, "step %d has no finite loss: NaN, or not exactly one for each micro-batch",
                k);
            return;
        }
    if (!(last <= ENOUGH * first))
        evidence_fail(
            verdict,
            "the loss does not go down: %.4g on average over the first %d steps, %.4g over "
            "the last %d",
            first, WINDOW, last, WINDOW);
    verdict_explain(verdict, "\nMean loss of the first %d steps: %.4g; of the last %d: %.4g.\n",
                    WINDOW, first, WINDOW, last);
}

void judge_loss_falls(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run, "the loss goes down");
}
