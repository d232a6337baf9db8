/*
 * Batches: every epoch shows every sample once, in an order that all ranks
 * share; losses are compared with values worked out in the test.
 */
#include "common/batch.h"
#include "common/fatal.h"
#include "common/log_reader.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATA    "synthetic:channels=1,height=2,width=3,train=26,test=8,classes=4"
#define BATCH   8
#define MICRO   4 /* micro-batches */
#define CLASSES 4
#define PIXELS  6
#define SAMPLES 26

static struct batch *batch_for(enum loss_kind loss)
{
    return batch_new(&(struct batch_options){.dataset = DATA,
                                             .batch_size = BATCH,
                                             .micro_batches = MICRO,
                                             .loss = loss,
                                             .seed = 11,
                                             .sample = SHAPE(1, 2, 3),
                                             .classes = CLASSES});
}

static struct batch *batch;
static float all_inputs[SAMPLES][PIXELS];
static int32_t all_labels[SAMPLES];

static void begin(void)
{
    char error[DATASET_ERROR_SIZE];
    int number[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        number[i] = i;
    struct dataset *dataset = dataset_open(DATA, DATASET_TRAIN, true, true, 11, error);
    ck_assert_msg(dataset != NULL, "%s", error);
    dataset_gather_inputs(dataset, number, SAMPLES, all_inputs[0]);
    dataset_gather_labels(dataset, number, SAMPLES, all_labels);
    dataset_close(dataset);
    batch = batch_for(LOSS_CROSS_ENTROPY);
}

static void end(void)
{
    batch_free(batch);
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        ck_assert_uint_eq(memory_live((enum memory_kind)kind), 0);
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

/* An output whose element (i, c) is a function of micro-batch, i and c. */
static struct tensor *output_new(int micro_batch)
{
    struct tensor *y =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(BATCH / MICRO, CLASSES));
    for (int i = 0; i < y->count; i++)
        tensor_floats(y)[i] = (float)((micro_batch * 7 + i * 5) % 9) / 4;
    return y;
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
        for (int k = 0; k < steps * BATCH; k++) {
            int within = k % BATCH, micro_batch = within / (BATCH / MICRO);
            if (within == 0)
                batch_load(batch, epoch * steps + k / BATCH);
            struct tensor *inputs = batch_inputs(batch, micro_batch);
            ck_assert(shape_equal(inputs->shape, SHAPE(BATCH / MICRO, 1, 2, 3)));
            int row = within % (BATCH / MICRO);
            int sample = sample_of(tensor_floats(inputs) + row * PIXELS);
            tensor_free(inputs);
            const struct tensor *labels = batch_labels(batch, micro_batch);
            ck_assert(shape_equal(labels->shape, SHAPE(BATCH / MICRO)));
            ck_assert_int_eq(tensor_integers(labels)[row], all_labels[sample]);
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
    struct batch *last = batch_new(&(struct batch_options){.dataset = DATA,
                                                           .batch_size = BATCH,
                                                           .micro_batches = 1,
                                                           .seed = 11,
                                                           .sample = SHAPE(1, 2, 3),
                                                           .classes = CLASSES});
    batch_open_inputs(batch);
    batch_open_labels(last);
    for (int step = 5; step >= 0; step--) {
        batch_load(batch, step);
        batch_load(last, step);
        const int32_t *labels = tensor_integers(batch_labels(last, 0));
        for (int m = 0; m < MICRO; m++) {
            struct tensor *inputs = batch_inputs(batch, m);
            for (int i = 0; i < BATCH / MICRO; i++)
                ck_assert_int_eq(labels[m * (BATCH / MICRO) + i],
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
    struct batch *without = batch_new(&(struct batch_options){.dataset = "fashion-mnist",
                                                              .batch_size = BATCH,
                                                              .micro_batches = MICRO,
                                                              .sample = SHAPE(1, 28, 28),
                                                              .classes = 10});
    ck_assert_int_eq(batch_steps_per_epoch(without), 0);
    batch_load(without, 3);
    batch_free(without);
}
END_TEST

/* Cross-entropy of one row by its definition. */
static double row_loss(const float *row, int label)
{
    double sum = 0;
    for (int c = 0; c < CLASSES; c++)
        sum += exp(row[c]);
    return log(sum) - row[label];
}

static int largest(const float *row)
{
    int best = 0;
    for (int c = 1; c < CLASSES; c++)
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
    for (int m = MICRO - 1; m >= 0; m--) { /* in any order */
        struct tensor *y = output_new(m);
        const int32_t *label = tensor_integers(batch_labels(batch, m));
        for (int i = 0; i < BATCH / MICRO; i++) {
            const float *row = tensor_floats(y) + i * CLASSES;
            sum += row_loss(row, label[i]);
            right += largest(row) == label[i];
        }
        ck_assert_int_eq(batch_losses_computed(batch), MICRO - 1 - m);
        batch_loss(batch, m, y);
    }
    ck_assert_double_eq_tol(batch_mean_loss(batch), sum / BATCH, 1e-6);
    ck_assert_double_eq_tol(batch_accuracy(batch), (double)right / BATCH, 1e-12);

    const struct tensor *outputs = batch_outputs(batch);
    ck_assert(shape_equal(outputs->shape, SHAPE(BATCH, CLASSES)));
    for (int m = 0; m < MICRO; m++) {
        struct tensor *y = output_new(m);
        ck_assert_mem_eq(tensor_floats(outputs) + m * y->count, y->data, tensor_bytes(y));
        const int32_t *label = tensor_integers(batch_labels(batch, m));
        struct tensor *dy = batch_loss_backward(batch, m, 0.25F);
        ck_assert(shape_equal(dy->shape, y->shape));
        for (int i = 0; i < y->count; i++) {
            const float *row = tensor_floats(y) + i / CLASSES * CLASSES;
            double sum_of_row = 0;
            for (int c = 0; c < CLASSES; c++)
                sum_of_row += exp(row[c]);
            double softmax = exp(row[i % CLASSES]) / sum_of_row;
            double expected =
                0.25 / (BATCH / MICRO) * (softmax - (label[i / CLASSES] == i % CLASSES ? 1 : 0));
            ck_assert_double_eq_tol(tensor_floats(dy)[i], expected, 1e-6);
        }
        tensor_free(dy);
        tensor_free(y);
    }

    batch_load(batch, 2); /* the next step begins anew */
    ck_assert_int_eq(batch_losses_computed(batch), 0);
    ck_assert_float_nan(tensor_floats(batch_outputs(batch))[0]);
    batch_loss(batch, 1, output_new(1));
    ck_assert_float_nan(tensor_floats(batch_outputs(batch))[0]);
    ck_assert_float_eq(tensor_floats(batch_outputs(batch))[BATCH / MICRO * CLASSES], 7.0F / 4);
    ck_assert_double_nan(batch_mean_loss(batch));
}
END_TEST

START_TEST(mean_loss_needs_no_labels)
{
    struct batch *mean = batch_for(LOSS_MEAN);
    batch_load(mean, 0);
    double sum = 0;
    for (int m = 0; m < MICRO; m++) {
        struct tensor *y = output_new(m);
        for (int i = 0; i < y->count; i++)
            sum += tensor_floats(y)[i];
        batch_loss(mean, m, y);
    }
    ck_assert_double_eq_tol(batch_mean_loss(mean), sum / (BATCH * CLASSES), 1e-6);
    struct tensor *dy = batch_loss_backward(mean, 2, 2.0F);
    ck_assert_float_eq_tol(tensor_floats(dy)[3], 2.0F / (BATCH / MICRO * CLASSES), 1e-7F);
    tensor_free(dy);
    batch_free(mean);
}
END_TEST

/* Labels may come by message instead: batch_labels() is room for them. */
START_TEST(labels_received)
{
    batch_load(batch, 0);
    double sum = 0;
    for (int m = 0; m < MICRO; m++) {
        for (int i = 0; i < BATCH / MICRO; i++)
            tensor_integers(batch_labels(batch, m))[i] = 3;
        struct tensor *y = output_new(m);
        for (int i = 0; i < BATCH / MICRO; i++)
            sum += row_loss(tensor_floats(y) + i * CLASSES, 3);
        batch_loss(batch, m, y);
        tensor_free(batch_loss_backward(batch, m, 1));
    }
    ck_assert_double_eq_tol(batch_mean_loss(batch), sum / BATCH, 1e-6);
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
    struct tensor *y = output_new(3);
    const int32_t *label = tensor_integers(batch_labels(batch, 3));
    double loss =
        (row_loss(tensor_floats(y), label[0]) + row_loss(tensor_floats(y) + CLASSES, label[1])) / 2;
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
    ck_assert_double_eq_tol(log.record[2].value, loss, 1e-6);
    ck_assert_int_eq(log.record[3].micro_batch, 3);
    ck_assert_double_eq(log.record[3].value, 0.25);
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
        for (int m = 0; m < MICRO; m++) {
            tensor_free(batch_inputs(batch, m));
            batch_loss(batch, m, output_new(m));
        }
        for (int m = 0; m < MICRO; m++)
            tensor_free(batch_loss_backward(batch, m, 0.25F));
    }
#ifndef __SANITIZE_ADDRESS__ /* where nothing is kept */
    ck_assert_uint_eq(memory_from_system(), warm);
#else
    (void)warm;
#endif
}
END_TEST

/* --- misuse: ends the program with status 1 and words that help ----------------- */

static const char *expected_words;

/* The hook runs behind the message, which went to standard error. */
static void check_words_and_exit(void)
{
    char text[4096] = "";
    rewind(stderr);
    size_t size = fread(text, 1, sizeof text - 1, stderr);
    text[size] = '\0';
    if (strstr(text, expected_words) != NULL)
        _exit(EXIT_FAILURE); /* as it should be */
    printf("\"%s\" lacks \"%s\"\n", text, expected_words);
    fflush(stdout);
    _exit(3);
}

static void open_with(const struct batch_options *options)
{
    struct batch *wrong = batch_new(options);
    batch_open_inputs(wrong);
}

static void misuse(int number)
{
    struct batch_options options = {.dataset = DATA,
                                    .batch_size = BATCH,
                                    .micro_batches = MICRO,
                                    .sample = SHAPE(1, 2, 3),
                                    .classes = CLASSES};
    if (number < 8)
        batch_open_labels(batch);
    switch (number) {
    case 0:
        batch_load(batch, 0);
        batch_inputs(batch, 0);
        break;
    case 1:
        batch_labels(batch, MICRO);
        break;
    case 2:
        batch_loss(batch, 0, output_new(0));
        break;
    case 3:
        batch_load(batch, 0);
        batch_loss_backward(batch, 1, 1);
        break;
    case 4:
        batch_load(batch, 0);
        batch_loss(batch, 0, output_new(0));
        batch_loss(batch, 0, output_new(0));
        break;
    case 5:
        batch_load(batch, 0);
        batch_loss(batch, 0, output_new(0));
        batch_loss_backward(batch, 0, 1);
        batch_loss_backward(batch, 0, 1);
        break;
    case 6:
        batch_load(batch, 0);
        batch_loss(batch, 0, tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(8, 4)));
        break;
    case 7:
        batch_outputs(batch);
        break;
    case 8:
        batch_load(batch, 0);
        batch_loss(batch, 0, output_new(0));
        break;
    case 9:
        options.micro_batches = 3;
        batch_new(&options);
        break;
    case 10:
        options.batch_size = 28;
        open_with(&options);
        break;
    case 11:
        options.classes = 10;
        open_with(&options);
        break;
    case 12:
        options.dataset = "fashion-mnist";
        options.sample = SHAPE(1, 28, 28);
        options.classes = 10;
        setenv("FASHION_MNIST_DIR", "/nowhere", 1);
        open_with(&options);
        break;
    default:
        batch_open_inputs(batch);
        batch_inputs(batch, 0);
    }
}

static const char *const misuse_words[] = {
    "call batch_open_inputs() first",
    "there is no micro-batch 4; they are numbered 0 to 3",
    "the labels of micro-batch 0 are not here",
    "call batch_loss() first",
    "computed already in this step",
    "taken already in this step",
    "the output is float32 of (8, 4), expected float32 of (2, 4)",
    "batch_loss() comes first",
    "call batch_open_labels() on the rank that computes the loss",
    "a batch of 8 samples can't be cut into 3 equal micro-batches",
    "26 samples for training, fewer than one batch of 28",
    "samples of (1, 2, 3) in 4 classes; the model is for (1, 2, 3) in 10",
    "FASHION_MNIST_DIR names \"/nowhere\"",
    "batch_load() comes first",
};

START_TEST(misuse_is_fatal)
{
    expected_words = misuse_words[_i];
    FILE *kept = tmpfile();
    ck_assert_ptr_nonnull(kept);
    stderr = kept;
    fatal_set_hook(check_words_and_exit);
    misuse(_i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batch");
    TCase *test_case = tcase_create("batch");
    tcase_add_checked_fixture(test_case, begin, end);
    tcase_add_test(test_case, epochs_show_every_sample_once);
    tcase_add_test(test_case, ranks_agree);
    tcase_add_test(test_case, steps_are_known_everywhere);
    tcase_add_test(test_case, losses_of_a_step);
    tcase_add_test(test_case, mean_loss_needs_no_labels);
    tcase_add_test(test_case, labels_received);
    tcase_add_test(test_case, the_log_tells);
    tcase_add_test(test_case, warm_steps_ask_for_no_memory);
    tcase_add_loop_exit_test(test_case, misuse_is_fatal, EXIT_FAILURE, 0,
                             (int)(sizeof misuse_words / sizeof *misuse_words));
    suite_add_tcase(suite, test_case);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
