/* What was sent and what arrived; see messages.h. */
#include "grader/evidence/messages.h"

#include "grader/trace/call_place.h"
#include "grader/verdict/assignment.h"

static bool has_arrived(const struct message *message)
{
    return message->receive.posted != NO_RECORD && message->receive.completed != NO_RECORD;
}

bool messages_agree(const struct matching *matching, struct verdict *verdict)
{
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        const struct message_half *send = &message->send, *receive = &message->receive;
        if (!has_arrived(message))
            continue;
        if (send->posted == NO_RECORD) {
            evidence_fail(verdict,
                          "rank %d received a message with tag %d from rank %d, whose log does not "
                          "show that it sent one",
                          message->destination, message->tag, message->source);
            return false;
        }
        bool same =
            send->bytes == receive->bytes && (!send->fingerprint || !receive->fingerprint ||
                                              send->fingerprint == receive->fingerprint ||
                                              send->fingerprint_completed == receive->fingerprint);
        if (!same) {
            evidence_fail(verdict,
                          "the message with tag %d from rank %d to rank %d did not arrive as it "
                          "was sent (%" G_GUINT64_FORMAT " bytes sent, %" G_GUINT64_FORMAT
                          " received): a buffer was used again too early, or the logs are not true",
                          message->tag, message->source, message->destination, (guint64)send->bytes,
                          (guint64)receive->bytes);
            verdict_look(verdict, "what the code does with this buffer between the send and its "
                                  "MPI_Wait");
            return false;
        }
    }
    return true;
}

bool messages_changed_while_sent(const struct message *message)
{
    const struct message_half *send = &message->send;
    return send->posted != NO_RECORD && send->fingerprint != 0 &&
           (send->gone ||
            (send->fingerprint_completed != 0 && send->fingerprint_completed != send->fingerprint));
}

int messages_changed(const struct matching *matching)
{
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        const struct message_half *send = &message->send;
        if (send->posted == NO_RECORD || !send->fingerprint)
            continue;
        if (messages_changed_while_sent(message))
            return i;
        if (has_arrived(message) && message->receive.fingerprint &&
            message->receive.fingerprint != send->fingerprint)
            return i;
    }
    return NO_MESSAGE;
}

int messages_overwritten_by(const struct matching *matching, int index)
{
    const struct message *message = &matching->message[index];
    const struct message_half *send = &message->send;
    if (send->posted == NO_RECORD || send->completed == NO_RECORD || send->gone ||
        !send->fingerprint_completed || send->fingerprint_completed == send->fingerprint)
        return NO_MESSAGE;
    for (int i = 0; i < matching->count; i++) {
        const struct message *other = &matching->message[i];
        if (other->source == message->source && other->send.posted != NO_RECORD &&
            other->send.posted > send->posted && other->send.posted < send->completed &&
            other->send.bytes == send->bytes &&
            other->send.fingerprint == send->fingerprint_completed)
            return i;
    }
    return NO_MESSAGE;
}

static bool was_freed(const struct log_file *log, uint64_t request)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_REQUEST_FREE && log_request(&log->record[i]) == request)
            return true;
    return false;
}

/* Did the program never ask whether this half of a message was done? MPI_Request_free says that
 * it knows from something else. */
static bool is_forgotten(const struct outcome *run, int rank, const struct message_half *half)
{
    return rank >= 0 && rank < run->ranks && half->posted != NO_RECORD && half->request != 0 &&
           half->completed == NO_RECORD && half->step >= 0 &&
           !was_freed(&run->log[rank], half->request);
}

/* Who began it with a helper of the assignment's waits with another one, and not with MPI_Wait. */
static void tell_forgotten(const struct outcome *run, const struct message *message, bool sender,
                           struct verdict *verdict)
{
    const int rank = sender ? message->source : message->destination;
    const struct message_half *half = sender ? &message->send : &message->receive;
    const struct log_file *log = &run->log[rank];
    const char *finish = run->assignment ? run->assignment->finish : NULL;
    g_autoptr(GString) line = g_string_new(NULL);
    bool helped = false;
    if (half->posted < log->count) {
        const struct log_record *record = &log->record[half->posted];
        helped = finish && call_place_of(run->program, record).helped;
        if (helped)
            call_place_name(run->program, record, line);
        else
            call_place_name_line(run->program, record, line);
    }
    g_autofree char *why =
        helped ? g_strdup_printf(": %s is missing behind it", finish) : g_strdup("");
    evidence_fail(verdict,
                  "rank %d never waited for a message that it %s rank %d (tag %d, step %d%s%s)%s",
                  rank, sender ? "sent to" : "receives from",
                  sender ? message->destination : message->source, message->tag, half->step,
                  !line->len ? ""
                  : helped   ? ", by "
                             : ", begun",
                  line->str, why);
    verdict->spoils = true;
    if (helped)
        verdict_explain(
            verdict,
            "\n`%s` waits for the messages that are still on their way. Call it once at "
            "the end of the step, behind the last backward, for every stage of the "
            "rank.\n",
            finish);
    else
        verdict_explain(verdict,
                        "\nMPI_Isend and MPI_Irecv only start a message. Every request needs an "
                        "MPI_Wait, MPI_Waitall or a successful MPI_Test before its buffer is used, "
                        "written or freed, and before the step ends.\n");
    verdict_look(verdict, helped ? "what stands behind the last backward of the step"
                                 : "what becomes of the request that this call starts");
}

bool messages_waited_for(const struct outcome *run, const struct matching *matching,
                         struct verdict *verdict)
{
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        bool sender = is_forgotten(run, message->source, &message->send);
        if (!sender && !is_forgotten(run, message->destination, &message->receive))
            continue;
        tell_forgotten(run, message, sender, verdict);
        return false;
    }
    return true;
}
