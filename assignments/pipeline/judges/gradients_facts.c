/* What explains wrong gradients and is not in them; see gradients_facts.h. */
#include "assignments/pipeline/judges/gradients_facts.h"

#include "assignments/pipeline/judges/mistakes.h"
#include "assignments/pipeline/judges/rounding.h"
#include "common/log/log.h"
#include "grader/evidence/messages.h"

/* ---- messages ------------------------------------------------------------------------------------- */

static bool arrived(const struct message *message)
{
    return message->receive.posted != NO_RECORD && message->receive.completed != NO_RECORD &&
           message->receive.fingerprint != 0;
}

bool gradients_sent_changed(const struct matching *matching)
{
    for (int i = 0; i < matching->count; i++)
        if (messages_changed_while_sent(&matching->message[i]))
            return true;
    return false;
}

bool gradients_sends_share(const struct matching *matching)
{
    for (int i = 0; i < matching->count; i++)
        if (messages_overwritten_by(matching, i) != NO_MESSAGE)
            return true;
    return false;
}

/* Another message of the same two ranks that was sent behind this one with what this one is said to
 * have brought. */
static bool holds_a_later_one(const struct matching *matching, const struct message *message)
{
    for (int i = 0; i < matching->count; i++) {
        const struct message *other = &matching->message[i];
        if (other->source == message->source && other->destination == message->destination &&
            other->send.posted != NO_RECORD && other->send.posted > message->send.posted &&
            other->send.step == message->send.step &&
            other->send.fingerprint == message->receive.fingerprint)
            return true;
    }
    return false;
}

bool gradients_received_over(const struct matching *matching)
{
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        const struct message_half *send = &message->send;
        if (send->posted == NO_RECORD || send->fingerprint == 0 ||
            messages_changed_while_sent(message) || !arrived(message) ||
            message->receive.fingerprint == send->fingerprint)
            continue;
        if (holds_a_later_one(matching, message))
            return true;
    }
    return false;
}

/* ---- inputs ---------------------------------------------------------------------------------------- */

void gradients_find_inputs(const struct gradient_case *c, int *input_of)
{
    int m = c->micro_batches;
    g_autofree uint64_t *due = g_new(uint64_t, m);
    struct batch *batch = reference_batch_new(c->reference, m);
    batch_load(batch, c->step);
    for (int i = 0; i < m; i++) {
        struct tensor *inputs = batch_inputs(batch, i);
        due[i] = log_fingerprint(inputs->data, tensor_bytes(inputs));
        tensor_free(inputs);
    }
    batch_free(batch);
    for (int i = 0; i < m; i++) {
        uint64_t used = flow_first_input(c->run, c->step, i);
        int found = 0;
        input_of[i] = MISTAKE_UNKNOWN;
        for (int k = 0; k < m; k++)
            if (used != 0 && due[k] == used && found++ == 0)
                input_of[i] = k;
        if (found > 1)
            input_of[i] = MISTAKE_UNKNOWN;
    }
}

/* ---- rounding --------------------------------------------------------------------------------------- */

const char *gradients_find_rounding(const struct gradient_case *c, const struct flow *flow)
{
    if (flow->kind != FLOW_CHANGED && flow->kind != FLOW_THROWN_AWAY)
        return NULL;
    int next = flow->backward ? flow->stage + 1 : flow->stage;
    struct tensor *right =
        reference_passage(c->reference, c->step, c->micro_batches, flow->micro_batch,
                          c->stage[next].first_layer, flow->backward);
    bool known = right && log_fingerprint(right->data, tensor_bytes(right)) == flow->due;
    const char *how = known ? rounding_find(right, flow->used) : NULL;
    tensor_free(right);
    return how;
}
