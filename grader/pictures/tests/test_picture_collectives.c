/*
 * Tests of what pictures and tables say of collectives: of a program that is run on both machines
 * (common/tests/programs/overlap.c), whose times on the simulated cluster with free messages are known,
 * and of logs by hand.
 */
#include "grader/pictures/picture_timeline.h"
#include "grader/pictures/table_collectives.h"
#include "grader/pictures/trace_export.h"

#include "tests/support/run.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define RANKS 4

static char *folder;
static struct log_file logs[RANKS];
static struct timeline *timeline;

static void set_up(void)
{
    folder = test_folder_new();
}

static void tear_down(void)
{
    timeline_free(timeline);
    timeline = NULL;
    for (int rank = 0; rank < RANKS; rank++)
        log_destroy(&logs[rank]);
    test_folder_free(folder);
}

static void run_overlap(bool simulated)
{
    struct test_run run =
        test_run_program(simulated, RANKS, "common/tests/programs/overlap", folder);
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    test_run_clear(&run);
    for (int rank = 0; rank < RANKS; rank++) {
        char error[LOG_ERROR_SIZE];
        g_autofree char *path = g_strdup_printf("%s/rank-%d.log", folder, rank);
        ck_assert_msg(log_read(path, &logs[rank], error), "%s", error);
    }
    timeline = timeline_of_logs(logs, RANKS, TIMELINE_LAST_STEP);
}

static char *draw(void)
{
    g_autofree char *path = g_build_filename(folder, "picture", NULL);
    g_autofree char *file = g_strconcat(path, ".svg", NULL);
    g_autoptr(GString) error = g_string_new(NULL);
    const struct timeline_panel panel = {.timeline = timeline, .label = "this run"};
    char *svg = NULL;
    ck_assert_msg(timeline_picture(&panel, 1, "title", path, error), "%s", error->str);
    ck_assert(g_file_get_contents(file, &svg, NULL, NULL));
    return svg;
}

static int bars(int rank, enum timeline_kind kind, double *time)
{
    int count = 0;
    *time = 0;
    for (guint i = 0; i < timeline->bar[rank]->len; i++) {
        const struct timeline_bar *bar =
            &g_array_index(timeline->bar[rank], struct timeline_bar, i);
        if (bar->kind != kind)
            continue;
        count++;
        *time += bar->end - bar->begin;
    }
    return count;
}

static void expect(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in\n%.3000s", part, text);
}

/* A forward takes 10 ms, a backward 20, messages nothing. The first all-reduce is in flight during two
 * backwards, the second during one; all wait 50 ms for rank 1 in the last one. */
START_TEST(a_simulated_step_with_free_messages)
{
    run_overlap(true);
    double time;
    for (int rank = 0; rank < RANKS; rank++) {
        ck_assert_int_eq(bars(rank, TIMELINE_IN_FLIGHT, &time), 2);
        ck_assert_double_eq_tol(time, 60e6, 1);
        bars(rank, TIMELINE_WAITING, &time);
        ck_assert_double_eq_tol(time, rank == 1 ? 0 : 50e6, 1);
    }
    ck_assert_int_eq(timeline->lanes, 2);
    g_autofree char *svg = draw();
    expect(svg, "all-reduce among {0, 2}: 40 ms of 40 ms in flight hidden behind computation");
    expect(svg, "all-reduce among {1, 3}: 40 ms of 40 ms in flight hidden behind computation");
    expect(svg, ">waited for rank 1<");
    expect(svg, "this run: 90 ms, 150 ms with what follows");
    expect(svg, "collective in flight");
    g_autoptr(GString) table = g_string_new(NULL);
    table_of_collectives(timeline->calls, table);
    expect(table->str, "hidden of in flight");
    expect(table->str, "40 ms of 40 ms (100 %)");
    expect(table->str, "rank 1 (1 of 1)");
    expect(table->str, "37.5 ms"); /* the mean of 50, 0, 50, 50 */
    expect(table->str, "8 MiB");   /* two buckets of 2^20 numbers of four bytes */
}
END_TEST

/* A busy machine decides on the times; the order of things it does not decide on. */
START_TEST(a_real_step)
{
    run_overlap(false);
    double time;
    for (int rank = 0; rank < RANKS; rank++) {
        ck_assert_int_eq(bars(rank, TIMELINE_IN_FLIGHT, &time), 2);
        ck_assert_double_ge(time, 60e6); /* the backwards alone */
        bars(rank, TIMELINE_COMMUNICATING, &time);
        ck_assert_double_gt(time, 0);
    }
    int waited = 0;
    for (int i = 0; i < timeline->calls->count; i++) {
        const struct collective_call *call = &timeline->calls->call[i];
        ck_assert_uint_ne(call->ends, NO_RECORD);
        ck_assert_uint_le(call->hidden, call->end - call->begin);
        if (call->nonblocking)
            ck_assert_uint_ge(call->hidden, 20000000); /* the last backward at least */
        waited += call->operation == LOG_ALLREDUCE && call->waits_for == 1;
    }
    ck_assert_int_ge(waited, 1); /* it is 50 ms late; others may be held up, too */
    g_autofree char *svg = draw();
    expect(svg, "all-reduce among {1, 3}: ");
    g_autofree char *trace = g_build_filename(folder, "trace.json", NULL);
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert(trace_export(logs, RANKS, NULL, (struct trace_options){"a run", NULL}, trace, error));
    json_t *json = json_load_file(trace, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(json);
    json_decref(json);
}
END_TEST

/* ---- by hand ------------------------------------------------------------------------------- */

static struct script builder[RANKS];

/* F; then a barrier that rank 3 never comes to, and a non-blocking one that nobody waits for. */
static void hang(void)
{
    for (int rank = 0; rank < RANKS; rank++) {
        script_init(&builder[rank], rank, RANKS);
        script_step(&builder[rank], LOG_STEP_BEGIN, 0);
        script_compute(&builder[rank], LOG_FORWARD, rank, 0, 10);
        script_start(&builder[rank], LOG_IBARRIER, LOG_NO_PEER, LOG_ANY_TAG, 0);
        if (rank != 3)
            script_collective(&builder[rank], LOG_BARRIER, LOG_NO_PEER, RANKS, false);
        logs[rank] = builder[rank].log;
    }
    logs[3].record[logs[3].count - 1].clock = 1000;
    timeline = timeline_of_logs(logs, RANKS, TIMELINE_LAST_STEP);
}

static void free_hang(void)
{
    for (int rank = 0; rank < RANKS; rank++)
        free(builder[rank].log.record);
    memset(logs, 0, sizeof logs);
}

START_TEST(a_hung_run_names_who_never_came)
{
    hang();
    g_autofree char *svg = draw();
    expect(svg, ">waited for rank 3<");
    expect(svg, "it got stuck");
    g_autoptr(GString) table = g_string_new(NULL);
    table_of_collectives(timeline->calls, table);
    expect(table->str, "MPI_Barrier");
    expect(table->str, "rank 3 (1 of 1); 3 calls never ended");
    expect(table->str, "MPI_Ibarrier");
    expect(table->str, "4 calls never ended");
    free_hang();
}
END_TEST

/* More groups than a table has lines for. */
START_TEST(many_groups_are_cut_off)
{
    for (int rank = 0; rank < RANKS; rank++)
        script_init(&builder[rank], rank, RANKS);
    for (int i = 0; i < 100; i++) {
        struct log_record barrier =
            script_message(&builder[0], LOG_BARRIER + i % 20, LOG_NO_PEER, LOG_ANY_TAG, 0);
        barrier.communicator = 100 + (uint64_t)i;
        script_put(&builder[0], log_record_of_member((struct log_member){
                                    .communicator = barrier.communicator, .size = 1 + i / 20 % 4}));
        script_put(&builder[0], barrier);
        script_end(&builder[0], barrier);
    }
    for (int rank = 0; rank < RANKS; rank++)
        logs[rank] = builder[rank].log;
    timeline = timeline_of_logs(logs, RANKS, REPLAY_ALL_STEPS);
    g_autoptr(GString) table = g_string_new(NULL);
    table_of_collectives(timeline->calls, table);
    g_auto(GStrv) lines = g_strsplit(table->str, "\n", -1);
    ck_assert_uint_le(g_strv_length(lines), 45);
    expect(table->str, "more rows");
    free_hang();
}
END_TEST

START_TEST(without_collectives_there_is_no_table)
{
    script_init(&builder[0], 0, 1);
    script_compute(&builder[0], LOG_FORWARD, 0, 0, 10);
    logs[0] = builder[0].log;
    timeline = timeline_of_logs(logs, 1, REPLAY_ALL_STEPS);
    g_autoptr(GString) table = g_string_new(NULL);
    table_of_collectives(timeline->calls, table);
    ck_assert_str_eq(table->str, "");
    free(builder[0].log.record);
    memset(logs, 0, sizeof logs);
}
END_TEST

START_TEST(nonsense_is_survived)
{
    for (int rank = 0; rank < RANKS; rank++)
        script_init(&builder[rank], rank, RANKS);
    script_nonsense(builder, RANKS, (unsigned)_i);
    script_compute(&builder[0], LOG_FORWARD, 0, 0, 10);
    for (int rank = 0; rank < RANKS; rank++)
        logs[rank] = builder[rank].log;
    timeline = timeline_of_logs(logs, RANKS, REPLAY_ALL_STEPS);
    g_free(draw());
    g_autoptr(GString) table = g_string_new(NULL);
    table_of_collectives(timeline->calls, table);
    ck_assert(g_utf8_validate(table->str, -1, NULL));
    free_hang();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pictures of collectives");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    if (test_has_simulator())
        tcase_add_test(tests, a_simulated_step_with_free_messages);
    tcase_add_test(tests, a_real_step);
    tcase_add_test(tests, a_hung_run_names_who_never_came);
    tcase_add_test(tests, many_groups_are_cut_off);
    tcase_add_test(tests, without_collectives_there_is_no_table);
    tcase_add_loop_test(tests, nonsense_is_survived, 0, 10);
    suite_add_tcase(suite, tests);
    return suite;
}
