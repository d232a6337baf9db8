/*
 * Whose statistics a batch norm takes: those of each group of samples as if it had run apart, with the
 * same bits, running averages included; what it refuses; and that threads change nothing.
 */
#include "common/base/fatal.h"
#include "common/base/random.h"
#include "common/layers/layers.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLES = 12, TOGETHER = 4 };

static const struct shape shapes[] = {
    {.dimensions = 1, .size = {37}},       {.dimensions = 1, .size = {16}},
    {.dimensions = 3, .size = {5, 1, 1}},  {.dimensions = 3, .size = {3, 3, 4}},
    {.dimensions = 3, .size = {4, 7, 7}},  {.dimensions = 3, .size = {2, 16, 16}},
    {.dimensions = 3, .size = {64, 9, 11}}};

struct state {
    struct layer layer;
    struct tensor *parameters, *gradients, *buffers, *y, *dx;
};

static struct tensor *drawn(struct shape shape, uint32_t stream)
{
    struct tensor *tensor = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    random_uniform(tensor_floats(tensor), tensor->elements, 4,
                   random_stream(RANDOM_TEST, stream, 0), 0, -1, 2);
    return to_device(tensor);
}

static struct state state_new(struct shape sample)
{
    struct state state = {.layer = layer_batch_norm(sample)};
    const struct shape all = shape_with_batch(SAMPLES, sample);
    state.parameters = drawn(SHAPE((int)state.layer.parameter_count), 1);
    state.gradients = drawn(state.parameters->shape, 2);
    state.buffers = drawn(SHAPE((int)state.layer.buffer_count), 3);
    state.y = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, tested_device(), all);
    state.dx = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, tested_device(), all);
    return state;
}

static void state_clear(struct state *state)
{
    tensor_free(state->parameters);
    tensor_free(state->gradients);
    tensor_free(state->buffers);
    tensor_free(state->y);
    tensor_free(state->dx);
    layer_destroy(&state->layer);
}

static struct tensor *part_of(struct tensor *all, int first, int samples)
{
    struct shape shape = all->shape;
    const size_t each = all->elements / (size_t)shape.size[0];
    shape.size[0] = samples;
    return tensor_view(all, (size_t)first * each, shape);
}

/* Forward and backward of some samples, with their statistics taken `together`. */
static void run(struct state *state, int first, int samples, int together)
{
    struct tensor *x = drawn(state->y->shape, 4), *dy = drawn(state->y->shape, 5);
    const struct pass pass = {.samples_together = together};
    const struct layer_memory memory = {.parameters = tensor_floats(state->parameters),
                                        .gradients = tensor_floats(state->gradients),
                                        .buffers = tensor_floats(state->buffers),
                                        .pass = &pass};
    struct saved *saved = saved_new(&state->layer);
    struct tensor *y = layer_forward(&state->layer, memory, saved, part_of(x, first, samples));
    struct tensor *dx =
        layer_backward_input(&state->layer, memory, saved, part_of(dy, first, samples), true);
    layer_backward_weight(&state->layer, memory, saved);
    struct tensor *to_y = part_of(state->y, first, samples),
                  *to_dx = part_of(state->dx, first, samples);
    tensor_copy(to_y, y);
    tensor_copy(to_dx, dx);
    tensor_free(to_y);
    tensor_free(to_dx);
    tensor_free(y);
    tensor_free(dx);
    tensor_free(x);
    tensor_free(dy);
    saved_free(saved);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}

static bool same(const struct tensor *a, const struct tensor *b)
{
    struct tensor *x = tensor_on_host(a, "be compared"), *y = tensor_on_host(b, "be compared");
    const bool same = memcmp(x->data, y->data, tensor_bytes(x)) == 0;
    tensor_free(x);
    tensor_free(y);
    return same;
}

static void same_bits(const char *what, const struct tensor *a, const struct tensor *b)
{
    ck_assert_msg(same(a, b), "%s", what);
}

START_TEST(groups_are_as_if_they_ran_apart)
{
    struct state together = state_new(shapes[_i]), apart = state_new(shapes[_i]);
    run(&together, 0, SAMPLES, TOGETHER);
    for (int first = 0; first < SAMPLES; first += TOGETHER)
        run(&apart, first, TOGETHER, 0);
    same_bits("y", together.y, apart.y);
    same_bits("dx", together.dx, apart.dx);
    same_bits("running averages", together.buffers, apart.buffers);
    /* Sums of three groups are added up in another order. */
    together.gradients = to_host(together.gradients);
    apart.gradients = to_host(apart.gradients);
    for (int i = 0; i < together.gradients->count; i++)
        ck_assert_float_eq_tol(tensor_floats(together.gradients)[i],
                               tensor_floats(apart.gradients)[i],
                               1e-5f * (1 + fabsf(tensor_floats(apart.gradients)[i])));
    state_clear(&together);
    state_clear(&apart);
}
END_TEST

START_TEST(the_whole_batch_is_something_else)
{
    struct state together = state_new(shapes[_i]), whole = state_new(shapes[_i]);
    run(&together, 0, SAMPLES, TOGETHER);
    run(&whole, 0, SAMPLES, 0);
    ck_assert(!same(together.y, whole.y));
    ck_assert(!same(together.buffers, whole.buffers));
    state_clear(&together);
    state_clear(&whole);
}
END_TEST

START_TEST(threads_change_nothing)
{
    struct state one = state_new(shapes[_i]), three = state_new(shapes[_i]);
    omp_set_num_threads(1);
    run(&one, 0, SAMPLES, TOGETHER);
    omp_set_num_threads(3);
    run(&three, 0, SAMPLES, TOGETHER);
    same_bits("y", one.y, three.y);
    same_bits("dx", one.dx, three.dx);
    same_bits("gradients", one.gradients, three.gradients);
    same_bits("running averages", one.buffers, three.buffers);
    state_clear(&one);
    state_clear(&three);
}
END_TEST

/* A repeated forward, and one without buffers, leave the averages as they are. */
START_TEST(averages_move_once)
{
    struct state state = state_new(SHAPE(3, 4, 4));
    struct tensor *before = drawn(state.buffers->shape, 3), *x = drawn(state.y->shape, 4);
    struct layer_memory memory = {.parameters = tensor_floats(state.parameters),
                                  .buffers = tensor_floats(state.buffers)};
    const struct pass again = {.again = true}, first = {.again = false};
    for (int i = 0; i < 3; i++) {
        struct saved *saved = saved_new(&state.layer);
        memory.pass = i == 0 ? &again : &first;
        memory.buffers = i == 1 ? NULL : tensor_floats(state.buffers);
        tensor_free(layer_forward(&state.layer, memory, saved, tensor_retain(x)));
        saved_free(saved);
        ck_assert_int_eq(same(before, state.buffers), i < 2);
    }
    tensor_free(before);
    tensor_free(x);
    state_clear(&state);
}
END_TEST

/* ---- what is refused ---- */

static void forward_of(struct shape sample, int samples, struct pass pass)
{
    struct layer layer = layer_batch_norm(sample);
    struct tensor *parameters = drawn(SHAPE((int)layer.parameter_count), 1);
    struct saved *saved = saved_new(&layer);
    layer_forward(&layer,
                  (struct layer_memory){.parameters = tensor_floats(parameters), .pass = &pass},
                  saved, drawn(shape_with_batch(samples, sample), 2));
}

static const struct {
    int plane, samples;
    struct pass pass;
    const char *message;
} refused[] = {
    {2, 6, {.samples_together = 4}, "of each 4 samples together, which does not divide the 6"},
    {2, 6, {.samples_together = -1}, "of each -1 samples together"},
    {1, 1, {.samples_together = 0}, "let micro-batches be of two samples or more"},
    {1, 4, {.samples_together = 1}, "let micro-batches be of two samples or more"},
    {1, 4, {.evaluating = true}, "its running averages are not here"},
};

static const char *expected_message;

/* The hook runs behind the message, which went to standard error. */
static void check_words_and_exit(void)
{
    char text[1024] = "";
    rewind(stderr);
    text[fread(text, 1, sizeof text - 1, stderr)] = '\0';
    if (strstr(text, expected_message) != NULL)
        _exit(EXIT_FAILURE); /* as it should be */
    printf("\"%s\" lacks \"%s\"\n", text, expected_message);
    fflush(stdout);
    _exit(3);
}

START_TEST(others_are_refused)
{
    expected_message = refused[_i].message;
    stderr = tmpfile();
    ck_assert_ptr_nonnull(stderr);
    fatal_set_hook(check_words_and_exit);
    forward_of(SHAPE(7, 1, refused[_i].plane), refused[_i].samples, refused[_i].pass);
}
END_TEST

Suite *test_suite(void)
{
    const int count = sizeof shapes / sizeof *shapes;
    Suite *suite = suite_create("batch norm");
    TCase *tests = tcase_create("batch norm");
    tcase_add_loop_test(tests, groups_are_as_if_they_ran_apart, 0, count);
    tcase_add_loop_test(tests, the_whole_batch_is_something_else, 0, count);
    tcase_add_loop_test(tests, threads_change_nothing, 0, count);
    tcase_add_test(tests, averages_move_once);
    tcase_add_loop_exit_test(tests, others_are_refused, EXIT_FAILURE, 0,
                             sizeof refused / sizeof *refused);
    suite_add_tcase(suite, tests);
    return suite;
}
