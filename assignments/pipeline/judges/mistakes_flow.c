/*
 * Known mistakes that show in what came from stage to stage.
 */
#include "assignments/pipeline/judges/mistakes_parts.h"

bool mistake_one_buffer(const struct mistake_evidence *evidence)
{
    return evidence->shared_buffer;
}

bool mistake_send_buffer_reused(const struct mistake_evidence *evidence)
{
    return evidence->sent_changed;
}

/* Some micro-batches carry the next one's (or a later one's) activations, and none a former's. */
static bool outputs_are_later_ones(const struct mistake_evidence *evidence)
{
    int later = 0;
    for (int i = 0; evidence->output_of && i < evidence->micro_batches; i++) {
        int from = evidence->output_of[i];
        if (from < i) /* a former one's, or unknown */
            return false;
        later += from > i;
    }
    return later > 0;
}

static bool can_be_followed(const struct mistake_evidence *evidence)
{
    bool inputs_known = false;
    for (int i = 0; evidence->input_of && i < evidence->micro_batches; i++)
        inputs_known = inputs_known || evidence->input_of[i] != MISTAKE_UNKNOWN;
    return inputs_known || evidence->flow.followed > 0;
}

/* Outputs say so only where nobody could follow the tensors from the inputs on, stage to stage. */
bool mistake_receive_buffer_reused(const struct mistake_evidence *evidence)
{
    if (evidence->sent_changed || evidence->micro_batches < 2 || evidence->stages < 2)
        return false;
    return evidence->received_over || evidence->flow.later_only ||
           (!can_be_followed(evidence) && outputs_are_later_ones(evidence));
}

bool mistake_rounded(const struct mistake_evidence *evidence)
{
    return evidence->rounding != NULL && !evidence->sent_changed;
}

/* Is there something better to say of what came than that it was not what was due? */
static bool has_a_better_name(const struct mistake_evidence *evidence)
{
    return evidence->sent_changed || evidence->rounding ||
           mistake_divided_at_every_stage(evidence) || mistake_no_loss_gradient(evidence) ||
           mistake_input_gradient_missing(evidence);
}

/* (A receive that was begun and not waited for has its own name.) */
bool mistake_never_filled(const struct mistake_evidence *evidence)
{
    return evidence->flow.kind == FLOW_UNFILLED && !evidence->sent_changed &&
           !mistake_not_waited_for(evidence) && !mistake_input_gradient_missing(evidence);
}

bool mistake_changed_before_sent(const struct mistake_evidence *evidence)
{
    return evidence->flow.kind == FLOW_CHANGED && !has_a_better_name(evidence);
}

bool mistake_thrown_away(const struct mistake_evidence *evidence)
{
    return evidence->flow.kind == FLOW_THROWN_AWAY && !has_a_better_name(evidence) &&
           !mistake_not_waited_for(evidence);
}

bool mistake_other_micro_batch(const struct mistake_evidence *evidence)
{
    return evidence->flow.kind == FLOW_OTHER && !evidence->flow.later_only &&
           !evidence->sent_changed && !mistake_not_waited_for(evidence) &&
           !mistake_orders_disagree(evidence);
}

bool mistake_not_waited_for(const struct mistake_evidence *evidence)
{
    for (int s = 0; s < evidence->stages; s++)
        if (evidence->stage[s].early_forward >= 0 || evidence->stage[s].early_backward >= 0)
            return true;
    return false;
}
