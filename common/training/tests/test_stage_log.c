/*
 * What a stage writes into the log: itself, and each of its calls with
 * micro-batch and FLOPs.
 */
#include "common/log/log_reader.h"
#include "tests/support/small_models.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct log_record *find(const struct log_file *log, enum log_operation operation,
                                     enum log_phase phase)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == operation && log->record[i].phase == phase)
            return &log->record[i];
    ck_abort_msg("no record of %s", log_operation_name(operation));
}

START_TEST(calls_are_recorded)
{
    char folder[] = "/tmp/test_stage.XXXXXX", path[64], error[LOG_ERROR_SIZE];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    log_open(folder, 0, 1, 11);
    struct model *model = small_model(0);
    struct stage *stage = small_stage(model, 1, 3, 1, 3, 2, 4);
    stage_zero_gradients(stage);
    tensor_free(stage_forward(stage, 2, small_samples(SHAPE(784), 0, 2, 0)));
    tensor_free(stage_backward(stage, 2, small_samples(SHAPE(33), 0, 2, 1)));
    tensor_free(stage_forward(stage, 3, small_samples(SHAPE(784), 0, 2, 0)));
    tensor_free(stage_backward_input(stage, 3, small_samples(SHAPE(33), 0, 2, 1)));
    stage_backward_weight(stage, 3);
    log_close();

    struct log_file log;
    snprintf(path, sizeof path, "%s/rank-0.log", folder);
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    const struct log_record *fact = find(&log, LOG_STAGE, LOG_INSTANT);
    ck_assert_int_eq(fact->stage, 1);
    ck_assert_int_eq(log_stage(fact).first_layer, 1);
    ck_assert_int_eq(log_stage(fact).layers, 3);
    ck_assert_uint_eq(fact->bytes, 4 * (784 * 33 + 33 + 33 * 33 + 33));
    find(&log, LOG_ZERO_GRADIENTS, LOG_END);
    const struct log_record *begin = find(&log, LOG_FORWARD, LOG_BEGIN);
    const struct log_record *end = find(&log, LOG_FORWARD, LOG_END);
    ck_assert_int_eq(begin->stage, 1);
    ck_assert_int_eq(begin->micro_batch, 2);
    double flops = 0;
    for (int i = 1; i < 4; i++)
        flops += 2 * model->layer[i].forward_flops;
    ck_assert_double_eq((double)(end->flops - begin->flops), flops);
    ck_assert_int_eq(find(&log, LOG_BACKWARD, LOG_END)->micro_batch, 2);
    ck_assert_int_eq(find(&log, LOG_BACKWARD_INPUT, LOG_END)->micro_batch, 3);
    ck_assert_int_eq(find(&log, LOG_BACKWARD_WEIGHT, LOG_END)->micro_batch, 3);
    log_destroy(&log);
    unlink(path);
    rmdir(folder);
    stage_free(stage);
    model_free(model);
}
END_TEST

static int held_what[8], held_micro_batch[8], helds;

static void note(const struct tensor *tensor, struct tensor_origin origin)
{
    (void)tensor;
    held_what[helds] = origin.what;
    held_micro_batch[helds++] = origin.micro_batch;
    ck_assert_uint_ne(origin.caller, 0);
}

static void expect_held(int count, const int *what, const int *micro_batch)
{
    helds = 0;
    tensor_visit_held(note);
    ck_assert_int_eq(helds, count);
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(held_what[i], what[i]);
        ck_assert_int_eq(held_micro_batch[i], micro_batch[i]);
    }
}

/* y, dx and old parameters are the caller's; x, dy and new parameters are the stage's. */
START_TEST(what_a_stage_gives_away_is_known)
{
    char folder[] = "/tmp/test_stage.XXXXXX", path[64];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    log_open(folder, 0, 1, 11);
    struct model *model = small_model(0);
    struct stage *stage = small_stage(model, 1, 3, 1, 3, 2, 4);
    struct tensor *x = stage_input_new(stage), *dy = stage_output_new(stage);
    expect_held(2, (int[]){LOG_HELD_DY, LOG_HELD_X}, (int[]){-1, -1});
    tensor_zero(x);
    tensor_zero(dy);
    struct tensor *y = stage_forward(stage, 2, x);
    expect_held(1, (int[]){LOG_HELD_Y}, (int[]){2});
    struct tensor *dx = stage_backward(stage, 2, dy);
    struct tensor *before = stage_exchange_parameters(stage, stage_parameters_copy(stage));
    expect_held(2, (int[]){LOG_HELD_PARAMETERS, LOG_HELD_DX}, (int[]){-1, 2});
    tensor_free(y);
    tensor_free(dx);
    tensor_free(before);
    stage_free(stage);
    expect_held(0, NULL, NULL);
    log_close();
    snprintf(path, sizeof path, "%s/rank-0.log", folder);
    unlink(path);
    rmdir(folder);
    model_free(model);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("stage_log");
    TCase *tests = tcase_create("stage_log");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, calls_are_recorded);
    tcase_add_test(tests, what_a_stage_gives_away_is_known);
    suite_add_tcase(suite, tests);
    return suite;
}
