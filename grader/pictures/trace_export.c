/*
 * The trace's frame, and the order of its events: the ranks' records are merged
 * by their clocks. With free messages a receive completes at the very time at
 * which its message was sent, so a rank that comes to a completion waits until
 * the sending stands in the file.
 */
#include "grader/pictures/trace_export_parts.h"

#include "grader/trace/replay.h"
#include "grader/trace/source_line.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- merging ----------------------------------------------------------------------------- */

/* The ranks that can go on, as a heap: the smallest next clock on top. */
struct queue {
    const struct trace *trace;
    int count;
    int *rank;
};

static bool comes_before(const struct queue *queue, int a, int b)
{
    const struct trace_rank *left = &queue->trace->rank[a], *right = &queue->trace->rank[b];
    uint64_t first = left->log->record[left->at].clock,
             second = right->log->record[right->at].clock;
    return first < second || (first == second && a < b);
}

static void queue_add(struct queue *queue, int rank)
{
    int place = queue->count++;
    for (; place > 0 && comes_before(queue, rank, queue->rank[(place - 1) / 2]);
         place = (place - 1) / 2)
        queue->rank[place] = queue->rank[(place - 1) / 2];
    queue->rank[place] = rank;
}

static int queue_take(struct queue *queue)
{
    int top = queue->rank[0], last = queue->rank[--queue->count], place = 0;
    for (;;) {
        int child = 2 * place + 1;
        if (child >= queue->count)
            break;
        if (child + 1 < queue->count &&
            comes_before(queue, queue->rank[child + 1], queue->rank[child]))
            child++;
        if (!comes_before(queue, queue->rank[child], last))
            break;
        queue->rank[place] = queue->rank[child];
        place = child;
    }
    queue->rank[place] = last;
    return top;
}

/* Writes the rank's next record, and lets those go on that waited for an arrow from it. */
static void step(struct trace *trace, int rank, int *waiter, struct queue *queue)
{
    struct trace_rank *at = &trace->rank[rank];
    size_t record = at->at++;
    trace_write_record(trace, rank, record);
    for (int arrow = at->begins[record]; arrow != NO_ARROW;
         arrow = trace_arrow(trace, arrow)->next) {
        int waited = waiter[arrow] - 1;
        waiter[arrow] = 0;
        if (waited >= 0)
            queue_add(queue, waited);
    }
}

static bool at_end(const struct trace *trace, int rank)
{
    return trace->rank[rank].at >= trace->rank[rank].log->count;
}

static void merge(struct trace *trace)
{
    struct queue queue = {.trace = trace, .rank = g_new(int, (gsize)trace->ranks + 1)};
    int *waiter = g_new0(int, (gsize)trace->arrows->len + 1); /* [arrow]: rank + 1 */
    for (int rank = 0; rank < trace->ranks; rank++)
        if (!at_end(trace, rank))
            queue_add(&queue, rank);
    while (queue.count > 0) {
        int rank = queue_take(&queue), missing = trace_missing_arrow(trace, rank);
        /* If everybody waited, the logs would contradict each other: then order is no matter. */
        if (missing != NO_ARROW && queue.count > 0) {
            waiter[missing] = rank + 1;
            continue;
        }
        step(trace, rank, waiter, &queue);
        if (!at_end(trace, rank))
            queue_add(&queue, rank);
    }
    /* Whoever waited for what never came. */
    for (int rank = 0; rank < trace->ranks; rank++)
        while (!at_end(trace, rank))
            trace_write_record(trace, rank, trace->rank[rank].at++);
    g_free(waiter);
    g_free(queue.rank);
}

/* displayTimeUnit is how precisely viewers show times; otherData is for people, and shown by them, too. */
static const char head[] =
    "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"unit of ts and dur\":\"microseconds\","
    "\"time 0\":\"the first record of any rank\"},\n\"traceEvents\":[\n";

/* ---- before and after -------------------------------------------------------------------- */

static void find_times(struct trace *trace, uint64_t *latest)
{
    trace->earliest = UINT64_MAX;
    *latest = 0;
    for (int rank = 0; rank < trace->ranks; rank++) {
        const struct log_file *log = trace->rank[rank].log;
        if (log->count == 0)
            continue;
        trace->earliest = MIN(trace->earliest, log->record[0].clock);
        *latest = MAX(*latest, log->record[log->count - 1].clock);
    }
}

static void prepare_source_lines(const struct trace *trace)
{
    if (!trace->options.program)
        return;
    GHashTable *callers = g_hash_table_new(NULL, NULL);
    for (int rank = 0; rank < trace->ranks; rank++)
        for (size_t i = 0; i < trace->rank[rank].log->count; i++)
            if (trace->rank[rank].log->record[i].caller)
                g_hash_table_add(callers,
                                 GSIZE_TO_POINTER(trace->rank[rank].log->record[i].caller));
    guint count = 0;
    gpointer *keys = g_hash_table_get_keys_as_array(callers, &count);
    uint64_t *caller = g_new(uint64_t, (gsize)count + 1);
    for (guint i = 0; i < count; i++)
        caller[i] = GPOINTER_TO_SIZE(keys[i]);
    source_line_prepare(trace->options.program, caller, (int)count);
    g_free(caller);
    g_free(keys);
    g_hash_table_destroy(callers);
}

/* Where each collective call is complete. */
static void find_completions(struct trace *trace, const struct log_file *logs)
{
    trace->collectives = collectives_new(logs, trace->ranks);
    trace->calls = collective_calls_new(logs, trace->ranks, trace->collectives, REPLAY_ALL_STEPS);
    trace->completes = g_new(int *, (gsize)trace->ranks + 1);
    for (int rank = 0; rank < trace->ranks; rank++) {
        trace->completes[rank] = g_new(int, logs[rank].count + 1);
        for (size_t i = 0; i <= logs[rank].count; i++)
            trace->completes[rank][i] = NO_COLLECTIVE_CALL;
    }
    for (int i = 0; i < trace->calls->count; i++) {
        const struct collective_call *call = &trace->calls->call[i];
        if (call->ends != NO_RECORD)
            trace->completes[call->rank][call->ends] = i;
    }
}

/* Returns the last clock. */
static uint64_t prepare(struct trace *trace, const struct log_file *logs)
{
    trace->rank = g_new0(struct trace_rank, (gsize)trace->ranks + 1);
    for (int rank = 0; rank < trace->ranks; rank++) {
        trace->rank[rank].log = &logs[rank];
        trace->rank[rank].span = g_new0(struct trace_span, logs[rank].count + 1);
    }
    uint64_t latest;
    find_times(trace, &latest);
    for (int rank = 0; rank < trace->ranks; rank++)
        trace_find_spans(&trace->rank[rank], latest);
    for (int rank = 0; rank < trace->ranks; rank++)
        trace_find_tensors(&trace->rank[rank]);
    find_completions(trace, logs);
    trace_find_arrows(trace);
    prepare_source_lines(trace);
    return latest;
}

static void clear(struct trace *trace)
{
    for (int rank = 0; rank < trace->ranks; rank++) {
        g_free(trace->rank[rank].span);
        g_hash_table_destroy(trace->rank[rank].tensors);
        g_free(trace->rank[rank].begins);
        g_free(trace->rank[rank].ends);
        g_free(trace->completes[rank]);
    }
    g_free(trace->completes);
    collective_calls_free(trace->calls);
    collectives_free(trace->collectives);
    g_free(trace->rank);
    g_array_unref(trace->arrows);
    if (trace->transfers)
        g_hash_table_destroy(trace->transfers);
}

bool trace_export(const struct log_file *logs, int ranks, const struct matching *matching,
                  struct trace_options options, const char *path, GString *error)
{
    struct matching *own = matching ? NULL : matching_new(logs, ranks);
    struct trace trace = {
        .options = options, .ranks = ranks, .matching = matching ? matching : own};
    trace.file = fopen(path, "we");
    if (!trace.file) {
        g_string_append_printf(error, "%s: %s", path, strerror(errno));
        matching_free(own);
        return false;
    }
    uint64_t latest = prepare(&trace, logs);
    trace.failed |= fputs(head, trace.file) < 0;
    trace_write_names(&trace);
    merge(&trace);
    trace_write_pending(&trace, latest);
    trace.failed |= fputs("\n]}\n", trace.file) < 0;
    trace.failed |= fclose(trace.file) != 0;
    if (trace.failed) {
        g_string_append_printf(error, "%s: it can't be written: %s", path, strerror(errno));
        /* Half a trace is of no use; but what is no file of ours stays. */
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            unlink(path);
    }
    clear(&trace);
    matching_free(own);
    return !trace.failed;
}
