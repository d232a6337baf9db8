/* What goes through MPI_COMM_WORLD; see messages_world.h. */
#include "assignments/data/judges/messages_world.h"

#include "common/log/log_fields.h"
#include "grader/trace/call_place.h"

static const struct mistake through_world = {
    "MPI_COMM_WORLD in place of the communicator",
    "A call goes through MPI_COMM_WORLD. This run's communicator is another "
    "one, as it is wherever replicas are not single ranks.",
    "the communicator: data->comm"};

/* With --reverse-ranks the communicator is not MPI_COMM_WORLD. */
static bool goes_through_world(const struct log_record *record)
{
    const enum log_operation operation = record->operation;
    const bool is_message = (operation >= LOG_SEND && operation <= LOG_SENDRECV_REPLACE) ||
                            (operation >= LOG_SEND_INIT && operation <= LOG_RECV_INIT);
    return record->phase == LOG_BEGIN && record->communicator == LOG_WORLD &&
           (is_message ||
            (log_is_collective(operation) && log_blocking_form(operation) != LOG_BARRIER));
}

static bool is_among_the_right(const struct outcome *run, int rank, struct verdict *verdict)
{
    const struct log_file *log = &run->log[rank];
    int step = -1;
    for (size_t i = 0; i < log->count && run->options.reverse_ranks && run->ranks > 1; i++) {
        const struct log_record *record = &log->record[i];
        log_follow_step(record, &step);
        if (step < 0 || !goes_through_world(record))
            continue;
        g_autoptr(GString) call = g_string_new(NULL);
        call_place_name(run->program, record, call);
        evidence_fail(verdict,
                      "step %d: %s goes through MPI_COMM_WORLD, and not through data->comm", step,
                      call->str);
        verdict_name_mistake(verdict, &through_world);
        return false;
    }
    return true;
}

bool data_messages_avoid_world(const struct outcome *run, struct verdict *verdict)
{
    for (int rank = 0; rank < run->ranks; rank++)
        if (!is_among_the_right(run, rank, verdict))
            return false;
    return true;
}
