/*
 * A stage with borders: what comes to it has other shapes than its layers, and the gradients, dx and y are those of
 * the same stage between the same functions called by hand.
 */
#include "common/layers/custom_layer.h"
#include "tests/support/fatal.h"
#include "tests/support/small_models.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

/* An mlp's layers 1 to 3, from 784 numbers; half of them come to the stage. */
enum { FIRST = 1, LAYERS = 3, SAMPLES = 4, WHOLE = 784, HALF = WHOLE / 2 };

/* Columns from `from` on become columns from `to` on of a tensor of so many, whose others are zeros. */
static struct tensor *columns(struct tensor *x, int from, int to, int count, int size)
{
    struct tensor *y = compute_new(x->device, shape_with(x->shape, 1, size));
    tensor_zero(y);
    compute_copy_part(x, from, 1, y, to, count);
    tensor_free(x);
    return y;
}

static struct tensor *to_whole(void *own, struct tensor *x)
{
    return columns(x, 0, *(int *)own, HALF, WHOLE);
}

static struct tensor *to_half(void *own, struct tensor *dx)
{
    return columns(dx, *(int *)own, 0, HALF, HALF);
}

static struct tensor *tripled(void *own, struct tensor *y)
{
    (void)own;
    compute_scale(3, y);
    return y;
}

static struct stage *bordered(const struct model *model, int *begin)
{
    return stage_new(
        model, &(struct stage_options){
                   .index = 1,
                   .stages = 3,
                   .first_layer = FIRST,
                   .layers = LAYERS,
                   .micro_batch_size = SAMPLES,
                   .micro_batches = 2,
                   .seed = 1,
                   .before = {.outside = SHAPE(HALF), .forward = to_whole, .backward = to_half},
                   .behind = {.outside = model->layer[FIRST + LAYERS - 1].output,
                              .forward = tripled,
                              .backward = tripled},
                   .borders_own = begin,
                   .device = tested_device()});
}

/* The same layers without borders, with the same parameters. */
static struct stage *plain(const struct model *model, struct stage *with)
{
    struct stage *stage = small_stage(model, 1, 3, FIRST, LAYERS, SAMPLES, 2);
    tensor_copy(stage_parameters(stage), stage_parameters(with));
    return stage;
}

static void check_bits(struct tensor *actual, struct tensor *expected)
{
    ck_assert(shape_equal(actual->shape, expected->shape));
    ck_assert(same_numbers(actual, expected));
    tensor_free(actual);
    tensor_free(expected);
}

/* halves: backward_input and backward_weight, one by one. */
static struct tensor *back(struct stage *stage, bool halves, int micro_batch, struct tensor *dy)
{
    if (!halves)
        return stage_backward(stage, micro_batch, dy);
    struct tensor *dx = stage_backward_input(stage, micro_batch, dy);
    stage_backward_weight(stage, micro_batch);
    return dx;
}

START_TEST(borders_stand_between_a_stage_and_its_neighbours)
{
    int begin = 100;
    struct model *model = small_model(0);
    struct stage *with = bordered(model, &begin), *without = plain(model, with);
    const struct shape output = model->layer[FIRST + LAYERS - 1].output;
    for (int m = 0; m < 2; m++) {
        struct tensor *x = small_samples(SHAPE(HALF), m * SAMPLES, SAMPLES, 0);
        struct tensor *y = stage_forward(without, m, to_whole(&begin, tensor_retain(x)));
        check_bits(stage_forward(with, m, x), tripled(NULL, y));
    }
    for (int m = 0; m < 2; m++) {
        struct tensor *dy = small_samples(output, m * SAMPLES, SAMPLES, 1);
        struct tensor *same = small_samples(output, m * SAMPLES, SAMPLES, 1);
        struct tensor *dx = back(without, _i, m, tripled(NULL, same));
        check_bits(back(with, _i, m, dy), to_half(&begin, dx));
    }
    check_bits(tensor_retain(stage_gradients(with)), tensor_retain(stage_gradients(without)));
    stage_free(with);
    stage_free(without);
    model_free(model);
}
END_TEST

/* Messages are as long as what is outside. */
START_TEST(room_is_made_for_what_is_outside)
{
    int begin = 0;
    struct model *model = small_model(0);
    struct stage *stage = bordered(model, &begin);
    struct tensor *x = stage_input_new(stage);
    ck_assert(shape_equal(x->shape, SHAPE(SAMPLES, HALF)));
    tensor_free(x);
    stage_free(stage);
    model_free(model);
}
END_TEST

/* ---- misuse --------------------------------------------------------------------------------------------- */

static struct tensor *too_short(void *own, struct tensor *x)
{
    (void)own;
    return columns(x, 0, 0, HALF, WHOLE - 1);
}

static struct tensor *nothing(void *own, struct tensor *x)
{
    (void)own;
    tensor_free(x);
    return NULL;
}

static void enter_wrongly(int which)
{
    struct model *model = small_model(0);
    struct stage_options options = {.index = 1,
                                    .stages = 2,
                                    .first_layer = FIRST,
                                    .layers = LAYERS,
                                    .micro_batch_size = SAMPLES,
                                    .micro_batches = 1,
                                    .device = tested_device()};
    options.before = (struct layer_border){.outside = SHAPE(HALF),
                                           .forward = which == 0 ? too_short : nothing,
                                           .backward = to_half,
                                           .forward_name = which == 0 ? "put_together" : NULL};
    struct stage *stage = stage_new(model, &options);
    stage_forward(stage, 0, small_samples(SHAPE(which == 2 ? WHOLE : HALF), 0, SAMPLES, 0));
}

START_TEST(wrong_borders_are_told)
{
    check_fatal(enter_wrongly, 0, "stage 1: put_together returned (4, 783); expected (784)");
    check_fatal(enter_wrongly, 1, "stage 1: the function before it returned NULL");
    check_fatal(enter_wrongly, 2, "x is float32 (4, 784); expected float32 (4, 392)");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("stages with borders");
    TCase *cases = tcase_create("borders");
    tcase_add_loop_test(cases, borders_stand_between_a_stage_and_its_neighbours, 0, 2);
    tcase_add_test(cases, room_is_made_for_what_is_outside);
    tcase_add_test(cases, wrong_borders_are_told);
    suite_add_tcase(suite, cases);
    return suite;
}
