/*
 * What a trace says of collectives.
 */
#include "grader/pictures/trace_export_parts.h"

static void add_text(json_t *arguments, const char *name, const char *text)
{
    json_object_set_new(arguments, name, json_string(text));
}

static void add_microseconds(json_t *arguments, const char *name, uint64_t nanoseconds)
{
    json_object_set_new(arguments, name, json_real((double)nanoseconds / 1000));
}

static void add_elements(const struct log_record *record, json_t *arguments)
{
    if (!log_is_collective((enum log_operation)record->operation))
        return;
    const struct log_elements elements = log_elements(record);
    if (elements.type != LOG_TYPE_NONE)
        add_text(arguments, "type", log_type_name(elements.type));
    if (elements.reduction != LOG_REDUCTION_NONE)
        add_text(arguments, "operation", log_reduction_name(elements.reduction));
}

void trace_add_collective(const struct trace *trace, const struct collective_call *call,
                          json_t *arguments)
{
    add_elements(&trace->rank[call->rank].log->record[call->begins], arguments);
    if (call->waits_for != LOG_NO_PEER) {
        g_autofree char *rank = g_strdup_printf("rank %d", call->waits_for);
        add_text(arguments, call->ready == NEVER_READY ? "never came" : "came last", rank);
    }
    add_microseconds(arguments, "waiting, us", call->waiting);
    add_microseconds(arguments, "communicating, us", call->communicating);
    if (!call->nonblocking)
        return;
    add_microseconds(arguments, "in flight, us", call->end - call->begin);
    add_microseconds(arguments, "hidden behind computation, us", call->hidden);
}

/* Of those that began before a record, the last. A request has its number from the begin of its call. */
const struct collective_call *trace_call_of_request(const struct trace *trace, int rank,
                                                    uint64_t request, size_t before)
{
    int collective = trace->collectives->by_record[rank][before];
    if (request == 0 || collective == NO_COLLECTIVE)
        return NULL;
    size_t begins = collective_entered(&trace->collectives->collective[collective], rank);
    int call = begins < before ? trace->calls->by_record[rank][begins] : NO_COLLECTIVE_CALL;
    return call == NO_COLLECTIVE_CALL ? NULL : &trace->calls->call[call];
}
