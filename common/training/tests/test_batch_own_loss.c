/*
 * A loss of a program's own in the place of the kit's: what it is given, what it leaves, and which part of
 * the outputs a rank has.
 */
#include "tests/support/fatal.h"
#include "tests/support/small_batch.h"
#include "tests/support/test.h"

#include <math.h>

enum { FIRST = 1, CLASSES = 2 };

static struct batch *batch;
static int forwards, backwards;

/* The mean over the rows of the sum of y times the label. */
static double forward(void *own, const struct tensor *y, const struct tensor *labels,
                      struct tensor **kept)
{
    ck_assert_ptr_eq(own, &forwards);
    ck_assert(shape_equal(y->shape, SHAPE(SMALL_BATCH_PART, CLASSES)));
    ck_assert_ptr_null(*kept);
    forwards++;
    double sum = 0;
    for (int i = 0; i < y->count; i++)
        sum += (double)tensor_floats(y)[i] * tensor_integers(labels)[i / CLASSES];
    *kept = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(1));
    tensor_floats(*kept)[0] = (float)sum;
    return sum / SMALL_BATCH_PART;
}

/* What was kept, times the scale, everywhere. */
static struct tensor *backward(void *own, const struct tensor *y, const struct tensor *labels,
                               struct tensor *kept, float scale)
{
    ck_assert_ptr_eq(own, &forwards);
    ck_assert_int_eq(labels->count, SMALL_BATCH_PART);
    backwards++;
    struct tensor *gradient = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, y->shape);
    for (int i = 0; i < gradient->count; i++)
        tensor_floats(gradient)[i] = scale * tensor_floats(kept)[0];
    tensor_free(kept);
    return gradient;
}

static void begin(void)
{
    batch = small_batch_new(LOSS_CROSS_ENTROPY);
    forwards = backwards = 0;
}

static void replace(int first, int classes)
{
    batch_replace_loss(batch, &(struct custom_loss){first, classes, forward, backward, &forwards});
}

static void end(void)
{
    small_batch_free(batch);
}

static struct tensor *output(int micro_batch)
{
    struct tensor *y =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(SMALL_BATCH_PART, CLASSES));
    for (int i = 0; i < y->count; i++)
        tensor_floats(y)[i] = (float)(10 * micro_batch + i);
    return y;
}

static double by_hand(int micro_batch)
{
    double sum = 0;
    const struct tensor *labels = batch_labels(batch, micro_batch);
    for (int i = 0; i < SMALL_BATCH_PART * CLASSES; i++)
        sum += (double)(10 * micro_batch + i) * tensor_integers(labels)[i / CLASSES];
    return sum / SMALL_BATCH_PART;
}

START_TEST(it_is_called_for_each_micro_batch)
{
    replace(FIRST, CLASSES);
    batch_open_labels(batch);
    batch_load(batch, 1);
    double sum = 0;
    for (int m = 0; m < SMALL_BATCH_MICRO; m++) {
        batch_loss(batch, m, output(m));
        sum += by_hand(m);
    }
    ck_assert_double_eq_tol(batch_mean_loss(batch), sum / SMALL_BATCH_MICRO, 1e-12);
    ck_assert_double_nan(batch_accuracy(batch));
    for (int m = 0; m < SMALL_BATCH_MICRO; m++) {
        struct tensor *gradient = batch_loss_backward(batch, m, 0.5f);
        ck_assert_double_eq_tol(tensor_floats(gradient)[3], 0.5 * by_hand(m) * SMALL_BATCH_PART,
                                1e-4);
        tensor_free(gradient);
    }
    ck_assert_int_eq(forwards, SMALL_BATCH_MICRO);
    ck_assert_int_eq(backwards, SMALL_BATCH_MICRO);
    /* The outputs are these two classes', of all samples. */
    const struct tensor *outputs = batch_outputs(batch);
    ck_assert(shape_equal(outputs->shape, SHAPE(SMALL_BATCH_SIZE, CLASSES)));
    ck_assert_float_eq(tensor_floats(outputs)[SMALL_BATCH_PART * CLASSES + 1], 11);
    const struct slice slice = batch_outputs_slice(batch, 2, 4);
    ck_assert(shape_equal(slice.whole, SHAPE(SMALL_BATCH_SIZE, SMALL_BATCH_CLASSES)));
    ck_assert_uint_eq(slice_place(&slice, 0), 2 * SMALL_BATCH_CLASSES + FIRST);
    ck_assert_uint_eq(slice_place(&slice, 7), 5 * SMALL_BATCH_CLASSES + FIRST + 1);
}
END_TEST

/* What a backward that never comes would have freed is freed with the next step, or the batch. */
START_TEST(what_is_kept_is_not_left)
{
    replace(FIRST, CLASSES);
    batch_open_labels(batch);
    for (int step = 0; step < 3; step++) {
        batch_load(batch, step);
        batch_loss(batch, 0, output(0));
        ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), sizeof(float));
    }
}
END_TEST

START_TEST(without_one_all_classes_are_here)
{
    const struct slice slice = batch_outputs_slice(batch, 0, SMALL_BATCH_SIZE);
    ck_assert(slice_is_all(&slice));
}
END_TEST

static void behind_the_last_class(void)
{
    replace(SMALL_BATCH_CLASSES - 1, 2);
}
static void too_late(void)
{
    batch_open_labels(batch);
    batch_load(batch, 0);
    batch_loss(batch, 0, small_batch_output(0));
    replace(FIRST, CLASSES);
}
static void all_classes_of_the_data(void)
{
    replace(FIRST, CLASSES);
    batch_open_labels(batch);
    batch_load(batch, 0);
    batch_loss(batch, 0, small_batch_output(0));
}

static const struct fatal_case misuses[] = {
    {behind_the_last_class, "a loss of the 2 classes from 3 on: the data have 4"},
    {too_late, "a loss was computed already: batch_replace_loss comes first"},
    {all_classes_of_the_data, "the output is float32 of (2, 4), expected float32 of (2, 2)"},
};

START_TEST(misuse_is_told)
{
    fatal_expect(&misuses[_i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("a batch's loss of the program's own");
    TCase *cases = tcase_create("own loss");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, it_is_called_for_each_micro_batch);
    tcase_add_test(cases, what_is_kept_is_not_left);
    tcase_add_test(cases, without_one_all_classes_are_here);
    tcase_add_loop_test(cases, misuse_is_told, 0, sizeof misuses / sizeof *misuses);
    suite_add_tcase(suite, cases);
    return suite;
}
