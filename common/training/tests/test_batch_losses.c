/*
 * The losses of a batch, compared with values worked out in the test; what the
 * log tells of them; and steps that, once warm, ask for no memory.
 */
#include "common/log/log_reader.h"
#include "tests/support/small_batch.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct batch *batch;

static void begin(void)
{
    batch = small_batch_new(LOSS_CROSS_ENTROPY);
}

static void end(void)
{
    small_batch_free(batch);
}

/* Cross-entropy of one row by its definition. */
static double row_loss(const float *row, int label)
{
    double sum = 0;
    for (int c = 0; c < SMALL_BATCH_CLASSES; c++)
        sum += exp(row[c]);
    return log(sum) - row[label];
}

enum { NUMBERS = SMALL_BATCH_PART * SMALL_BATCH_CLASSES };

/* What an output of a micro-batch, or its gradient, has; and its labels. */
static const float *numbers_of(const struct tensor *y)
{
    static float number[NUMBERS];
    tensor_get(y, 0, NUMBERS, number);
    return number;
}

static const int32_t *labels_of(int micro_batch)
{
    static int32_t label[SMALL_BATCH_PART];
    tensor_get(batch_labels(batch, micro_batch), 0, SMALL_BATCH_PART, label);
    return label;
}

static int largest(const float *row)
{
    int best = 0;
    for (int c = 1; c < SMALL_BATCH_CLASSES; c++)
        if (row[c] > row[best])
            best = c;
    return best;
}

START_TEST(losses_of_a_step)
{
    batch_open_labels(batch);
    batch_load(batch, 1);
    ck_assert_double_nan(batch_mean_loss(batch));
    ck_assert_double_nan(batch_accuracy(batch));
    double sum = 0;
    int right = 0;
    for (int m = SMALL_BATCH_MICRO - 1; m >= 0; m--) { /* in any order */
        struct tensor *y = small_batch_output(m);
        const int32_t *label = labels_of(m);
        for (int i = 0; i < SMALL_BATCH_PART; i++) {
            const float *row = numbers_of(y) + i * SMALL_BATCH_CLASSES;
            sum += row_loss(row, label[i]);
            right += largest(row) == label[i];
        }
        ck_assert_int_eq(batch_losses_computed(batch), SMALL_BATCH_MICRO - 1 - m);
        batch_loss(batch, m, y);
    }
    ck_assert_double_eq_tol(batch_mean_loss(batch), sum / SMALL_BATCH_SIZE, 1e-6);
    ck_assert_double_eq_tol(batch_accuracy(batch), (double)right / SMALL_BATCH_SIZE, 1e-12);

    struct tensor *outputs = tensor_on_host(batch_outputs(batch), "be compared");
    ck_assert(shape_equal(outputs->shape, SHAPE(SMALL_BATCH_SIZE, SMALL_BATCH_CLASSES)));
    for (int m = 0; m < SMALL_BATCH_MICRO; m++) {
        struct tensor *y = small_batch_output(m);
        ck_assert_mem_eq(tensor_floats(outputs) + m * y->count, numbers_of(y), tensor_bytes(y));
        const int32_t *label = labels_of(m);
        struct tensor *dy = batch_loss_backward(batch, m, 0.25F);
        ck_assert(shape_equal(dy->shape, y->shape));
        for (int i = 0; i < y->count; i++) {
            const float *row = numbers_of(y) + i / SMALL_BATCH_CLASSES * SMALL_BATCH_CLASSES;
            double sum_of_row = 0;
            for (int c = 0; c < SMALL_BATCH_CLASSES; c++)
                sum_of_row += exp(row[c]);
            double softmax = exp(row[i % SMALL_BATCH_CLASSES]) / sum_of_row;
            double expected =
                0.25 / SMALL_BATCH_PART *
                (softmax - (label[i / SMALL_BATCH_CLASSES] == i % SMALL_BATCH_CLASSES ? 1 : 0));
            ck_assert_double_eq_tol(number_at(dy, (size_t)i), expected, 1e-6);
        }
        tensor_free(dy);
        tensor_free(y);
    }
    tensor_free(outputs);

    batch_load(batch, 2); /* the next step begins anew */
    ck_assert_int_eq(batch_losses_computed(batch), 0);
    ck_assert_float_nan(number_at(batch_outputs(batch), 0));
    batch_loss(batch, 1, small_batch_output(1));
    ck_assert_float_nan(number_at(batch_outputs(batch), 0));
    ck_assert_float_eq(number_at(batch_outputs(batch), SMALL_BATCH_PART * SMALL_BATCH_CLASSES),
                       7.0F / 4);
    ck_assert_double_nan(batch_mean_loss(batch));
}
END_TEST

START_TEST(mean_loss_needs_no_labels)
{
    struct batch *mean = small_batch_new(LOSS_MEAN);
    batch_load(mean, 0);
    double sum = 0;
    for (int m = 0; m < SMALL_BATCH_MICRO; m++) {
        struct tensor *y = small_batch_output(m);
        for (int i = 0; i < y->count; i++)
            sum += number_at(y, (size_t)i);
        batch_loss(mean, m, y);
    }
    ck_assert_double_eq_tol(batch_mean_loss(mean), sum / (SMALL_BATCH_SIZE * SMALL_BATCH_CLASSES),
                            1e-6);
    struct tensor *dy = batch_loss_backward(mean, 2, 2.0F);
    ck_assert_float_eq_tol(number_at(dy, 3), 2.0F / (SMALL_BATCH_PART * SMALL_BATCH_CLASSES),
                           1e-7F);
    tensor_free(dy);
    batch_free(mean);
}
END_TEST

/* Labels may come by message instead: batch_labels() is room for them. */
START_TEST(labels_received)
{
    batch_load(batch, 0);
    double sum = 0;
    for (int m = 0; m < SMALL_BATCH_MICRO; m++) {
        for (int i = 0; i < SMALL_BATCH_PART; i++)
            tensor_put(batch_labels(batch, m), (size_t)i, 1, &(int32_t){3});
        struct tensor *y = small_batch_output(m);
        for (int i = 0; i < SMALL_BATCH_PART; i++)
            sum += row_loss(numbers_of(y) + i * SMALL_BATCH_CLASSES, 3);
        batch_loss(batch, m, y);
        tensor_free(batch_loss_backward(batch, m, 1));
    }
    ck_assert_double_eq_tol(batch_mean_loss(batch), sum / SMALL_BATCH_SIZE, 1e-6);
}
END_TEST

START_TEST(the_log_tells)
{
    char folder[] = "/tmp/test-batch-XXXXXX", path[64], error[LOG_ERROR_SIZE];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    log_open(folder, 0, 1, 11);
    batch_open_labels(batch);
    batch_open_labels(batch); /* the second time it does nothing */
    batch_open_inputs(batch);
    batch_load(batch, 0);
    struct tensor *y = small_batch_output(3);
    const int32_t *label = labels_of(3);
    double loss = (row_loss(numbers_of(y), label[0]) +
                   row_loss(numbers_of(y) + SMALL_BATCH_CLASSES, label[1])) /
                  2;
    batch_loss(batch, 3, y);
    tensor_free(batch_loss_backward(batch, 3, 0.25F));
    log_close();

    struct log_file log;
    snprintf(path, sizeof path, "%s/rank-0.log", folder);
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    static const uint16_t expected[] = {LOG_OPEN_LABELS, LOG_OPEN_INPUTS, LOG_LOSS,
                                        LOG_LOSS_BACKWARD};
    ck_assert_uint_eq(log.count, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(log.record[i].operation, expected[i]);
        ck_assert_uint_eq(log.record[i].phase, LOG_INSTANT);
    }
    ck_assert_int_eq(log.record[2].micro_batch, 3);
    ck_assert_double_eq_tol(log_loss(&log.record[2]), loss, 1e-6);
    ck_assert_int_eq(log.record[3].micro_batch, 3);
    ck_assert_double_eq(log_loss_scale(&log.record[3]), 0.25);
    log_destroy(&log);
    unlink(path);
    rmdir(folder);
}
END_TEST

START_TEST(warm_steps_ask_for_no_memory)
{
    batch_open_inputs(batch);
    batch_open_labels(batch);
    size_t warm = 0;
    for (int step = 0; step < 12; step++) { /* several epochs */
        if (step == 2)
            warm = memory_from_system();
        batch_load(batch, step);
        for (int m = 0; m < SMALL_BATCH_MICRO; m++) {
            tensor_free(batch_inputs(batch, m));
            batch_loss(batch, m, small_batch_output(m));
        }
        for (int m = 0; m < SMALL_BATCH_MICRO; m++)
            tensor_free(batch_loss_backward(batch, m, 0.25F));
    }
#ifndef __SANITIZE_ADDRESS__ /* where nothing is kept */
    ck_assert_uint_eq(memory_from_system(), warm);
#else
    (void)warm;
#endif
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("batch_losses");
    TCase *tests = tcase_create("batch_losses");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, losses_of_a_step);
    tcase_add_test(tests, mean_loss_needs_no_labels);
    tcase_add_test(tests, labels_received);
    tcase_add_test(tests, the_log_tells);
    tcase_add_test(tests, warm_steps_ask_for_no_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
