/*
 * Tests of what the log says about collectives: log_collectives.c runs each of them once, log_elements.c
 * some with all sorts of elements, and every payload is compared with what MPI's standard says that a rank
 * puts in and gets out.
 */
#include "common/log/log_reader.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST    8
#define COUNT   3
#define LONGEST 256

static char *folder;
static struct log_file logs[MOST];
static int ranks;

/* ---- what is expected -------------------------------------------------------------------------------- */

/* A payload, and which place each number has in the whole. */
struct payload {
    int count;
    float number[LONGEST];
    uint64_t place[LONGEST];
};

static float number(int giver, int i)
{
    return (float)(1000 * (giver + 1) + i);
}

static float sum(int first, int last, int i)
{
    float all = 0.0f;
    for (int giver = first; giver <= last; giver++)
        all += number(giver, i);
    return all;
}

static void append(struct payload *payload, float value, int place)
{
    ck_assert_int_lt(payload->count, LONGEST);
    payload->number[payload->count] = value;
    payload->place[payload->count++] = (uint64_t)place;
}

/* What `giver` gives to everybody, or to one. */
static void append_block(struct payload *payload, int giver, int first, int count, int place)
{
    for (int i = 0; i < count; i++)
        append(payload, number(giver, first + i), place + i);
}

static void append_sum(struct payload *payload, int first, int last, int begin, int count)
{
    for (int i = begin; i < begin + count; i++)
        append(payload, sum(first, last, i), i);
}

static int triangle(int n)
{
    return n * (n + 1) / 2;
}

static int size_for(int giver, int taker)
{
    return (giver + taker) % 3;
}

static struct payload expected_in(enum log_operation operation, int rank)
{
    struct payload in = {0};
    const bool is_root = rank == ranks - 1;
    switch (operation) {
    case LOG_BCAST:
        append_block(&in, rank, 0, is_root ? COUNT : 0, 0);
        break;
    case LOG_REDUCE:
    case LOG_ALLREDUCE:
    case LOG_SCAN:
    case LOG_EXSCAN:
    case LOG_NEIGHBOR_ALLGATHER:
        append_block(&in, rank, 0, COUNT, 0);
        break;
    case LOG_REDUCE_SCATTER_BLOCK:
        append_block(&in, rank, 0, COUNT * ranks, 0);
        break;
    case LOG_REDUCE_SCATTER:
        append_block(&in, rank, 0, triangle(ranks), 0);
        break;
    case LOG_GATHER:
    case LOG_ALLGATHER:
        append_block(&in, rank, 0, COUNT, rank * COUNT);
        break;
    case LOG_ALLGATHERV:
        append_block(&in, rank, 0, rank + 1, triangle(rank));
        break;
    case LOG_GATHERV:
    case LOG_NEIGHBOR_ALLGATHERV:
        append_block(&in, rank, 0, rank + 1, 0);
        break;
    case LOG_SCATTER:
        for (int i = 0; i < ranks && is_root; i++)
            append_block(&in, rank, 100 * i, COUNT, i * COUNT);
        break;
    case LOG_SCATTERV:
        for (int i = 0; i < ranks && is_root; i++)
            append_block(&in, rank, 100 * i, size_for(rank, i), 0);
        break;
    case LOG_ALLTOALL:
        for (int i = 0; i < ranks; i++)
            append_block(&in, rank, 100 * i, COUNT, (rank * ranks + i) * COUNT);
        break;
    case LOG_ALLTOALLV:
    case LOG_ALLTOALLW:
        for (int i = 0; i < ranks; i++)
            append_block(&in, rank, 100 * i, size_for(rank, i), 0);
        break;
    default: /* with neighbours */
        for (int i = rank - 1; i <= rank + 1; i += 2)
            if (i >= 0 && i < ranks && operation != LOG_BARRIER)
                append_block(&in, rank, 100 * i,
                             operation == LOG_NEIGHBOR_ALLTOALL ? COUNT : 1 + size_for(rank, i), 0);
    }
    return in;
}

static struct payload expected_from_neighbours(enum log_operation operation, int rank)
{
    struct payload out = {0};
    for (int i = rank - 1; i <= rank + 1; i += 2) {
        if (i < 0 || i >= ranks)
            continue;
        if (operation == LOG_NEIGHBOR_ALLGATHER)
            append_block(&out, i, 0, COUNT, 0);
        else if (operation == LOG_NEIGHBOR_ALLGATHERV)
            append_block(&out, i, 0, i + 1, 0);
        else if (operation == LOG_NEIGHBOR_ALLTOALL)
            append_block(&out, i, 100 * rank, COUNT, 0);
        else if (operation != LOG_BARRIER)
            append_block(&out, i, 100 * rank, 1 + size_for(i, rank), 0);
    }
    return out;
}

static struct payload expected_out(enum log_operation operation, int rank)
{
    struct payload out = {0};
    const int root = ranks - 1;
    const bool is_root = rank == root;
    switch (operation) {
    case LOG_BCAST:
        append_block(&out, root, 0, COUNT, 0);
        break;
    case LOG_REDUCE:
        append_sum(&out, 0, root, 0, is_root ? COUNT : 0);
        break;
    case LOG_ALLREDUCE:
        append_sum(&out, 0, root, 0, COUNT);
        break;
    case LOG_SCAN:
        append_sum(&out, 0, rank, 0, COUNT);
        break;
    case LOG_EXSCAN:
        append_sum(&out, 0, rank - 1, 0, rank > 0 ? COUNT : 0);
        break;
    case LOG_REDUCE_SCATTER_BLOCK:
        append_sum(&out, 0, root, rank * COUNT, COUNT);
        break;
    case LOG_REDUCE_SCATTER:
        append_sum(&out, 0, root, triangle(rank), rank + 1);
        break;
    case LOG_GATHER:
    case LOG_ALLGATHER:
        for (int i = 0; i < ranks && (is_root || operation == LOG_ALLGATHER); i++)
            append_block(&out, i, 0, COUNT, i * COUNT);
        break;
    case LOG_ALLGATHERV:
        for (int i = 0; i < ranks; i++)
            append_block(&out, i, 0, i + 1, triangle(i));
        break;
    case LOG_GATHERV:
        for (int i = 0; i < ranks && is_root; i++)
            append_block(&out, i, 0, i + 1, 0);
        break;
    case LOG_SCATTER:
        append_block(&out, root, 100 * rank, COUNT, rank * COUNT);
        break;
    case LOG_SCATTERV:
        append_block(&out, root, 100 * rank, size_for(root, rank), 0);
        break;
    case LOG_ALLTOALL:
        for (int i = 0; i < ranks; i++)
            append_block(&out, i, 100 * rank, COUNT, (i * ranks + rank) * COUNT);
        break;
    case LOG_ALLTOALLV:
    case LOG_ALLTOALLW:
        for (int i = 0; i < ranks; i++)
            append_block(&out, i, 100 * rank, size_for(i, rank), 0);
        break;
    default:
        return expected_from_neighbours(operation, rank);
    }
    return out;
}

static bool is_reduction(enum log_operation operation)
{
    return operation == LOG_REDUCE || operation == LOG_ALLREDUCE || operation == LOG_SCAN ||
           operation == LOG_EXSCAN || operation == LOG_REDUCE_SCATTER ||
           operation == LOG_REDUCE_SCATTER_BLOCK;
}

/* ---- what is there ------------------------------------------------------------------------------------- */

static void set_up(void)
{
    folder = test_folder_new();
}

static void tear_down(void)
{
    for (int rank = 0; rank < MOST; rank++)
        log_destroy(&logs[rank]);
    test_folder_free(folder);
}

/* A program, with arguments behind the folder. */
static void run(bool simulated, int with, const char *program, const char *way, const char *which)
{
    ranks = with;
    g_autofree char *arguments = g_strdup_printf("%s %s %s", folder, way, which);
    struct test_run run = test_run_program(simulated, ranks, program, arguments);
    ck_assert_msg(run.status == 0, "%s", run.output);
    test_run_clear(&run);
    for (int rank = 0; rank < ranks; rank++) {
        char path[128], error[LOG_ERROR_SIZE];
        snprintf(path, sizeof path, "%s/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &logs[rank], error), "%s", error);
        ck_assert_str_eq(logs[rank].damage, "");
        ck_assert(logs[rank].complete);
    }
}

/* The record that says what has come out of the collective that began there. */
static size_t outcome_of(const struct log_file *log, size_t begin)
{
    const struct log_record *record = log->record;
    if (!log_is_nonblocking_collective(record[begin].operation))
        return log_end_of(log, begin);
    for (size_t i = begin; i < log->count; i++)
        if (record[i].operation == LOG_COMPLETED &&
            log_request(&record[i]) == log_request(&record[begin]))
            return i;
    return log->count;
}

/* The data in the log are the payload. */
static void check_data(const struct log_file *log, size_t begin, size_t outcome, bool comes_out,
                       const struct payload *payload)
{
    unsigned char data[LONGEST * sizeof(float)];
    size_t bytes = 0;
    for (size_t i = begin + 1; i < outcome; i++) {
        if (log->record[i].operation != LOG_DATA)
            continue;
        const struct log_data part = log_data(&log->record[i]);
        if (part.comes_out != comes_out)
            continue;
        ck_assert_uint_eq(part.offset, bytes);
        ck_assert_uint_eq(part.request, log_request(&log->record[begin]));
        ck_assert_uint_le(bytes + part.count, sizeof data);
        memcpy(data + bytes, part.data, part.count);
        bytes += part.count;
    }
    ck_assert_uint_eq(bytes, (size_t)payload->count * sizeof(float));
    ck_assert_mem_eq(data, payload->number, bytes);
}

static void check_payload(const struct log_record *record, const struct payload *payload)
{
    const size_t bytes = (size_t)payload->count * sizeof(float);
    double sketch = 0.0;
    for (int i = 0; i < payload->count; i++)
        sketch += log_sketch_weight(payload->place[i]) * (double)payload->number[i];
    ck_assert_uint_eq(record->fingerprint,
                      bytes == 0 ? 0 : log_fingerprint(payload->number, bytes));
    ck_assert_double_eq_tol(log_sketch(record), sketch, 1e-9 * (1.0 + sketch));
}

static void check_call(const struct log_file *log, size_t begin)
{
    const struct log_record *record = &log->record[begin];
    const enum log_operation operation = log_blocking_form(record->operation);
    const size_t end = outcome_of(log, begin);
    ck_assert_uint_lt(end, log->count);
    const struct payload in = expected_in(operation, log->rank);
    const struct payload out = expected_out(operation, log->rank);
    const struct log_record *outcome = &log->record[end];
    check_payload(record, &in);
    check_payload(outcome, &out);
    const int told = operation == LOG_BCAST ? COUNT : in.count;
    ck_assert_uint_eq(record->bytes, (size_t)told * sizeof(float));
    ck_assert_uint_eq(outcome->bytes, (size_t)out.count * sizeof(float));
    check_data(log, begin, end, false, &in);
    check_data(log, begin, end, true, &out);
    const bool has_root = operation == LOG_BCAST || operation == LOG_REDUCE ||
                          (operation >= LOG_GATHER && operation <= LOG_SCATTERV);
    ck_assert_int_eq(record->peer, has_root ? ranks - 1 : LOG_NO_PEER);
    const struct log_elements elements = log_elements(record);
    ck_assert_int_eq(elements.reduction,
                     is_reduction(operation) ? LOG_REDUCTION_SUM : LOG_REDUCTION_NONE);
    ck_assert_int_eq(elements.type,
                     in.count > 0 || out.count > 0 ? LOG_TYPE_FLOAT32 : LOG_TYPE_NONE);
    if (out.count > 0)
        ck_assert_int_eq(log_elements(outcome).type, LOG_TYPE_FLOAT32);
}

/* ---- sizes that differ -------------------------------------------------------------------------------------- */

/* What is expected of one direction, per peer; -1: nothing is said. */
static int expected_count(enum log_operation operation, enum log_direction direction, int rank,
                          int peer)
{
    const bool is_root = rank == ranks - 1, is_next = peer == rank - 1 || peer == rank + 1;
    const bool gives = direction == LOG_GIVES;
    switch (operation) {
    case LOG_REDUCE_SCATTER:
        return gives ? peer + 1 : -1;
    case LOG_GATHERV:
        return !gives && is_root ? peer + 1 : -1;
    case LOG_ALLGATHERV:
        return !gives ? peer + 1 : -1;
    case LOG_SCATTERV:
        return gives && is_root ? size_for(rank, peer) : -1;
    case LOG_ALLTOALLV:
    case LOG_ALLTOALLW:
        return size_for(rank, peer);
    case LOG_NEIGHBOR_ALLGATHERV:
        return !gives && is_next ? peer + 1 : -1;
    case LOG_NEIGHBOR_ALLTOALLV:
    case LOG_NEIGHBOR_ALLTOALLW:
        return is_next ? 1 + size_for(rank, peer) : -1;
    default:
        return -1;
    }
}

static void check_counts(const struct log_file *log, size_t begin)
{
    const enum log_operation operation = log_blocking_form(log->record[begin].operation);
    int told[2][MOST];
    for (int i = 0; i < 2 * MOST; i++)
        told[i / MOST][i % MOST] = -1;
    for (size_t i = begin + 1; log->record[i].operation == LOG_COUNT_PART; i++) {
        const struct log_count_part part = log_count_part(&log->record[i]);
        if (part.peer == LOG_PEER_NULL) /* beyond the edge of a grid */
            continue;
        ck_assert_int_ge(part.peer, 0);
        ck_assert_int_lt(part.peer, ranks);
        ck_assert_int_eq(told[part.direction][part.peer], -1);
        told[part.direction][part.peer] = (int)(part.bytes / sizeof(float));
    }
    for (int i = 0; i < ranks; i++) {
        ck_assert_int_eq(told[LOG_GIVES][i], expected_count(operation, LOG_GIVES, log->rank, i));
        ck_assert_int_eq(told[LOG_GETS][i], expected_count(operation, LOG_GETS, log->rank, i));
    }
}

/* ---- what a judge may conclude ------------------------------------------------------------------------------ */

/* The sums that log_fields.h promises of the sketches, over all ranks, of an operation that was called
 * once. */
static void check_sums(enum log_operation operation)
{
    double in = 0.0, out = 0.0, last_out = 0.0;
    for (int rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < logs[rank].count; i++) {
            const struct log_record *record = &logs[rank].record[i];
            if (record->phase != LOG_BEGIN || log_blocking_form(record->operation) != operation)
                continue;
            in += log_sketch(record);
            last_out = log_sketch(&logs[rank].record[outcome_of(&logs[rank], i)]);
            out += last_out;
        }
    const bool all_get_the_same = operation == LOG_BCAST || operation == LOG_ALLREDUCE ||
                                  operation == LOG_ALLGATHER || operation == LOG_ALLGATHERV;
    if (all_get_the_same || operation == LOG_SCAN)
        ck_assert_double_eq_tol(in, last_out, 1e-9 * (1.0 + in));
    else if (operation != LOG_EXSCAN)
        ck_assert_double_eq_tol(in, out, 1e-9 * (1.0 + in));
}

/* topologies: how many there are that neighbours are of. */
static void check_all(bool waits, int topologies)
{
    for (int rank = 0; rank < ranks; rank++) {
        int seen[LOG_OPERATIONS] = {0};
        for (size_t i = 0; i < logs[rank].count; i++) {
            const struct log_record *record = &logs[rank].record[i];
            if (!log_is_collective(record->operation) || record->phase != LOG_BEGIN)
                continue;
            ck_assert(log_is_nonblocking_collective(record->operation) == waits);
            seen[log_blocking_form(record->operation)]++;
            check_call(&logs[rank], i);
            check_counts(&logs[rank], i);
        }
        for (int operation = LOG_BARRIER; operation <= LOG_NEIGHBOR_ALLTOALLW; operation++)
            ck_assert_msg(seen[operation] == (operation > LOG_EXSCAN ? topologies : 1),
                          "rank %d: %d %s", rank, seen[operation],
                          log_operation_name((enum log_operation)operation));
    }
    for (int operation = LOG_BARRIER; operation <= LOG_EXSCAN; operation++)
        check_sums((enum log_operation)operation);
}

static const struct {
    const char *way;
    bool waits;
} ways[] = {{"blocking", false},
            {"non-blocking", true},
            {"in-place", false},
            {"in-place-non-blocking", true}};
static const int some_ranks[] = {1, 2, 3, 5};
static const char all_of_them[] = "common/tests/programs/log_collectives";

START_TEST(every_collective)
{
    const int way = _i / 4;
    run(false, some_ranks[_i % 4], all_of_them, ways[way].way, "all");
    check_all(ways[way].waits, 3);
}
END_TEST

/* From and into the GPU's memory: all is as if it were the host's. */
START_TEST(every_collective_on_the_gpu)
{
    const int way = _i / 4;
    run(false, some_ranks[_i % 4], all_of_them, ways[way].way, "all emulated");
    check_all(ways[way].waits, 3);
}
END_TEST

START_TEST(every_collective_on_the_simulated_cluster)
{
    const int way = _i / 4;
    run(true, some_ranks[_i % 4], all_of_them, ways[way].way, "no-graphs");
    check_all(ways[way].waits, 1);
}
END_TEST

/* ---- what is moved, and how it is reduced ---------------------------------------------------------------- */

/* The how-manieth (from 0) collective of a rank. */
static size_t find(const struct log_file *log, int how_manieth)
{
    for (size_t i = 0; i < log->count; i++)
        if (log_is_collective(log->record[i].operation) && log->record[i].phase == LOG_BEGIN &&
            how_manieth-- == 0)
            return i;
    ck_abort_msg("there are fewer");
}

static void check_elements(int how_manieth, enum log_type type, enum log_reduction reduction)
{
    for (int rank = 0; rank < ranks; rank++) {
        const size_t begin = find(&logs[rank], how_manieth);
        const struct log_record *both[] = {&logs[rank].record[begin],
                                           &logs[rank].record[outcome_of(&logs[rank], begin)]};
        for (int i = 0; i < 2; i++) {
            ck_assert_int_eq(log_elements(both[i]).type, type);
            ck_assert_int_eq(log_elements(both[i]).reduction, reduction);
        }
    }
}

/* Two columns of the root's matrix, whose type is gone before the second has arrived. */
static void check_columns(void)
{
    for (int call = 0; call < 2; call++) {
        struct {
            int number[4];
        } column;
        double sketch = 0.0;
        for (int i = 0; i < 4; i++) {
            column.number[i] = 100 * (ranks - 1) + 3 * i + 2 * call;
            sketch += log_sketch_weight((uint64_t)i) * column.number[i];
        }
        for (int rank = 0; rank < ranks; rank++) {
            const size_t begin = find(&logs[rank], call);
            const struct log_record *out = &logs[rank].record[outcome_of(&logs[rank], begin)];
            ck_assert_uint_eq(out->bytes, sizeof column);
            ck_assert_uint_eq(out->fingerprint, log_fingerprint(&column, sizeof column));
            ck_assert_double_eq_tol(log_sketch(out), sketch, 1e-9);
        }
        check_elements(call, LOG_TYPE_INT32, LOG_REDUCTION_NONE);
    }
}

START_TEST(elements_and_reductions)
{
    run(_i == 1, 3, "common/tests/programs/log_elements", "", "");
    check_columns();
    check_elements(2, LOG_TYPE_FLOAT32, LOG_REDUCTION_NONE);
    check_elements(3, LOG_TYPE_OTHER, LOG_REDUCTION_NONE);
    check_elements(4, LOG_TYPE_FLOAT32, LOG_REDUCTION_OWN);
    check_elements(5, LOG_TYPE_FLOAT32, LOG_REDUCTION_SUM);
    check_elements(6, LOG_TYPE_INT32, LOG_REDUCTION_MAXIMUM);
    check_elements(7, LOG_TYPE_NONE, LOG_REDUCTION_OTHER_OF_MPI);
    check_elements(8, LOG_TYPE_BFLOAT16, LOG_REDUCTION_NONE);
    for (int rank = 0; rank < ranks; rank++) {
        const struct log_record *record = logs[rank].record;
        /* Pairs of numbers are two each. */
        struct payload in = {0}, out = {0};
        append_block(&in, rank, 0, 4, 4 * rank);
        for (int i = 0; i < ranks; i++)
            append_block(&out, i, 0, 4, 4 * i);
        const size_t pairs = find(&logs[rank], 2);
        check_payload(&record[pairs], &in);
        check_payload(&record[outcome_of(&logs[rank], pairs)], &out);
        /* An int and a double each, and what lies between them is left out. */
        unsigned char both[36];
        for (int i = 0; i < ranks; i++) {
            memcpy(both + 12 * i, &i, 4);
            memcpy(both + 12 * i + 4, &(double){0.5}, 8);
        }
        const struct log_record *mixed = &record[outcome_of(&logs[rank], find(&logs[rank], 3))];
        ck_assert_uint_eq(mixed->bytes, sizeof both);
        ck_assert_uint_eq(mixed->fingerprint, log_fingerprint(both, sizeof both));
        ck_assert(isnan(log_sketch(mixed)));
        const struct log_record *none = &record[find(&logs[rank], 7)];
        ck_assert(none->bytes == 0 && none->fingerprint == 0 && log_sketch(none) == 0.0);
        const struct log_record *halves = &record[outcome_of(&logs[rank], find(&logs[rank], 8))];
        ck_assert_double_eq_tol(log_sketch(halves), log_sketch_weight(0) + 2 * log_sketch_weight(1),
                                1e-12);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("log_collectives");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, every_collective, 0, 16);
    tcase_add_loop_test(tests, every_collective_on_the_gpu, 0, 16);
    tcase_add_loop_test(tests, elements_and_reductions, 0, test_has_simulator() ? 2 : 1);
    if (test_has_simulator())
        tcase_add_loop_test(tests, every_collective_on_the_simulated_cluster, 0, 16);
    suite_add_tcase(suite, tests);
    return suite;
}
