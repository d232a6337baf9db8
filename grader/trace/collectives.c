/*
 * Putting the ranks' collective calls together.
 */
#include "grader/trace/collectives.h"

#include <glib.h>

/* Are they matched by the window? (What makes one belongs to the communicator.) */
static bool is_of_window(enum log_operation operation)
{
    return operation == LOG_WIN_FREE || operation == LOG_WIN_FENCE;
}

/* ---- slots ---------------------------------------------------------------------------------------- */

static int own_slot(const struct collective *collective, int rank)
{
    if (collective->of_all)
        return rank >= 0 && rank < collective->slots ? rank : -1;
    const struct group_member *member = group_find(collective->group, rank);
    return member ? (int)(member - collective->group->by_rank) : -1;
}

size_t collective_entered(const struct collective *collective, int rank)
{
    const int slot = own_slot(collective, rank);
    return slot < 0 ? NO_RECORD : collective->call[slot];
}

size_t collective_slot(const struct collective *collective, int rank)
{
    const int slot = own_slot(collective, rank);
    return slot < 0 ? NO_RECORD : collective->first + (size_t)slot;
}

int collective_rank(const struct collective *collective, int slot)
{
    return collective->of_all ? slot : collective->group->by_rank[slot].rank;
}

bool collectives_takes_part(const struct collective *collective, int rank)
{
    if (collective_entered(collective, rank) != NO_RECORD)
        return true;
    return collective->group ? group_has(collective->group, rank)
                             : collective->named && collective->named[rank];
}

static void make_slots(struct collective *collective, int slots)
{
    collective->slots = slots;
    collective->call = g_new(size_t, (gsize)slots + 1);
    for (int slot = 0; slot < slots; slot++)
        collective->call[slot] = NO_RECORD;
}

/* A rank calls that is no member, as far as the logs show: from now on every rank has a slot. */
static void widen(struct collective *collective, int ranks)
{
    const struct collective before = *collective;
    make_slots(collective, ranks);
    collective->of_all = true;
    for (int slot = 0; slot < before.slots; slot++) {
        const int rank = collective_rank(&before, slot);
        if (rank != GROUP_UNKNOWN)
            collective->call[rank] = before.call[slot];
    }
    g_free(before.call);
}

static void set_entered(struct collective *collective, int rank, size_t record, int ranks)
{
    if (own_slot(collective, rank) < 0)
        widen(collective, ranks);
    collective->call[own_slot(collective, rank)] = record;
}

/* ---- sequences ---------------------------------------------------------------------------------- */

/* Calls with equal keys have to be made in the same order by all that make them. */
struct key {
    enum { OF_COMMUNICATOR, OF_WINDOW, OF_NEW_GROUP, OF_UNKNOWN_GROUP } kind;
    uint64_t communicator;
    int tag; /* the window, or that of an MPI_Comm_create_group which never returned */
};

static guint hash_of_key(gconstpointer pointer)
{
    const struct key *key = pointer;
    const guint64 mixed = key->communicator * 31 + (guint64)key->kind * 7 + (guint64)key->tag;
    return g_int64_hash(&mixed);
}

static gboolean keys_are_equal(gconstpointer left, gconstpointer right)
{
    const struct key *a = left, *b = right;
    return a->kind == b->kind && a->communicator == b->communicator && a->tag == b->tag;
}

/* The communicator that MPI_Comm_create_group made; 0: none. */
static uint64_t made_by(const struct log_file *log, size_t begin)
{
    for (size_t i = begin + 1; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->phase != LOG_INSTANT)
            return record->phase == LOG_END && record->operation == LOG_COMM_CREATE_GROUP
                       ? log_new_communicator(record)
                       : 0;
    }
    return 0;
}

static struct key key_of(const struct log_file *log, size_t begin)
{
    const struct log_record *record = &log->record[begin];
    if (is_of_window(record->operation))
        return (struct key){OF_WINDOW, record->communicator, log_window(record)};
    if (record->operation != LOG_COMM_CREATE_GROUP)
        return (struct key){OF_COMMUNICATOR, record->communicator, 0};
    const uint64_t made = made_by(log, begin);
    return made != 0 ? (struct key){OF_NEW_GROUP, made, 0}
                     : (struct key){OF_UNKNOWN_GROUP, record->communicator, record->tag};
}

/* ---- reading ------------------------------------------------------------------------------------ */

/* What is needed while the logs are read. */
struct reading {
    struct collectives *collectives;
    GArray *list;           /* of struct collective */
    GHashTable *sequence;   /* struct key → sequence + 1 */
    GPtrArray *sequences;   /* of GArray of int: its collectives in order */
    GHashTable *calls;      /* of this rank: sequence → how many so far */
    GHashTable *of_request; /* of this rank: request → collective + 1 */
    int rank;
    int open; /* the collective whose call this rank is in, or NO_COLLECTIVE */
};

static int sequence_of(struct reading *reading, struct key key)
{
    int sequence = GPOINTER_TO_INT(g_hash_table_lookup(reading->sequence, &key)) - 1;
    if (sequence >= 0)
        return sequence;
    g_ptr_array_add(reading->sequences, g_array_new(FALSE, FALSE, sizeof(int)));
    sequence = (int)reading->sequences->len - 1;
    g_hash_table_insert(reading->sequence, g_memdup2(&key, sizeof key),
                        GINT_TO_POINTER(sequence + 1));
    return sequence;
}

static int add_collective(struct reading *reading, const struct log_record *record, struct key key,
                          int sequence, int number)
{
    const int ranks = reading->collectives->ranks;
    const struct group *group = key.kind == OF_UNKNOWN_GROUP
                                    ? NULL
                                    : groups_find(reading->collectives->groups, key.communicator);
    struct collective new = {.communicator = record->communicator,
                             .sequence = sequence,
                             .number = number,
                             .size = group ? group_size(group) : ranks,
                             .group = group,
                             .of_all = !group,
                             .operation = record->operation,
                             .root = record->peer,
                             .bytes = record->bytes,
                             .named =
                                 key.kind == OF_UNKNOWN_GROUP ? g_new0(bool, (gsize)ranks) : NULL};
    make_slots(&new, group ? group_size(group) : ranks);
    g_array_append_val(reading->list, new);
    const int index = (int)reading->list->len - 1;
    g_array_append_val((GArray *)reading->sequences->pdata[sequence], index);
    return index;
}

/* Who has to call MPI_Comm_create_group, too, says each that calls it. */
static void add_named(struct collective *collective, const struct log_file *log, size_t begin,
                      int ranks)
{
    for (size_t i = begin + 1; i < log->count && log->record[i].operation == LOG_COUNT_PART; i++) {
        const int peer = log_count_part(&log->record[i]).peer;
        if (peer >= 0 && peer < ranks)
            collective->named[peer] = true;
    }
    int size = 0;
    for (int rank = 0; rank < ranks; rank++)
        size += collective->named[rank];
    collective->size = size > 0 ? size : ranks;
}

/* The number of the collective that this record's rank enters. */
static int enter(struct reading *reading, const struct log_file *log, size_t begin)
{
    const struct key key = key_of(log, begin);
    const int sequence = sequence_of(reading, key);
    gpointer of_calls = GINT_TO_POINTER(sequence);
    const int number = GPOINTER_TO_INT(g_hash_table_lookup(reading->calls, of_calls));
    g_hash_table_insert(reading->calls, of_calls, GINT_TO_POINTER(number + 1));
    const GArray *list = reading->sequences->pdata[sequence];
    const int index = number < (int)list->len
                          ? g_array_index(list, int, number)
                          : add_collective(reading, &log->record[begin], key, sequence, number);
    struct collective *collective = &g_array_index(reading->list, struct collective, index);
    set_entered(collective, reading->rank, begin, reading->collectives->ranks);
    if (collective->root <
        0) /* of an intercommunicator's root side, only the other side knows it */
        collective->root = log->record[begin].peer;
    if (collective->named)
        add_named(collective, log, begin, reading->collectives->ranks);
    return index;
}

static void read_record(struct reading *reading, const struct log_file *log, size_t i)
{
    const struct log_record *record = &log->record[i];
    int *place = &reading->collectives->by_record[reading->rank][i];
    if (record->operation == LOG_WAITING_FOR || record->operation == LOG_COMPLETED) {
        gpointer found =
            g_hash_table_lookup(reading->of_request, GSIZE_TO_POINTER(log_request(record)));
        *place = log_request(record) == 0 ? NO_COLLECTIVE : GPOINTER_TO_INT(found) - 1;
        return;
    }
    if (!collectives_include(record->operation))
        return;
    if (record->phase == LOG_BEGIN) {
        const int index = enter(reading, log, i);
        *place = reading->open = index;
        if (collectives_only_start(record->operation) && log_request(record) != 0)
            g_hash_table_insert(reading->of_request, GSIZE_TO_POINTER(log_request(record)),
                                GINT_TO_POINTER(index + 1));
    } else if (record->phase == LOG_END) {
        *place = reading->open;
        reading->open = NO_COLLECTIVE;
    }
}

struct collectives *collectives_new(const struct log_file *logs, int ranks)
{
    struct collectives *collectives = g_new0(struct collectives, 1);
    struct reading reading = {
        .collectives = collectives,
        .list = g_array_new(FALSE, FALSE, sizeof(struct collective)),
        .sequence = g_hash_table_new_full(hash_of_key, keys_are_equal, g_free, NULL),
        .sequences = g_ptr_array_new(),
    };
    collectives->ranks = ranks;
    collectives->groups = groups_new(logs, ranks);
    collectives->by_record = g_new0(int *, (gsize)ranks);
    for (int rank = 0; rank < ranks; rank++) {
        collectives->by_record[rank] = g_new(int, logs[rank].count + 1);
        reading.rank = rank;
        reading.open = NO_COLLECTIVE;
        reading.calls = g_hash_table_new(NULL, NULL);
        reading.of_request = g_hash_table_new(NULL, NULL);
        for (size_t i = 0; i < logs[rank].count; i++) {
            collectives->by_record[rank][i] = NO_COLLECTIVE;
            read_record(&reading, &logs[rank], i);
        }
        g_hash_table_destroy(reading.calls);
        g_hash_table_destroy(reading.of_request);
    }
    g_hash_table_destroy(reading.sequence);
    collectives->sequences = (int)reading.sequences->len;
    collectives->sequence = (GArray **)(void *)g_ptr_array_free(reading.sequences, FALSE);
    collectives->count = (int)reading.list->len;
    collectives->collective = (struct collective *)(void *)g_array_free(reading.list, FALSE);
    for (int i = 0; i < collectives->count; i++) {
        collectives->collective[i].first = collectives->slots;
        collectives->slots += (size_t)collectives->collective[i].slots;
    }
    return collectives;
}

void collectives_free(struct collectives *collectives)
{
    if (!collectives)
        return;
    for (int i = 0; i < collectives->count; i++) {
        g_free(collectives->collective[i].call);
        g_free(collectives->collective[i].named);
    }
    for (int i = 0; i < collectives->sequences; i++)
        g_array_free(collectives->sequence[i], TRUE);
    for (int rank = 0; rank < collectives->ranks; rank++)
        g_free(collectives->by_record[rank]);
    groups_free(collectives->groups);
    g_free(collectives->by_record);
    g_free(collectives->sequence);
    g_free(collectives->collective);
    g_free(collectives);
}
