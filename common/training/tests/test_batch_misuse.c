/*
 * Misuse of a batch: each must end the program with status 1 and words that help.
 */
#include "common/base/fatal.h"
#include "tests/support/small_batch.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* ---- on a batch with its labels open ------------------------------------------------------- */

static void inputs_unopened(struct batch *batch)
{
    batch_load(batch, 0);
    batch_inputs(batch, 0);
}

static void labels_of_none(struct batch *batch)
{
    batch_labels(batch, SMALL_BATCH_MICRO);
}

static void loss_unloaded(struct batch *batch)
{
    batch_loss(batch, 0, small_batch_output(0));
}

static void backward_without_loss(struct batch *batch)
{
    batch_load(batch, 0);
    batch_loss_backward(batch, 1, 1);
}

static void loss_twice(struct batch *batch)
{
    batch_load(batch, 0);
    batch_loss(batch, 0, small_batch_output(0));
    batch_loss(batch, 0, small_batch_output(0));
}

static void backward_twice(struct batch *batch)
{
    batch_load(batch, 0);
    batch_loss(batch, 0, small_batch_output(0));
    batch_loss_backward(batch, 0, 1);
    batch_loss_backward(batch, 0, 1);
}

static void output_too_large(struct batch *batch)
{
    batch_load(batch, 0);
    batch_loss(batch, 0, tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(8, 4)));
}

static void outputs_without_loss(struct batch *batch)
{
    batch_outputs(batch);
}

static const struct {
    void (*misuse)(struct batch *);
    const char *words;
} with_labels[] = {
    {inputs_unopened, "call batch_open_inputs() first"},
    {labels_of_none, "there is no micro-batch 4; they are numbered 0 to 3"},
    {loss_unloaded, "the labels of micro-batch 0 are not here"},
    {backward_without_loss, "the backward of micro-batch 1 came before its forward"},
    {loss_twice, "computed already in this step"},
    {backward_twice, "taken already in this step"},
    {output_too_large, "the output is float32 of (8, 4), expected float32 of (2, 4)"},
    {outputs_without_loss, "only the last stage has them, behind batch_loss()"},
};

/* ---- with nothing open, or with options of its own ---------------------------------------------- */

static struct batch_options small_options(void)
{
    return (struct batch_options){
        .dataset = SMALL_BATCH_DATA,
        .batch_size = SMALL_BATCH_SIZE,
        .micro_batches = SMALL_BATCH_MICRO,
        .data = {.input = SHAPE(1, 2, 3), .labels = 1, .classes = SMALL_BATCH_CLASSES}};
}

static void labels_unopened(void)
{
    struct batch *batch = small_batch_new(LOSS_CROSS_ENTROPY);
    batch_load(batch, 0);
    batch_loss(batch, 0, small_batch_output(0));
}

static void inputs_unloaded(void)
{
    struct batch *batch = small_batch_new(LOSS_CROSS_ENTROPY);
    batch_open_inputs(batch);
    batch_inputs(batch, 0);
}

static void uneven_micro_batches(void)
{
    struct batch_options options = small_options();
    options.micro_batches = 3;
    batch_new(&options);
}

static void more_than_there_is(void)
{
    struct batch_options options = small_options();
    options.batch_size = 28;
    batch_open_inputs(batch_new(&options));
}

static void other_classes(void)
{
    struct batch_options options = small_options();
    options.data.classes = 10;
    batch_open_inputs(batch_new(&options));
}

static void no_data(void)
{
    struct batch_options options = small_options();
    options.dataset = "fashion-mnist";
    options.data.input = SHAPE(1, 28, 28);
    options.data.classes = 10;
    setenv("FASHION_MNIST_DIR", "/nowhere", 1);
    batch_open_inputs(batch_new(&options));
}

static const struct {
    void (*misuse)(void);
    const char *words;
} others[] = {
    {labels_unopened, "call batch_open_labels() on the rank that computes the loss"},
    {inputs_unloaded, "batch_load() comes first"},
    {uneven_micro_batches, "a batch of 8 samples can't be cut into 3 equal micro-batches"},
    {more_than_there_is, "26 samples for training, fewer than one batch of 28"},
    {other_classes, "samples of (1, 2, 3) in 4 classes; the model is for (1, 2, 3) in 10"},
    {no_data, "FASHION_MNIST_DIR names \"/nowhere\""},
};

/* ---- the tests ------------------------------------------------------------------------------------ */

static void expect_words(const char *words)
{
    expected_words = words;
    stderr = tmpfile();
    ck_assert_ptr_nonnull(stderr);
    fatal_set_hook(check_words_and_exit);
}

START_TEST(misuse_of_a_batch_with_labels_is_fatal)
{
    struct batch *batch = small_batch_new(LOSS_CROSS_ENTROPY);
    batch_open_labels(batch);
    expect_words(with_labels[_i].words);
    with_labels[_i].misuse(batch);
}
END_TEST

START_TEST(other_misuse_is_fatal)
{
    expect_words(others[_i].words);
    others[_i].misuse();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("batch_misuse");
    TCase *tests = tcase_create("batch_misuse");
    tcase_add_loop_exit_test(tests, misuse_of_a_batch_with_labels_is_fatal, EXIT_FAILURE, 0,
                             (int)(sizeof with_labels / sizeof *with_labels));
    tcase_add_loop_exit_test(tests, other_misuse_is_fatal, EXIT_FAILURE, 0,
                             (int)(sizeof others / sizeof *others));
    suite_add_tcase(suite, tests);
    return suite;
}
