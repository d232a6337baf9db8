/*
 * Matching sends with receives. Each rank's log is read once, front to back,
 * into a list of halves; the halves are sorted by envelope and then by the
 * order in which they were posted, and joined one to one.
 */
#include "grader/match.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

struct half {
    bool is_send;
    bool ignored; /* cancelled, or to MPI_PROC_NULL */
    int rank;     /* whose log */
    int peer;
    int tag;
    uint64_t communicator;
    struct message_half data;
    int message; /* number of the message it became part of */
};

/* What is needed while one rank's log is read. */
struct reading {
    GArray *halves; /* of struct half, of all ranks */
    int rank;
    int step;
    int send, receive;   /* halves of the blocking call that is open, or -1 */
    GHashTable *started; /* request → half of its latest start */
    int **about;         /* about[rank][record]: the half that it posted or is about, or -1 */
};

static struct half *half_at(GArray *halves, int index)
{
    return &g_array_index(halves, struct half, index);
}

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
                 .request = record->request,
                 .bytes = record->bytes,
                 .fingerprint = is_send ? record->fingerprint : 0,
                 .step = reading->step},
        .message = NO_MESSAGE,
    };
    g_array_append_val(reading->halves, half);
    int index = (int)reading->halves->len - 1;
    reading->about[reading->rank][i] = index;
    if (record->request != 0)
        g_hash_table_insert(reading->started, GSIZE_TO_POINTER(record->request),
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
        half->data.fingerprint_completed = record->request != 0 ? record->fingerprint : 0;
        half->data.gone = record->request != 0 && (record->flag & LOG_FLAG_BUFFER_GONE);
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
            complete(half_at(reading->halves, reading->send), log, i);
        if (reading->receive >= 0)
            complete(half_at(reading->halves, reading->receive), log, i);
        reading->send = reading->receive = -1;
    }
}

/* A record about a request: finds the half of its latest start. */
static void read_about_request(struct reading *reading, const struct log_file *log, size_t i)
{
    const struct log_record *record = &log->record[i];
    gpointer found = g_hash_table_lookup(reading->started, GSIZE_TO_POINTER(record->request));
    int index = GPOINTER_TO_INT(found) - 1;
    if (record->request == 0 || index < 0)
        return;
    reading->about[reading->rank][i] = index;
    if (record->operation == LOG_COMPLETED)
        complete(half_at(reading->halves, index), log, i);
}

static void read_record(struct reading *reading, const struct log_file *log, size_t i)
{
    const struct log_record *record = &log->record[i];
    switch (record->operation) {
    case LOG_STEP_BEGIN:
        reading->step = (int)(record->request & 0x7fffffff);
        break;
    case LOG_STEP_END:
        reading->step = -1;
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
        if (record->request == 0)
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

/* ---- joining ------------------------------------------------------------------------ */

static int sender_of(const struct half *half)
{
    return half->is_send ? half->rank : half->peer;
}

static int receiver_of(const struct half *half)
{
    return half->is_send ? half->peer : half->rank;
}

#define COMPARE(a, b)                                                                              \
    if ((a) != (b))                                                                                \
        return (a) < (b) ? -1 : 1;

static int compare_envelopes(const struct half *a, const struct half *b)
{
    COMPARE(sender_of(a), sender_of(b));
    COMPARE(receiver_of(a), receiver_of(b));
    COMPARE(a->communicator, b->communicator);
    COMPARE(a->tag, b->tag);
    return 0;
}

static int compare_halves(const void *left, const void *right)
{
    const struct half *a = *(struct half *const *)left, *b = *(struct half *const *)right;
    int order = compare_envelopes(a, b);
    if (order != 0)
        return order;
    COMPARE(a->data.posted, b->data.posted);
    return 0;
}

/* The halves of one kind that take part, sorted. */
static GPtrArray *sorted(GArray *halves, bool sends)
{
    GPtrArray *list = g_ptr_array_new();
    for (int i = 0; i < (int)halves->len; i++)
        if (half_at(halves, i)->is_send == sends && !half_at(halves, i)->ignored)
            g_ptr_array_add(list, half_at(halves, i));
    if (list->len > 1)
        qsort(list->pdata, list->len, sizeof(gpointer), compare_halves);
    return list;
}

static bool is_unresolved(const struct half *receive)
{
    return receive->peer == LOG_ANY_SOURCE || receive->tag == LOG_ANY_TAG;
}

/* The first unmatched send that a wildcard receive which never completed would have taken. */
static struct half *send_for_wildcard(GArray *halves, GHashTable *taken, const struct half *receive)
{
    for (int i = 0; i < (int)halves->len; i++) {
        struct half *send = half_at(halves, i);
        if (send->is_send && !send->ignored && !g_hash_table_contains(taken, send) &&
            send->peer == receive->rank && send->communicator == receive->communicator &&
            (receive->peer == LOG_ANY_SOURCE || receive->peer == send->rank) &&
            (receive->tag == LOG_ANY_TAG || receive->tag == send->tag))
            return send;
    }
    return NULL;
}

/* Fills partner: from a send to its receive and back. */
static GHashTable *join(GArray *halves)
{
    GHashTable *partner = g_hash_table_new(NULL, NULL);
    GPtrArray *sends = sorted(halves, true), *receives = sorted(halves, false);
    for (guint s = 0, r = 0; s < sends->len && r < receives->len;) {
        struct half *send = sends->pdata[s], *receive = receives->pdata[r];
        int order = compare_envelopes(send, receive);
        if (order == 0) {
            g_hash_table_insert(partner, send, receive);
            g_hash_table_insert(partner, receive, send);
        }
        s += order <= 0;
        r += order >= 0;
    }
    for (guint r = 0; r < receives->len; r++) {
        struct half *receive = receives->pdata[r];
        struct half *send =
            is_unresolved(receive) ? send_for_wildcard(halves, partner, receive) : NULL;
        if (send == NULL)
            continue;
        g_hash_table_insert(partner, send, receive);
        g_hash_table_insert(partner, receive, send);
    }
    g_ptr_array_free(sends, TRUE);
    g_ptr_array_free(receives, TRUE);
    return partner;
}

static void add_message(struct matching *matching, struct half *send, struct half *receive)
{
    const struct half *known = send != NULL ? send : receive;
    const struct message_half absent = {.posted = NO_RECORD, .completed = NO_RECORD, .step = -1};
    matching->message[matching->count] = (struct message){
        .source = sender_of(known),
        .destination = receiver_of(known),
        .tag = known->tag,
        .communicator = known->communicator,
        .send = send != NULL ? send->data : absent,
        .receive = receive != NULL ? receive->data : absent,
    };
    matching->unreceived += receive == NULL;
    matching->unsent += send == NULL;
    if (send != NULL)
        send->message = matching->count;
    if (receive != NULL)
        receive->message = matching->count;
    matching->count++;
}

static void make_messages(struct matching *matching, GArray *halves)
{
    GHashTable *partner = join(halves);
    matching->message = g_new0(struct message, halves->len + 1);
    for (int i = 0; i < (int)halves->len; i++)
        if (half_at(halves, i)->is_send && !half_at(halves, i)->ignored)
            add_message(matching, half_at(halves, i),
                        g_hash_table_lookup(partner, half_at(halves, i)));
    for (int i = 0; i < (int)halves->len; i++)
        if (!half_at(halves, i)->is_send && !half_at(halves, i)->ignored &&
            !g_hash_table_contains(partner, half_at(halves, i)))
            add_message(matching, NULL, half_at(halves, i));
    g_hash_table_destroy(partner);
}

/* ---- probes ---------------------------------------------------------------------------- */

/* What a probe found is what the next receive with this envelope took. */
static int message_of_probe(const struct matching *matching, const struct log_file *log, int rank,
                            size_t probe)
{
    enum { FAR_ENOUGH = 1000 };
    const struct log_record *found = &log->record[probe];
    for (size_t i = probe + 1; i < log->count && i < probe + FAR_ENOUGH; i++) {
        int index = matching->by_record[rank][i];
        if (index == NO_MESSAGE)
            continue;
        const struct message *message = &matching->message[index];
        if (message->destination == rank && message->receive.posted == i &&
            message->source == found->peer && message->tag == found->tag &&
            message->communicator == found->communicator)
            return index;
    }
    return NO_MESSAGE;
}

static void resolve_probes(struct matching *matching, const struct log_file *log, int rank)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation >= LOG_PROBE_MESSAGE && record->operation <= LOG_IMPROBE &&
            record->phase == LOG_END && (record->flag & LOG_FLAG_TRUE))
            matching->by_record[rank][i] = message_of_probe(matching, log, rank, i);
    }
}

struct matching *matching_new(const struct log_file *logs, int ranks)
{
    struct matching *matching = g_new0(struct matching, 1);
    struct reading reading = {.halves = g_array_new(FALSE, FALSE, sizeof(struct half))};
    matching->ranks = ranks;
    matching->by_record = reading.about = g_new0(int *, (gsize)ranks);
    for (int rank = 0; rank < ranks; rank++) {
        reading.about[rank] = g_new(int, logs[rank].count + 1);
        for (size_t i = 0; i <= logs[rank].count; i++)
            reading.about[rank][i] = -1;
        reading.rank = rank;
        reading.step = reading.send = reading.receive = -1;
        reading.started = g_hash_table_new(NULL, NULL);
        for (size_t i = 0; i < logs[rank].count; i++)
            read_record(&reading, &logs[rank], i);
        g_hash_table_destroy(reading.started);
    }
    make_messages(matching, reading.halves);
    for (int rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < logs[rank].count; i++)
            if (matching->by_record[rank][i] >= 0)
                matching->by_record[rank][i] =
                    half_at(reading.halves, matching->by_record[rank][i])->message;
    for (int rank = 0; rank < ranks; rank++)
        resolve_probes(matching, &logs[rank], rank);
    g_array_free(reading.halves, TRUE);
    return matching;
}

void matching_free(struct matching *matching)
{
    if (matching == NULL)
        return;
    for (int rank = 0; rank < matching->ranks; rank++)
        g_free(matching->by_record[rank]);
    g_free(matching->by_record);
    g_free(matching->message);
    g_free(matching);
}
