/*
 * What the files of mistakes.c share.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_PARTS_H
#define ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_PARTS_H

#include "assignments/pipeline/judges/mistakes.h"
#include "grader/truth/patterns.h"

/* A signature holds up to rounding: coefficients come through normal equations. */
#define COEFFICIENT_TOLERANCE 1e-2

static inline struct pattern_matrix mistake_matrix(const struct coefficients *c)
{
    return (struct pattern_matrix){.rows = c->micro_batches,
                                   .columns = c->micro_batches,
                                   .value = c->value,
                                   .tolerance = COEFFICIENT_TOLERANCE};
}

/* Are these the coefficients of a gradient that says something: the only ones, and all of it? */
static inline bool mistake_coefficients_tell(const struct coefficients *c)
{
    return c && c->unique && c->left <= COEFFICIENT_TOLERANCE;
}

/* ---- mistakes_facts.c ---- */

/* The optimizer stepped and backwards of the same stage came behind it: m times, otherwise several
 * times, once. */
bool mistake_step_per_micro_batch(const struct mistake_evidence *evidence);
bool mistake_steps_within(const struct mistake_evidence *evidence);
bool mistake_step_too_early(const struct mistake_evidence *evidence);
/* Gradients were set to zero between backwards, and what came before is missing; or behind all. */
bool mistake_zeroed_between(const struct mistake_evidence *evidence);
bool mistake_zeroed_last(const struct mistake_evidence *evidence);
/* Is this the scale that all calls of batch_loss_backward were given, or not known? */
bool mistake_scale_may_be(const struct mistake_evidence *evidence, double scale);
bool mistake_scaled_by_0(const struct mistake_evidence *evidence);
bool mistake_scaled_otherwise(const struct mistake_evidence *evidence);
bool mistake_no_loss_gradient(const struct mistake_evidence *evidence);
/* The outputs of micro-batch i are another's because its inputs were; or although they were not. */
bool mistake_other_inputs(const struct mistake_evidence *evidence);
bool mistake_other_loss(const struct mistake_evidence *evidence);

/* ---- mistakes_flow.c ---- */

/* A computation began before what it needs had come. */
bool mistake_not_waited_for(const struct mistake_evidence *evidence);
/* A tensor was written to, or freed, while its message was on its way. */
bool mistake_one_buffer(const struct mistake_evidence *evidence);
bool mistake_send_buffer_reused(const struct mistake_evidence *evidence);
/* The right tensor came, and a later one's came into the same buffer before it was used. */
bool mistake_receive_buffer_reused(const struct mistake_evidence *evidence);
/* What came from stage to stage, where nothing more exact is known. */
bool mistake_rounded(const struct mistake_evidence *evidence);
bool mistake_never_filled(const struct mistake_evidence *evidence);
bool mistake_changed_before_sent(const struct mistake_evidence *evidence);
bool mistake_thrown_away(const struct mistake_evidence *evidence);
bool mistake_other_micro_batch(const struct mistake_evidence *evidence);

/* ---- mistakes_ratios.c ---- */

/* Every gradient is right but for the factor m, 1/m, or 1/m for each stage behind. */
bool mistake_not_divided(const struct mistake_evidence *evidence);
bool mistake_divided_twice(const struct mistake_evidence *evidence);
bool mistake_divided_at_every_stage(const struct mistake_evidence *evidence);
bool mistake_input_gradient_missing(const struct mistake_evidence *evidence);
bool mistake_steps_summed(const struct mistake_evidence *evidence);

/* ---- mistakes_coefficients.c ---- */

/* Only the micro-batch whose backward came last is there. */
bool mistake_overwritten(const struct mistake_evidence *evidence);
bool mistake_last_dropped(const struct mistake_evidence *evidence);
/* The coefficients are a permutation other than the identity. */
bool mistake_orders_disagree(const struct mistake_evidence *evidence);

/* ---- mistakes_cool_down.c ---- */

/* The backwards of the cool-down are missing on every stage, and nothing else is wrong. */
bool mistake_no_cool_down(const struct mistake_evidence *evidence);
/* The weight gradients that ZB-H1 holds back to the end are missing on every stage. */
bool mistake_held_back_left_out(const struct mistake_evidence *evidence);

#endif
