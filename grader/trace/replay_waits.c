/*
 * What the events of a replay wait for, by the rules of MPI.
 */
#include "grader/trace/replay_parts.h"

#include <math.h>

double replay_message_sent(const struct play *play, int index, int *waits_for)
{
    const struct message *message = &play->matching->message[index];
    *waits_for = message->source >= 0 ? message->source : LOG_NO_PEER;
    /* It did arrive, so it was sent, even if the sender's log does not show it. */
    if (message->send.posted == NO_RECORD && message->receive.completed != NO_RECORD)
        return 0;
    return play->sent[index];
}

/* Is this send complete only when its receive was posted? */
static bool send_waits(const struct play *play, const struct log_record *record)
{
    switch (record->operation) {
    case LOG_SSEND:
    case LOG_ISSEND:
        return true;
    case LOG_BSEND:
    case LOG_IBSEND:
        return false;
    default:
        if (record->flag & LOG_FLAG_SYNCHRONOUS)
            return true;
        return play->options.synchronous && (record->flag & LOG_FLAG_BUFFERED) == 0 &&
               record->bytes >= play->options.synchronous_from;
    }
}

static double send_complete(const struct play *play, int index, int *waits_for)
{
    const struct message *message = &play->matching->message[index];
    const struct actor *sender = &play->actor[message->source];
    *waits_for = message->destination;
    if (!send_waits(play, &sender->log->record[message->send.posted]))
        return 0;
    return play->posted[index];
}

/* The half of this message that the rank posted is complete. */
static double half_complete(const struct play *play, int index, bool is_send, int *waits_for)
{
    return is_send ? send_complete(play, index, waits_for)
                   : replay_message_sent(play, index, waits_for);
}

double replay_request_complete(const struct play *play, int rank, size_t i, int *waits_for)
{
    *waits_for = LOG_NO_PEER;
    int message = play->matching->by_record[rank][i];
    if (message != NO_MESSAGE) {
        const struct message *found = &play->matching->message[message];
        bool is_send = found->send.posted != NO_RECORD && found->source == rank &&
                       found->send.request == log_request(&play->actor[rank].log->record[i]) &&
                       found->send.posted < i;
        return half_complete(play, message, is_send, waits_for);
    }
    int collective = play->collectives->by_record[rank][i];
    if (collective != NO_COLLECTIVE)
        return replay_collective_complete(play, collective, rank, waits_for);
    return 0;
}

/* The later of two, where NaN (not yet) wins. */
static double later(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

/* The two halves of a sendrecv. */
static double parts_complete(const struct play *play, int rank, size_t begin, int *waits_for)
{
    const struct log_file *log = play->actor[rank].log;
    double time = 0;
    int missing = LOG_NO_PEER;
    for (size_t i = begin + 1; i < log->count && i <= begin + 2; i++) {
        unsigned operation = log->record[i].operation;
        int message = play->matching->by_record[rank][i];
        if ((operation != LOG_SEND_PART && operation != LOG_RECV_PART) || message == NO_MESSAGE)
            continue;
        int other;
        double part = half_complete(play, message, operation == LOG_SEND_PART, &other);
        if (isnan(part))
            missing = other;
        time = later(time, part);
    }
    *waits_for = missing;
    return time;
}

double replay_call_complete(const struct play *play, int rank, size_t begin, size_t end,
                            int *waits_for)
{
    const struct log_record *record = &play->actor[rank].log->record[begin];
    int message = play->matching->by_record[rank][begin];
    *waits_for = LOG_NO_PEER;
    switch (record->operation) {
    case LOG_SEND:
    case LOG_SSEND:
    case LOG_BSEND:
    case LOG_RSEND:
        return message == NO_MESSAGE ? 0 : send_complete(play, message, waits_for);
    case LOG_RECV:
    case LOG_MRECV:
        return message == NO_MESSAGE ? 0 : replay_message_sent(play, message, waits_for);
    case LOG_SENDRECV:
    case LOG_SENDRECV_REPLACE:
        return parts_complete(play, rank, begin, waits_for);
    case LOG_PROBE_MESSAGE:
    case LOG_IPROBE:
    case LOG_MPROBE:
    case LOG_IMPROBE:
        message = end == NO_RECORD ? NO_MESSAGE : play->matching->by_record[rank][end];
        return message == NO_MESSAGE ? 0 : replay_message_sent(play, message, waits_for);
    default:
        break;
    }
    int collective = play->collectives->by_record[rank][begin];
    if (collective != NO_COLLECTIVE && !collectives_only_start(record->operation))
        return replay_collective_complete(play, collective, rank, waits_for);
    return 0;
}

double replay_pending_wait(const struct play *play, int rank, size_t begin, int *waits_for)
{
    const struct log_file *log = play->actor[rank].log;
    unsigned operation = log->record[begin].operation;
    bool any = operation == LOG_WAITANY || operation == LOG_WAITSOME;
    double all = 0, first = NAN;
    int missing = LOG_NO_PEER;
    for (size_t i = begin + 1; i < log->count && log->record[i].operation == LOG_WAITING_FOR; i++) {
        int other;
        double time = replay_request_complete(play, rank, i, &other);
        if (isnan(time) && missing == LOG_NO_PEER)
            missing = other;
        all = later(all, time);
        first = fmin(first, time);
    }
    *waits_for = missing;
    return any ? first : all;
}
