/*
 * Misuse of a stage: each must end the program with status 1 and a message that
 * helps.
 */
#include "tests/support/fatal.h"
#include "tests/support/small_models.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

static struct stage *misused; /* stage 1 of 2, two micro-batches of 2, mlp's layers 1 to 5 */

static struct tensor *an_input(void)
{
    return small_samples(SHAPE(784), 0, 2, 0);
}
static struct tensor *a_gradient(void)
{
    return small_samples(SHAPE(10), 0, 2, 1);
}
static void backward_first(void)
{
    stage_backward(misused, 0, a_gradient());
}
static void forward_twice(void)
{
    stage_forward(misused, 1, an_input());
    stage_forward(misused, 1, an_input());
}
static void backward_twice(void)
{
    stage_forward(misused, 1, an_input());
    stage_backward(misused, 1, a_gradient());
    stage_backward(misused, 1, a_gradient());
}
static void weight_without_input(void)
{
    stage_forward(misused, 0, an_input());
    stage_backward_weight(misused, 0);
}
static void no_such_micro_batch(void)
{
    stage_forward(misused, 2, an_input());
}
static void negative_micro_batch(void)
{
    stage_forward(misused, -1, an_input());
}
static void wrong_shape(void)
{
    stage_forward(misused, 0, small_samples(SHAPE(784), 0, 3, 0));
}
static void wrong_gradient_shape(void)
{
    stage_forward(misused, 0, an_input());
    stage_backward(misused, 0, small_samples(SHAPE(11), 0, 2, 0));
}
static void null_input(void)
{
    stage_forward(misused, 0, NULL);
}
static void foreign_layer(void)
{
    stage_layer_gradients(misused, 0);
}
static void no_layers(void)
{
    struct model *model = small_model(0);
    small_stage(model, 0, 2, 0, 0, 2, 1);
}
static void layers_beyond_the_model(void)
{
    struct model *model = small_model(0);
    small_stage(model, 0, 2, 3, 4, 2, 1);
}
static void no_gpu(void)
{
    struct model *model = small_model(0);
    stage_new(model, &(struct stage_options){.stages = 1,
                                             .layers = 6,
                                             .micro_batch_size = 1,
                                             .micro_batches = 1,
                                             .device = DEVICE_CUDA});
}

static const struct fatal_case misuses[] = {
    {backward_first, "stage 1: a backward of micro-batch 0 can't run: its backward came before its "
                     "forward"},
    {forward_twice, "stage 1: a forward of micro-batch 1 can't run: its forward ran before"},
    {backward_twice,
     "stage 1: a backward of micro-batch 1 can't run: its backward is done already"},
    {weight_without_input,
     "stage 1: a stage_backward_weight of micro-batch 0 can't run: it has had "
     "its forward only"},
    {no_such_micro_batch, "micro-batch 2: there is none, they are numbered 0 to 1"},
    {negative_micro_batch, "micro-batch -1: there is none, they are numbered 0 to 1"},
    {wrong_shape, "x is float32 (3, 784); expected float32 (2, 784)"},
    {wrong_gradient_shape, "dy is float32 (2, 11); expected float32 (2, 10)"},
    {null_input, "x is NULL; expected a tensor (2, 784)"},
    {foreign_layer, "layer 0 is not here; this stage has layers 1 to 5"},
    {no_layers, "stage 0: layers 0 to -1 are not in the model"},
    {layers_beyond_the_model, "stage 0: layers 3 to 6 are not in the model"},
    {no_gpu, "no GPU was opened: run with --device cuda or --device emulated"}, /* the last */
};

/* The stage is made in the child: of a GPU a child has nothing that was opened before. */
static void misuse(int which)
{
    misused = small_stage(small_model(0), 1, 2, 1, 5, 2, 2);
    misuses[which].misuse();
}

START_TEST(misuse_ends_the_program_with_a_message)
{
    check_fatal(misuse, _i, misuses[_i].says);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("stage_misuse");
    TCase *tests = tcase_create("stage_misuse");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, misuse_ends_the_program_with_a_message, 0,
                        sizeof misuses / sizeof *misuses - (tests_a_gpu() ? 1 : 0));
    suite_add_tcase(suite, tests);
    return suite;
}
