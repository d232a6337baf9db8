/*
 * The samples of batches: every epoch shows every sample once, in an order that
 * all ranks share.
 */
#include "tests/support/small_batch.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <stdlib.h>
#include <string.h>

#define PIXELS  6
#define SAMPLES 26

static struct batch *batch;
static float all_inputs[SAMPLES][PIXELS];
static int32_t all_labels[SAMPLES];

static void begin(void)
{
    char error[DATASET_ERROR_SIZE];
    int number[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        number[i] = i;
    struct dataset *dataset = dataset_open(SMALL_BATCH_DATA, DATASET_TRAIN, true, true, 11, error);
    ck_assert_msg(dataset != NULL, "%s", error);
    dataset_gather_inputs(dataset, number, SAMPLES, all_inputs[0]);
    dataset_gather_labels(dataset, number, SAMPLES, all_labels);
    dataset_close(dataset);
    batch = small_batch_new(LOSS_CROSS_ENTROPY);
}

static void end(void)
{
    small_batch_free(batch);
}

/* Which sample of the data set this is. */
static int sample_of(const float *inputs)
{
    for (int i = 0; i < SAMPLES; i++)
        if (memcmp(inputs, all_inputs[i], sizeof all_inputs[i]) == 0)
            return i;
    ck_abort_msg("an input that is not in the data set");
    return -1;
}

START_TEST(epochs_show_every_sample_once)
{
    batch_open_inputs(batch);
    batch_open_labels(batch);
    int steps = batch_steps_per_epoch(batch);
    ck_assert_int_eq(steps, 3);
    int order[2][24];
    for (int epoch = 0; epoch < 2; epoch++) {
        bool seen[SAMPLES] = {false};
        for (int k = 0; k < steps * SMALL_BATCH_SIZE; k++) {
            int within = k % SMALL_BATCH_SIZE, micro_batch = within / SMALL_BATCH_PART;
            if (within == 0)
                batch_load(batch, epoch * steps + k / SMALL_BATCH_SIZE);
            struct tensor *inputs = to_host(batch_inputs(batch, micro_batch));
            ck_assert(shape_equal(inputs->shape, SHAPE(SMALL_BATCH_PART, 1, 2, 3)));
            int row = within % SMALL_BATCH_PART;
            int sample = sample_of(tensor_floats(inputs) + row * PIXELS);
            tensor_free(inputs);
            const struct tensor *labels = batch_labels(batch, micro_batch);
            ck_assert(shape_equal(labels->shape, SHAPE(SMALL_BATCH_PART)));
            int32_t label;
            tensor_get(labels, (size_t)row, 1, &label);
            ck_assert_int_eq(label, all_labels[sample]);
            ck_assert(!seen[sample]);
            seen[sample] = true;
            order[epoch][k] = sample;
        }
    }
    ck_assert_mem_ne(order[0], order[1], sizeof order[0]);
}
END_TEST

/* Inputs and labels opened on two ranks belong together, however the batch is cut. */
START_TEST(ranks_agree)
{
    struct batch *last = batch_new(&(struct batch_options){
        .dataset = SMALL_BATCH_DATA,
        .batch_size = SMALL_BATCH_SIZE,
        .micro_batches = 1,
        .seed = 11,
        .device = tested_device(),
        .data = {.input = SHAPE(1, 2, 3), .labels = 1, .classes = SMALL_BATCH_CLASSES}});
    batch_open_inputs(batch);
    batch_open_labels(last);
    for (int step = 5; step >= 0; step--) {
        batch_load(batch, step);
        batch_load(last, step);
        int32_t labels[SMALL_BATCH_SIZE];
        tensor_get(batch_labels(last, 0), 0, SMALL_BATCH_SIZE, labels);
        for (int m = 0; m < SMALL_BATCH_MICRO; m++) {
            struct tensor *inputs = to_host(batch_inputs(batch, m));
            for (int i = 0; i < SMALL_BATCH_PART; i++)
                ck_assert_int_eq(labels[m * SMALL_BATCH_PART + i],
                                 all_labels[sample_of(tensor_floats(inputs) + i * PIXELS)]);
            tensor_free(inputs);
        }
    }
    batch_free(last);
}
END_TEST

START_TEST(steps_are_known_everywhere)
{
    ck_assert_int_eq(batch_steps_per_epoch(batch), 3);
    batch_load(batch, 0); /* a rank in the middle: nothing to fetch */
    setenv("FASHION_MNIST_DIR", "/nowhere", 1);
    struct batch *without = batch_new(
        &(struct batch_options){.dataset = "fashion-mnist",
                                .batch_size = SMALL_BATCH_SIZE,
                                .micro_batches = SMALL_BATCH_MICRO,
                                .data = {.input = SHAPE(1, 28, 28), .labels = 1, .classes = 10}});
    ck_assert_int_eq(batch_steps_per_epoch(without), 0);
    batch_load(without, 3);
    batch_free(without);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("batch");
    TCase *tests = tcase_create("batch");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, epochs_show_every_sample_once);
    tcase_add_test(tests, ranks_agree);
    tcase_add_test(tests, steps_are_known_everywhere);
    suite_add_tcase(suite, tests);
    return suite;
}
