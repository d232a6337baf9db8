/*
 * Putting the ranks' collective calls together.
 */
#include "grader/trace/collectives.h"

#include <glib.h>

bool collectives_include(enum log_operation operation)
{
    return log_is_collective(operation) || log_makes_communicator(operation);
}

bool collectives_of_one_size(enum log_operation operation)
{
    switch (log_blocking_form(operation)) {
    case LOG_BCAST:
    case LOG_REDUCE:
    case LOG_ALLREDUCE:
    case LOG_SCAN:
    case LOG_EXSCAN:
        return true;
    default:
        return false;
    }
}

bool collectives_is_member(const struct collectives *collectives, int rank, uint64_t communicator)
{
    const struct group *group = groups_find(collectives->groups, communicator);
    return group && group_has(group, rank);
}

/* What is needed while the logs are read. */
struct reading {
    struct collectives *collectives;
    GArray *list;           /* of struct collective */
    GHashTable *of;         /* communicator → GArray of int: its collectives in order */
    GHashTable *calls;      /* of this rank: communicator → how many so far */
    GHashTable *of_request; /* of this rank: request → collective + 1 */
    int rank;
    int open; /* the blocking collective that this rank is in, or NO_COLLECTIVE */
};

/* The number of the collective that this record's rank enters. */
static int enter(struct reading *reading, const struct log_record *record)
{
    gpointer key = GSIZE_TO_POINTER(record->communicator);
    int number = GPOINTER_TO_INT(g_hash_table_lookup(reading->calls, key));
    g_hash_table_insert(reading->calls, key, GINT_TO_POINTER(number + 1));
    GArray *list = g_hash_table_lookup(reading->of, key);
    if (!list) {
        list = g_array_new(FALSE, FALSE, sizeof(int));
        g_hash_table_insert(reading->of, key, list);
    }
    if (number < (int)list->len)
        return g_array_index(list, int, number);

    int ranks = reading->collectives->ranks;
    const struct group *group = groups_find(reading->collectives->groups, record->communicator);
    struct collective new = {.communicator = record->communicator,
                             .number = number,
                             .size = group ? group_size(group) : ranks,
                             .operation = record->operation,
                             .root = record->peer,
                             .bytes = record->bytes,
                             .entered = g_new(size_t, (gsize)ranks)};
    for (int rank = 0; rank < ranks; rank++)
        new.entered[rank] = NO_RECORD;
    g_array_append_val(reading->list, new);
    int index = (int)reading->list->len - 1;
    g_array_append_val(list, index);
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
        int index = enter(reading, record);
        struct collective *collective = &g_array_index(reading->list, struct collective, index);
        collective->entered[reading->rank] = i;
        if (collective->operation != record->operation || collective->root != record->peer ||
            (collectives_of_one_size(collective->operation) && collective->bytes != record->bytes))
            collective->differs = true;
        *place = reading->open = index;
        if (log_request(record) != 0)
            g_hash_table_insert(reading->of_request, GSIZE_TO_POINTER(log_request(record)),
                                GINT_TO_POINTER(index + 1));
    } else if (record->phase == LOG_END) {
        *place = reading->open;
        reading->open = NO_COLLECTIVE;
    }
}

static void free_list(gpointer list)
{
    g_array_free(list, TRUE);
}

struct collectives *collectives_new(const struct log_file *logs, int ranks)
{
    struct collectives *collectives = g_new0(struct collectives, 1);
    struct reading reading = {
        .collectives = collectives,
        .list = g_array_new(FALSE, FALSE, sizeof(struct collective)),
        .of = g_hash_table_new_full(NULL, NULL, NULL, free_list),
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
    g_hash_table_destroy(reading.of);
    collectives->count = (int)reading.list->len;
    collectives->collective = (struct collective *)(void *)g_array_free(reading.list, FALSE);
    return collectives;
}

void collectives_free(struct collectives *collectives)
{
    if (!collectives)
        return;
    for (int i = 0; i < collectives->count; i++)
        g_free(collectives->collective[i].entered);
    for (int rank = 0; rank < collectives->ranks; rank++)
        g_free(collectives->by_record[rank]);
    groups_free(collectives->groups);
    g_free(collectives->by_record);
    g_free(collectives->collective);
    g_free(collectives);
}
