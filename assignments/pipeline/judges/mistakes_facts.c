/*
 * Known mistakes that the log states: when gradients were set to zero, when the
 * optimizer stepped, and what the loss was scaled by.
 */
#include "assignments/pipeline/judges/mistakes_parts.h"

#include <math.h>

/* ---- steps of the optimizer ---------------------------------------------------------------------- */

/* The most steps of a stage that went on with its backwards behind the first of them; 0: none did.
 * Steps that lie behind all backwards can't have changed a gradient. */
static int most_steps_too_early(const struct mistake_evidence *evidence)
{
    int most = 0;
    for (int s = 0; s < evidence->stages; s++)
        if (evidence->stage[s].facts.behind_optimizer > 0)
            most = MAX(most, evidence->stage[s].facts.optimizer_steps);
    return most;
}

bool mistake_step_per_micro_batch(const struct mistake_evidence *evidence)
{
    return evidence->micro_batches > 1 && most_steps_too_early(evidence) == evidence->micro_batches;
}

bool mistake_steps_within(const struct mistake_evidence *evidence)
{
    int steps = most_steps_too_early(evidence);
    return steps > 1 && steps != evidence->micro_batches;
}

bool mistake_step_too_early(const struct mistake_evidence *evidence)
{
    return most_steps_too_early(evidence) == 1;
}

/* ---- gradients to zero --------------------------------------------------------------------------- */

/* Are exactly those micro-batches missing whose backwards came before the gradients were zeroed? */
static bool lacks_what_was_wiped(const struct mistake_stage *stage)
{
    if (!stage->wiped || !mistake_coefficients_tell(stage->coefficients))
        return false;
    struct pattern_matrix matrix = mistake_matrix(stage->coefficients);
    return pattern_lacks(&matrix, 1, stage->wiped);
}

static int left_of(const struct mistake_stage *stage, int micro_batches)
{
    int left = 0;
    for (int i = 0; stage->wiped && i < micro_batches; i++)
        left += !stage->wiped[i];
    return left;
}

/* Where a single micro-batch is left, that is "overwritten"; where none is, they were zeroed at the
 * end. */
bool mistake_zeroed_between(const struct mistake_evidence *evidence)
{
    bool found = false;
    for (int s = 0; s < evidence->stages; s++) {
        const struct mistake_stage *stage = &evidence->stage[s];
        if (!stage->wrong || stage->facts.zeroed_between == 0 ||
            left_of(stage, evidence->micro_batches) < 2)
            continue;
        if (!lacks_what_was_wiped(stage))
            return false;
        found = true;
    }
    return found;
}

bool mistake_zeroed_last(const struct mistake_evidence *evidence)
{
    bool found = false;
    for (int s = 0; s < evidence->stages; s++) {
        const struct mistake_stage *stage = &evidence->stage[s];
        if (!stage->wrong || !stage->has_parameters)
            continue;
        if (stage->all_zero && stage->facts.zeroed_last > 0)
            found = true;
        else if (stage
                     ->all_zero) /* zeros that nobody has put there: something else is the matter */
            return false;
    }
    return found;
}

/* ---- the loss ------------------------------------------------------------------------------------ */

bool mistake_scale_may_be(const struct mistake_evidence *evidence, double scale)
{
    const struct loss_facts *loss = &evidence->loss;
    return loss->gradients == 0 ||
           (fabs(loss->least - scale) <= 1e-6 * scale && fabs(loss->most - scale) <= 1e-6 * scale);
}

/* 0 in all of them; then every gradient is 0. */
bool mistake_scaled_by_0(const struct mistake_evidence *evidence)
{
    if (evidence->loss.gradients == 0 || evidence->loss.least != 0 || evidence->loss.most != 0)
        return false;
    for (int s = 0; s < evidence->stages; s++)
        if (evidence->stage[s].wrong && !evidence->stage[s].all_zero)
            return false;
    return true;
}

static bool is_nearly(double found, double expected)
{
    return fabs(found - expected) <= 1e-4 * fabs(expected);
}

/* One scale in all of them, and gradients that are wrong by just that. Not 0, 1 or 1/m², which have
 * names of their own. */
bool mistake_scaled_otherwise(const struct mistake_evidence *evidence)
{
    const double m = evidence->micro_batches, scale = evidence->loss.most;
    if (evidence->loss.gradients == 0 || !is_nearly(evidence->loss.least, scale) || scale == 0 ||
        is_nearly(scale, 1 / m) ||
        (m > 1 && (is_nearly(scale, 1) || is_nearly(scale, 1 / (m * m)))))
        return false;
    bool wrong = false;
    for (int s = 0; s < evidence->stages; s++) {
        const struct mistake_stage *stage = &evidence->stage[s];
        if (stage->has_parameters && !is_nearly(stage->ratio, scale * m))
            return false;
        wrong = wrong || stage->wrong;
    }
    return wrong;
}

/* The loss was computed and backwards ran, but nobody asked for its gradient. Where the last stage's
 * gradient is made of the right parts all the same, the program has computed it by itself. */
bool mistake_no_loss_gradient(const struct mistake_evidence *evidence)
{
    const struct mistake_stage *last = &evidence->stage[evidence->stages - 1];
    return evidence->loss.losses > 0 && evidence->loss.gradients == 0 &&
           last->facts.backwards > 0 && !isfinite(last->ratio) &&
           !mistake_coefficients_tell(last->coefficients);
}

/* ---- inputs and outputs -------------------------------------------------------------------------- */

/* Is each one known, and at least one another's? */
static bool are_others(const int *of, int micro_batches)
{
    bool others = false;
    for (int i = 0; i < micro_batches; i++) {
        if (of[i] == MISTAKE_UNKNOWN)
            return false;
        others = others || of[i] != i;
    }
    return others;
}

static bool are_their_own(const int *of, int micro_batches)
{
    for (int i = 0; i < micro_batches; i++)
        if (of[i] != i)
            return false;
    return true;
}

/* The numbers of micro-batches are the program's own, as long as inputs and loss mean the same. */
bool mistake_other_inputs(const struct mistake_evidence *evidence)
{
    if (!evidence->input_of || !evidence->output_of ||
        !are_others(evidence->output_of, evidence->micro_batches))
        return false;
    for (int i = 0; i < evidence->micro_batches; i++)
        if (evidence->input_of[i] != evidence->output_of[i])
            return false;
    return true;
}

bool mistake_other_loss(const struct mistake_evidence *evidence)
{
    return evidence->output_of && evidence->input_of &&
           are_others(evidence->output_of, evidence->micro_batches) &&
           are_their_own(evidence->input_of, evidence->micro_batches) &&
           evidence->flow.kind == FLOW_RIGHT &&
           (evidence->flow.followed > 0 || evidence->stages == 1);
}
