/* What began too early; see early.h. */
#include "assignments/pipeline/judges/early.h"
#include "assignments/pipeline/placement.h"

/* Bytes that a rank had from a peer within a step before one of its records; NO_RECORD: all that
 * it asked for within the step. */
static uint64_t received_before(const struct matching *matching, int rank, int peer, int step,
                                size_t record)
{
    uint64_t bytes = 0;
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        const struct message_half *receive = &message->receive;
        bool asked = message->destination == rank && message->source == peer &&
                     receive->posted != NO_RECORD && receive->step == step;
        if (asked && (record == NO_RECORD ||
                      (receive->completed != NO_RECORD && receive->completed < record)))
            bytes += receive->bytes;
    }
    return bytes;
}

int early_micro_batch(const struct matching *matching, const GArray *events, int stage, int step,
                      enum log_operation operation, uint64_t bytes)
{
    const int ranks = matching->ranks, rank = placement_rank(stage, ranks);
    const int other = operation == LOG_FORWARD ? stage - 1 : stage + 1;
    if (other < 0 || other >= ranks)
        return -1;
    const int peer = placement_rank(other, ranks);
    /* Where less is received than there should be, waiting is not what lacks. */
    uint64_t count = (uint64_t)evidence_count(events, step, operation, stage), begun = 0;
    uint64_t all = received_before(matching, rank, peer, step, NO_RECORD);
    for (guint i = 0; i < events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        if (event->step != step || event->operation != operation || event->stage != stage)
            continue;
        begun++;
        uint64_t needed = MIN(begun * bytes, begun * all / count);
        if (received_before(matching, rank, peer, step, event->begin) < needed)
            return event->micro_batch;
    }
    return -1;
}
