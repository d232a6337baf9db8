/*
 * Every schedule of the solutions, on this machine and on a simulated cluster:
 * gradients against one whole-model stage in this process for many numbers of
 * stages, micro-batches and chunks; orders against the published ones; makespans
 * against the formulas.
 */
#include "assignments/pipeline/tests/support/one_process.h"
#include "tests/support/test.h"

#include <glib.h>
#include <math.h>

/* ---- gradients --------------------------------------------------------------------------------- */

static const struct setting {
    const char *schedule;
    int ranks;
    const char *arguments;
} settings[] = {
    {"1f1b", 4, "--model mlp:depth=4,width=32 --batch 16 --micro-batches 8"},
    {"1f1b", 1, "--model mlp:depth=2,width=16 --batch 6 --micro-batches 3"},
    {"1f1b", 4, "--model mlp:depth=4,width=16 --batch 5 --micro-batches 1"},
    {"1f1b", 5, "--model mlp:depth=4,width=16,dropout=0.3 --batch 6 --micro-batches 2 --uneven"},
    {"1f1b", 3, "--model vit:depth=2,width=16,heads=2 --batch 7 --micro-batches 7 --uneven"},
    {"1f1b", 8, "--model mlp:depth=4,width=24 --batch 22 --micro-batches 11 --optimizer adamw"},
    {"bounded", 4, "--model mlp:depth=4,width=16 --batch 40 --micro-batches 40"},
    {"bounded", 3, "--model mlp:depth=3,width=16 --batch 4 --micro-batches 2"},
    {"interleaved", 4, "--model mlp:depth=4,width=32 --batch 16 --micro-batches 8"},
    {"interleaved", 2, "--model mlp:depth=4,width=16 --batch 8 --micro-batches 4 --chunks 4"},
    {"interleaved", 1, "--model mlp:depth=3,width=16 --batch 6 --micro-batches 3 --chunks 3"},
    {"interleaved", 3, "--model mlp:depth=4,width=16 --batch 6 --micro-batches 3 --uneven"},
    {"interleaved", 2,
     "--model vit:depth=2,width=16,heads=2,dropout=0.1 --batch 6 --micro-batches 6 "
     "--chunks 3 --uneven --optimizer adamw"},
    {"interleaved", 3, "--model mlp:depth=3,width=16 --batch 9 --micro-batches 9 --chunks 1"},
    {"zero-bubble", 4,
     "--model mlp:depth=4,width=32,dropout=0.2 --batch 16 --micro-batches 8 --uneven"},
    {"zero-bubble", 1, "--model mlp:depth=2,width=16 --batch 6 --micro-batches 3"},
    {"zero-bubble", 4, "--model mlp:depth=4,width=16 --batch 5 --micro-batches 1"},
    {"zero-bubble", 5, "--model mlp:depth=4,width=16 --batch 9 --micro-batches 3 --uneven"},
    {"zero-bubble", 3, "--model vit:depth=2,width=16,heads=2 --batch 7 --micro-batches 7 --uneven"},
    {"zero-bubble", 4, "--model cnn --batch 5 --micro-batches 5"},
};

static void gradients_agree(bool simulated, const struct setting *setting)
{
    char arguments[256];
    snprintf(arguments, sizeof arguments, "--data synthetic %s", setting->arguments);
    one_process_agrees_in_two_steps(simulated, setting->ranks, arguments, setting->schedule);
}

START_TEST(gradients_on_this_machine)
{
    gradients_agree(false, &settings[_i]);
}
END_TEST

START_TEST(gradients_on_a_simulated_cluster)
{
    if (test_has_simulator())
        gradients_agree(true, &settings[_i]);
}
END_TEST

/* ---- orders: p = 4, m = 8, from the papers ------------------------------------------------------- */

static const struct golden {
    const char *schedule;
    const char *rank[4];
} golden[] = {
    {"afab",
     {"F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7"}},
    {"1f1b",
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"}},
    {"pipedream",
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"}},
    {"zero-bubble",
     {"F0 F1 F2 F3 I0 W0 F4 I1 W1 F5 I2 W2 F6 I3 W3 F7 I4 W4 I5 W5 I6 W6 I7 W7",
      "F0 F1 F2 I0 F3 I1 W0 F4 I2 W1 F5 I3 W2 F6 I4 W3 F7 I5 W4 I6 W5 I7 W6 W7",
      "F0 F1 I0 F2 I1 F3 I2 W0 F4 I3 W1 F5 I4 W2 F6 I5 W3 F7 I6 W4 I7 W5 W6 W7",
      "F0 I0 F1 I1 F2 I2 F3 I3 W0 F4 I4 W1 F5 I5 W2 F6 I6 W3 F7 I7 W4 W5 W6 W7"}},
    {"interleaved",
     {"F0.0 F1.0 F2.0 F3.0 F0.4 F1.4 F2.4 F3.4 F4.0 F5.0 F6.0 B0.4 F7.0 B1.4 F4.4 B2.4 F5.4 B3.4 "
      "F6.4 B0.0 F7.4 B1.0 B2.0 B3.0 B4.4 B5.4 B6.4 B7.4 B4.0 B5.0 B6.0 B7.0",
      "F0.1 F1.1 F2.1 F3.1 F0.5 F1.5 F2.5 F3.5 F4.1 B0.5 F5.1 B1.5 F6.1 B2.5 F7.1 B3.5 F4.5 B0.1 "
      "F5.5 B1.1 F6.5 B2.1 F7.5 B3.1 B4.5 B5.5 B6.5 B7.5 B4.1 B5.1 B6.1 B7.1",
      "F0.2 F1.2 F2.2 F3.2 F0.6 F1.6 F2.6 B0.6 F3.6 B1.6 F4.2 B2.6 F5.2 B3.6 F6.2 B0.2 F7.2 B1.2 "
      "F4.6 B2.2 F5.6 B3.2 F6.6 B4.6 F7.6 B5.6 B6.6 B7.6 B4.2 B5.2 B6.2 B7.2",
      "F0.3 F1.3 F2.3 F3.3 F0.7 B0.7 F1.7 B1.7 F2.7 B2.7 F3.7 B3.7 F4.3 B0.3 F5.3 B1.3 F6.3 B2.3 "
      "F7.3 B3.3 F4.7 B4.7 F5.7 B5.7 F6.7 B6.7 F7.7 B7.7 B4.3 B5.3 B6.3 B7.3"}},
};

/* "F0 F1 B0 …" as a rank ran it; with stages where there are several on a rank. */
static void order_of(const struct trained *run, int rank, char *text, size_t size)
{
    struct log_file log = trained_log(run, rank);
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < log.count && used < size; i++) {
        const struct log_record *record = &log.record[i];
        if (record->phase != LOG_BEGIN || record->operation < LOG_FORWARD ||
            record->operation > LOG_BACKWARD_WEIGHT)
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s%d", used > 0 ? " " : "",
                                 log_operation_name(record->operation), record->micro_batch);
        if (run->stages > run->ranks && used < size)
            used += (size_t)snprintf(text + used, size - used, ".%d", record->stage);
    }
    log_destroy(&log);
}

static void order_is_golden(bool simulated, const struct golden *expected)
{
    char arguments[256], text[1024];
    snprintf(arguments, sizeof arguments,
             "--data synthetic --model mlp:depth=4,width=8 --batch 8 --micro-batches 8 --steps 1 "
             "--quiet --schedule %s",
             expected->schedule);
    struct trained run = trained_well(simulated, 4, arguments);
    for (int rank = 0; rank < 4; rank++) {
        order_of(&run, rank, text, sizeof text);
        ck_assert_str_eq(text, expected->rank[rank]);
    }
    trained_clear(&run);
}

START_TEST(orders_are_the_published_ones)
{
    order_is_golden(false, &golden[_i]);
    if (test_has_simulator())
        order_is_golden(true, &golden[_i]);
}
END_TEST

/* ---- what a schedule refuses --------------------------------------------------------------------- */

START_TEST(interleaved_wants_a_multiple_of_the_ranks)
{
    static const struct {
        int ranks, batch, micro_batches;
        const char *proposal;
    } cases[] = {
        {2, 6, 3, "--micro-batches 2"},  /* 4 is nearer above, and does not divide the batch */
        {4, 12, 6, "--micro-batches 4"}, /* nor does 8 */
        {4, 12, 9, "--micro-batches 12"},
        {2, 7, 7, "--batch 6 --micro-batches 6"}, /* no even number divides 7 */
        {4, 13, 6, "--batch 8 --micro-batches 8"},
        {4, 2, 1, "--batch 4 --micro-batches 4"},
    };
    const char *always =
        "--data synthetic --model mlp:depth=4,width=8 --uneven --steps 1 --schedule "
        "interleaved --quiet";
    g_autofree char *given = g_strdup_printf("%s --batch %d --micro-batches %d", always,
                                             cases[_i].batch, cases[_i].micro_batches);
    struct trained run = trained_run("solutions", cases[_i].ranks, given);
    ck_assert_int_eq(run.status, 2);
    g_autofree char *says = g_strdup_printf(
        "%d micro-batches are not a multiple of %d ranks, in groups of which they go "
        "through the chunks: use %s\n",
        cases[_i].micro_batches, cases[_i].ranks, cases[_i].proposal);
    ck_assert_msg(strstr(run.output, says), "%s is not in %s", says, run.output);
    trained_clear(&run);

    /* Whoever follows it gets on: later options count. */
    g_autofree char *followed = g_strdup_printf("%s %s", given, cases[_i].proposal);
    run = trained_run("solutions", cases[_i].ranks, followed);
    ck_assert_msg(run.status == 0, "%s: %s", followed, run.output);
    trained_clear(&run);
}
END_TEST

/* What the solutions' check_arguments proposes is accepted. */
START_TEST(advice_that_is_followed_works)
{
    static const struct {
        int ranks;
        const char *given, *says;
        int ranks_then;
        const char *then;
    } cases[] = {
        {4, "--model mlp:depth=1,width=8", "use 2 stages, or a deeper model with --uneven", 2, ""},
        {4, "--model mlp:depth=1,width=8", "a deeper model with --uneven", 4,
         "--model mlp:depth=4,width=8 --uneven"},
        {4, "--model mlp:depth=4,width=8 --micro-batches 5",
         "--batch a multiple of --micro-batches", 4, "--batch 10 --uneven"},
        {3, "--model mlp:depth=4,width=8", "use a number of stages that divides", 2, ""},
        {3, "--model mlp:depth=4,width=8", "or give --uneven", 3, "--uneven"},
    };
    g_autofree char *given =
        g_strdup_printf("--data synthetic --batch 8 --steps 1 --quiet %s", cases[_i].given);
    struct trained run = trained_run("solutions", cases[_i].ranks, given);
    ck_assert_int_eq(run.status, 2);
    ck_assert_msg(strstr(run.output, cases[_i].says), "%s is not in %s", cases[_i].says,
                  run.output);
    trained_clear(&run);
    g_autofree char *followed = g_strdup_printf("%s %s", given, cases[_i].then);
    run = trained_run("solutions", cases[_i].ranks_then, followed);
    ck_assert_msg(run.status == 0, "%s: %s", followed, run.output);
    trained_clear(&run);
}
END_TEST

START_TEST(chunks_need_a_schedule_for_them)
{
    struct trained run = trained_run(
        "solutions", 2, "--data synthetic --model mlp:depth=4,width=8 --schedule 1f1b --chunks 2");
    ck_assert_int_eq(run.status, 2);
    ck_assert_ptr_nonnull(strstr(run.output, "--schedule 1f1b has one stage per rank"));
    trained_clear(&run);
}
END_TEST

/* What is compared with may be the one that has them. */
START_TEST(chunks_may_be_for_the_other_schedule)
{
    struct trained run = trained_run("solutions", 2,
                                     "--data synthetic --model mlp:depth=4,width=8 --batch 4 "
                                     "--schedule 1f1b --against interleaved --chunks 4 --quiet");
    ck_assert_msg(run.status == 0, "%s", run.output);
    ck_assert_ptr_nonnull(strstr(run.output, "times as fast as interleaved"));
    trained_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("schedules");
    TCase *real = tcase_create("this machine"), *simulated = tcase_create("simulated cluster");
    const int count = (int)(sizeof settings / sizeof settings[0]);
    tcase_set_timeout(real, 120);
    tcase_set_timeout(simulated, 120);
    tcase_add_loop_test(real, gradients_on_this_machine, 0, count);
    tcase_add_loop_test(real, advice_that_is_followed_works, 0, 5);
    tcase_add_loop_test(real, interleaved_wants_a_multiple_of_the_ranks, 0, 6);
    tcase_add_test(real, chunks_need_a_schedule_for_them);
    tcase_add_test(real, chunks_may_be_for_the_other_schedule);
    tcase_add_loop_test(simulated, gradients_on_a_simulated_cluster, 0, count);
    tcase_add_loop_test(simulated, orders_are_the_published_ones, 0,
                        (int)(sizeof golden / sizeof golden[0]));
    suite_add_tcase(suite, real);
    suite_add_tcase(suite, simulated);
    return suite;
}
