/* Bytes between ranks, computation by computation; see moved.h. */
#include "assignments/tensor/judges/facts/moved.h"

#include "common/log/log_fields.h"
#include "grader/trace/call_place.h"
#include "grader/trace/collectives.h"
#include "grader/trace/groups.h"

#include <math.h>
#include <string.h>

struct reading {
    const struct outcome *run;
    const struct groups *groups;
    GArray *moved;
    int rank;
    GArray *events; /* of the rank */
};

/* What a rank's part in it adds to the bytes that have to move; the parts of all ranks make up
 * traffic_volume. */
static double part_of_volume(const struct traffic_item *item, int members)
{
    const double bytes = (double)item->bytes, others = members - 1;
    if (members < 2)
        return 0;
    switch (item->operation) {
    case LOG_ALLREDUCE:
        return 2 * others / members * bytes;
    case LOG_REDUCE:
    case LOG_REDUCE_SCATTER:
    case LOG_REDUCE_SCATTER_BLOCK:
    case LOG_SCAN:
    case LOG_EXSCAN:
    case LOG_ALLTOALL:
    case LOG_SCATTER:
        return others / members * bytes;
    case LOG_BCAST:
    case LOG_ALLGATHER:
    case LOG_ALLGATHERV:
        return others * bytes;
    default:
        return fmax(0, bytes - (double)item->own);
    }
}

/* Of a message the log does not say what it is made of. */
static bool may_be_counts(const struct traffic_item *item, const struct log_record *record)
{
    const enum log_type type = log_elements(record).type;
    const bool integers = type >= LOG_TYPE_INT8 && type <= LOG_TYPE_UINT64;
    return item->bytes <= MOVED_SMALL_BYTES && (integers || !log_is_collective(item->operation));
}

static int members_of(const struct reading *reading, const struct log_record *record)
{
    const struct group *group = groups_find(reading->groups, record->communicator);
    return group ? group_size(group) : reading->run->ranks;
}

static struct moved *moved_in(GArray *all, const struct evidence_event *event)
{
    const bool backward = event->operation != LOG_FORWARD;
    for (guint i = 0; i < all->len; i++) {
        struct moved *one = &g_array_index(all, struct moved, i);
        if (one->step == event->step && one->micro_batch == event->micro_batch &&
            one->backward == backward)
            return one;
    }
    const struct moved fresh = {.step = event->step,
                                .micro_batch = event->micro_batch,
                                .backward = backward,
                                .lines = g_array_new(FALSE, TRUE, sizeof(struct moved_line))};
    g_array_append_val(all, fresh);
    return &g_array_index(all, struct moved, all->len - 1);
}

static void add_line(struct moved *moved, const struct reading *reading,
                     const struct traffic_item *item)
{
    const struct log_file *log = &reading->run->log[reading->rank];
    for (guint i = 0; i < moved->lines->len; i++) {
        struct moved_line *line = &g_array_index(moved->lines, struct moved_line, i);
        const struct log_record *first = &log->record[line->record];
        if (line->rank != reading->rank || first->caller != log->record[item->record].caller ||
            memcmp(first->calls, log->record[item->record].calls, sizeof first->calls) != 0)
            continue;
        line->times++;
        line->bytes += (double)item->bytes;
        return;
    }
    const struct moved_line line = {.rank = reading->rank,
                                    .record = item->record,
                                    .operation = item->operation,
                                    .times = 1,
                                    .bytes = (double)item->bytes};
    g_array_append_val(moved->lines, line);
}

static const struct evidence_event *event_around(const struct reading *reading, size_t record)
{
    for (guint i = 0; i < reading->events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(reading->events, i);
        if (event->begin < record && record < event->end &&
            event->operation <= LOG_BACKWARD_WEIGHT && event->step >= 0)
            return event;
    }
    return NULL;
}

static void add_item(const struct traffic_item *item, void *user)
{
    struct reading *reading = user;
    const struct evidence_event *event = event_around(reading, item->record);
    if (!event || item->operation == LOG_BARRIER)
        return;
    struct moved *moved = moved_in(reading->moved, event);
    const struct log_record *record = &reading->run->log[reading->rank].record[item->record];
    const double volume = part_of_volume(item, members_of(reading, record));
    moved->volume += volume;
    moved->added_up += collectives_reduces(item->operation) ? volume : 0;
    moved->counts += may_be_counts(item, record) ? volume : 0;
    moved->largest = fmax(moved->largest, (double)item->bytes);
    add_line(moved, reading, item);
}

static void count_calls(GArray *all, int ranks)
{
    for (guint i = 0; i < all->len; i++) {
        struct moved *moved = &g_array_index(all, struct moved, i);
        g_autofree int *collectives = g_new0(int, ranks), *messages = g_new0(int, ranks);
        for (guint k = 0; k < moved->lines->len; k++) {
            const struct moved_line *line = &g_array_index(moved->lines, struct moved_line, k);
            const bool collective = log_is_collective(line->operation);
            (collective ? collectives : messages)[line->rank] += line->times;
            moved->collectives = MAX(moved->collectives, collectives[line->rank]);
            moved->messages = MAX(moved->messages, messages[line->rank]);
        }
    }
}

GArray *tensor_moved_of(const struct outcome *run)
{
    struct groups *groups = groups_new(run->log, run->ranks);
    struct reading reading = {
        .run = run, .groups = groups, .moved = g_array_new(FALSE, FALSE, sizeof(struct moved))};
    for (reading.rank = 0; reading.rank < run->ranks; reading.rank++) {
        reading.events = evidence_events(&run->log[reading.rank]);
        for (guint i = 0; i < reading.events->len; i++) {
            const struct evidence_event *event = EVIDENCE_EVENT(reading.events, i);
            if (event->operation <= LOG_BACKWARD_WEIGHT && event->step >= 0)
                moved_in(reading.moved, event);
        }
        traffic_each(&run->log[reading.rank], add_item, &reading);
        g_array_unref(reading.events);
    }
    groups_free(groups);
    count_calls(reading.moved, run->ranks);
    return reading.moved;
}

void tensor_moved_free(GArray *moved)
{
    for (guint i = 0; i < moved->len; i++)
        g_array_unref(g_array_index(moved, struct moved, i).lines);
    g_array_unref(moved);
}

void tensor_moved_describe(const struct outcome *run, const struct moved *moved, int rank,
                           GString *text)
{
    for (guint i = 0; i < moved->lines->len; i++) {
        const struct moved_line *line = &g_array_index(moved->lines, struct moved_line, i);
        if (line->rank != rank)
            continue;
        const struct log_record *record = &run->log[rank].record[line->record];
        g_string_append(text, "- ");
        call_place_name(run->program, record, text);
        g_string_append_printf(text, ": %.0f bytes", line->bytes);
        if (line->times > 1)
            g_string_append_printf(text, " in %d calls", line->times);
        g_string_append(text, "\n");
    }
}
