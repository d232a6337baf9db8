/*
 * Tests of the trace export: the file is read back with a JSON parser and held against what the
 * format demands and what the logs say.
 */
#include "grader/pictures/trace_export.h"

#include "common/base/memory.h"
#include "common/log/log_fields.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define RANKS 3

static char path[64];
static struct script builder[RANKS];

static void set_up(void)
{
    strcpy(path, "/tmp/test_trace_export_XXXXXX");
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    for (int rank = 0; rank < RANKS; rank++)
        script_init(&builder[rank], rank, RANKS);
}

static void tear_down(void)
{
    unlink(path);
    for (int rank = 0; rank < RANKS; rank++)
        free(builder[rank].log.record);
}

/* The events of the export of the builders' logs. The caller decrefs. */
static json_t *export(void)
{
    struct log_file logs[RANKS];
    for (int rank = 0; rank < RANKS; rank++)
        logs[rank] = builder[rank].log;
    GString *error = g_string_new(NULL);
    ck_assert_msg(
        trace_export(logs, RANKS, NULL, (struct trace_options){"a run", NULL}, path, error), "%s",
        error->str);
    g_string_free(error, TRUE);
    json_error_t problem;
    json_t *trace = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
    ck_assert_msg(trace != NULL, "%s, line %d", problem.text, problem.line);
    json_t *events = json_incref(json_object_get(trace, "traceEvents"));
    ck_assert(json_is_array(events));
    json_decref(trace);
    return events;
}

static const char *text(const json_t *event, const char *key)
{
    const char *value = json_string_value(json_object_get(event, key));
    return value ? value : "";
}

static long long whole(const json_t *event, const char *key)
{
    return json_integer_value(json_object_get(event, key));
}

/* Nanoseconds. */
static long long nanoseconds(const json_t *event, const char *key)
{
    return llround(json_number_value(json_object_get(event, key)) * 1000);
}

static const json_t *argument(const json_t *event, const char *key)
{
    return json_object_get(json_object_get(event, "args"), key);
}

/* The n-th event of that kind (and name, if not NULL) on a rank's thread. */
static const json_t *find(const json_t *events, const char *kind, const char *name, int rank, int n)
{
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        if (strcmp(text(event, "ph"), kind) == 0 && whole(event, "tid") == rank + 1 &&
            (!name || strcmp(text(event, "name"), name) == 0) && n-- == 0)
            return event;
    }
    return NULL;
}

static int count(const json_t *events, const char *kind)
{
    int found = 0;
    for (size_t i = 0; i < json_array_size(events); i++)
        found += strcmp(text(json_array_get(events, i), "ph"), kind) == 0;
    return found;
}

/* What the format demands of every trace: each event has its fields, the slices of a thread nest,
 * times never run backwards (where the ranks' clocks fit together), arrows begin before they end and lie
 * in the slice before them, and what is in flight ends. */
static void check_format(const json_t *events, bool one_clock)
{
    GArray *open[RANKS]; /* ends of the slices that are open */
    for (int rank = 0; rank < RANKS; rank++)
        open[rank] = g_array_new(FALSE, FALSE, sizeof(long long));
    GHashTable *begun = g_hash_table_new(NULL, NULL), *flying = g_hash_table_new(NULL, NULL);
    long long last = 0;
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const char *kind = text(event, "ph");
        ck_assert_int_eq(whole(event, "pid"), 1);
        long long rank = whole(event, "tid") - 1;
        ck_assert(rank >= 0 && rank < RANKS);
        if (strcmp(kind, "M") == 0)
            continue;
        ck_assert(json_is_number(json_object_get(event, "ts")));
        long long from = nanoseconds(event, "ts");
        ck_assert(!one_clock || from >= last);
        last = from;
        GArray *stack = open[rank];
        if (strcmp(kind, "X") == 0) {
            long long until = from + nanoseconds(event, "dur");
            ck_assert_int_ge(until, from);
            while (stack->len > 0 && (g_array_index(stack, long long, stack->len - 1) < from ||
                                      g_array_index(stack, long long, stack->len - 1) < until)) {
                ck_assert_int_le(g_array_index(stack, long long, stack->len - 1), from);
                g_array_set_size(stack, stack->len - 1);
            }
            g_array_append_val(stack, until);
        } else if (strcmp(kind, "s") == 0) {
            ck_assert(g_hash_table_add(begun, GINT_TO_POINTER((int)whole(event, "id"))));
        } else if (strcmp(kind, "f") == 0) {
            ck_assert(g_hash_table_contains(begun, GINT_TO_POINTER((int)whole(event, "id"))));
            ck_assert_str_eq(text(event, "bp"), "e");
            ck_assert_uint_gt(stack->len, 0);
            ck_assert_int_le(from, g_array_index(stack, long long, stack->len - 1));
        } else if (strcmp(kind, "b") == 0) {
            ck_assert(g_hash_table_insert(flying, GINT_TO_POINTER((int)whole(event, "id")),
                                          (gpointer)text(event, "name")));
        } else if (strcmp(kind, "e") == 0) {
            gpointer id = GINT_TO_POINTER((int)whole(event, "id"));
            ck_assert_ptr_nonnull(g_hash_table_lookup(flying, id));
            ck_assert_str_eq(g_hash_table_lookup(flying, id), text(event, "name"));
            ck_assert_str_eq(text(event, "cat"), "in flight");
            g_hash_table_remove(flying, id);
        } else {
            ck_assert_msg(strcmp(kind, "i") == 0 || strcmp(kind, "C") == 0, "%s", kind);
        }
    }
    ck_assert_uint_eq(g_hash_table_size(flying), 0);
    g_hash_table_destroy(flying);
    g_hash_table_destroy(begun);
    for (int rank = 0; rank < RANKS; rank++)
        g_array_unref(open[rank]);
}

START_TEST(every_rank_call_and_message_is_there)
{
    for (int rank = 0; rank < RANKS; rank++) {
        struct log_record stage = log_record_new(LOG_STAGE, LOG_INSTANT);
        stage.stage = rank;
        script_put(&builder[rank], stage);
        script_step(&builder[rank], LOG_STEP_BEGIN, 4);
        uint64_t request = 0;
        if (rank > 0)
            script_wait(&builder[rank], script_irecv(&builder[rank], rank - 1, 5, 100));
        script_compute(&builder[rank], LOG_FORWARD, rank, 2, 1234);
        if (rank < RANKS - 1)
            request = script_isend(&builder[rank], rank + 1, 5, 100);
        script_compute(&builder[rank], LOG_BACKWARD, rank, 2, 1);
        if (request)
            script_wait(&builder[rank], request);
        script_step(&builder[rank], LOG_STEP_END, 4);
        script_final(&builder[rank]);
        /* One rank after the other. */
        for (size_t i = 0; i < builder[rank].log.count; i++)
            builder[rank].log.record[i].clock += 1000 * (uint64_t)rank;
    }
    json_t *events = export();
    check_format(events, true);
    ck_assert_int_eq(count(events, "s"), RANKS - 1);
    ck_assert_int_eq(count(events, "f"), RANKS - 1);
    for (int rank = 0; rank < RANKS; rank++) {
        char name[64];
        snprintf(name, sizeof name, "rank %d (stage %d)", rank, rank);
        const json_t *thread = find(events, "M", "thread_name", rank, 0);
        ck_assert_str_eq(json_string_value(argument(thread, "name")), name);
        ck_assert_ptr_nonnull(find(events, "X", "step 4", rank, 0));
        const json_t *forward = find(events, "X", "F 2", rank, 0);
        ck_assert_int_eq(json_integer_value(argument(forward, "flops")), 1234);
        ck_assert_int_eq(json_integer_value(argument(forward, "micro-batch")), 2);
        ck_assert_int_eq(json_integer_value(argument(forward, "stage")), rank);
        ck_assert_ptr_nonnull(find(events, "X", "B 2", rank, 0));
        /* Forwards in flight: up at F, down at the end of B. */
        const json_t *up = find(events, "C", NULL, rank, 0),
                     *down = find(events, "C", NULL, rank, 1);
        ck_assert_int_eq(json_integer_value(argument(up, "forwards")), 1);
        ck_assert_int_eq(json_integer_value(argument(down, "forwards")), 0);
    }
    const json_t *send = find(events, "X", "ISEND y 2 → rank 1", 0, 0);
    ck_assert_str_eq(json_string_value(argument(send, "call")), "MPI_Isend");
    ck_assert_str_eq(json_string_value(argument(send, "peer")), "rank 1");
    ck_assert_int_eq(json_integer_value(argument(send, "tag")), 5);
    ck_assert_int_eq(json_integer_value(argument(send, "bytes")), 100);
    ck_assert_str_eq(json_string_value(argument(send, "communicator")), "MPI_COMM_WORLD");
    const json_t *wait = find(events, "X", "WAIT x 2 ← rank 0", 1, 0);
    ck_assert_str_eq(json_string_value(json_array_get(argument(wait, "waits for"), 0)),
                     "receive from rank 0, tag 5 (request 1)");
    json_decref(events);
}
END_TEST

/* With free messages everything may have one time, and rank 0 receives from later ranks. */
START_TEST(arrows_begin_before_they_end_at_one_time)
{
    script_call(&builder[0], LOG_RECV, 1, 0, 4, true);
    script_call(&builder[1], LOG_RECV, 2, 0, 4, true);
    script_call(&builder[1], LOG_SEND, 0, 0, 4, true);
    script_call(&builder[2], LOG_SEND, 1, 0, 4, true);
    for (int rank = 0; rank < RANKS; rank++)
        for (size_t i = 0; i < builder[rank].log.count; i++)
            builder[rank].log.record[i].clock = 77;
    json_t *events = export();
    check_format(events, true);
    ck_assert_int_eq(count(events, "s"), 2);
    ck_assert_int_eq(count(events, "f"), 2);
    json_decref(events);
}
END_TEST

START_TEST(what_never_ended_is_pending_until_the_end)
{
    script_call(&builder[0], LOG_SSEND, 1, 3, 4, false);
    script_call(&builder[1], LOG_RECV, 0, 4, 4, false);
    script_compute(&builder[2], LOG_FORWARD, 2, 0, 5);
    builder[2].log.record[1].clock = 1000;
    json_t *events = export();
    check_format(events, true);
    const json_t *send = find(events, "X", "SSEND 4 B → rank 1 (pending)", 0, 0);
    ck_assert_ptr_nonnull(send);
    ck_assert_int_eq(nanoseconds(send, "ts") + nanoseconds(send, "dur"), 1000);
    ck_assert_str_eq(json_string_value(argument(send, "matched")), "never received");
    const json_t *receive = find(events, "X", "RECV 4 B ← rank 0 (pending)", 1, 0);
    ck_assert_str_eq(json_string_value(argument(receive, "matched")), "never sent");
    ck_assert_int_eq(count(events, "s"), 0);
    json_decref(events);
}
END_TEST

START_TEST(numbers_that_json_does_not_have)
{
    struct log_record loss = log_record_new(LOG_LOSS, LOG_INSTANT);
    loss.own_value = NAN;
    script_put(&builder[0], loss);
    loss.own_value = INFINITY;
    script_put(&builder[1], loss);
    loss.own_value = 0.5;
    script_put(&builder[2], loss);
    json_t *events = export();
    ck_assert_int_eq(count(events, "i"), 3);
    ck_assert_double_eq(json_real_value(argument(find(events, "i", "loss", 2, 0), "value")), 0.5);
    json_decref(events);
}
END_TEST

/* Ranks 0 and 2 of a group; rank 2 comes last. */
static void join(int rank, int place)
{
    script_put(&builder[rank], log_record_of_member((struct log_member){
                                   .communicator = 77, .parent = 1, .rank = place, .size = 2}));
}

static struct log_record all_reduce(int rank, enum log_operation operation, uint64_t request)
{
    struct log_record record =
        script_message(&builder[rank], operation, LOG_NO_PEER, LOG_ANY_TAG, 4096);
    record.communicator = 77;
    record.own_number = request;
    log_set_elements(&record, (struct log_elements){LOG_TYPE_FLOAT32, LOG_REDUCTION_SUM});
    return record;
}

static void put_at(int rank, struct log_record record, uint64_t clock)
{
    script_put(&builder[rank], record);
    builder[rank].log.record[builder[rank].log.count - 1].clock = clock;
}

static void call_at(int rank, struct log_record record, uint64_t begin, uint64_t end)
{
    put_at(rank, record, begin);
    record.phase = LOG_END;
    put_at(rank, record, end);
}

START_TEST(collectives_have_their_group_and_an_arrow_from_the_last)
{
    join(0, 0);
    join(2, 1);
    call_at(0, all_reduce(0, LOG_ALLREDUCE, 0), 1000, 5000);
    call_at(2, all_reduce(2, LOG_ALLREDUCE, 0), 4000, 5500);
    json_t *events = export();
    check_format(events, true);
    const json_t *waiter = find(events, "X", "all-reduce of 4 KiB among {0, 2}", 0, 0),
                 *last = find(events, "X", "all-reduce of 4 KiB among {0, 2}", 2, 0);
    ck_assert_str_eq(json_string_value(argument(waiter, "call")), "MPI_Allreduce");
    ck_assert_str_eq(json_string_value(argument(waiter, "type")), "float32");
    ck_assert_str_eq(json_string_value(argument(waiter, "operation")), "MPI_SUM");
    ck_assert_str_eq(json_string_value(argument(waiter, "came last")), "rank 2");
    ck_assert_int_eq(json_integer_value(argument(waiter, "bytes")), 4096);
    ck_assert_ptr_null(argument(waiter, "tag"));
    ck_assert_double_eq(json_number_value(argument(waiter, "waiting, us")), 3);
    ck_assert_double_eq(json_number_value(argument(waiter, "communicating, us")), 1);
    ck_assert_ptr_null(argument(last, "came last"));
    ck_assert_int_eq(count(events, "s"), 1);
    const json_t *begin = find(events, "s", "collective", 2, 0),
                 *end = find(events, "f", "collective", 0, 0);
    ck_assert_int_eq(nanoseconds(begin, "ts"), 4000); /* the members' records are at 0 */
    ck_assert_int_eq(nanoseconds(end, "ts"), 5000);
    json_decref(events);
}
END_TEST

START_TEST(what_is_in_flight_lies_beside_computation)
{
    join(0, 0);
    join(2, 1);
    for (int rank = 0; rank <= 2; rank += 2) {
        struct log_record start = all_reduce(rank, LOG_IALLREDUCE, 9);
        builder[rank].started[9] = start;
        call_at(rank, start, 1000, 1100);
    }
    script_compute(&builder[0], LOG_BACKWARD, 0, 3, 5);
    builder[0].log.record[3].clock = 2000;
    builder[0].log.record[4].clock = 6000;
    script_wait(&builder[0], 9); /* four records; rank 2 never waits */
    for (size_t i = 0; i < 4; i++)
        builder[0].log.record[5 + i].clock = 7000 + i;
    json_t *events = export();
    check_format(events, true);
    const json_t *begin = find(events, "b", NULL, 0, 0), *end = find(events, "e", NULL, 0, 0);
    ck_assert_str_eq(text(begin, "name"), "rank 0: all-reduce of 4 KiB among {0, 2}");
    ck_assert_int_eq(nanoseconds(begin, "ts"), 1000);
    ck_assert_int_eq(nanoseconds(end, "ts"), 7002);
    ck_assert_double_eq(json_number_value(argument(begin, "hidden behind computation, us")), 4);
    const json_t *pending = find(events, "b", NULL, 2, 0), *never = find(events, "e", NULL, 2, 0);
    ck_assert_str_eq(text(pending, "name"), "rank 2: all-reduce of 4 KiB among {0, 2} (pending)");
    ck_assert_int_eq(nanoseconds(never, "ts"), 7003); /* the end of the logs */
    const json_t *wait = find(events, "X", "WAIT all-reduce of 4 KiB among {0, 2}", 0, 0);
    ck_assert_str_eq(json_string_value(json_array_get(argument(wait, "waits for"), 0)),
                     "all-reduce of 4 KiB among {0, 2} (request 9)");
    json_decref(events);
}
END_TEST

START_TEST(one_sided_calls_have_target_and_window)
{
    struct log_record put = script_message(&builder[0], LOG_PUT, 2, 5, 800);
    call_at(0, put, 10, 20);
    call_at(0, script_message(&builder[0], LOG_WIN_FENCE, LOG_NO_PEER, 5, 0), 30, 40);
    json_t *events = export();
    check_format(events, true);
    const json_t *call = find(events, "X", "PUT 800 B → rank 2", 0, 0);
    ck_assert_str_eq(json_string_value(argument(call, "target")), "rank 2");
    ck_assert_int_eq(json_integer_value(argument(call, "window")), 5);
    ck_assert_int_eq(json_integer_value(argument(call, "bytes")), 800);
    const json_t *fence = find(events, "X", NULL, 0, 1);
    ck_assert_int_eq(json_integer_value(argument(fence, "window")), 5);
    ck_assert_ptr_null(argument(fence, "type"));
    json_decref(events);
}
END_TEST

START_TEST(live_memory_is_a_counter)
{
    script_put(&builder[1], log_record_of_allocation((struct log_allocation){
                                .kind = MEMORY_ACTIVATION, .bytes = 64, .live = 192}));
    script_put(&builder[1], log_record_of_allocation((struct log_allocation){
                                .kind = MEMORY_HOST, .bytes = 500, .live = 500}));
    json_t *events = export();
    check_format(events, true);
    const json_t *live = find(events, "C", "rank 1: live memory, activations", 1, 0);
    ck_assert_int_eq(json_integer_value(argument(live, "bytes")), 192);
    const json_t *host = find(events, "C", "rank 1: live memory, host", 1, 0);
    ck_assert_int_eq(json_integer_value(argument(host, "bytes")), 500);
    json_decref(events);
}
END_TEST

/* Two of rank 1, one behind the other, and one of rank 0 with the same number that never ends. */
START_TEST(transfers_are_beside_their_rank_s_calls)
{
    static const struct log_transfer transfers[] = {
        {.number = 1, .to_host = true, .bytes = 4096, .clock = 1e6},
        {.number = 2, .bytes = 8, .clock = 3e6},
        {.number = 1, .ended = true, .to_host = true, .bytes = 4096, .clock = 3e6},
        {.number = 2, .ended = true, .bytes = 8, .clock = 4e6},
    };
    static const uint64_t clock[] = {1000000, 1000000, 3500000, 5000000};
    script_step(&builder[0], LOG_STEP_BEGIN, 0);
    for (int i = 0; i < 4; i++) {
        script_put(&builder[1], log_record_of_transfer(transfers[i]));
        builder[1].log.record[i].clock = clock[i];
    }
    script_put(&builder[0], log_record_of_transfer(transfers[0]));
    builder[0].log.record[0].clock = 0;
    builder[0].log.record[1].clock = 2000000;
    json_t *events = export();
    check_format(events, false);
    const json_t *there = find(events, "b", "rank 1: transfer to the host", 1, 0);
    const json_t *back = find(events, "b", "rank 1: transfer to the device", 1, 0);
    ck_assert_int_eq(nanoseconds(there, "ts"), 1000000);
    ck_assert_int_eq(json_integer_value(argument(there, "bytes")), 4096);
    ck_assert_int_eq(nanoseconds(back, "ts"), 3000000);
    ck_assert_int_eq(nanoseconds(find(events, "e", "rank 1: transfer to the host", 1, 0), "ts"),
                     3000000);
    ck_assert_int_eq(nanoseconds(find(events, "e", "rank 1: transfer to the device", 1, 0), "ts"),
                     4000000);
    ck_assert_int_eq(nanoseconds(find(events, "e", "rank 0: transfer to the host", 0, 0), "ts"),
                     5000000);
    ck_assert_int_eq(count(events, "b"), 3);
    ck_assert_int_eq(count(events, "e"), 3);
    json_decref(events);
}
END_TEST

START_TEST(nonsense_is_survived)
{
    script_nonsense(builder, RANKS, (unsigned)_i);
    json_t *events = export();
    check_format(events, false);
    json_decref(events);
}
END_TEST

/* So many calls, in memory that is asked for once. */
static void fill(struct script *filled, enum log_operation operation, int peer, size_t calls)
{
    struct log_file *log = &filled->log;
    log->record = malloc(2 * calls * sizeof *log->record);
    ck_assert_ptr_nonnull(log->record);
    for (log->count = 0; log->count < 2 * calls; log->count++) {
        struct log_record record = script_message(filled, operation, peer, 0, 4);
        record.phase = log->count % 2 == 0 ? LOG_BEGIN : LOG_END;
        record.clock = log->count;
        log->record[log->count] = record;
    }
}

START_TEST(a_long_log_is_streamed)
{
    fill(&builder[0], LOG_SEND, 1, 25000);
    fill(&builder[1], LOG_RECV, 0, 25000);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    struct log_file logs[RANKS] = {builder[0].log, builder[1].log, builder[2].log};
    GString *error = g_string_new(NULL);
    ck_assert(trace_export(logs, RANKS, NULL, (struct trace_options){"long", NULL}, path, error));
    g_string_free(error, TRUE);
    getrusage(RUSAGE_SELF, &after);
#ifdef __SANITIZE_ADDRESS__
    const long most = 1024 * 1024; /* kilobytes: it keeps what was freed */
#else
    const long most = 64 * 1024;
#endif
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, most);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_an_error)
{
    struct log_file logs[RANKS] = {builder[0].log, builder[1].log, builder[2].log};
    GString *error = g_string_new(NULL);
    ck_assert(!trace_export(logs, RANKS, NULL, (struct trace_options){"a run", NULL},
                            "/nonexistent/trace.json", error));
    ck_assert_ptr_nonnull(strstr(error->str, "/nonexistent/trace.json"));
    g_string_truncate(error, 0);
    ck_assert(!trace_export(logs, RANKS, NULL, (struct trace_options){"a run", NULL}, "/dev/full",
                            error));
    ck_assert_uint_gt(error->len, 0);
    g_string_free(error, TRUE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("trace export");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_rank_call_and_message_is_there);
    tcase_add_test(tests, arrows_begin_before_they_end_at_one_time);
    tcase_add_test(tests, what_never_ended_is_pending_until_the_end);
    tcase_add_test(tests, numbers_that_json_does_not_have);
    tcase_add_test(tests, collectives_have_their_group_and_an_arrow_from_the_last);
    tcase_add_test(tests, what_is_in_flight_lies_beside_computation);
    tcase_add_test(tests, one_sided_calls_have_target_and_window);
    tcase_add_test(tests, live_memory_is_a_counter);
    tcase_add_test(tests, transfers_are_beside_their_rank_s_calls);
    tcase_add_loop_test(tests, nonsense_is_survived, 0, 100);
    tcase_add_test(tests, a_long_log_is_streamed);
    tcase_add_test(tests, a_file_that_cannot_be_written_is_an_error);
    suite_add_tcase(suite, tests);
    return suite;
}
