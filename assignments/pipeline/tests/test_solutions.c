/*
 * The solutions under mpirun, against one whole-model stage in this process:
 * gradients, outputs, parameters, the order of events, who opens the data,
 * what is refused, and whether the comparison notices a spoiled number.
 */
#include "assignments/pipeline/tests/support/one_process.h"
#include "common/files/curve.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <math.h>

/* ---- gradients --------------------------------------------------------------------------------- */

static const struct setting {
    int ranks;
    const char *arguments;
} settings[] = {
    {4, "--data synthetic --model mlp:depth=4,width=64 --batch 16 --micro-batches 4"},
    {2, "--data synthetic --model mlp:depth=3,width=33 --batch 12 --micro-batches 3"},
    {3, "--data synthetic --model mlp:depth=4,width=17 --batch 15 --micro-batches 5 --uneven"},
    {1, "--data synthetic --model mlp:depth=2,width=16 --batch 6 --micro-batches 2"},
    {4, "--data synthetic --model mlp:depth=2,width=16 --batch 4 --micro-batches 4 --loss mean"},
    {5, "--data synthetic --model mlp:depth=5,width=20 --batch 7 --micro-batches 1"},
    {4, "--data synthetic --model cnn --batch 8 --micro-batches 2 --optimizer adamw"},
    {5, "--data synthetic --model vit:depth=2,width=16,heads=2,dropout=0.1 --batch 6 "
        "--micro-batches 3 --uneven"},
    {3, "--data synthetic:height=12,width=12 --model resnet:width=4 --batch 8 --micro-batches 4 "
        "--uneven"},
    {2, "--data synthetic:height=9,width=9 --model resnet --batch 6 --micro-batches 3"},
    {4, "--data synthetic --model mlp:depth=3,width=16,norm=batch --batch 12 --micro-batches 3"},
    {8, "--data synthetic --model mlp:depth=4,width=512 --batch 64 --micro-batches 8"},
    {3, "--data synthetic --model mlp:depth=3,width=16,dropout=0.5 --batch 6 --micro-batches 3 "
        "--reverse-ranks --uneven"},
};

START_TEST(afab_gradients)
{
    one_process_agrees_in_two_steps(false, settings[_i].ranks, settings[_i].arguments, "afab");
}
END_TEST

START_TEST(naive_gradients)
{
    one_process_agrees_in_two_steps(false, settings[_i].ranks, settings[_i].arguments, "naive");
}
END_TEST

START_TEST(baseline_gradients)
{
    one_process_agrees_in_two_steps(false, 1, settings[0].arguments, "baseline");
}
END_TEST

/* The log counts as the run does, whatever communicator a message goes through. */
START_TEST(ranks_in_another_order)
{
    struct trained run = trained_well(
        false, 3,
        "--data synthetic --model mlp:depth=3,width=16 --steps 1 --quiet --reverse-ranks");
    for (int r = 0; r < run.ranks; r++) {
        struct log_file log = trained_log(&run, r);
        bool sent[3] = {false};
        ck_assert_int_eq(log.rank, r);
        for (size_t i = 0; i < log.count; i++)
            if (log.record[i].operation == LOG_ISEND) {
                ck_assert_uint_eq(log.record[i].communicator, LOG_RUN);
                sent[log.record[i].peer] = true;
            }
        for (int peer = 0; peer < run.ranks; peer++)
            ck_assert_int_eq(sent[peer], abs(peer - r) == 1);
        log_destroy(&log);
    }
    trained_clear(&run);
}
END_TEST

/* ---- snapshots and the curve ------------------------------------------------------------------- */

START_TEST(snapshots_show_parameters)
{
    struct trained run = trained_well(false, 2,
                                      "--data synthetic --model mlp:depth=2,width=16 --steps 3 "
                                      "--snapshots 0,3 --seed 5 --quiet");
    struct one_process truth = one_process_new(&run.options);
    one_process_agrees(&truth, &run, stage_parameters(truth.stage), "before", 0, "");
    for (int step = 0; step < 3; step++) {
        one_process_gradients(&truth, step);
        optimizer_step(truth.optimizer);
    }
    one_process_agrees(&truth, &run, stage_parameters(truth.stage), "before", 3, "");
    one_process_agrees(&truth, &run, optimizer_state(truth.optimizer, 0), "before", 3,
                       ".momentum_buffer");
    struct tensor_file *file = one_process_read(&run, 1, "before", 3);
    ck_assert_str_eq(tensor_file_metadata(file, "steps_done"), "3");
    ck_assert_str_eq(tensor_file_metadata(file, "rank"), "1");
    ck_assert_str_eq(tensor_file_metadata(file, "first_layer"), "2");
    ck_assert_str_eq(tensor_file_metadata(file, "layers"), "2");
    tensor_file_free(file);
    one_process_free(&truth);
    trained_clear(&run);
}
END_TEST

START_TEST(the_curve_falls)
{
    char path[] = "/tmp/pipeline-curve-XXXXXX", arguments[256], error[CURVE_ERROR_SIZE];
    const int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    snprintf(arguments, sizeof arguments,
             "--data synthetic:train=640,test=64 --model mlp:depth=2,width=32 --batch 32 "
             "--epochs 3 --quiet --curve %s",
             path);
    struct trained run = trained_well(false, 4, arguments);
    struct curve curve;
    ck_assert_msg(curve_read(path, &curve, error), "%s", error);
    ck_assert_int_eq(curve.count, 60);
    ck_assert_int_eq(curve.point[59].epoch, 2);
    ck_assert_int_eq(curve.point[59].samples, 1920);
    ck_assert_double_lt(curve.point[59].loss, 0.7 * curve.point[0].loss);
    ck_assert_double_gt(curve.point[59].samples_per_second, 0.0);
    curve_destroy(&curve);
    unlink(path);
    trained_clear(&run);
}
END_TEST

/* ---- the order of events ----------------------------------------------------------------------- */

START_TEST(all_forwards_come_before_all_backwards)
{
    struct trained run = trained_well(
        false, 4,
        "--data synthetic --model mlp:depth=4,width=64 --batch 12 --micro-batches 6 --steps 2");
    for (int r = 0; r < run.ranks; r++) {
        struct log_file log = trained_log(&run, r);
        int forwards = 0, backwards = 0;
        for (size_t i = 0; i < log.count; i++) {
            const struct log_record *record = &log.record[i];
            if (record->operation == LOG_STEP_BEGIN)
                forwards = backwards = 0;
            if (record->operation == LOG_FORWARD && record->phase == LOG_BEGIN)
                ck_assert_int_eq(record->micro_batch, forwards++);
            if (record->operation == LOG_BACKWARD && record->phase == LOG_BEGIN) {
                ck_assert_int_eq(forwards, 6);
                ck_assert_int_eq(record->micro_batch, backwards++);
            }
            if (record->operation == LOG_STEP_END)
                ck_assert_int_eq(backwards, 6);
        }
        ck_assert_int_eq(trained_count(&log, LOG_OPTIMIZER_STEP, LOG_BEGIN, NULL), 2);
        ck_assert_int_eq(trained_count(&log, LOG_OPEN_INPUTS, LOG_INSTANT, NULL), r == 0);
        ck_assert_int_eq(trained_count(&log, LOG_OPEN_LABELS, LOG_INSTANT, NULL), r == 3);
        ck_assert_int_eq(trained_count(&log, LOG_MEMORY, LOG_INSTANT, NULL), MEMORY_KINDS + 1);
        double status = -1.0;
        ck_assert_int_eq(trained_count(&log, LOG_FINAL, LOG_INSTANT, &status), 1);
        ck_assert(status == 0.0);
        log_destroy(&log);
    }
    trained_clear(&run);
}
END_TEST

/* ---- the comparison ---------------------------------------------------------------------------- */

static void compare_on_rank(int rank_that_notices, const char *corrupt)
{
    char arguments[256];
    snprintf(arguments, sizeof arguments,
             "--data synthetic --model mlp:depth=3,width=24 --batch 12 --micro-batches 3 "
             "--compare --quiet %s",
             corrupt);
    struct trained run = trained_well(false, 3, arguments);
    for (int r = 0; r < run.ranks; r++) {
        struct log_file log = trained_log(&run, r);
        double agreed = -1.0;
        ck_assert_int_eq(trained_count(&log, LOG_PROBE, LOG_INSTANT, &agreed), 1);
        ck_assert_msg(agreed == (r == rank_that_notices ? 0.0 : 1.0),
                      "%s: rank %d says %g:\n" TEST_LONG, corrupt, r, agreed, run.output);
        log_destroy(&log);
    }
    trained_clear(&run);
}

/* Layers 1, 3 and 5 are linear, two layers per stage. */
START_TEST(the_comparison_agrees)
{
    compare_on_rank(-1, "");
}
END_TEST
START_TEST(spoiled_outputs_are_noticed)
{
    compare_on_rank(2, "--corrupt outputs");
}
END_TEST
START_TEST(spoiled_gradients_are_noticed)
{
    compare_on_rank(0, "--corrupt gradients:1");
}
END_TEST
START_TEST(spoiled_gradients_in_the_middle)
{
    compare_on_rank(1, "--corrupt gradients:3");
}
END_TEST

/* ---- refusals and failures --------------------------------------------------------------------- */

static const struct refusal {
    int ranks;
    const char *arguments;
    const char *says; /* part of the message */
    int status;
} refusals[] = {
    {3, "--data synthetic --model mlp:depth=4", "--uneven", 2},
    {5, "--data synthetic --model mlp:depth=2 --uneven", "5 stages", 2},
    {2, "--data synthetic --batch 10 --micro-batches 4", "10 samples", 2},
    {2, "--data synthetic --schedule baseline", "one process", 2},
    {1, "--data synthetic --schedule 2f2b", "2f2b", 2},
    {1, "--data synthetic --probe nothing", "nothing", 2},
    {1, "--data synthetic --schedule baseline --compare", "baseline", 2},
    {2, "--data synthetic --against baseline", "one process", 2},
    {2, "--data synthetic --against 2f2b", "2f2b", 2},
    {1, "--data synthetic --against naive --dump-gradients 0", "--against naive", 2},
    {2, "--data synthetic --compare --corrupt gradients:2", "no layer 2", 2},
    {2, "--data synthetic --batch 0", "--batch 0", 2},
    {2, "--data synthetic --model mlp:norm=batch --uneven --batch 6 --micro-batches 6",
     "use --batch 12 or more, or --micro-batches 3 at most", 2},
    {1, "--data synthetic --model mlp:norm=batch --batch 1 --schedule baseline",
     "use --batch 2 or more", 2},
    {2, "--data synthetic:train=32,test=32 --batch 64", "32 samples", 1},
    /* 3,000,000,000 steps: more than an int holds */
    {1,
     "--data synthetic:train=30000,height=4,width=4 --model mlp:depth=1 --batch 1 "
     "--micro-batches 1 --epochs 100000 --quiet",
     "--epochs 100000", 1},
};

START_TEST(what_cannot_work_is_refused)
{
    const struct refusal *refusal = &refusals[_i];
    struct trained run = trained_run("solutions", refusal->ranks, refusal->arguments);
    ck_assert_msg(run.status == refusal->status, "%s: status %d:\n" TEST_LONG, refusal->arguments,
                  run.status, run.output);
    ck_assert_msg(strstr(run.output, refusal->says) != NULL, "%s:\n" TEST_LONG, refusal->arguments,
                  run.output);
    trained_clear(&run);
}
END_TEST

/* ---- the skeleton ------------------------------------------------------------------------------ */

static const struct untouched {
    const char *arguments;
    const char *file; /* whose TODO ends the program */
} untouched[] = {
    {"--data synthetic --steps 1", "check_arguments.c"},
    {"--data synthetic --probe arguments", "check_arguments.c"},
    {"--data synthetic --probe distribute", "distribute_layers.c"},
    {"--data synthetic --probe communicate", "pipeline_communicate.c"},
    {"--data synthetic --schedule baseline --steps 1", "baseline.c"},
};

START_TEST(the_skeleton_names_its_todo)
{
    struct trained run = trained_run("skeleton", 1, untouched[_i].arguments);
    ck_assert_int_eq(run.status, 1);
    ck_assert_msg(strstr(run.output, "TODO") != NULL, TEST_LONG, run.output);
    ck_assert_msg(strstr(run.output, untouched[_i].file) != NULL, TEST_LONG, run.output);
    trained_clear(&run);
}
END_TEST

START_TEST(the_skeleton_is_cut_out_of_the_solutions)
{
    ck_assert_msg(system("tools/make_skeleton --check") == 0, "run: make skeleton");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pipeline solutions");
    TCase *tests = tcase_create("solutions");
    const int count = (int)(sizeof settings / sizeof settings[0]);
    tcase_set_timeout(tests, 120.0);
    tcase_add_loop_test(tests, afab_gradients, 0, count);
    tcase_add_loop_test(tests, naive_gradients, 0, 4);
    tcase_add_test(tests, baseline_gradients);
    tcase_add_test(tests, snapshots_show_parameters);
    tcase_add_test(tests, ranks_in_another_order);
    tcase_add_test(tests, the_curve_falls);
    tcase_add_test(tests, all_forwards_come_before_all_backwards);
    tcase_add_test(tests, the_comparison_agrees);
    tcase_add_test(tests, spoiled_outputs_are_noticed);
    tcase_add_test(tests, spoiled_gradients_are_noticed);
    tcase_add_test(tests, spoiled_gradients_in_the_middle);
    tcase_add_loop_test(tests, what_cannot_work_is_refused, 0,
                        (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_loop_test(tests, the_skeleton_names_its_todo, 0,
                        (int)(sizeof untouched / sizeof untouched[0]));
    tcase_add_test(tests, the_skeleton_is_cut_out_of_the_solutions);
    suite_add_tcase(suite, tests);
    return suite;
}
