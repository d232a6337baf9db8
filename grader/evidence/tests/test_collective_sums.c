/*
 * Tests of sums over ranks: random vectors of float32, added here in random orders, as MPI may; what
 * then is changed must be found, and nothing else. Other collectives by hand.
 */
#include "grader/evidence/collective_sums.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RANKS 4
#define MOST  3000
#define PAIRS 60 /* communicators of ranks 0 and 2, 1 and 3: 60 and 61 */

static struct logged_run *run;

static void setup(void)
{
    run = logged_run_new(RANKS);
}

static void teardown(void)
{
    logged_run_free(run);
    run = NULL;
}

static double sketch(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += log_sketch_weight(i) * (double)x[i];
    return sum;
}

/* Writes a collective whose rank puts in x and gets y; NULL: nothing. */
static void put(int rank, enum log_operation operation, int root, const float *x, const float *y,
                size_t n, bool with_data)
{
    struct script *script = &run->script[rank];
    struct log_record record =
        script_collective_on(script, operation, LOG_WORLD, root, x ? n * sizeof *x : 0);
    log_set_elements(&record, (struct log_elements){LOG_TYPE_FLOAT32, LOG_REDUCTION_SUM});
    record.own_value = x ? sketch(x, n) : 0;
    record.fingerprint = x ? log_fingerprint(x, n * sizeof *x) : 0;
    script_put(script, record);
    for (int out = 0; out < 2; out++) {
        const float *data = out ? y : x;
        for (size_t i = 0; i < n * sizeof *x && with_data && data; i += LOG_DATA_BYTES) {
            struct log_data piece = {.offset = (uint32_t)i, .comes_out = out};
            piece.count = (uint32_t)MIN(LOG_DATA_BYTES, n * sizeof *x - i);
            memcpy(piece.data, (const char *)data + i, piece.count);
            script_put(script, log_record_of_data(&piece));
        }
    }
    record.bytes = y ? n * sizeof *y : 0;
    record.own_value = y ? sketch(y, n) : 0;
    record.fingerprint = y ? log_fingerprint(y, n * sizeof *y) : 0;
    script_end(script, record);
}

/* "" if all agree, else what is said; it lasts until the next. */
static const char *judge(void)
{
    static char words[1024];
    for (int r = 0; r < RANKS; r++)
        run->log[r] = run->script[r].log;
    run->outcome.log = run->log;
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "%s", "");
    struct collectives *collectives = collectives_new(run->log, RANKS);
    const bool agree = evidence_sums_agree(&run->outcome, collectives, verdict);
    ck_assert(agree == (verdict->kind == VERDICT_PASS));
    g_strlcpy(words, verdict->headline->str, sizeof words);
    collectives_free(collectives);
    verdict_free(verdict);
    return words;
}

static float at_random(void)
{
    float sum = -6;
    for (int i = 0; i < 12; i++)
        sum += (float)rand() / (float)RAND_MAX;
    return sum;
}

static float in[RANKS][MOST], out[RANKS][MOST];

/* Each rank's result is added up in an order of its own. */
static void add_up(size_t n, enum log_operation operation)
{
    for (int rank = 0; rank < RANKS; rank++) {
        const int first = rand() % RANKS, all = operation == LOG_SCAN ? rank + 1 : RANKS;
        for (size_t i = 0; i < n; i++) {
            out[rank][i] = 0;
            for (int k = 0; k < all; k++)
                out[rank][i] += in[(first + k) % all][i];
        }
    }
}

static void random_inputs(size_t n)
{
    const float scale = expf((float)(rand() % 20 - 10));
    for (int rank = 0; rank < RANKS; rank++)
        for (size_t i = 0; i < n; i++)
            in[rank][i] = scale * at_random();
}

static void put_all(enum log_operation operation, size_t n, bool with_data)
{
    const int root = operation == LOG_REDUCE ? 1 : -1;
    for (int rank = 0; rank < RANKS; rank++)
        put(rank, operation, root, in[rank], root < 0 || root == rank ? out[rank] : NULL, n,
            with_data);
}

static void start_again(void)
{
    teardown();
    setup();
}

START_TEST(rounding_is_no_fault)
{
    static const enum log_operation operations[] = {LOG_ALLREDUCE, LOG_REDUCE, LOG_SCAN};
    srand(1);
    for (int i = 0; i < 400; i++) {
        start_again();
        const size_t n = 1 + (size_t)(rand() % (i % 4 == 0 ? MOST : 20));
        const enum log_operation operation = operations[rand() % 3];
        random_inputs(n);
        add_up(n, operation);
        put_all(operation, n, n < 40 && i % 2);
        ck_assert_str_eq(judge(), "");
    }
}
END_TEST

/* One rank's numbers are missing, there twice, or those of another. */
START_TEST(wrong_sums_are_found)
{
    int found = 0, all = 0;
    srand(2);
    for (int i = 0; i < 600; i++) {
        start_again();
        const size_t n = 1 + (size_t)(rand() % (i % 4 == 0 ? MOST : 20));
        const int odd = rand() % RANKS, change = rand() % 3;
        random_inputs(n);
        add_up(n, LOG_ALLREDUCE);
        for (size_t k = 0; k < n; k++)
            for (int rank = 0; rank < RANKS; rank++)
                out[rank][k] += change == 0   ? -in[odd][k]
                                : change == 1 ? in[odd][k]
                                              : in[(odd + 1) % RANKS][k] - in[odd][k];
        put_all(LOG_ALLREDUCE, n, false);
        found += strstr(judge(), "what goes into MPI_Allreduce of") != NULL;
        all++;
    }
    ck_assert_int_ge(found * 100, all * 97);
}
END_TEST

/* With the data a single bit too many is found, and where. */
START_TEST(one_number_is_found)
{
    srand(3);
    random_inputs(30);
    add_up(30, LOG_ALLREDUCE);
    out[2][17] += 0.001f * (1 + fabsf(out[2][17]));
    put_all(LOG_ALLREDUCE, 30, true);
    ck_assert(strstr(judge(),
                     "what goes into MPI_Allreduce of 120 bytes among all ranks does not add "
                     "up to what comes out on rank 2 (element 17:"));
}
END_TEST

START_TEST(what_is_moved)
{
    srand(4);
    random_inputs(16);
    for (int wrong = 0; wrong < 2; wrong++) {
        start_again();
        for (int rank = 0; rank < RANKS; rank++)
            put(rank, LOG_BCAST, 1, rank == 1 ? in[1] : NULL, in[wrong && rank == 3 ? 0 : 1], 16,
                false);
        ck_assert_str_eq(judge(), wrong ? "rank 3 does not get what rank 1 has from MPI_Bcast "
                                          "among all ranks"
                                        : "");
        start_again();
        for (int rank = 0; rank < RANKS; rank++) {
            float all[4 * RANKS] = {0}, own[4 * RANKS] = {0};
            for (int other = 0; other < RANKS; other++)
                memcpy(all + 4 * (wrong && rank == 2 ? (other + 1) % RANKS : other), in[other],
                       4 * sizeof(float));
            memcpy(own + 4 * rank, in[rank], 4 * sizeof(float));
            put(rank, LOG_ALLGATHER, -1, own, all, 4 * RANKS, false);
        }
        ck_assert_str_eq(judge(), wrong
                                      ? "what goes into MPI_Allgather of 64 bytes among all ranks "
                                        "does not make up what comes out on rank 2"
                                      : "");
    }
}
END_TEST

/* A double does not hold them: each is read as another, and so is their sum. */
START_TEST(large_integers_are_no_fault)
{
    const int64_t numbers[RANKS] = {(1LL << 53) + 1, (1LL << 53) + 1, (1LL << 53) + 1,
                                    (1LL << 53) + 5};
    for (int wrong = 0; wrong < 2; wrong++) {
        start_again();
        for (int rank = 0; rank < RANKS; rank++) {
            struct script *script = &run->script[rank];
            const int64_t sum = (1LL << 55) + 8 - (wrong ? 1LL << 53 : 0);
            struct log_record record =
                script_collective_on(script, LOG_ALLREDUCE, LOG_WORLD, -1, 8);
            log_set_elements(&record, (struct log_elements){LOG_TYPE_INT64, LOG_REDUCTION_SUM});
            record.own_value = NAN;
            script_put(script, record);
            for (int side = 0; side < 2; side++) {
                struct log_data data = {.count = 8, .comes_out = side};
                memcpy(data.data, side ? &sum : &numbers[rank], 8);
                script_put(script, log_record_of_data(&data));
            }
            script_end(script, record);
        }
        ck_assert((judge()[0] != 0) == wrong);
    }
}
END_TEST

/* Each member of a scan has the sum of what those in front of it put in; the order is the group's. */
START_TEST(scans_follow_the_group)
{
    static const int place[RANKS] = {2, 0, 3, 1};
    for (int i = 0; i < 4; i++) {
        const bool exclusive = i % 2, wrong = i / 2;
        start_again();
        for (int rank = 0; rank < RANKS; rank++) {
            struct script *script = &run->script[rank];
            script_member(script, PAIRS, place[rank], RANKS);
            struct log_record record =
                script_collective_on(script, exclusive ? LOG_EXSCAN : LOG_SCAN, PAIRS, -1, 8);
            log_set_elements(&record, (struct log_elements){LOG_TYPE_FLOAT32, LOG_REDUCTION_SUM});
            record.own_value = 1 << place[rank];
            script_put(script, record);
            record.own_value = (1 << (place[rank] + !exclusive)) - 1 + (wrong && rank == 2 ? 8 : 0);
            script_end(script, record);
        }
        ck_assert((strstr(judge(), "on rank 2") != NULL) == wrong);
    }
}
END_TEST

/* Numbers that are not known, another operation than a sum, and a rank that never entered. */
START_TEST(what_is_not_known_is_not_judged)
{
    random_inputs(4);
    for (int i = 0; i < 3; i++) {
        start_again();
        for (int rank = 0; rank < RANKS; rank++) {
            struct script *script = &run->script[rank];
            struct log_record record =
                script_collective_on(script, LOG_ALLREDUCE, LOG_WORLD, -1, 16);
            log_set_elements(&record,
                             (struct log_elements){LOG_TYPE_FLOAT32, i == 1 ? LOG_REDUCTION_MAXIMUM
                                                                            : LOG_REDUCTION_SUM});
            record.own_value = i == 0 && rank == 2 ? NAN : 5;
            if (i != 2 || rank != 3)
                script_call_record(script, record, true);
        }
        ck_assert_str_eq(judge(), "");
    }
    for (unsigned seed = 0; seed < 200; seed++) {
        start_again();
        script_nonsense(run->script, RANKS, seed);
        judge();
    }
}
END_TEST

/* A non-blocking one, whose output stands at its completion, on one of two communicators. */
START_TEST(groups_in_flight)
{
    for (int wrong = 0; wrong < 2; wrong++) {
        start_again();
        for (int rank = 0; rank < RANKS; rank++) {
            struct script *script = &run->script[rank];
            const uint64_t communicator = PAIRS + (uint64_t)(rank % 2);
            script_member(script, communicator, rank / 2, 2);
            struct log_record record =
                script_collective_on(script, LOG_IALLREDUCE, communicator, -1, 8);
            record.own_value = rank + 1;
            const uint64_t request = script_start_record(script, record);
            const int sum = 2 * (rank % 2) + 4;
            script->started[request].own_value = wrong && rank == 3 ? 2 : sum;
            script_wait(script, request);
        }
        ck_assert_str_eq(
            judge(),
            wrong ? "what goes into MPI_Iallreduce of 8 bytes among {1, 3} "
                    "does not add up to what comes out on rank 3: was a buffer changed before "
                    "its wait?"
                  : "");
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("collective_sums");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, rounding_is_no_fault);
    tcase_add_test(tests, wrong_sums_are_found);
    tcase_add_test(tests, one_number_is_found);
    tcase_add_test(tests, what_is_moved);
    tcase_add_test(tests, large_integers_are_no_fault);
    tcase_add_test(tests, scans_follow_the_group);
    tcase_add_test(tests, what_is_not_known_is_not_judged);
    tcase_add_test(tests, groups_in_flight);
    suite_add_tcase(suite, tests);
    return suite;
}
