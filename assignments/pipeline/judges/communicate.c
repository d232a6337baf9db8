/*
 * Judge "communicate".
 *
 * Run:       the probe that calls all four operations on every rank, with payloads that say who
 *            sent what.
 * Must hold: the probe's own words (what was due, what arrived) are right, and the log shows the
 *            same: exactly one message per neighbour, direction, micro-batch and exchange, each
 *            with the payload that belongs to it.
 * A failure: a message is missing, goes the wrong way, has the wrong tag or another's payload.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/probes.h"
#include "grader/evidence/messages.h"
#include "grader/evidence/probe_file.h"

#include <string.h>

static const char *const names[] = {"RECV_FORWARD", "SEND_FORWARD", "RECV_BACKWARD",
                                    "SEND_BACKWARD"};

struct call {
    int operation; /* enum pipeline_operation */
    int micro_batch;
    int mismatched;
    int count;
    bool due, request_null;
};

static bool read_call(const json_t *entry, struct call *call)
{
    const char *name = json_string_value(json_object_get(entry, "operation"));
    call->operation = -1;
    for (int i = 0; name && i < 4; i++)
        if (!strcmp(name, names[i]))
            call->operation = i;
    return call->operation >= 0 && probe_file_int(entry, "micro_batch", &call->micro_batch) &&
           probe_file_int(entry, "mismatched", &call->mismatched) &&
           probe_file_int(entry, "count", &call->count) && call->micro_batch >= 0 &&
           call->micro_batch < 64 && call->count >= 0 && call->count <= 1 << 24 &&
           probe_file_bool(entry, "due", &call->due) &&
           probe_file_bool(entry, "request_null", &call->request_null);
}

static bool is_due(const struct outcome *run, int rank, int operation)
{
    bool backwards = operation == RECV_FORWARD || operation == SEND_BACKWARD;
    return backwards ? rank > 0 : rank < run->ranks - 1;
}

/* Is there a receive of this rank that nobody waited for to its end? */
static bool has_unfinished_receive(const struct matching *matching, int rank)
{
    for (int i = 0; i < matching->count; i++)
        if (matching->message[i].destination == rank &&
            matching->message[i].receive.posted != NO_RECORD &&
            matching->message[i].receive.completed == NO_RECORD)
            return true;
    return false;
}

static char *what_is_wrong(const struct outcome *run, const struct matching *matching, int rank,
                           const struct call *call)
{
    bool due = is_due(run, rank, call->operation);
    if (due != call->due)
        return g_strdup_printf("returned %s, but a message is %s", call->due ? "true" : "false",
                               due ? "due" : "not due at this end of the pipeline");
    if (!due && !call->request_null)
        return g_strdup("no message is due, but *request is not MPI_REQUEST_NULL");
    /* Who blocks leaves nothing to wait for; this one has started something. */
    if (due && call->request_null && has_unfinished_receive(matching, rank))
        return g_strdup("returned true, but *request is MPI_REQUEST_NULL: nobody can wait for the "
                        "message that it started");
    if (due && call->count < 1)
        return g_strdup("the probe handed over no tensor");
    if (due && call->mismatched > 0)
        return g_strdup_printf("%d of %d elements are not what they must be", call->mismatched,
                               call->count);
    return NULL;
}

static uint64_t payload_fingerprint(const struct outcome *run, int sender, int operation,
                                    int micro_batch, int count)
{
    g_autofree float *payload = g_new(float, count);
    for (int i = 0; i < count; i++)
        payload[i] = probe_payload(run->options.seed, sender, (enum pipeline_operation)operation,
                                   micro_batch, i);
    return log_fingerprint(payload, (size_t)count * sizeof(float));
}

/* Messages between two ranks that arrived with this payload. */
static int messages_with(const struct matching *matching, int source, int destination,
                         uint64_t fingerprint)
{
    int found = 0;
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        found += message->source == source && message->destination == destination &&
                 message->send.posted != NO_RECORD && message->receive.completed != NO_RECORD &&
                 message->receive.fingerprint == fingerprint &&
                 message->send.fingerprint == fingerprint;
    }
    return found;
}

/* Does the log show the message that this receive speaks of? */
static bool log_shows(const struct outcome *run, const struct matching *matching, int rank,
                      const struct call *call, struct verdict *verdict)
{
    bool forward = call->operation == RECV_FORWARD;
    if ((!forward && call->operation != RECV_BACKWARD) || !is_due(run, rank, call->operation))
        return true;
    int sender = forward ? rank - 1 : rank + 1;
    uint64_t fingerprint = payload_fingerprint(run, sender, forward ? SEND_FORWARD : SEND_BACKWARD,
                                               call->micro_batch, call->count);
    int found = messages_with(matching, sender, rank, fingerprint);
    if (found == 1)
        return true;
    evidence_fail(
        verdict,
        "%s of micro-batch %d on rank %d: the log shows %d messages from rank %d with that "
        "payload, not one",
        names[call->operation], call->micro_batch, rank, found, sender);
    return false;
}

static bool judge_rank(const struct outcome *run, const struct matching *matching, int rank,
                       int *due, struct verdict *verdict)
{
    g_autofree char *name = g_strdup_printf("probe-communicate-%d.json", rank);
    json_t *root = probe_file_read(run, name, 12, verdict), *entry;
    bool right = root;
    int calls[4] = {0};
    size_t i;
    json_array_foreach(root, i, entry)
    {
        struct call call;
        if (!read_call(entry, &call)) {
            evidence_fail(verdict, "result %zu of %s is not usable", i + 1, name);
            right = false;
            break;
        }
        g_autofree char *what = what_is_wrong(run, matching, rank, &call);
        calls[call.operation]++;
        *due += is_due(run, rank, call.operation) && call.operation % 2 == 0;
        if (what && right)
            evidence_fail(verdict, "%s of micro-batch %d on rank %d: %s", names[call.operation],
                          call.micro_batch, rank, what);
        if (what)
            verdict_explain(verdict, "\n- rank %d, %s, micro-batch %d: %s", rank,
                            names[call.operation], call.micro_batch, what);
        right = right && !what && log_shows(run, matching, rank, &call, verdict);
    }
    if (right && (calls[0] < 3 || calls[1] < 3 || calls[2] < 3 || calls[3] < 3)) {
        evidence_fail(verdict, "%s does not hold all four operations", name);
        right = false;
    }
    json_decref(root);
    return right;
}

/* The probe's tensors are as large as what is sent to them: more room is not there. */
static bool rooms_fit(const struct outcome *run, const struct matching *matching,
                      struct verdict *verdict)
{
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        if (message->send.posted == NO_RECORD || message->receive.posted == NO_RECORD ||
            message->destination < 0 || message->destination >= run->ranks)
            continue;
        const struct log_record *receive =
            &run->log[message->destination].record[message->receive.posted];
        if (receive->bytes <= message->send.bytes)
            continue;
        evidence_fail(verdict,
                      "rank %d tells MPI of room for %" G_GUINT64_FORMAT " bytes where its tensor "
                      "has %" G_GUINT64_FORMAT " (tag %d): a larger message would be written "
                      "beyond its end. Count and type: tensor->count, MPI_FLOAT",
                      message->destination, (guint64)receive->bytes, (guint64)message->send.bytes,
                      message->tag);
        return false;
    }
    return true;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    struct matching *matching = matching_new(run->log, run->ranks);
    bool right = true;
    int due = 0;
    for (int rank = 0; rank < run->ranks; rank++)
        right = judge_rank(run, matching, rank, &due, verdict) && right;
    if (right && matching->count != due)
        evidence_fail(verdict, "%d messages were started where %d are due", matching->count, due);
    else if (right && rooms_fit(run, matching, verdict))
        messages_agree(matching, verdict);
    matching_free(matching);
}

void judge_communicate(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(
        judgement, verdict, judge_run,
        "each operation moves its tensor to or from the right neighbour, and does nothing "
        "at the ends");
}
