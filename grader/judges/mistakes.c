/* Known mistakes, recognised from the evidence; see mistakes.h. */
#include "grader/judges/mistakes.h"

#include <math.h>

/* A signature holds up to rounding: float32 sums, and coefficients through normal equations. */
#define RATIO_TOLERANCE       1e-4
#define COEFFICIENT_TOLERANCE 1e-2

/* ---- from the log ------------------------------------------------------------------------------ */

static bool not_waited_for(const struct mistake_evidence *evidence)
{
    for (int s = 0; s < evidence->stages; s++)
        if (evidence->stage[s].early_forward >= 0 || evidence->stage[s].early_backward >= 0)
            return true;
    return false;
}

static bool step_per_micro_batch(const struct mistake_evidence *evidence)
{
    for (int s = 0; s < evidence->stages; s++)
        if (evidence->micro_batches > 1 &&
            evidence->stage[s].optimizer_steps == evidence->micro_batches)
            return true;
    return false;
}

/* ---- from the outputs -------------------------------------------------------------------------- */

/* Some micro-batches carry the next one's (or a later one's) activations, and none a former's. */
static bool buffer_reused(const struct mistake_evidence *evidence)
{
    if (evidence->changed_in_flight)
        return true;
    int later = 0;
    for (int i = 0; evidence->output_of && i < evidence->micro_batches; i++) {
        int from = evidence->output_of[i];
        if (from < i) /* a former one's, or unknown */
            return false;
        later += from > i;
    }
    return later > 0;
}

/* ---- from the size of the gradients ------------------------------------------------------------ */

static bool input_gradient_missing(const struct mistake_evidence *evidence)
{
    int zeros = 0, judged = 0;
    bool still_zero = true;
    for (int s = 0; s < evidence->stages; s++) {
        if (!evidence->stage[s].has_parameters)
            continue;
        judged++;
        if (evidence->stage[s].all_zero && !still_zero)
            return false;
        still_zero = still_zero && evidence->stage[s].all_zero;
        zeros += evidence->stage[s].all_zero;
    }
    return zeros > 0 && zeros < judged;
}

static bool steps_summed(const struct mistake_evidence *evidence)
{
    bool found = false;
    for (int s = 0; s < evidence->stages; s++) {
        if (evidence->stage[s].wrong && !evidence->stage[s].sum_of_steps)
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

static bool not_divided(const struct mistake_evidence *evidence)
{
    return ratios_are(evidence, times_m);
}

static bool divided_twice(const struct mistake_evidence *evidence)
{
    return ratios_are(evidence, by_m);
}

static bool divided_at_every_stage(const struct mistake_evidence *evidence)
{
    return evidence->stages > 1 && ratios_are(evidence, by_m_at_every_stage);
}

/* ---- from the coefficients --------------------------------------------------------------------- */

/* The last wrong stage that has coefficients: the ones before it inherit its mistake. */
static const struct mistake_stage *telling_stage(const struct mistake_evidence *evidence)
{
    for (int s = evidence->stages - 1; s >= 0; s--) {
        const struct mistake_stage *stage = &evidence->stage[s];
        if (stage->wrong && stage->coefficients && stage->coefficients->unique &&
            stage->coefficients->left <= COEFFICIENT_TOLERANCE)
            return stage;
    }
    return NULL;
}

static bool is_near(double found, double expected)
{
    return fabs(found - expected) <= COEFFICIENT_TOLERANCE;
}

/* Is C the identity but for the micro-batches that `present` lacks, whose rows and columns are 0?
 * Returns how many lack, and the last that does not in *kept; -1 if C is something else. */
static int missing_parts(const struct coefficients *c, int *kept)
{
    int m = c->micro_batches, missing = 0;
    for (int i = 0; i < m; i++) {
        if (is_near(c->value[i * m + i], 0))
            missing++;
        else if (is_near(c->value[i * m + i], 1))
            *kept = i;
        else
            return -1;
        for (int j = 0; j < m; j++)
            if (i != j && !is_near(c->value[i * m + j], 0))
                return -1;
    }
    return missing;
}

static bool overwritten(const struct mistake_evidence *evidence)
{
    const struct mistake_stage *stage = telling_stage(evidence);
    if (!stage || evidence->micro_batches < 2)
        return false;
    int kept = -1, m = evidence->micro_batches;
    int missing = missing_parts(stage->coefficients, &kept);
    int last = stage->last_backward == MISTAKE_UNKNOWN ? m - 1 : stage->last_backward;
    return missing == m - 1 && kept == last;
}

static bool last_dropped(const struct mistake_evidence *evidence)
{
    const struct mistake_stage *stage = telling_stage(evidence);
    if (!stage || evidence->micro_batches < 2)
        return false;
    int kept = -1, m = evidence->micro_batches;
    return missing_parts(stage->coefficients, &kept) == 1 &&
           is_near(stage->coefficients->value[m * m - 1], 0);
}

static bool orders_disagree(const struct mistake_evidence *evidence)
{
    const struct mistake_stage *stage = telling_stage(evidence);
    if (!stage || stage->coefficients->diagonal)
        return false;
    const struct coefficients *c = stage->coefficients;
    int m = c->micro_batches;
    guint64 columns = 0;
    bool identity = true;
    for (int i = 0; i < m; i++) {
        int ones = 0;
        for (int j = 0; j < m; j++) {
            bool one = is_near(c->value[i * m + j], 1);
            if (!one && !is_near(c->value[i * m + j], 0))
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

/* ---- the table --------------------------------------------------------------------------------- */

static const struct known {
    struct mistake mistake;
    bool (*fits)(const struct mistake_evidence *evidence);
} known[] = {
    {{"receive not waited for",
      "A stage began to compute on a buffer before the message that was to fill it had arrived: "
      "the log shows the computation before the completion of the receive. It then worked on "
      "whatever the buffer held before.",
      "the MPI_Wait between each RECV_FORWARD and its forward, and between each RECV_BACKWARD and "
      "its backward"},
     not_waited_for},
    {{"receive buffer reused too early",
      "Messages carry the activations of a later micro-batch: a buffer was filled again before "
      "its message had been used or sent. A non-blocking call only starts a message; until its "
      "request has completed, the buffer belongs to MPI.",
      "which buffer each micro-batch uses, and whether its request has completed before the "
      "buffer is written, received into or freed"},
     buffer_reused},
    {{"optimizer step per micro-batch",
      "The optimizer stepped once for every micro-batch. Gradients of all micro-batches belong to "
      "one step: they are added up first, and the parameters change once, at the end.",
      "where optimizer_step is called: behind the loop over micro-batches, not in it"},
     step_per_micro_batch},
    {{"input gradient never sent",
      "The last stages have their gradients and all stages before them have exactly 0: the "
      "gradient for the input did not go back to the stage before (or zeros did).",
      "what becomes of the tensor that stage_backward returns, and SEND_BACKWARD and RECV_BACKWARD "
      "in the stages where the zeros begin"},
     input_gradient_missing},
    {{"gradients not zeroed between steps",
      "The gradient is the sum of the gradients of this step and of the steps before it. "
      "stage_backward adds to the gradients, so every step has to begin with zeros.",
      "stage_zero_gradients at the beginning of the step"},
     steps_summed},
    {{"loss not divided by the number of micro-batches",
      "Every gradient is m times what it should be, m being the number of micro-batches: the "
      "losses were added up, but the loss of the batch is their mean.",
      "the scale given to batch_loss_backward: 1 / micro_batches"},
     not_divided},
    {{"loss divided twice",
      "Every gradient is 1/m of what it should be, m being the number of micro-batches: the "
      "mean over micro-batches was taken twice.",
      "the scale given to batch_loss_backward, and whether the gradients are divided once more"},
     divided_twice},
    {{"divided at every stage",
      "The last stage is right and each stage before it is smaller by another factor m, the number "
      "of micro-batches: the gradient is divided again wherever it passes.",
      "the division by micro_batches: it belongs to the loss, on the last stage, and nowhere else"},
     divided_at_every_stage},
    {{"gradient overwritten, not accumulated",
      "Of all micro-batches only the one that went backward last is in the gradient. The ones "
      "before it were overwritten or set to zero.",
      "stage_zero_gradients (once per step, before the first backward) and anything that writes "
      "to the gradients between two backwards"},
     overwritten},
    {{"last micro-batch dropped",
      "The last micro-batch is not in the gradient; all others are, as they should be.",
      "the bounds of the loops over micro-batches"},
     last_dropped},
    {{"forward order and backward order disagree",
      "Each micro-batch's input was multiplied with the output gradient of another micro-batch: "
      "the two sides of a message do not mean the same micro-batch.",
      "the order of the backwards on the sending and on the receiving stage, and the tags"},
     orders_disagree},
};

const struct mistake *mistake_recognise(const struct mistake_evidence *evidence)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (known[i].fits(evidence))
            return &known[i].mistake;
    return NULL;
}
