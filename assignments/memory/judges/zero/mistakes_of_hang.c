/*
 * Known mistakes of runs that did not come to their end: a rank whose shard of a layer is empty and that leaves the others
 * alone, and ranks that take layers in different orders.
 */
#include "assignments/memory/judges/zero/mistakes_of_hang.h"

#include "assignments/memory/options.h"
#include "common/log/log_fields.h"
#include "grader/diagnosis/scene.h"

static const struct mistake empty_shard = {
    "a rank with an empty shard does not take part",
    "A layer may have fewer numbers than there are ranks: some have none of it. They have "
    "gradients to give and "
    "parameters to get nevertheless: a collective is called by all ranks.",
    "conditions on own_count in front of a message"};
static const struct mistake other_order = {
    "ranks take the layers in different orders",
    "The ranks are in the same call, and with different layers: the k-th call of one rank belongs "
    "to the k-th of every "
    "other.",
    "loops over units, and what their order depends on"};

/* ---- shards in calls ----------------------------------------------------------------------------- */

/* Calls in which a rank's part has no bytes, while others' have some. */
static int calls_without(const struct log_file *log, int rank)
{
    int calls = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *begin = &log->record[i];
        bool empty = false, some = false;
        if (begin->phase != LOG_BEGIN || !log_is_collective(begin->operation))
            continue;
        for (size_t k = i + 1; k < log->count && log->record[k].operation == LOG_COUNT_PART; k++) {
            const struct log_count_part part = log_count_part(&log->record[k]);
            empty = empty || (part.peer == rank && part.bytes == 0);
            some = some || part.bytes > 0;
        }
        calls += empty && some;
    }
    return calls;
}

static const struct mistake *find_empty(const struct outcome *run, GString *cause)
{
    for (int rank = 0; rank < run->ranks; rank++) {
        const int own = calls_without(&run->log[rank], rank);
        for (int other = 0; other < run->ranks; other++) {
            if (own > 0 || calls_without(&run->log[other], rank) == 0)
                continue;
            g_string_append_printf(cause,
                                   "rank %d has nothing of some layers, and calls nothing for "
                                   "them, where rank %d waits "
                                   "for all",
                                   rank, other);
            return &empty_shard;
        }
    }
    return NULL;
}

/* A call that has a size for each rank: how many bytes all of them have. */
struct sized_call {
    enum log_operation operation;
    uint64_t bytes;
};

static GArray *sized_calls_of(const struct log_file *log)
{
    GArray *calls = g_array_new(FALSE, FALSE, sizeof(struct sized_call));
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        const struct sized_call call = {log_blocking_form(record->operation), 0};
        if (record->phase == LOG_BEGIN && log_is_collective(record->operation))
            g_array_append_val(calls, call);
        else if (record->operation == LOG_COUNT_PART && calls->len > 0)
            g_array_index(calls, struct sized_call, calls->len - 1).bytes +=
                log_count_part(record).bytes;
    }
    return calls;
}

/* The first of two ranks' calls that are the same and of different sizes. */
static bool orders_differ(const GArray *a, const GArray *b, guint *at)
{
    for (*at = 0; *at < a->len && *at < b->len; ++*at) {
        const struct sized_call *one = &g_array_index(a, struct sized_call, *at);
        const struct sized_call *other = &g_array_index(b, struct sized_call, *at);
        if (one->operation != other->operation)
            return false;
        if (one->bytes > 0 && other->bytes > 0 && one->bytes != other->bytes)
            return true;
    }
    return false;
}

static const struct mistake *find_other_order(const struct outcome *run, GString *cause)
{
    const struct mistake *mistake = NULL;
    GArray *first = sized_calls_of(&run->log[0]);
    for (int rank = 1; !mistake && rank < run->ranks; rank++) {
        GArray *own = sized_calls_of(&run->log[rank]);
        guint at;
        if (orders_differ(first, own, &at)) {
            mistake = &other_order;
            g_string_append_printf(cause,
                                   "rank 0's collective %u is about %" G_GUINT64_FORMAT
                                   " bytes, and rank %d's about %" G_GUINT64_FORMAT,
                                   at, g_array_index(first, struct sized_call, at).bytes, rank,
                                   g_array_index(own, struct sized_call, at).bytes);
        }
        g_array_unref(own);
    }
    g_array_unref(first);
    return mistake;
}

const struct mistake *memory_zero_mistake_of_calls(const struct outcome *run, GString *cause)
{
    if (memory_options(&run->options).zero == 0 || run->options.probe[0] != '\0')
        return NULL;
    const struct mistake *mistake = find_empty(run, cause);
    return mistake ? mistake : find_other_order(run, cause);
}

const struct mistake *memory_zero_mistake_of_hang(const struct diagnosis *diagnosis, GString *cause)
{
    if (diagnosis->kind == DIAGNOSIS_SANITIZED || diagnosis->kind == DIAGNOSIS_CRASHED)
        return NULL;
    return memory_zero_mistake_of_calls(diagnosis->scene->outcome, cause);
}
