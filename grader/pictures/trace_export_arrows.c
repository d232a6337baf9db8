/*
 * The arrows of a trace: from a cause to where it is noticed.
 */
#include "grader/pictures/trace_export_parts.h"

struct trace_arrow *trace_arrow(const struct trace *trace, int index)
{
    return &g_array_index(trace->arrows, struct trace_arrow, index);
}

static bool is_record(const struct trace *trace, int rank, size_t record)
{
    return rank >= 0 && rank < trace->ranks && record < trace->rank[rank].log->count;
}

/* A record has one arrow at most that ends there; logs that contradict themselves may ask for more. */
static void add_arrow(struct trace *trace, struct trace_arrow arrow)
{
    if (!is_record(trace, arrow.from_rank, arrow.from) ||
        !is_record(trace, arrow.to_rank, arrow.to) ||
        trace->rank[arrow.to_rank].ends[arrow.to] != NO_ARROW ||
        (arrow.from_rank == arrow.to_rank && arrow.from >= arrow.to))
        return;
    int index = (int)trace->arrows->len, *first = &trace->rank[arrow.from_rank].begins[arrow.from];
    arrow.next = *first;
    *first = index;
    trace->rank[arrow.to_rank].ends[arrow.to] = index;
    g_array_append_val(trace->arrows, arrow);
}

static void find_messages(struct trace *trace)
{
    for (int i = 0; i < trace->matching->count; i++) {
        const struct message *message = &trace->matching->message[i];
        add_arrow(trace, (struct trace_arrow){.name = "message",
                                              .from_rank = message->source,
                                              .from = message->send.posted,
                                              .to_rank = message->destination,
                                              .to = message->receive.completed});
    }
}

static void find_collectives(struct trace *trace)
{
    for (int i = 0; i < trace->calls->count; i++) {
        const struct collective_call *call = &trace->calls->call[i];
        if (call->waits_for == LOG_NO_PEER || call->ends == NO_RECORD)
            continue;
        const struct collective *collective = &trace->collectives->collective[call->collective];
        add_arrow(trace,
                  (struct trace_arrow){.name = "collective",
                                       .from_rank = call->waits_for,
                                       .from = collective_entered(collective, call->waits_for),
                                       .to_rank = call->rank,
                                       .to = call->ends});
    }
}

void trace_find_arrows(struct trace *trace)
{
    trace->arrows = g_array_new(FALSE, FALSE, sizeof(struct trace_arrow));
    for (int rank = 0; rank < trace->ranks; rank++) {
        struct trace_rank *at = &trace->rank[rank];
        at->begins = g_new(int, at->log->count + 1);
        at->ends = g_new(int, at->log->count + 1);
        for (size_t i = 0; i <= at->log->count; i++)
            at->begins[i] = at->ends[i] = NO_ARROW;
    }
    find_messages(trace);
    find_collectives(trace);
}

int trace_missing_arrow(const struct trace *trace, int rank)
{
    const struct trace_rank *at = &trace->rank[rank];
    int arrow = at->ends[at->at];
    return arrow == NO_ARROW || trace_arrow(trace, arrow)->begun ? NO_ARROW : arrow;
}
