/*
 * Programs that are right and call every collective, make communicators of every kind and use windows
 * (common/tests/programs): nothing is found wrong with them, they can be replayed, and whoever has nobody
 * to wait for any more is stuck nowhere.
 */
#include "grader/evidence/collective_sums.h"
#include "grader/evidence/collectives_agree.h"
#include "grader/evidence/traffic.h"
#include "grader/trace/replay.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <string.h>

#define MOST_RANKS 5

static const struct {
    const char *program, *arguments;
    int ranks;
    bool everywhere; /* also on the simulated cluster */
} right[] = {
    {"log_collectives", "blocking all", 1, false},
    {"log_collectives", "blocking all", 4, false},
    {"log_collectives", "non-blocking all", 5, false},
    {"log_collectives", "in-place all", 3, false},
    {"log_collectives", "in-place-non-blocking all", 4, false},
    {"log_collectives", "blocking no-graphs", 3, true},
    {"log_collectives", "non-blocking no-graphs", 4, true},
    {"log_collectives", "in-place no-graphs", 4, true},
    {"log_groups", "all", 5, false},
    {"log_groups", "few", 4, true},
    {"log_windows", "", 3, true},
};

static void judge(const struct outcome *run)
{
    struct collectives *collectives = collectives_new(run->log, run->ranks);
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "fine");
    ck_assert_msg(evidence_collectives_agree(run, collectives, verdict), "%s",
                  verdict->headline->str);
    ck_assert_msg(evidence_sums_agree(run, collectives, verdict), "%s", verdict->headline->str);
    for (int i = 0; i < collectives->count; i++) {
        int entered = 0;
        for (int rank = 0; rank < run->ranks; rank++)
            entered += collective_entered(&collectives->collective[i], rank) != NO_RECORD;
        ck_assert_msg(entered == collectives->collective[i].size ||
                          collectives->collective[i].operation == LOG_INTERCOMM_CREATE,
                      "%s: %d of %d", log_operation_name(collectives->collective[i].operation),
                      entered, collectives->collective[i].size);
    }
    verdict_free(verdict);
    collectives_free(collectives);
}

static bool sums_agree(const struct outcome *run)
{
    struct collectives *collectives = collectives_new(run->log, run->ranks);
    struct verdict *verdict = verdict_new();
    const bool agree = evidence_sums_agree(run, collectives, verdict);
    verdict_free(verdict);
    collectives_free(collectives);
    return agree;
}

/* The kinds of which what one rank says that it puts in is held against what comes out. */
static bool is_held_against(const struct log_record *record, bool is_last)
{
    const enum log_operation operation = log_blocking_form(record->operation);
    const enum log_reduction reduction = log_elements(record).reduction;
    if (operation == LOG_EXSCAN && is_last)
        return false; /* nobody gets it */
    return log_is_collective(operation) &&
           (reduction == LOG_REDUCTION_NONE || reduction == LOG_REDUCTION_SUM) &&
           operation != LOG_BARRIER && operation != LOG_NEIGHBOR_ALLGATHER &&
           operation != LOG_NEIGHBOR_ALLGATHERV;
}

/* The data that a rank puts in, where the log has them; NULL: it does not. */
static struct log_record *data_of(struct log_file *log, size_t begin)
{
    for (size_t i = begin + 1; i < log->count; i++)
        if (log->record[i].operation != LOG_COUNT_PART)
            return log->record[i].operation == LOG_DATA ? &log->record[i] : NULL;
    return NULL;
}

/* Twice the first number, if it is a float32. */
static void change(struct log_record *record)
{
    struct log_data data = log_data(record);
    float number;
    memcpy(&number, data.data, sizeof number);
    number = 2 * number + 1;
    memcpy(data.data, &number, sizeof number);
    *record = log_record_of_data(&data);
}

/* Whatever rank says something else of what it puts in is found out. */
static void forge(const struct outcome *run)
{
    for (int rank = 0; rank < run->ranks; rank++)
        for (size_t i = 0; i < run->log[rank].count; i++) {
            struct log_record *record = &run->log[rank].record[i];
            if (record->phase != LOG_BEGIN || record->bytes == 0 || record->fingerprint == 0 ||
                !is_held_against(record, rank == run->ranks - 1))
                continue;
            struct log_record *data = data_of(&run->log[rank], i);
            const struct log_record kept = *record, kept_data = data ? *data : kept;
            if (data)
                change(data);
            record->own_value = 1.5 * record->own_value + 1;
            record->fingerprint++;
            ck_assert_msg(!sums_agree(run), "%s of rank %d", log_operation_name(record->operation),
                          rank);
            *record = kept;
            if (data)
                *data = kept_data;
        }
}

static void replay(const struct outcome *run, bool synchronous)
{
    struct replay *replay =
        replay_run(run->log, run->ranks, NULL,
                   (struct replay_options){.synchronous = synchronous, .step = REPLAY_ALL_STEPS});
    for (int rank = 0; rank < run->ranks; rank++)
        if (replay->rank[rank].stuck)
            ck_abort_msg(
                "rank %d is stuck in %s", rank,
                log_operation_name(run->log[rank].record[replay->rank[rank].stuck_in].operation));
    replay_free(replay);
}

static void check(int i, bool simulated)
{
    char *folder = test_folder_new();
    struct log_file logs[MOST_RANKS];
    g_autofree char *program = g_strconcat("common/tests/programs/", right[i].program, NULL);
    g_autofree char *arguments = g_strdup_printf("%s %s", folder, right[i].arguments);
    struct test_run run = test_run_program(simulated, right[i].ranks, program, arguments);
    ck_assert_msg(run.status == 0, "%s", run.output);
    test_run_clear(&run);
    for (int rank = 0; rank < right[i].ranks; rank++) {
        char error[LOG_ERROR_SIZE];
        g_autofree char *path = g_strdup_printf("%s/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &logs[rank], error), "%s", error);
    }
    const struct outcome outcome = {
        .ranks = right[i].ranks, .simulated = simulated, .end = RUN_FINISHED, .log = logs};
    judge(&outcome);
    if (strcmp(right[i].program, "log_collectives") == 0 && outcome.ranks > 1)
        forge(&outcome);
    replay(&outcome, false);
    replay(&outcome, true);
    struct traffic *traffic = traffic_new(logs, outcome.ranks);
    ck_assert_uint_gt(traffic->entries->len, 0);
    traffic_free(traffic);
    for (int rank = 0; rank < outcome.ranks; rank++)
        log_destroy(&logs[rank]);
    test_folder_free(folder);
}

START_TEST(on_this_computer)
{
    check(_i, false);
}
END_TEST

START_TEST(on_the_simulated_cluster)
{
    if (right[_i].everywhere && test_has_simulator())
        check(_i, true);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("right_collectives");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, on_this_computer, 0, (int)G_N_ELEMENTS(right));
    tcase_add_loop_test(tests, on_the_simulated_cluster, 0, (int)G_N_ELEMENTS(right));
    suite_add_tcase(suite, tests);
    return suite;
}
