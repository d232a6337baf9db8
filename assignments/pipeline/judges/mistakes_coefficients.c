/*
 * Known mistakes that the coefficient matrix shows: which micro-batches are in a
 * gradient, and with whom.
 */
#include "assignments/pipeline/judges/mistakes_parts.h"

/* The last wrong stage that has coefficients: the ones before it inherit its mistake. */
static const struct mistake_stage *telling_stage(const struct mistake_evidence *evidence)
{
    for (int s = evidence->stages - 1; s >= 0; s--) {
        const struct mistake_stage *stage = &evidence->stage[s];
        if (stage->wrong && mistake_coefficients_tell(stage->coefficients))
            return stage;
    }
    return NULL;
}

/* Is C the identity but for the micro-batches that `present` lacks, whose rows and columns are 0?
 * Returns how many lack, and the last that does not in *kept; -1 if C is something else. */
static int missing_parts(const struct coefficients *c, int *kept)
{
    int m = c->micro_batches, missing = 0;
    for (int i = 0; i < m; i++) {
        if (mistake_is_near(c->value[i * m + i], 0))
            missing++;
        else if (mistake_is_near(c->value[i * m + i], 1))
            *kept = i;
        else
            return -1;
        for (int j = 0; j < m; j++)
            if (i != j && !mistake_is_near(c->value[i * m + j], 0))
                return -1;
    }
    return missing;
}

bool mistake_overwritten(const struct mistake_evidence *evidence)
{
    const struct mistake_stage *stage = telling_stage(evidence);
    if (!stage || evidence->micro_batches < 2 || stage->facts.backwards < 2)
        return false;
    int kept = -1, m = evidence->micro_batches;
    int missing = missing_parts(stage->coefficients, &kept);
    int last = stage->last_backward == MISTAKE_UNKNOWN ? m - 1 : stage->last_backward;
    return missing == m - 1 && kept == last;
}

/* Where a stage lacks more than the last one, something else is the matter. */
static bool any_lacks_several(const struct mistake_evidence *evidence)
{
    int kept = -1;
    for (int s = 0; s < evidence->stages; s++) {
        const struct mistake_stage *stage = &evidence->stage[s];
        if (stage->wrong && mistake_coefficients_tell(stage->coefficients) &&
            missing_parts(stage->coefficients, &kept) > 1)
            return true;
    }
    return false;
}

bool mistake_last_dropped(const struct mistake_evidence *evidence)
{
    const struct mistake_stage *stage = telling_stage(evidence);
    if (!stage || evidence->micro_batches < 2 || any_lacks_several(evidence) ||
        stage->facts.backwards >= evidence->micro_batches)
        return false;
    if (mistake_no_cool_down(evidence) || mistake_held_back_left_out(evidence))
        return false;
    int kept = -1, m = evidence->micro_batches;
    return missing_parts(stage->coefficients, &kept) == 1 &&
           mistake_is_near(stage->coefficients->value[m * m - 1], 0);
}

bool mistake_orders_disagree(const struct mistake_evidence *evidence)
{
    const struct mistake_stage *stage = telling_stage(evidence);
    if (!stage || stage->coefficients->diagonal || mistake_other_inputs(evidence) ||
        mistake_other_loss(evidence))
        return false;
    const struct coefficients *c = stage->coefficients;
    int m = c->micro_batches;
    guint64 columns = 0;
    bool identity = true;
    for (int i = 0; i < m; i++) {
        int ones = 0;
        for (int j = 0; j < m; j++) {
            bool one = mistake_is_near(c->value[i * m + j], 1);
            if (!one && !mistake_is_near(c->value[i * m + j], 0))
                return false;
            ones += one;
            if (one && j < 64)
                columns |= G_GUINT64_CONSTANT(1) << j;
            identity = identity && one == (i == j);
        }
        if (ones != 1)
            return false;
    }
    return !identity && m <= 64 &&
           columns == (m == 64 ? ~G_GUINT64_CONSTANT(0) : (G_GUINT64_CONSTANT(1) << m) - 1);
}
