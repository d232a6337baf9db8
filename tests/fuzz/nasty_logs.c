/* Logs that make no sense; see nasty_logs.h. */
#include "tests/fuzz/nasty_logs.h"

#include "common/log/log_fields.h"

#include <math.h>
#include <string.h>

const char *nasty_log_name(enum nasty_log kind)
{
    static const char *const names[] = {"forwards without an end",
                                        "backwards without an end",
                                        "computations of unknown micro-batches",
                                        "nested calls",
                                        "sends that nobody receives",
                                        "receives of nothing",
                                        "receives of nothing from anybody",
                                        "many messages with one tag",
                                        "many tags",
                                        "many requests",
                                        "waits for nothing",
                                        "collectives of one rank",
                                        "collectives in disorder",
                                        "many communicators",
                                        "many members",
                                        "parts of a collective",
                                        "polls",
                                        "windows",
                                        "steps in a step",
                                        "losses",
                                        "stages",
                                        "memory",
                                        "transfers",
                                        "tensors that are held",
                                        "comparisons",
                                        "optimizer steps",
                                        "odd values"};
    _Static_assert(G_N_ELEMENTS(names) == NASTY_LOGS, "each has a name");
    return names[kind];
}

/* The log of one rank, growing. */
struct growing {
    GArray *records;
    struct log_record last;
    int rank, ranks;
};

static void put(struct growing *log, struct log_record record)
{
    record.clock = log->last.clock;
    record.flops = log->last.flops;
    record.sequence = log->records->len + 1;
    g_array_append_val(log->records, record);
}

static struct log_record new_record(enum log_operation operation, enum log_phase phase, int number)
{
    struct log_record record = log_record_new(operation, phase);
    record.communicator = LOG_WORLD;
    record.bytes = 64;
    record.stage = 0;
    record.micro_batch = number;
    return record;
}

static void put_call(struct growing *log, struct log_record begin)
{
    put(log, begin);
    begin.phase = LOG_END;
    put(log, begin);
}

static void put_message(struct growing *log, enum log_operation operation, int peer, int tag,
                        uint64_t request, bool returned)
{
    struct log_record record = new_record(operation, LOG_BEGIN, -1);
    record.peer = peer;
    record.tag = tag;
    record.own_number = request;
    record.stage = -1;
    put(log, record);
    record.phase = LOG_END;
    if (returned)
        put(log, record);
}

static void put_about(struct growing *log, enum log_operation operation, uint64_t request)
{
    struct log_record record = new_record(operation, LOG_INSTANT, -1);
    record.own_number = request;
    put(log, record);
}

#define REQUESTS 1000000 /* higher than those of the run itself */

static void put_messages(struct growing *log, int records, bool own_tags)
{
    const int to = (log->rank + 1) % log->ranks, from = (log->rank + log->ranks - 1) % log->ranks;
    const int half = records / 4;
    for (int i = 0; i < half; i++)
        put_message(log, LOG_SEND, to, own_tags ? i : 5, 0, true);
    for (int i = 0; i < half; i++)
        put_message(log, LOG_RECV, from, own_tags ? half - 1 - i : 5, 0, true);
}

static void put_requests(struct growing *log, int records)
{
    const int to = (log->rank + 1) % log->ranks;
    const int some = records / 3;
    for (int i = 0; i < some; i++)
        put_message(log, LOG_ISEND, to, 5, REQUESTS + (uint64_t)i, true);
    put(log, new_record(LOG_WAITALL, LOG_BEGIN, -1));
    for (int i = some - 1; i >= 0; i--)
        put_about(log, LOG_WAITING_FOR, REQUESTS + (uint64_t)i);
    for (int i = some - 1; i >= 0; i--)
        put_about(log, LOG_COMPLETED, REQUESTS + (uint64_t)i);
    put(log, new_record(LOG_WAITALL, LOG_END, -1));
}

static void put_nested(struct growing *log, int records)
{
    for (int i = 0; i < records / 2; i++)
        put(log, new_record(i % 2 ? LOG_FORWARD : LOG_ALLREDUCE, LOG_BEGIN, 0));
    for (int i = records / 2; i > 0; i--)
        put(log, new_record((i - 1) % 2 ? LOG_FORWARD : LOG_ALLREDUCE, LOG_END, 0));
}

static void put_one(struct growing *log, enum nasty_log kind, int i)
{
    const int peer = (log->rank + 1) % log->ranks;
    struct log_record record = new_record(LOG_ALLREDUCE, LOG_BEGIN, -1);
    switch (kind) {
    case NASTY_FORWARDS:
        put(log, new_record(LOG_FORWARD, LOG_BEGIN, 0));
        break;
    case NASTY_BACKWARDS:
        put(log, new_record(LOG_BACKWARD, LOG_BEGIN, i));
        break;
    case NASTY_PAIRS:
        put_call(log, new_record(LOG_BACKWARD_WEIGHT, LOG_BEGIN, INT32_MAX - i));
        break;
    case NASTY_SENDS:
        put_message(log, LOG_SEND, peer, 5, 0, true);
        break;
    case NASTY_RECEIVES:
        put_message(log, LOG_IRECV, peer, 5, REQUESTS + (uint64_t)i, true);
        break;
    case NASTY_RECEIVES_ANY:
        put_message(log, LOG_IRECV, LOG_ANY_SOURCE, LOG_ANY_TAG, REQUESTS + (uint64_t)i, true);
        break;
    case NASTY_WAITS:
        put(log, new_record(LOG_WAIT, LOG_BEGIN, -1));
        put_about(log, LOG_WAITING_FOR, REQUESTS + (uint64_t)i);
        put_about(log, LOG_COMPLETED, REQUESTS + (uint64_t)i);
        put(log, new_record(LOG_WAIT, LOG_END, -1));
        break;
    case NASTY_COLLECTIVES:
        if (log->rank == 0)
            put_call(log, record);
        break;
    case NASTY_DISORDER:
        record.operation = (uint16_t)(LOG_BARRIER + (i + log->rank) % 12);
        record.peer = 0;
        put_call(log, record);
        break;
    case NASTY_COMMUNICATORS:
        record.communicator = 1000 + (uint64_t)i;
        put_call(log, record);
        break;
    case NASTY_MEMBERS:
        record = new_record(LOG_MEMBER, LOG_INSTANT, -1);
        record.communicator = 1000 + (uint64_t)i;
        record.own_number = (uint64_t)log->rank;
        record.own_value = log->ranks;
        record.bytes = (uint64_t)log->ranks;
        put(log, record);
        break;
    case NASTY_PARTS:
        if (i == 0)
            put(log, new_record(LOG_ALLTOALLV, LOG_BEGIN, -1));
        record = new_record(LOG_COUNT_PART, LOG_INSTANT, -1);
        record.peer = i % log->ranks;
        record.tag = i % 2;
        put(log, record);
        break;
    case NASTY_POLLS:
        put_call(log, new_record(LOG_IPROBE, LOG_BEGIN, -1));
        break;
    case NASTY_WINDOWS:
        record = new_record(i == 0 ? LOG_WIN_CREATE : LOG_PUT, LOG_BEGIN, -1);
        record.peer = peer;
        record.tag = 1;
        record.own_number = REQUESTS + (uint64_t)i;
        put_call(log, record);
        break;
    case NASTY_STEPS:
        put(log, log_record_of_step(i % 2 ? LOG_STEP_END : LOG_STEP_BEGIN, i / 2 % 100));
        break;
    case NASTY_LOSSES:
        put(log, log_record_of_loss(i, 1));
        break;
    case NASTY_STAGES:
        put(log, log_record_of_stage((struct log_stage){i, i, 1, 4}));
        break;
    case NASTY_MEMORY:
        record = new_record(i % 2 ? LOG_RELEASE : LOG_ALLOCATE, LOG_INSTANT, -1);
        record.own_value = i % 2 ? 0 : 64;
        put(log, record);
        break;
    case NASTY_TRANSFERS:
        put(log, log_record_of_transfer((struct log_transfer){.number = (uint64_t)(i - i % 3),
                                                              .ended = i % 3 == 2,
                                                              .to_host = i % 2,
                                                              .bytes = 64,
                                                              .clock = i % 5 ? 1e18 : 0}));
        break;
    case NASTY_HELD:
        put(log, log_record_of_held((struct log_held){i % LOG_HELD_KINDS, 0, i, 64, 1}));
        break;
    case NASTY_CLOSE:
        put(log, log_record_of_agreement(i % 2 ? LOG_PROBE : LOG_ASSERT_CLOSE, true));
        break;
    case NASTY_OPTIMIZER:
        put_call(log, new_record(LOG_OPTIMIZER_STEP, LOG_BEGIN, -1));
        break;
    default:
        break;
    }
}

/* Any record, with values that none should have. */
static struct log_record odd_record(GRand *random)
{
    static const int32_t odd[] = {0, -1, -2, -3, 1, 2, 3, 4, INT32_MAX, INT32_MIN, 65536};
    static const double number[] = {0, 1, -1, NAN, INFINITY, 1e308, -1e308, 0.5};
    static const uint64_t large[] = {0,         1,      2, 4, 64, UINT64_MAX, (uint64_t)1 << 40,
                                     INT64_MAX, LOG_RUN};
#define ANY(values) (values)[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(values))]
    struct log_record record;
    do
        record =
            log_record_new((enum log_operation)g_rand_int_range(random, 1, LOG_OPERATIONS),
                           (enum log_phase)g_rand_int_range(random, LOG_BEGIN, LOG_INSTANT + 1));
    while (strcmp(log_operation_name(record.operation), "unknown") == 0 ||
           record.operation == LOG_FINAL);
    record.caller = ANY(large);
    record.bytes = ANY(large);
    record.fingerprint = ANY(large);
    record.own_number = ANY(large);
    record.communicator = ANY(large);
    record.own_value = ANY(number);
    record.peer = MAX(ANY(odd), LOG_PEER_NULL);
    record.tag = ANY(odd);
    record.stage = MAX(ANY(odd), -1);
    record.micro_batch = MAX(ANY(odd), -1);
    record.flag = (uint8_t)g_rand_int_range(random, 0, 256);
#undef ANY
    return record;
}

static void put_odd(struct growing *log, int records)
{
    static guint32 seed;
    g_autoptr(GRand) random = g_rand_new_with_seed(seed++);
    for (int i = 0; i < records; i++)
        put(log, odd_record(random));
}

static void put_all(struct growing *log, enum nasty_log kind, int records)
{
    switch (kind) {
    case NASTY_NESTED:
        put_nested(log, records);
        break;
    case NASTY_MESSAGES:
    case NASTY_TAGS:
        put_messages(log, records, kind == NASTY_TAGS);
        break;
    case NASTY_ODD:
        put_odd(log, records);
        break;
    case NASTY_REQUESTS:
        put_requests(log, records);
        break;
    default:
        for (int i = 0; i < records; i++)
            put_one(log, kind, i);
    }
}

/* In front of the end of the last step, else of the last record. */
static size_t place_in(const struct log_file *log)
{
    for (size_t i = log->count; i > 0; i--)
        if (log->record[i - 1].operation == LOG_STEP_END)
            return i - 1;
    return log->count > 0 ? log->count - 1 : 0;
}

static struct log_file grown(const struct log_file *log, int ranks, enum nasty_log kind,
                             int records)
{
    const size_t place = place_in(log);
    struct growing growing = {.records = g_array_new(FALSE, FALSE, sizeof(struct log_record)),
                              .rank = log->rank,
                              .ranks = ranks};
    struct log_file with = *log;
    if (place > 0) {
        g_array_append_vals(growing.records, log->record, (guint)place);
        growing.last = log->record[place - 1];
    }
    put_all(&growing, kind, records);
    for (size_t i = place; i < log->count; i++) {
        struct log_record record = log->record[i];
        record.sequence = growing.records->len + 1;
        g_array_append_val(growing.records, record);
    }
    with.count = growing.records->len;
    with.record = (struct log_record *)(void *)g_array_free(growing.records, FALSE);
    return with;
}

struct outcome *nasty_logs_put(const struct judged_runs *runs, enum nasty_log kind, int records)
{
    struct outcome *outcomes = g_memdup2(runs->outcome, (gsize)runs->outcomes * sizeof *outcomes);
    for (int i = 0; i < runs->outcomes; i++) {
        outcomes[i].log = g_new(struct log_file, outcomes[i].ranks);
        for (int rank = 0; rank < outcomes[i].ranks; rank++)
            outcomes[i].log[rank] =
                grown(&runs->outcome[i].log[rank], outcomes[i].ranks, kind, records);
    }
    return outcomes;
}

void nasty_logs_free(const struct judged_runs *runs, struct outcome *outcomes)
{
    for (int i = 0; i < runs->outcomes; i++) {
        for (int rank = 0; rank < outcomes[i].ranks; rank++)
            g_free(outcomes[i].log[rank].record);
        g_free(outcomes[i].log);
    }
    g_free(outcomes);
}
