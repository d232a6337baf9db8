/*
 * What a student's layer remembers from one step to the next: its buffers, in place of the running averages of the
 * kit's batch norm.
 */
#include "common/layers/custom_layer.h"
#include "common/layers/layers.h"
#include "common/log/log.h"
#include "tests/support/fatal.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

enum { CHANNELS = 3, SAMPLES = 4 };

/* ---- a layer that adds up what it is given, and in evaluation adds that to what it is given ------------ */

static bool writes_always, frees_one, keeps_one;

static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    const bool reads_only = call->pass->again || call->pass->evaluating;
    if (!reads_only || writes_always)
        compute_add_column_sums(x, call->buffer[1]);
    if (call->pass->evaluating)
        compute_add_bias(call->buffer[1], x);
    if (frees_one)
        tensor_free(call->buffer[0]);
    if (keeps_one)
        layer_keep(call, 0, tensor_retain(call->buffer[0]));
    return x;
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    ck_assert_ptr_null(call->buffer[0]);
    ck_assert_ptr_null(call->buffer[1]);
    ck_assert(want_dx);
    return dy;
}

static void backward_weight(struct layer_call *call)
{
    (void)call;
}

static struct custom_layer description(void)
{
    struct layer kit = layer_batch_norm(SHAPE(CHANNELS));
    const struct custom_layer described = {.kind = "mine",
                                           .input = kit.input,
                                           .output = kit.output,
                                           .parameters = 2,
                                           .parameter = {kit.parameter[0], kit.parameter[1]},
                                           .buffers = 2,
                                           .buffer = {kit.buffer[0], kit.buffer[1]},
                                           .forward = forward,
                                           .backward_input = backward_input,
                                           .backward_weight = backward_weight};
    layer_destroy(&kit);
    return described;
}

/* Number i is 1 + i. */
static struct tensor *samples(void)
{
    struct tensor *x = compute_new(DEVICE_CPU, SHAPE(SAMPLES, CHANNELS));
    for (int i = 0; i < x->count; i++)
        tensor_floats(x)[i] = (float)(1 + i);
    return to_device(x);
}

static float numbers[2 * CHANNELS], gradients[2 * CHANNELS], buffers[2 * CHANNELS];

/* What comes out of a forward in such a pass; followed by a backward unless it evaluates. */
static struct tensor *output(struct layer *layer, const struct pass *pass)
{
    const struct layer_memory memory = {.parameters = lend(numbers, sizeof numbers),
                                        .gradients = lend(gradients, sizeof gradients),
                                        .buffers = lend(buffers, sizeof buffers),
                                        .pass = pass};
    struct saved *saved = saved_new(layer);
    struct tensor *y = layer_forward(layer, memory, saved, samples());
    if (!pass->evaluating) {
        tensor_free(layer_backward_input(layer, memory, saved, samples(), true));
        layer_backward_weight(layer, memory, saved);
    }
    saved_free(saved);
    lent_free(memory.parameters, numbers);
    lent_free(memory.gradients, gradients);
    take_back(memory.buffers, buffers, sizeof buffers);
    return to_host(y);
}

START_TEST(they_are_remembered)
{
    const struct custom_layer described = description();
    struct layer layer = layer_custom(&described);
    const struct pass trains = {0}, again = {.again = true}, evaluates = {.evaluating = true};
    ck_assert_int_eq(layer.buffers, 2);
    ck_assert_uint_eq(layer.buffer_count, 2 * CHANNELS);
    layer_initialise_buffers(&layer, buffers);
    for (int c = 0; c < CHANNELS; c++) {
        ck_assert_float_eq(buffers[c], 0);
        ck_assert_float_eq(buffers[CHANNELS + c], 1);
    }
    for (int times = 1; times <= 2; times++) {
        tensor_free(output(&layer, &trains));
        tensor_free(output(&layer, &again));
        /* A column is 1 + c, 4 + c, 7 + c, 10 + c. */
        for (int c = 0; c < CHANNELS; c++)
            ck_assert_float_eq(buffers[CHANNELS + c], (float)(1 + times * (22 + 4 * c)));
    }
    struct tensor *y = output(&layer, &evaluates);
    for (int i = 0; i < y->count; i++)
        ck_assert_float_eq(tensor_floats(y)[i],
                           (float)(1 + i) + (float)(1 + 2 * (22 + 4 * (i % CHANNELS))));
    tensor_free(y);
    layer_destroy(&layer);
}
END_TEST

/* On the meta device they have no numbers, and everything is called all the same. */
START_TEST(without_numbers)
{
    const struct custom_layer described = description();
    struct layer layer = layer_custom(&described);
    struct tensor *all = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_META, SHAPE(6));
    const struct pass pass = {.evaluating = _i == 1, .again = _i == 2};
    const struct layer_memory memory = {
        .parameters = all->data, .gradients = all->data, .buffers = all->data, .pass = &pass};
    struct saved *saved = saved_new(&layer);
    tensor_free(
        layer_forward(&layer, memory, saved, compute_new(DEVICE_META, SHAPE(SAMPLES, CHANNELS))));
    saved_free(saved);
    tensor_free(all);
    layer_destroy(&layer);
}
END_TEST

/* A slice of each is told as that of a parameter is. */
START_TEST(a_slice)
{
    struct custom_layer described = description();
    const struct buffer whole = {
        .name = "running_mean", .shape = SHAPE(2 * CHANNELS), .initial = INITIAL_ZERO};
    described.buffer[0] =
        layer_buffer_part(&whole, slice_along(whole.shape, 0, CHANNELS, 2 * CHANNELS));
    struct layer layer = layer_custom(&described);
    const struct slice slice = layer_buffer_slice(&layer.buffer[0]);
    ck_assert(shape_equal(slice.whole, SHAPE(2 * CHANNELS)));
    ck_assert(shape_equal(layer.buffer[0].shape, SHAPE(CHANNELS)));
    ck_assert_uint_eq(layer.buffer[1].offset, CHANNELS);
    layer_destroy(&layer);
}
END_TEST

/* ---- misuse ---------------------------------------------------------------------------------------------- */

static void run_wrong(struct custom_layer described, struct pass pass)
{
    struct layer layer = layer_custom(&described);
    output(&layer, &pass);
}

static char *folder; /* for a log */

/* On a GPU numbers are looked at only where there is a log. */
static void written_again(void)
{
    writes_always = true;
    log_open(folder, 0, 1, 1);
    run_wrong(description(), (struct pass){.again = true});
}
static void written_in_evaluation(void)
{
    writes_always = true;
    log_open(folder, 0, 1, 1);
    run_wrong(description(), (struct pass){.evaluating = true});
}
static void freed(void)
{
    frees_one = true;
    run_wrong(description(), (struct pass){0});
}
static void kept(void)
{
    keeps_one = true;
    run_wrong(description(), (struct pass){0});
}
static void drawn(void)
{
    struct custom_layer described = description();
    described.buffer[1].initial = INITIAL_NORMAL;
    layer_custom(&described);
}
static void unnamed(void)
{
    struct custom_layer described = description();
    described.buffer[1].name[0] = '\0';
    layer_custom(&described);
}
static void too_many(void)
{
    struct custom_layer described = description();
    described.buffers = LAYER_MAX_BUFFERS + 1;
    layer_custom(&described);
}
static void not_here(void)
{
    const struct custom_layer described = description();
    struct layer layer = layer_custom(&described);
    const struct layer_memory memory = {.parameters = lend(numbers, sizeof numbers),
                                        .gradients = lend(gradients, sizeof gradients)};
    layer_forward(&layer, memory, saved_new(&layer), samples());
}

#define CHANGED "mine: forward changed call->buffer[1] (\"running_var\") in a forward that is"
static const struct fatal_case misuses[] = {
    {written_again, CHANGED},
    {written_in_evaluation, CHANGED},
    {freed, "mine: forward freed call->buffer[0] (\"running_mean\")"},
    {kept, "mine: forward still refers to call->buffer[0] (\"running_mean\")"},
    {drawn, "its buffer \"running_var\" must begin with zeros or ones"},
    {unnamed, "mine: buffer 1 has no name"},
    {too_many, "mine: 17 buffers; a layer has 0 to 16"},
    {not_here, "mine has buffers, and they are not here"},
};

START_TEST(who_misuses_them_is_told)
{
    folder = test_folder_new();
    fatal_expect(&misuses[_i]);
    test_folder_free(folder);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("buffers of layers of students");
    TCase *cases = tcase_create("buffers");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, they_are_remembered);
    tcase_add_loop_test(cases, without_numbers, 0, 3);
    tcase_add_test(cases, a_slice);
    tcase_add_loop_test(cases, who_misuses_them_is_told, 0, sizeof misuses / sizeof *misuses);
    suite_add_tcase(suite, cases);
    return suite;
}
