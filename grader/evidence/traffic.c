/* What ranks hand in; see traffic.h. */
#include "grader/evidence/traffic.h"

#include "common/base/units.h"

#include <math.h>

/* ---- what a rank hands in ----------------------------------------------------------------------- */

static bool hands_in(const struct log_file *log, const struct log_record *record)
{
    return !collectives_root_gives(record->operation) || record->peer == log->rank;
}

static bool gives_to_window(enum log_operation operation)
{
    switch (operation) {
    case LOG_PUT:
    case LOG_ACCUMULATE:
    case LOG_GET_ACCUMULATE:
    case LOG_FETCH_AND_OP:
    case LOG_COMPARE_AND_SWAP:
    case LOG_RPUT:
    case LOG_RACCUMULATE:
    case LOG_RGET_ACCUMULATE:
        return true;
    default:
        return false;
    }
}

/* What a call says that it gives to each rank. */
static void read_parts(const struct log_file *log, size_t begin, struct traffic_item *item)
{
    uint64_t sum = 0;
    for (size_t i = begin + 1; i < log->count && log->record[i].operation == LOG_COUNT_PART; i++) {
        const struct log_count_part part = log_count_part(&log->record[i]);
        if (part.direction != LOG_GIVES)
            continue;
        sum += part.bytes;
        item->own += part.peer == log->rank ? part.bytes : 0;
    }
    item->bytes = sum > 0 ? sum : item->bytes;
}

/* What of it stays, where the call does not say: of equal parts one, and a root's own. */
static uint64_t own_of(const struct log_file *log, const struct log_record *record)
{
    const enum log_operation operation = log_blocking_form(record->operation);
    const bool is_root = record->peer == log->rank;
    return is_root && (operation == LOG_GATHER || operation == LOG_GATHERV) ? record->bytes : 0;
}

static void each_call(const struct log_file *log, traffic_function *f, void *user)
{
    int step = -1;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        log_follow_step(record, &step);
        const bool collective = log_is_collective(record->operation);
        if (record->phase != LOG_BEGIN || (!collective && !gives_to_window(record->operation)))
            continue;
        struct traffic_item item = {.record = i,
                                    .step = step,
                                    .is_double = log_elements(record).type == LOG_TYPE_FLOAT64,
                                    .operation = collective ? log_blocking_form(record->operation)
                                                            : LOG_PUT};
        if (!collective || hands_in(log, record)) {
            item.bytes = record->bytes;
            item.own = own_of(log, record);
            read_parts(log, i, &item);
        }
        f(&item, user);
    }
}

void traffic_each(const struct log_file *log, traffic_function *f, void *user)
{
    /* Who received a message does not matter, and one log at a time takes less memory. */
    struct matching *matching = matching_new(log, 1);
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        const struct message_half *send = &message->send;
        const uint64_t own = message->destination == log->rank ? send->bytes : 0;
        if (send->posted != NO_RECORD)
            f(&(struct traffic_item){.record = send->posted,
                                     .step = send->step,
                                     .operation = LOG_SEND,
                                     .bytes = send->bytes,
                                     .own = own},
              user);
    }
    matching_free(matching);
    each_call(log, f, user);
}

double traffic_volume(enum log_operation operation, int members, double most, double total,
                      double own)
{
    const double others = members - 1;
    if (members < 2)
        return 0;
    switch (log_blocking_form(operation)) {
    case LOG_ALLREDUCE: /* to be added up at one rank, and to come back from it */
        return 2 * others * most;
    case LOG_BCAST:
    case LOG_REDUCE:
    case LOG_REDUCE_SCATTER:
    case LOG_REDUCE_SCATTER_BLOCK:
    case LOG_SCAN:
    case LOG_EXSCAN:
        return others * most;
    case LOG_ALLGATHER:
    case LOG_ALLGATHERV:
        return others * total;
    default: /* every byte goes to one rank */
        return fmax(0, total - own);
    }
}

/* ---- of all ranks --------------------------------------------------------------------------------- */

/* One collective, while its ranks' logs are read. */
struct sum {
    int step; /* of the first rank that called */
    bool called;
    double most, total, own;
    double of_doubles; /* of total */
};

struct reading {
    struct traffic *traffic;
    struct sum *sum; /* [collective] */
    double *bytes;   /* [slot of the collectives]: handed in */
    int rank;
};

static struct traffic_entry *entry_of(struct traffic *traffic, int step,
                                      enum log_operation operation, const struct group *group,
                                      int rank)
{
    for (guint i = traffic->entries->len; i-- > 0;) {
        struct traffic_entry *entry = &g_array_index(traffic->entries, struct traffic_entry, i);
        if (entry->step == step && entry->operation == operation && entry->rank == rank &&
            (entry->group == group || (entry->group && group && group_equals(entry->group, group))))
            return entry;
    }
    const struct traffic_entry new = {.step = step,
                                      .operation = operation,
                                      .group = group,
                                      .rank = rank,
                                      .handed_in =
                                          rank < 0 ? g_new0(double, traffic->ranks) : NULL};
    g_array_append_val(traffic->entries, new);
    return &g_array_index(traffic->entries, struct traffic_entry, traffic->entries->len - 1);
}

static void add_item(const struct traffic_item *item, void *user)
{
    struct reading *reading = user;
    struct traffic *traffic = reading->traffic;
    const int index = traffic->collectives->by_record[reading->rank][item->record];
    if (!log_is_collective(item->operation)) {
        struct traffic_entry *entry =
            entry_of(traffic, item->step, item->operation, NULL, reading->rank);
        entry->count++;
        entry->most += (double)item->bytes;
        entry->least = entry->most;
        entry->volume += (double)(item->bytes - item->own);
        return;
    }
    if (index == NO_COLLECTIVE)
        return;
    struct sum *sum = &reading->sum[index];
    sum->step = sum->called ? sum->step : item->step;
    sum->called = true;
    sum->most = fmax(sum->most, (double)item->bytes);
    sum->total += (double)item->bytes;
    sum->of_doubles += item->is_double ? (double)item->bytes : 0;
    sum->own += (double)item->own;
    reading->bytes[collective_slot(&traffic->collectives->collective[index], reading->rank)] =
        (double)item->bytes;
}

/* What of equal parts is for the rank itself. */
static double own_part(const struct sum *sum, enum log_operation operation, int members)
{
    const bool equal = operation == LOG_ALLTOALL || operation == LOG_SCATTER;
    return equal ? sum->total / members : sum->own;
}

static void add_collective(const struct reading *reading, int index)
{
    struct traffic *traffic = reading->traffic;
    const struct collective *collective = &traffic->collectives->collective[index];
    const struct sum *sum = &reading->sum[index];
    const enum log_operation operation = log_blocking_form(collective->operation);
    const int members = collective->group ? group_size(collective->group) : collective->size;
    struct traffic_entry *entry = entry_of(traffic, sum->step, operation, collective->group, -1);
    entry->count++;
    const double volume = traffic_volume(operation, members, sum->most, sum->total,
                                         own_part(sum, operation, members));
    entry->volume += volume;
    entry->of_doubles += sum->total > 0 ? volume * sum->of_doubles / sum->total : 0;
    for (int slot = 0; slot < collective->slots; slot++)
        if (collective->call[slot] != NO_RECORD)
            entry->handed_in[collective_rank(collective, slot)] +=
                reading->bytes[collective->first + (size_t)slot];
}

static gint compare_entries(gconstpointer left, gconstpointer right)
{
    const struct traffic_entry *a = left, *b = right;
    if (a->step != b->step)
        return a->step - b->step;
    if ((a->rank < 0) != (b->rank < 0))
        return a->rank < 0 ? -1 : 1;
    if (a->operation != b->operation)
        return (int)a->operation - (int)b->operation;
    return a->rank - b->rank;
}

static void find_extremes(struct traffic_entry *entry, int ranks)
{
    bool first = true;
    for (int rank = 0; rank < ranks && entry->handed_in; rank++) {
        if (entry->group && !group_has(entry->group, rank))
            continue;
        const double bytes = entry->handed_in[rank];
        entry->least = first ? bytes : fmin(entry->least, bytes);
        entry->most = first ? bytes : fmax(entry->most, bytes);
        first = false;
    }
}

struct traffic *traffic_new(const struct log_file *logs, int ranks)
{
    struct traffic *traffic = g_new0(struct traffic, 1);
    traffic->ranks = ranks;
    traffic->collectives = collectives_new(logs, ranks);
    traffic->entries = g_array_new(FALSE, FALSE, sizeof(struct traffic_entry));
    const size_t count = (size_t)traffic->collectives->count;
    struct reading reading = {.traffic = traffic,
                              .sum = g_new0(struct sum, count + 1),
                              .bytes = g_new0(double, traffic->collectives->slots + 1)};
    for (reading.rank = 0; reading.rank < ranks; reading.rank++)
        traffic_each(&logs[reading.rank], add_item, &reading);
    for (size_t i = 0; i < count; i++)
        if (reading.sum[i].called)
            add_collective(&reading, (int)i);
    g_free(reading.sum);
    g_free(reading.bytes);
    for (guint i = 0; i < traffic->entries->len; i++)
        find_extremes(&g_array_index(traffic->entries, struct traffic_entry, i), ranks);
    g_array_sort(traffic->entries, compare_entries);
    return traffic;
}

void traffic_free(struct traffic *traffic)
{
    if (!traffic)
        return;
    for (guint i = 0; i < traffic->entries->len; i++)
        g_free(g_array_index(traffic->entries, struct traffic_entry, i).handed_in);
    g_array_unref(traffic->entries);
    collectives_free(traffic->collectives);
    g_free(traffic);
}
