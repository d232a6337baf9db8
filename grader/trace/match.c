/*
 * Matching sends with receives. The halves of all ranks are sorted by envelope
 * and then by the order in which they were posted, and joined one to one.
 */
#include "grader/trace/match.h"

#include "grader/trace/match_halves.h"

#include <stdlib.h>
#include <string.h>

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
        if (matching_half(halves, i)->is_send == sends && !matching_half(halves, i)->ignored)
            g_ptr_array_add(list, matching_half(halves, i));
    if (list->len > 1)
        qsort(list->pdata, list->len, sizeof(gpointer), compare_halves);
    return list;
}

static bool is_unresolved(const struct half *receive)
{
    return receive->peer == LOG_ANY_SOURCE || receive->tag == LOG_ANY_TAG;
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
    struct matching_wildcards *wildcards = NULL; /* most runs have none */
    for (guint r = 0; r < receives->len; r++) {
        struct half *receive = receives->pdata[r];
        if (!is_unresolved(receive))
            continue;
        wildcards = wildcards ? wildcards : matching_wildcards_new(halves);
        struct half *send = matching_wildcards_send_for(wildcards, receive, partner);
        if (!send)
            continue;
        g_hash_table_insert(partner, send, receive);
        g_hash_table_insert(partner, receive, send);
    }
    matching_wildcards_free(wildcards);
    g_ptr_array_free(sends, TRUE);
    g_ptr_array_free(receives, TRUE);
    return partner;
}

static void add_message(struct matching *matching, struct half *send, struct half *receive)
{
    const struct half *known = send ? send : receive;
    const struct message_half absent = {.posted = NO_RECORD, .completed = NO_RECORD, .step = -1};
    matching->message[matching->count] = (struct message){
        .source = sender_of(known),
        .destination = receiver_of(known),
        .tag = known->tag,
        .communicator = known->communicator,
        .send = send ? send->data : absent,
        .receive = receive ? receive->data : absent,
    };
    if (send)
        send->message = matching->count;
    if (receive)
        receive->message = matching->count;
    matching->count++;
}

static void make_messages(struct matching *matching, GArray *halves)
{
    GHashTable *partner = join(halves);
    matching->message = g_new0(struct message, halves->len + 1);
    for (int i = 0; i < (int)halves->len; i++)
        if (matching_half(halves, i)->is_send && !matching_half(halves, i)->ignored)
            add_message(matching, matching_half(halves, i),
                        g_hash_table_lookup(partner, matching_half(halves, i)));
    for (int i = 0; i < (int)halves->len; i++)
        if (!matching_half(halves, i)->is_send && !matching_half(halves, i)->ignored &&
            !g_hash_table_contains(partner, matching_half(halves, i)))
            add_message(matching, NULL, matching_half(halves, i));
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
    matching->ranks = ranks;
    matching->by_record = g_new0(int *, (gsize)ranks);
    GArray *halves = matching_read_halves(logs, ranks, matching->by_record);
    make_messages(matching, halves);
    for (int rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < logs[rank].count; i++)
            if (matching->by_record[rank][i] >= 0)
                matching->by_record[rank][i] =
                    matching_half(halves, matching->by_record[rank][i])->message;
    for (int rank = 0; rank < ranks; rank++)
        resolve_probes(matching, &logs[rank], rank);
    g_array_free(halves, TRUE);
    return matching;
}

void matching_free(struct matching *matching)
{
    if (!matching)
        return;
    for (int rank = 0; rank < matching->ranks; rank++)
        g_free(matching->by_record[rank]);
    g_free(matching->by_record);
    g_free(matching->message);
    g_free(matching);
}
