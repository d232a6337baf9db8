/* What a rank sent in the steps of a simulated run. */
#include "planner/planner.h"

#include "grader/trace/collectives.h"
#include "grader/trace/match.h"

static bool has_one_sender(enum log_operation operation)
{
    operation = log_blocking_form(operation);
    return operation == LOG_BCAST || operation == LOG_SCATTER || operation == LOG_SCATTERV;
}

/* Does this record put something into a collective? Communicators are made without a message. */
static bool puts_in(const struct log_file *log, const struct log_record *record)
{
    return record->phase == LOG_BEGIN && record->bytes > 0 &&
           log_is_collective(record->operation) &&
           (!has_one_sender(record->operation) || record->peer == log->rank);
}

static void add(struct rank_use *use, uint64_t bytes)
{
    use->messages++;
    use->message_bytes += (double)bytes;
}

void plan_add_messages(const struct log_file *log, struct rank_use *use)
{
    /* Who received a message does not matter, and one log at a time takes less memory. */
    struct matching *matching = matching_new(log, 1);
    for (int i = 0; i < matching->count; i++) {
        const struct message_half *send = &matching->message[i].send;
        if (send->posted != NO_RECORD && send->step >= 0)
            add(use, send->bytes);
    }
    matching_free(matching);
    int step = -1;
    for (size_t i = 0; i < log->count; i++) {
        log_follow_step(&log->record[i], &step);
        if (step >= 0 && puts_in(log, &log->record[i]))
            add(use, log->record[i].bytes);
    }
}
