/*
 * What the processor reads of a GPU's tensors, and fills: files, slices, transfers, optimizers with gradients of
 * other dtypes, comparisons. (Batches and first values: test_device_batch.c.)
 */
#include "common/base/random.h"
#include "common/files/tensor_file.h"
#include "common/kernels/convert.h"
#include "common/training/assert_close.h"
#include "common/training/tests/trained_on.h"
#include "common/training/transfer.h"

#include <glib.h>

static struct tensor *random_on_host(enum memory_kind kind, struct shape shape, uint32_t which)
{
    struct tensor *tensor = tensor_new(kind, DTYPE_FLOAT32, DEVICE_CPU, shape);
    random_normal(tensor_floats(tensor), tensor->elements, 3, random_stream(RANDOM_TEST, which, 0),
                  0, 0, 1);
    return tensor;
}

/* The same numbers on the GPU. */
static struct tensor *on_gpu(const struct tensor *tensor)
{
    struct tensor *copy = tensor_new(MEMORY_PARAMETER, tensor->dtype, a_gpu(), tensor->shape);
    tensor_copy(copy, tensor);
    ck_assert(device_owns(copy->data));
    return copy;
}

/* ---- files and slices --------------------------------------------------------------------------- */

/* More than is written at a time, and numbers of 16 bits. */
START_TEST(a_tensor_file_holds_what_was_on_the_gpu)
{
    struct tensor *own = random_on_host(MEMORY_WORKSPACE, SHAPE(3, 700001), 0), *gpu = on_gpu(own);
    struct tensor *halves = tensor_new(MEMORY_WORKSPACE, DTYPE_BFLOAT16, DEVICE_CPU, SHAPE(7));
    for (int i = 0; i < 7; i++)
        ((uint16_t *)halves->data)[i] = (uint16_t)(1000 * i + 3);
    struct tensor *gpu_halves = on_gpu(halves);
    char *folder = test_folder_new(), error[TENSOR_FILE_ERROR_SIZE];
    g_autofree char *path = g_strdup_printf("%s/one.safetensors", folder);
    struct tensor_file *file = tensor_file_new();
    tensor_file_add(file, "large", gpu);
    tensor_file_add(file, "halves", gpu_halves);
    ck_assert_msg(tensor_file_write(file, path, error), "%s", error);
    tensor_file_free(file);
    file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    must_be_the_same(tensor_file_get(file, "large"), own);
    must_be_the_same(tensor_file_get(file, "halves"), halves);
    tensor_file_free(file);
    test_folder_free(folder);
    tensor_free(own);
    tensor_free(gpu);
    tensor_free(halves);
    tensor_free(gpu_halves);
}
END_TEST

/* _i: bit 0, the whole is on the GPU; bit 1, the part is. */
START_TEST(slices_are_cut_and_put_back_on_any_device)
{
    struct tensor *whole = random_on_host(MEMORY_WORKSPACE, SHAPE(6, 10), 1);
    struct tensor *part = random_on_host(MEMORY_WORKSPACE, SHAPE(6, 4), 2);
    struct tensor *all = _i & 1 ? on_gpu(whole) : tensor_retain(whole);
    struct tensor *some = _i & 2 ? on_gpu(part) : tensor_retain(part);
    const struct slice slice = slice_along(SHAPE(6, 10), 1, 3, 7);
    slice_copy_in(&slice, some, all);
    struct tensor *found = tensor_on_host(all, "be looked at");
    for (int row = 0; row < 6; row++)
        for (int column = 3; column < 7; column++)
            ck_assert_float_eq(tensor_floats(found)[10 * row + column],
                               tensor_floats(part)[4 * row + column - 3]);
    ck_assert_float_eq(tensor_floats(found)[7], tensor_floats(whole)[7]);
    tensor_zero(some);
    slice_copy_out(&slice, all, some);
    struct tensor *back = tensor_on_host(some, "be looked at");
    for (int i = 0; i < back->count; i++)
        ck_assert_float_eq(tensor_floats(back)[i], tensor_floats(found)[10 * (i / 4) + 3 + i % 4]);
    tensor_free(back);
    tensor_free(found);
    tensor_free(some);
    tensor_free(all);
    tensor_free(part);
    tensor_free(whole);
}
END_TEST

/* ---- transfers ------------------------------------------------------------------------------------- */

START_TEST(transfers_go_between_the_host_and_the_gpu)
{
    const enum device gpu = a_gpu();
    struct tensor *expected = random_on_host(MEMORY_WORKSPACE, SHAPE(100), 3);
    struct tensor *host = tensor_new(MEMORY_HOST, DTYPE_FLOAT32, gpu, SHAPE(100));
    struct tensor *own = tensor_new(MEMORY_OPTIMIZER, DTYPE_FLOAT32, gpu, SHAPE(100));
    struct tensor *back = tensor_new(MEMORY_HOST, DTYPE_FLOAT32, gpu, SHAPE(100));
    ck_assert_int_eq(host->device, DEVICE_CPU);
    tensor_copy(host, expected);
    transfer_wait(transfer_begin(own, host));
    must_be_the_same(own, expected);
    struct transfer *transfer = transfer_begin(back, own);
    ck_assert_int_eq(transfers_under_way(), 1);
    transfer_wait(transfer);
    must_be_the_same(back, expected);
    tensor_zero(own);
    transfer_wait(transfer_begin_range(own, 40, host, 10, 20));
    transfer_wait(transfer_begin_range(back, 0, own, 35, 30));
    for (int i = 0; i < 30; i++)
        ck_assert_float_eq(tensor_floats(back)[i],
                           i < 5 || i >= 25 ? 0 : tensor_floats(expected)[i + 5]);
    tensor_free(expected);
    tensor_free(host);
    tensor_free(own);
    tensor_free(back);
}
END_TEST

/* ---- optimizers -------------------------------------------------------------------------------------- */

enum { MANY = (1 << 20) + 1000 }; /* more than are made float32 at a time */

static void step_on(struct optimizer *optimizer, struct tensor *parameters,
                    const struct tensor *gradients)
{
    for (int step = 0; step < 2; step++) {
        optimizer_step_begin(optimizer, 0);
        optimizer_step_on(optimizer, 0, MANY, tensor_floats(parameters), gradients->data,
                          gradients->dtype, 0.25);
        optimizer_step_end(optimizer);
    }
}

/* _i: bit 0, AdamW; bit 1, gradients of bfloat16. */
START_TEST(gradients_with_a_factor_step_as_on_the_processor)
{
    const struct optimizer_options options =
        optimizer_defaults(_i & 1 ? OPTIMIZER_ADAMW : OPTIMIZER_SGD);
    struct tensor *parameters = random_on_host(MEMORY_PARAMETER, SHAPE(MANY), 4);
    struct tensor *gradients = random_on_host(MEMORY_GRADIENT, SHAPE(MANY), 5);
    if (_i & 2) {
        struct tensor *narrow = tensor_narrowed(gradients, DTYPE_BFLOAT16, MEMORY_GRADIENT);
        tensor_free(gradients);
        gradients = narrow;
    }
    struct tensor *gpu = on_gpu(parameters), *gpu_gradients = on_gpu(gradients);
    struct optimizer *one = optimizer_new_for(&options, DEVICE_CPU, MANY);
    struct optimizer *other = optimizer_new_for(&options, DEVICE_CUDA, MANY);
    step_on(one, parameters, gradients);
    step_on(other, gpu, gpu_gradients);
    ck_assert(assert_close("parameters", gpu, parameters, tolerance_default(DTYPE_FLOAT32)));
    ck_assert(assert_close("state", optimizer_state(other, 0), optimizer_state(one, 0),
                           tolerance_default(DTYPE_FLOAT32)));
    optimizer_free(one);
    optimizer_free(other);
    tensor_free(parameters);
    tensor_free(gradients);
    tensor_free(gpu);
    tensor_free(gpu_gradients);
}
END_TEST

/* Its state is in the host's memory, and the processor steps. */
START_TEST(an_optimizer_on_the_host_stays_there)
{
    const struct optimizer_options options = optimizer_defaults(OPTIMIZER_ADAMW);
    struct optimizer *optimizer = optimizer_new_on_host(&options, a_gpu(), MANY);
    struct tensor *parameters = random_on_host(MEMORY_HOST, SHAPE(MANY), 6);
    struct tensor *gradients = random_on_host(MEMORY_HOST, SHAPE(MANY), 7);
    const float before = tensor_floats(parameters)[MANY - 1];
    step_on(optimizer, parameters, gradients);
    ck_assert_int_eq(optimizer_state(optimizer, 1)->device, DEVICE_CPU);
    ck_assert_float_ne(tensor_floats(parameters)[MANY - 1], before);
    optimizer_free(optimizer);
    tensor_free(parameters);
    tensor_free(gradients);
}
END_TEST

/* ---- comparisons ------------------------------------------------------------------------------------- */

START_TEST(a_difference_is_found_on_the_gpu)
{
    struct tensor *expected = random_on_host(MEMORY_WORKSPACE, SHAPE(4, 5), 8);
    struct tensor *found = on_gpu(expected);
    ck_assert(closeness_of(found, expected, tolerance_gradient()).close);
    const float wrong = 1000;
    tensor_put(found, 13, 1, &wrong);
    const struct closeness closeness = closeness_of(found, expected, tolerance_gradient());
    char text[CLOSENESS_TEXT_SIZE];
    closeness_text(&closeness, "y", found, expected, tolerance_gradient(), text);
    ck_assert_int_eq(closeness.mismatched, 1);
    ck_assert_msg(strstr(text, "at (2, 3): found 1000, expected") != NULL, "%s", text);
    tensor_free(found);
    tensor_free(expected);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("a GPU's tensors and the processor");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_tensor_file_holds_what_was_on_the_gpu);
    tcase_add_loop_test(tests, slices_are_cut_and_put_back_on_any_device, 0, 4);
    tcase_add_test(tests, transfers_go_between_the_host_and_the_gpu);
    tcase_add_loop_test(tests, gradients_with_a_factor_step_as_on_the_processor, 0, 4);
    tcase_add_test(tests, an_optimizer_on_the_host_stays_there);
    tcase_add_test(tests, a_difference_is_found_on_the_gpu);
    suite_add_tcase(suite, tests);
    return suite;
}
