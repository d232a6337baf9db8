/*
 * Tests of tensor.h: shapes, references, views and their memory.
 */
#include "common/base/tensor.h"
#include "common/files/tensor_file.h"
#include "common/training/assert_close.h"
#include "tests/support/test.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct tensor *floats(struct shape shape)
{
    return tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, shape);
}

START_TEST(counts_elements)
{
    ck_assert_int_eq(shape_count(SHAPE(2, 3, 4, 5)), 120);
    ck_assert_int_eq(shape_count(SHAPE(7)), 7);
    ck_assert_int_eq(shape_count(SHAPE(7, 0)), 0);
    ck_assert_int_eq(shape_count((struct shape){.dimensions = 0}), 1);
    ck_assert_int_eq(shape_count(SHAPE(INT_MAX, 1)), INT_MAX);
}
END_TEST

START_TEST(compares_and_prints_shapes)
{
    char text[SHAPE_TEXT_SIZE];
    ck_assert(shape_equal(SHAPE(3, 4), SHAPE(3, 4)));
    ck_assert(!shape_equal(SHAPE(3, 4), SHAPE(4, 3)));
    ck_assert(!shape_equal(SHAPE(3, 4), SHAPE(3, 4, 1)));
    ck_assert_str_eq(shape_text(SHAPE(64, 10), text), "(64, 10)");
    ck_assert_str_eq(shape_text(SHAPE(64), text), "(64)");
    ck_assert_str_eq(shape_text((struct shape){.dimensions = 0}, text), "()");
    ck_assert_str_eq(shape_text(SHAPE(INT_MIN, INT_MIN, INT_MIN, INT_MIN), text),
                     "(-2147483648, -2147483648, -2147483648, -2147483648)");
    ck_assert(shape_equal(shape_with_batch(8, SHAPE(3, 32, 32)), SHAPE(8, 3, 32, 32)));
    ck_assert(shape_equal(shape_with(SHAPE(8, 3, 32), 1, 2), SHAPE(8, 2, 32)));
    ck_assert(shape_equal(shape_with(SHAPE(8, 3, 32), 0, 1), SHAPE(1, 3, 32)));
    ck_assert(shape_equal(shape_with_last(SHAPE(8, 3, 32), 5), SHAPE(8, 3, 5)));
}
END_TEST

START_TEST(accounts_for_its_memory)
{
    struct tensor *tensor = floats(SHAPE(5, 7));
    ck_assert_int_eq(tensor->count, 35);
    ck_assert_uint_eq(tensor_bytes(tensor), 140);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 140);
    tensor_retain(tensor);
    tensor_free(tensor);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 140);
    tensor_free(tensor);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
    tensor_free(NULL);
}
END_TEST

START_TEST(a_view_shares_memory_and_keeps_it_alive)
{
    struct tensor *base = floats(SHAPE(4, 3));
    for (int i = 0; i < 12; i++)
        tensor_floats(base)[i] = (float)i;
    ck_assert(!tensor_is_shared(base));
    struct tensor *view = tensor_view(base, 3, SHAPE(3, 2));
    ck_assert(tensor_is_shared(base));
    ck_assert(tensor_is_shared(view));
    ck_assert_ptr_eq(tensor_floats(view), tensor_floats(base) + 3);
    struct tensor *inner = tensor_view(view, 4, SHAPE(2));
    tensor_free(view);
    tensor_free(base);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 48);
    ck_assert_float_eq(tensor_floats(inner)[0], 7);
    ck_assert_float_eq(tensor_floats(inner)[1], 8);
    tensor_free(inner);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
}
END_TEST

START_TEST(sharing_ends_with_the_view)
{
    struct tensor *base = floats(SHAPE(4));
    tensor_free(tensor_view(base, 0, SHAPE(4)));
    ck_assert(!tensor_is_shared(base));
    tensor_free(base);
}
END_TEST

START_TEST(zero_and_copy)
{
    struct tensor *from = floats(SHAPE(2, 3)), *to = floats(SHAPE(6));
    tensor_zero(to);
    for (int i = 0; i < 6; i++) {
        ck_assert_float_eq(tensor_floats(to)[i], 0);
        tensor_floats(from)[i] = (float)i + 0.5f;
    }
    tensor_copy(to, from);
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq(tensor_floats(to)[i], (float)i + 0.5f);
    tensor_free(from);
    tensor_free(to);
}
END_TEST

START_TEST(the_meta_device_has_bytes_but_no_numbers)
{
    struct tensor *tensor =
        tensor_new(MEMORY_PARAMETER, DTYPE_BFLOAT16, DEVICE_META, SHAPE(1000, 1000, 1000));
    ck_assert_int_eq(tensor->count, 1000000000);
    ck_assert_uint_eq(memory_live(MEMORY_PARAMETER), 2000000000u);
    struct tensor *view = tensor_view(tensor, 500, SHAPE(10));
    tensor_zero(tensor);
    struct tensor *other = tensor_new(MEMORY_PARAMETER, DTYPE_BFLOAT16, DEVICE_META, SHAPE(10));
    tensor_copy(other, view);
    /* What MPI reads and writes is there, up to the last byte. */
    memset(tensor->data, 1, 16);
    ((char *)tensor->data)[TENSOR_META_MESSAGE_BYTES - 1] = 2;
    ck_assert_int_eq(((char *)tensor->data)[TENSOR_META_MESSAGE_BYTES - 1], 2);
    tensor_free(other);
    tensor_free(view);
    tensor_free(tensor);
    ck_assert_uint_eq(memory_live(MEMORY_PARAMETER), 0);
}
END_TEST

START_TEST(a_place_is_told_by_its_indices)
{
    char text[SHAPE_TEXT_SIZE];
    ck_assert_str_eq(shape_place_text(SHAPE(64, 10), 13, text), "(1, 3)");
    ck_assert_str_eq(shape_place_text(SHAPE(2, 3, 4), 23, text), "(1, 2, 3)");
    ck_assert_str_eq(shape_place_text(SHAPE(5), 0, text), "(0)");
}
END_TEST

/* MPI refuses a sum from one buffer into the same. */
START_TEST(meta_tensors_begin_at_different_places)
{
    struct tensor *x = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_META, SHAPE(64, 10));
    struct tensor *sum = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_META, SHAPE(64, 10));
    struct tensor *view = tensor_view(sum, 0, SHAPE(640));
    ck_assert_ptr_ne(x->data, sum->data);
    ck_assert_ptr_eq(view->data, sum->data);
    tensor_free(view);
    tensor_free(sum);
    tensor_free(x);
}
END_TEST

START_TEST(a_meta_tensor_may_be_larger_than_an_int_counts)
{
    struct tensor *tensor =
        tensor_new(MEMORY_GRADIENT, DTYPE_FLOAT32, DEVICE_META, SHAPE(8, 96, 2048, 2048));
    ck_assert_uint_eq(tensor->elements, 3221225472u);
    ck_assert_int_eq(tensor->count, -1);
    ck_assert_uint_eq(memory_live(MEMORY_GRADIENT), (size_t)4 * 3221225472u);
    struct tensor *view = tensor_view(tensor, 3000000000u, SHAPE(221225472));
    ck_assert_uint_eq(view->elements, 221225472);
    tensor_free(view);
    tensor_free(tensor);
    ck_assert_uint_eq(memory_live(MEMORY_GRADIENT), 0);
    ck_assert(shape_equal(shape_flat(INT_MAX), SHAPE(INT_MAX)));
    ck_assert(shape_equal(shape_flat((size_t)INT_MAX + 1), SHAPE(2097152, 1024)));
    ck_assert(shape_equal(shape_flat((size_t)INT_MAX + 2), SHAPE(2097153, 1024)));
}
END_TEST

START_TEST(dtypes)
{
    ck_assert_uint_eq(dtype_bytes(DTYPE_FLOAT32), 4);
    ck_assert_uint_eq(dtype_bytes(DTYPE_BFLOAT16), 2);
    ck_assert_uint_eq(dtype_bytes(DTYPE_INT32), 4);
    ck_assert_str_eq(dtype_name(DTYPE_BFLOAT16), "bfloat16");
    ck_assert_uint_eq(dtype_bytes(DTYPE_FLOAT16), 2);
    ck_assert_str_eq(dtype_name(DTYPE_FLOAT16), "float16");
    ck_assert(dtype_is_sixteen_bits(DTYPE_BFLOAT16) && dtype_is_sixteen_bits(DTYPE_FLOAT16));
    ck_assert(!dtype_is_sixteen_bits(DTYPE_FLOAT32) && !dtype_is_sixteen_bits(DTYPE_INT32));
}
END_TEST

static int visited[8], visits;

static void visit(const struct tensor *tensor, struct tensor_origin origin)
{
    ck_assert_uint_eq(tensor_bytes(tensor), 4 * (size_t)origin.micro_batch);
    visited[visits++] = origin.what;
}

static void expect_held(int count, const int *what)
{
    visits = 0;
    tensor_visit_held(visit);
    ck_assert_int_eq(visits, count);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(visited[i], what[i]);
}

START_TEST(what_the_program_holds_is_known)
{
    struct tensor *tensor[6];
    for (int i = 1; i < 6; i++) {
        tensor[i] = floats(SHAPE(i));
        tensor_hand_out(tensor[i], (struct tensor_origin){.what = 10 + i, .micro_batch = i});
    }
    tensor_hand_out(NULL, (struct tensor_origin){.what = 1});
    struct tensor *view = tensor_view(tensor[4], 0, SHAPE(2));
    tensor_free(tensor[1]);
    tensor_take_over(tensor[3]);
    tensor_take_over(tensor[3]); /* of nobody's: nothing happens */
    tensor_free(tensor_retain(tensor[5]));
    expect_held(3, (int[]){15, 14, 12}); /* the newest first */
    expect_held(0, NULL);                /* told once */

    tensor_hand_out(tensor[2], (struct tensor_origin){.what = 20, .micro_batch = 2});
    expect_held(1, (int[]){20});
    tensor_free(tensor[2]);
    tensor_free(tensor[3]);
    tensor_free(tensor[5]);
    tensor_free(tensor[4]);
    tensor_free(view);
    expect_held(0, NULL);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), 0);
}
END_TEST

/* What a test that ends in the middle still holds; a global, so that it is no leak. */
static struct tensor *held[2];

START_TEST(a_size_of_no_dimension_is_fatal)
{
    shape_with(SHAPE(8, 3), 2, 1);
}
END_TEST

START_TEST(a_last_size_of_nothing_is_fatal)
{
    shape_with_last((struct shape){.dimensions = 0}, 1);
}
END_TEST

START_TEST(too_many_elements_are_fatal)
{
    shape_count(SHAPE(65536, 65536));
}
END_TEST

START_TEST(too_many_elements_for_the_cpu_are_fatal)
{
    tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(65536, 65536));
}
END_TEST

START_TEST(a_meta_tensor_has_nothing_to_compare)
{
    held[0] = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_META, SHAPE(3));
    closeness_of(held[0], held[0], tolerance_default(DTYPE_FLOAT32));
}
END_TEST

START_TEST(a_meta_tensor_has_nothing_to_store)
{
    held[0] = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_META, SHAPE(3));
    tensor_file_add(tensor_file_new(), "x", held[0]);
}
END_TEST

START_TEST(a_meta_tensor_has_nothing_to_copy_to_the_cpu)
{
    tensor_copy(held[0] = floats(SHAPE(3)),
                held[1] = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_META, SHAPE(3)));
}
END_TEST

START_TEST(a_negative_size_is_fatal)
{
    shape_count(SHAPE(3, -1));
}
END_TEST

START_TEST(a_view_outside_is_fatal)
{
    tensor_view(held[0] = floats(SHAPE(10)), 8, SHAPE(3));
}
END_TEST

START_TEST(a_view_far_outside_is_fatal)
{
    tensor_view(held[0] = floats(SHAPE(10)), SIZE_MAX - 1, SHAPE(3));
}
END_TEST

START_TEST(a_copy_of_another_size_is_fatal)
{
    tensor_copy(held[0] = floats(SHAPE(3)), held[1] = floats(SHAPE(4)));
}
END_TEST

START_TEST(cuda_is_fatal)
{
    tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CUDA, SHAPE(1));
}
END_TEST

Suite *test_suite(void)
{
    TCase *tests = tcase_create("tensor");
    tcase_add_test(tests, counts_elements);
    tcase_add_test(tests, compares_and_prints_shapes);
    tcase_add_test(tests, accounts_for_its_memory);
    tcase_add_test(tests, a_view_shares_memory_and_keeps_it_alive);
    tcase_add_test(tests, sharing_ends_with_the_view);
    tcase_add_test(tests, zero_and_copy);
    tcase_add_test(tests, the_meta_device_has_bytes_but_no_numbers);
    tcase_add_test(tests, a_place_is_told_by_its_indices);
    tcase_add_test(tests, meta_tensors_begin_at_different_places);
    tcase_add_test(tests, a_meta_tensor_may_be_larger_than_an_int_counts);
    tcase_add_test(tests, dtypes);
    tcase_add_test(tests, what_the_program_holds_is_known);
    tcase_add_exit_test(tests, a_size_of_no_dimension_is_fatal, EXIT_FAILURE);
    tcase_add_exit_test(tests, a_last_size_of_nothing_is_fatal, EXIT_FAILURE);
    tcase_add_exit_test(tests, too_many_elements_are_fatal, EXIT_FAILURE);
    tcase_add_exit_test(tests, too_many_elements_for_the_cpu_are_fatal, EXIT_FAILURE);
    tcase_add_exit_test(tests, a_meta_tensor_has_nothing_to_compare, EXIT_FAILURE);
    tcase_add_exit_test(tests, a_meta_tensor_has_nothing_to_store, EXIT_FAILURE);
    tcase_add_exit_test(tests, a_meta_tensor_has_nothing_to_copy_to_the_cpu, EXIT_FAILURE);
    tcase_add_exit_test(tests, a_negative_size_is_fatal, EXIT_FAILURE);
    tcase_add_exit_test(tests, a_view_outside_is_fatal, EXIT_FAILURE);
    tcase_add_exit_test(tests, a_view_far_outside_is_fatal, EXIT_FAILURE);
    tcase_add_exit_test(tests, a_copy_of_another_size_is_fatal, EXIT_FAILURE);
    tcase_add_exit_test(tests, cuda_is_fatal, EXIT_FAILURE);

    Suite *suite = suite_create("tensor");
    suite_add_tcase(suite, tests);
    return suite;
}
