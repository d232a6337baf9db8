/*
 * Known mistakes that the size of the gradients shows.
 */
#include "assignments/pipeline/judges/mistakes_parts.h"

#include <math.h>

/* A signature holds up to rounding of float32 sums. */
#define RATIO_TOLERANCE 1e-4

/* The zeros came with dy: backwards ran there, and nobody set the gradients to zero behind them. */
static bool zero_by_itself(const struct mistake_stage *stage)
{
    return stage->all_zero && stage->facts.backwards > 0 && stage->facts.zeroed_last == 0;
}

bool mistake_input_gradient_missing(const struct mistake_evidence *evidence)
{
    int zeros = 0, judged = 0;
    bool still_zero = true;
    for (int s = 0; s < evidence->stages; s++) {
        if (!evidence->stage[s].has_parameters)
            continue;
        judged++;
        if (evidence->stage[s].all_zero && (!still_zero || !zero_by_itself(&evidence->stage[s])))
            return false;
        still_zero = still_zero && evidence->stage[s].all_zero;
        zeros += evidence->stage[s].all_zero;
    }
    /* Where the tensors could be followed, the first that is wrong must be a gradient. */
    if (evidence->flow.followed > 0 &&
        (evidence->flow.kind == FLOW_RIGHT || !evidence->flow.backward))
        return false;
    bool scaled_by_0 = evidence->loss.gradients > 0 && evidence->loss.most == 0;
    return zeros > 0 && zeros < judged && !scaled_by_0 && !mistake_no_cool_down(evidence);
}

bool mistake_steps_summed(const struct mistake_evidence *evidence)
{
    bool found = false;
    for (int s = 0; s < evidence->stages; s++) {
        if (evidence->stage[s].wrong &&
            (!evidence->stage[s].sum_of_steps || evidence->stage[s].facts.zeroed_before > 0))
            return false;
        found = found || evidence->stage[s].wrong; /* without parameters, 0 is the sum of 0 */
    }
    return found;
}

/* Is every stage's ratio the one expected (a function of stage, stages, m)? */
static bool ratios_are(const struct mistake_evidence *evidence, double (*expected)(int, int, int))
{
    bool wrong = false;
    for (int s = 0; s < evidence->stages; s++) {
        const struct mistake_stage *stage = &evidence->stage[s];
        if (!stage->has_parameters)
            continue;
        double right = expected(s, evidence->stages, evidence->micro_batches);
        if (!(fabs(stage->ratio / right - 1) <= RATIO_TOLERANCE))
            return false;
        wrong = wrong || stage->wrong;
    }
    return wrong && evidence->micro_batches > 1;
}

static double times_m(int stage, int stages, int m)
{
    (void)stage, (void)stages;
    return m;
}

static double by_m(int stage, int stages, int m)
{
    (void)stage, (void)stages;
    return 1.0 / m;
}

static double by_m_at_every_stage(int stage, int stages, int m)
{
    return pow(m, -(stages - 1 - stage));
}

bool mistake_not_divided(const struct mistake_evidence *evidence)
{
    return ratios_are(evidence, times_m) && mistake_scale_may_be(evidence, 1);
}

bool mistake_divided_twice(const struct mistake_evidence *evidence)
{
    double once = 1.0 / evidence->micro_batches;
    return ratios_are(evidence, by_m) &&
           (mistake_scale_may_be(evidence, once) || mistake_scale_may_be(evidence, once * once));
}

bool mistake_divided_at_every_stage(const struct mistake_evidence *evidence)
{
    return evidence->stages > 1 && ratios_are(evidence, by_m_at_every_stage) &&
           mistake_scale_may_be(evidence, 1.0 / evidence->micro_batches);
}
