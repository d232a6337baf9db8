/*
 * The args of a trace's slices: what a viewer shows when one is selected.
 */
#include "grader/pictures/trace_export_parts.h"
#include "grader/trace/collectives.h"
#include "grader/trace/source_line.h"

#include <inttypes.h>

#define MOST_REQUESTS 64 /* of a wait that are listed */

static void add_integer(json_t *arguments, const char *name, int64_t value)
{
    json_object_set_new(arguments, name, json_integer(value));
}

/* Numbers beyond 2^53 do not survive as numbers in every viewer. */
static void add_hexadecimal(json_t *arguments, const char *name, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%016" PRIx64, value);
    json_object_set_new(arguments, name, json_string(text));
}

/* ---- messages ---------------------------------------------------------------------------- */

/* "receive from rank 1, tag 5 (request 3)". */
static char *message_text(const struct message *message, bool is_send, uint64_t request)
{
    g_autofree char *peer = trace_peer_name(is_send ? message->destination : message->source);
    g_autofree char *tag =
        message->tag == LOG_ANY_TAG ? g_strdup("any") : g_strdup_printf("%d", message->tag);
    return g_strdup_printf("%s %s, tag %s (request %" PRIu64 ")",
                           is_send ? "send to" : "receive from", peer, tag, request);
}

/* What a wait waits for. */
static void add_requests(const struct trace *trace, int rank, size_t begin, json_t *arguments)
{
    const struct log_file *log = trace->rank[rank].log;
    json_t *list = json_array();
    for (size_t i = begin + 1; i < log->count && log->record[i].operation == LOG_WAITING_FOR &&
                               json_array_size(list) < MOST_REQUESTS;
         i++) {
        int index = trace->matching->by_record[rank][i];
        uint64_t request = log_request(&log->record[i]);
        const struct collective_call *call = trace_call_of_request(trace, rank, request, i);
        g_autofree char *text = NULL;
        if (index == NO_MESSAGE && call) {
            g_autofree char *name = trace_collective_name(trace, call);
            text = g_strdup_printf("%s (request %" PRIu64 ")", name, request);
        } else if (index == NO_MESSAGE) {
            text = g_strdup_printf("request %" PRIu64, request);
        } else {
            const struct message *message = &trace->matching->message[index];
            bool is_send = message->source == rank && message->send.posted != NO_RECORD &&
                           message->send.request == request;
            text = message_text(message, is_send, request);
        }
        json_array_append_new(list, json_string(text));
    }
    if (json_array_size(list) > 0)
        json_object_set_new(arguments, "waits for", list);
    else
        json_decref(list);
}

/* What became of a message that has no arrow. */
static void add_fate(const struct trace *trace, int rank, size_t begin, json_t *arguments)
{
    int index = trace->matching->by_record[rank][begin];
    if (index == NO_MESSAGE)
        return;
    const struct message *message = &trace->matching->message[index];
    if (message->source == rank && message->send.posted == begin &&
        message->receive.posted == NO_RECORD)
        json_object_set_new(arguments, "matched", json_string("never received"));
    else if (message->destination == rank && message->receive.posted == begin &&
             message->send.posted == NO_RECORD)
        json_object_set_new(arguments, "matched", json_string("never sent"));
}

/* ---- all ----------------------------------------------------------------------------------- */

static bool has_peer(const struct log_record *record)
{
    return record->peer != LOG_NO_PEER;
}

static bool is_one_sided(const struct log_record *record)
{
    return record->operation >= LOG_WIN_CREATE;
}

/* Which one it is about, and what the tag means there. */
static void add_peer_and_tag(const struct log_record *record, const struct log_record *last,
                             json_t *arguments)
{
    const bool collective = collectives_include((enum log_operation)record->operation);
    const bool one_sided = is_one_sided(record);
    if (has_peer(record)) {
        g_autofree char *peer = trace_peer_name(has_peer(last) ? last->peer : record->peer);
        json_object_set_new(arguments,
                            collective  ? "root"
                            : one_sided ? "target"
                                        : "peer",
                            json_string(peer));
    }
    if (log_is_collective((enum log_operation)record->operation))
        return; /* its tag says what the elements are */
    if (last->tag != LOG_ANY_TAG)
        add_integer(arguments, one_sided ? "window" : "tag", last->tag);
    else if (has_peer(record) && !one_sided && !collective)
        json_object_set_new(arguments, "tag", json_string("any"));
}

static void add_call(const struct trace *trace, int rank, size_t begin, json_t *arguments)
{
    const struct log_record *record = &trace->rank[rank].log->record[begin];
    const size_t end = trace->rank[rank].span[begin].end;
    /* The end of a receive knows more: who it was, and how much. */
    const struct log_record *last = end == NO_RECORD ? record : &trace->rank[rank].log->record[end];
    const bool collective = collectives_include((enum log_operation)record->operation);
    const char *name = log_operation_name((enum log_operation)record->operation);
    json_object_set_new(arguments, "call", json_string(name));
    const uint64_t bytes = collective ? record->bytes : last->bytes ? last->bytes : record->bytes;
    add_peer_and_tag(record, last, arguments);
    if (bytes)
        add_integer(arguments, "bytes", (int64_t)MIN(bytes, (uint64_t)INT64_MAX));
    if (record->fingerprint || last->fingerprint)
        add_hexadecimal(arguments, "fingerprint",
                        last->fingerprint ? last->fingerprint : record->fingerprint);
    if (record->communicator == LOG_WORLD)
        json_object_set_new(arguments, "communicator", json_string("MPI_COMM_WORLD"));
    else if (record->communicator == LOG_RUN)
        json_object_set_new(arguments, "communicator", json_string("the run's"));
    else if (record->communicator)
        add_hexadecimal(arguments, "communicator", record->communicator);
    int call = trace->calls->by_record[rank][begin];
    if (call != NO_COLLECTIVE_CALL)
        trace_add_collective(trace, &trace->calls->call[call], arguments);
    if (!collective && log_request(record))
        add_integer(arguments, "request", (int64_t)log_request(record));
    add_requests(trace, rank, begin, arguments);
    add_fate(trace, rank, begin, arguments);
}

json_t *trace_arguments(const struct trace *trace, int rank, size_t begin)
{
    const struct log_record *record = &trace->rank[rank].log->record[begin];
    const size_t end = trace->rank[rank].span[begin].end;
    const struct log_record *last = end == NO_RECORD ? record : &trace->rank[rank].log->record[end];
    json_t *arguments = json_object();
    if (record->stage >= 0)
        add_integer(arguments, "stage", record->stage);
    if (record->micro_batch >= 0)
        add_integer(arguments, "micro-batch", record->micro_batch);
    if (record->operation >= LOG_SEND)
        add_call(trace, rank, begin, arguments);
    else if (record->fingerprint || last->fingerprint)
        add_hexadecimal(arguments, "parameters",
                        record->fingerprint ? record->fingerprint : last->fingerprint);
    if (last->flops > record->flops)
        add_integer(arguments, "flops", (int64_t)(last->flops - record->flops));
    const char *source = source_line(trace->options.program, record->caller);
    if (source[0]) {
        g_autofree char *valid = g_utf8_make_valid(source, -1);
        json_object_set_new(arguments, "source", json_string(valid));
    }
    return arguments;
}
