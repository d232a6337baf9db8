/* Reading the halves of messages: each rank's log once, front to back; see match_halves.h. */
#include "grader/trace/match_halves.h"

/* What is needed while one rank's log is read. */
struct reading {
    GArray *halves; /* of struct half, of all ranks */
    int rank;
    int step;
    int send, receive;   /* halves of the blocking call that is open, or -1 */
    GHashTable *started; /* request → half of its latest start */
    int **about;         /* about[rank][record]: the half that it posted or is about, or -1 */
};

static bool is_blocking_send(unsigned operation)
{
    return operation >= LOG_SEND && operation <= LOG_RSEND;
}

static bool is_started_send(unsigned operation)
{
    return operation >= LOG_ISEND && operation <= LOG_IRSEND;
}

/* Adds the half that record i posts; returns its index. */
static int post(struct reading *reading, const struct log_file *log, size_t i, bool is_send)
{
    const struct log_record *record = &log->record[i];
    struct half half = {
        .is_send = is_send,
        .ignored = record->peer == LOG_PEER_NULL || record->peer == LOG_NO_PEER,
        .rank = reading->rank,
        .peer = record->peer,
        .tag = record->tag,
        .communicator = record->communicator,
        .data = {.posted = i,
                 .completed = NO_RECORD,
                 .request = log_request(record),
                 .bytes = record->bytes,
                 .fingerprint = is_send ? record->fingerprint : 0,
                 .step = reading->step},
        .message = NO_MESSAGE,
    };
    g_array_append_val(reading->halves, half);
    int index = (int)reading->halves->len - 1;
    reading->about[reading->rank][i] = index;
    if (log_request(record) != 0)
        g_hash_table_insert(reading->started, GSIZE_TO_POINTER(log_request(record)),
                            GINT_TO_POINTER(index + 1));
    return index;
}

/* Record i says how a half ended. */
static void complete(struct half *half, const struct log_file *log, size_t i)
{
    const struct log_record *record = &log->record[i];
    half->data.completed = i;
    if (record->flag & LOG_FLAG_CANCELLED) {
        half->ignored = true;
        return;
    }
    if (half->is_send) {
        half->data.fingerprint_completed = log_request(record) != 0 ? record->fingerprint : 0;
        half->data.gone = log_request(record) != 0 && (record->flag & LOG_FLAG_BUFFER_GONE);
        return;
    }
    half->peer = record->peer;
    half->tag = record->tag;
    half->data.bytes = record->bytes;
    half->data.fingerprint = record->fingerprint;
    half->ignored = record->peer < 0;
}

/* A blocking call, or the end of one. */
static void read_blocking(struct reading *reading, const struct log_file *log, size_t i)
{
    const struct log_record *record = &log->record[i];
    bool receives = record->operation == LOG_RECV || record->operation == LOG_MRECV;
    if (record->phase == LOG_BEGIN) {
        reading->send = is_blocking_send(record->operation) ? post(reading, log, i, true) : -1;
        reading->receive = receives ? post(reading, log, i, false) : -1;
    } else if (record->phase == LOG_END) {
        if (reading->send >= 0)
            complete(matching_half(reading->halves, reading->send), log, i);
        if (reading->receive >= 0)
            complete(matching_half(reading->halves, reading->receive), log, i);
        reading->send = reading->receive = -1;
    }
}

/* A record about a request: finds the half of its latest start. */
static void read_about_request(struct reading *reading, const struct log_file *log, size_t i)
{
    const struct log_record *record = &log->record[i];
    gpointer found = g_hash_table_lookup(reading->started, GSIZE_TO_POINTER(log_request(record)));
    int index = GPOINTER_TO_INT(found) - 1;
    if (log_request(record) == 0 || index < 0)
        return;
    reading->about[reading->rank][i] = index;
    if (record->operation == LOG_COMPLETED)
        complete(matching_half(reading->halves, index), log, i);
}

static void read_record(struct reading *reading, const struct log_file *log, size_t i)
{
    const struct log_record *record = &log->record[i];
    switch (record->operation) {
    case LOG_STEP_BEGIN:
    case LOG_STEP_END:
        log_follow_step(record, &reading->step);
        break;
    case LOG_SEND:
    case LOG_SSEND:
    case LOG_BSEND:
    case LOG_RSEND:
    case LOG_RECV:
    case LOG_MRECV:
    case LOG_SENDRECV:
    case LOG_SENDRECV_REPLACE:
        read_blocking(reading, log, i);
        break;
    case LOG_SEND_PART:
    case LOG_RECV_PART: {
        bool is_send = record->operation == LOG_SEND_PART;
        int index = post(reading, log, i, is_send);
        if (log_request(record) == 0)
            *(is_send ? &reading->send : &reading->receive) = index;
        break;
    }
    case LOG_WAITING_FOR:
    case LOG_COMPLETED:
        read_about_request(reading, log, i);
        break;
    default:
        if (record->phase != LOG_BEGIN)
            break;
        if (is_started_send(record->operation))
            post(reading, log, i, true);
        else if (record->operation == LOG_IRECV || record->operation == LOG_IMRECV)
            post(reading, log, i, false);
    }
}

GArray *matching_read_halves(const struct log_file *logs, int ranks, int **about)
{
    struct reading reading = {.halves = g_array_new(FALSE, FALSE, sizeof(struct half)),
                              .about = about};
    for (int rank = 0; rank < ranks; rank++) {
        about[rank] = g_new(int, logs[rank].count + 1);
        for (size_t i = 0; i <= logs[rank].count; i++)
            about[rank][i] = -1;
        reading.rank = rank;
        reading.step = reading.send = reading.receive = -1;
        reading.started = g_hash_table_new(NULL, NULL);
        for (size_t i = 0; i < logs[rank].count; i++)
            read_record(&reading, &logs[rank], i);
        g_hash_table_destroy(reading.started);
    }
    return reading.halves;
}
