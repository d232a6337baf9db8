/*
 * What a trace's slices are called: computations by their kind and micro-batch, "F 3"; messages by what the
 * call does, what they carry and the other side, "RECV x 3 ← rank 0"; waits by what they wait for; and
 * collectives by their kind, size and group, "all-reduce of 4 KiB among {0, 2}, in F 3".
 *
 * x enters a forward and y leaves it, dy enters a backward and dx leaves it: a message carries one of these if
 * its content is the same to the last bit, or, where nobody looked at contents, if both sides computed with it.
 */
#include "grader/pictures/trace_export_parts.h"

#include "common/base/units.h"
#include "common/log/log_fields.h"
#include "grader/trace/collectives.h"

#include <string.h>

#define MOST_NAMED 3 /* of what a wait waits for */

/* ---- what messages carry ------------------------------------------------------------------------ */

/* A tensor that enters or leaves a computation of a rank. */
struct trace_tensor {
    size_t record; /* the begin or the end of that computation */
    const char *name;
    int micro_batch;
};

static void free_tensors(gpointer tensors)
{
    g_array_unref(tensors);
}

/* What a record of a computation says of a tensor: its name, or NULL. */
static const char *tensor_of(const struct log_record *record)
{
    const bool enters = record->phase == LOG_BEGIN;
    if (record->micro_batch < 0 || (!enters && record->phase != LOG_END))
        return NULL;
    switch (record->operation) {
    case LOG_FORWARD:
        return enters ? "x" : "y";
    case LOG_BACKWARD:
    case LOG_BACKWARD_INPUT:
        return enters ? "dy" : "dx";
    default:
        return NULL;
    }
}

void trace_find_tensors(struct trace_rank *rank)
{
    rank->tensors = g_hash_table_new_full(NULL, NULL, NULL, free_tensors);
    for (size_t i = 0; i < rank->log->count; i++) {
        const struct log_record *record = &rank->log->record[i];
        const char *name = tensor_of(record);
        if (!name)
            continue;
        const struct trace_tensor tensor = {i, name, record->micro_batch};
        gpointer key = GSIZE_TO_POINTER(log_tensor(record));
        GArray *same = g_hash_table_lookup(rank->tensors, key);
        if (!same) {
            same = g_array_new(FALSE, FALSE, sizeof tensor);
            g_hash_table_insert(rank->tensors, key, same);
        }
        g_array_append_val(same, tensor);
    }
}

/* Of the tensors of that content (0: not known), the last that left a computation before the record, or the first
 * that entered one behind it. NULL: there is none. */
static const struct trace_tensor *nearest(const struct trace_rank *rank, uint64_t content,
                                          size_t record, bool left)
{
    const GArray *same = g_hash_table_lookup(rank->tensors, GSIZE_TO_POINTER(content));
    const struct trace_tensor *found = NULL;
    for (guint i = 0; same && i < same->len; i++) {
        const struct trace_tensor *tensor = &g_array_index(same, struct trace_tensor, i);
        if ((rank->log->record[tensor->record].phase == LOG_END) != left)
            continue;
        if (left && tensor->record > record)
            break;
        found = tensor;
        if (!left && tensor->record > record)
            break;
    }
    return found;
}

/* As the sender, or the receiver, names it; NULL: it is none that is computed with. */
static const struct trace_tensor *carried(const struct trace *trace, const struct message *message,
                                          bool is_send)
{
    const size_t sent = message->send.posted, received = message->receive.completed;
    const struct trace_tensor *from = NULL, *to = NULL;
    if (message->source >= 0 && sent != NO_RECORD)
        from = nearest(&trace->rank[message->source], message->send.fingerprint, sent, true);
    if (message->destination >= 0 && received != NO_RECORD)
        to = nearest(&trace->rank[message->destination], message->receive.fingerprint, received,
                     false);
    /* of unknown content, unless both ends agree */
    const bool known = message->send.fingerprint != 0 || message->receive.fingerprint != 0;
    if (!known && !(from && to && from->micro_batch == to->micro_batch &&
                    (from->name[0] == 'd') == (to->name[0] == 'd')))
        return NULL;
    const struct trace_tensor *own = is_send ? from : to;
    return own ? own : is_send ? to : from;
}

/* "x 3 ← rank 0", "1 KiB → rank 2". */
static void append_message(GString *text, const struct trace *trace, const struct message *message,
                           bool is_send)
{
    const struct trace_tensor *tensor = carried(trace, message, is_send);
    const uint64_t bytes = is_send ? message->send.bytes : message->receive.bytes;
    g_autofree char *peer = trace_peer_name(is_send ? message->destination : message->source);
    char size[UNITS_TEXT_SIZE];
    if (tensor)
        g_string_append_printf(text, "%s %d", tensor->name, tensor->micro_batch);
    else
        g_string_append(text, units_bytes((double)bytes, size));
    g_string_append_printf(text, " %s %s", is_send ? "→" : "←", peer);
}

/* ---- collectives ---------------------------------------------------------------------------------- */

/* " from rank 0", " to rank 0", or nothing. */
static void append_root(GString *text, const struct log_record *record)
{
    const char *way = NULL;
    switch (log_blocking_form((enum log_operation)record->operation)) {
    case LOG_BCAST:
    case LOG_SCATTER:
    case LOG_SCATTERV:
        way = "from";
        break;
    case LOG_REDUCE:
    case LOG_GATHER:
    case LOG_GATHERV:
        way = "to";
        break;
    default:
        return;
    }
    g_autofree char *root = trace_peer_name(record->peer);
    g_string_append_printf(text, " %s %s", way, root);
}

static void append_collective(GString *text, const struct trace *trace,
                              const struct collective_call *call)
{
    const struct trace_rank *rank = &trace->rank[call->rank];
    const struct log_record *record = &rank->log->record[call->begins];
    const size_t inside = rank->span[call->begins].inside;
    g_autofree char *among = group_among(collective_call_group(trace->calls, call), trace->ranks);
    char size[UNITS_TEXT_SIZE];
    g_string_append(text, collective_call_name(call->operation));
    if (record->bytes > 0)
        g_string_append_printf(text, " of %s", units_bytes((double)record->bytes, size));
    g_string_append_printf(text, " %s", among);
    append_root(text, record);
    if (inside != NO_RECORD) {
        g_autofree char *computation = trace_computation_name(&rank->log->record[inside]);
        g_string_append_printf(text, ", in %s", computation);
    }
}

char *trace_collective_name(const struct trace *trace, const struct collective_call *call)
{
    GString *text = g_string_new(NULL);
    append_collective(text, trace, call);
    return g_string_free(text, FALSE);
}

/* ---- slices ------------------------------------------------------------------------------------------ */

char *trace_peer_name(int peer)
{
    switch (peer) {
    case LOG_ANY_SOURCE:
        return g_strdup("any source");
    case LOG_PEER_NULL:
        return g_strdup("MPI_PROC_NULL");
    default:
        return g_strdup_printf("rank %d", peer);
    }
}

/* "F 3", "optimizer step". */
char *trace_computation_name(const struct log_record *record)
{
    const char *name = log_operation_name((enum log_operation)record->operation);
    return record->micro_batch >= 0 ? g_strdup_printf("%s %d", name, record->micro_batch)
                                    : g_strdup(name);
}

/* Does the record post that half itself? */
static bool posts(const struct message *message, int rank, size_t record, bool is_send)
{
    return is_send ? message->source == rank && message->send.posted == record
                   : message->destination == rank && message->receive.posted == record;
}

/* What a record behind the begin of a call adds, a wait's or a half of a sendrecv; false: nothing that is known. */
static bool append_part(GString *text, const struct trace *trace, int rank, size_t i)
{
    const struct log_record *record = &trace->rank[rank].log->record[i];
    const int index = trace->matching->by_record[rank][i];
    if (index == NO_MESSAGE) {
        const struct collective_call *call =
            record->operation == LOG_WAITING_FOR
                ? trace_call_of_request(trace, rank, log_request(record), i)
                : NULL;
        if (call)
            append_collective(text, trace, call);
        return call != NULL;
    }
    const struct message *message = &trace->matching->message[index];
    const bool is_send =
        record->operation == LOG_SEND_PART ||
        (record->operation == LOG_WAITING_FOR && message->source == rank &&
         message->send.posted != NO_RECORD && message->send.request == log_request(record));
    append_message(text, trace, message, is_send);
    return true;
}

/* What the call is about; an empty text: nobody knows. */
static void append_parts(GString *text, const struct trace *trace, int rank, size_t begin)
{
    const struct log_file *log = trace->rank[rank].log;
    int named = 0, more = 0;
    for (size_t i = begin + 1; i < log->count && log_is_behind_begin(&log->record[i]); i++) {
        g_autoptr(GString) part = g_string_new(NULL);
        if (!append_part(part, trace, rank, i))
            continue;
        if (named == MOST_NAMED)
            more++;
        else
            g_string_append_printf(text, "%s%s", named++ > 0 ? ", " : " ", part->str);
    }
    if (more > 0)
        g_string_append_printf(text, " and %d more", more);
}

/* One-sided: what moves, and which way; or nothing. */
static void append_one_sided(GString *text, const struct log_record *record)
{
    const bool gets = record->operation == LOG_GET || record->operation == LOG_RGET;
    if (record->operation < LOG_WIN_CREATE || record->peer == LOG_NO_PEER || record->bytes == 0)
        return;
    g_autofree char *target = trace_peer_name(record->peer);
    char size[UNITS_TEXT_SIZE];
    g_string_append_printf(text, " %s %s %s", units_bytes((double)record->bytes, size),
                           gets ? "←" : "→", target);
}

/* "RECV x 3 ← rank 0", "WAIT x 3 ← rank 0", "MPI_Comm_split". */
static char *call_name(const struct trace *trace, int rank, size_t begin)
{
    const struct log_record *record = &trace->rank[rank].log->record[begin];
    const char *name = log_operation_name((enum log_operation)record->operation);
    const int index = trace->matching->by_record[rank][begin];
    const int call = trace->calls->by_record[rank][begin];
    if (call != NO_COLLECTIVE_CALL && trace->calls->call[call].begins == begin)
        return trace_collective_name(trace, &trace->calls->call[call]);
    g_autoptr(GString) what = g_string_new(NULL);
    if (index != NO_MESSAGE) {
        const struct message *message = &trace->matching->message[index];
        const bool is_send = posts(message, rank, begin, true);
        g_string_append_c(what, ' ');
        if (is_send || posts(message, rank, begin, false))
            append_message(what, trace, message, is_send);
    } else {
        append_parts(what, trace, rank, begin);
        append_one_sided(what, record);
    }
    if (what->len <= 1 || !g_str_has_prefix(name, "MPI_"))
        return g_strdup(name);
    g_autofree char *word = g_ascii_strup(name + strlen("MPI_"), -1);
    return g_strconcat(word, what->str, NULL);
}

char *trace_slice_name(const struct trace *trace, int rank, size_t begin)
{
    const struct log_record *record = &trace->rank[rank].log->record[begin];
    const bool pending = trace->rank[rank].span[begin].end == NO_RECORD;
    g_autofree char *name = record->operation == LOG_STEP_BEGIN
                                ? g_strdup_printf("step %d", log_step(record))
                            : record->operation >= LOG_SEND ? call_name(trace, rank, begin)
                                                            : trace_computation_name(record);
    return g_strconcat(name, pending ? " (pending)" : "", NULL);
}
