/*
 * Tests of what the driver stores of layers that are split: slices of the whole that
 * one process has, with its numbers.
 */
#include "common/driver/driver_parts.h"
#include "common/layers/custom_layer.h"
#include "tests/support/test.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 21

/* (outputs, inputs) = (6, 4): two linear layers, of the second a slice on each of two ranks. */
static struct layer layers[2];
static struct model model;

static void set_slice(struct parameter *parameter, struct slice slice)
{
    parameter->slice = slice;
    ck_assert(shape_equal(parameter->shape, slice_shape(&slice)));
}

static void make_model(int outputs)
{
    layers[0] = layer_linear(SHAPE(4), 4);
    layers[1] = layer_linear(SHAPE(4), outputs);
    layers[1].index = 1;
    model = (struct model){.layers = 2, .layer = layers, .input = SHAPE(4), .outputs = 6};
}

static struct stage *make_stage(void)
{
    return stage_new(
        &model,
        &(struct stage_options){
            .stages = 1, .layers = 2, .micro_batch_size = 1, .micro_batches = 1, .seed = SEED});
}

/* Rows r, r + 2 and r + 4 of six. */
static struct slice share(struct shape whole, int r)
{
    struct slice slice = slice_along(whole, 0, r, r + 1);
    slice_add(&slice, 0, r + 2, r + 3);
    slice_add(&slice, 0, r + 4, r + 5);
    return slice;
}

/* What rank r stores before step 3; the caller frees it. */
static struct tensor_file *stored(const char *folder, int r)
{
    struct options options = options_defaults(NULL);
    char error[TENSOR_FILE_ERROR_SIZE];
    snprintf(options.evidence, sizeof options.evidence, "%s", folder);
    options.snapshots = 1;
    options.snapshot[0] = 3;
    struct stage *stage = make_stage();
    struct trained_stage one = {.stage = stage,
                                .optimizer = optimizer_new(&options.optimizer, stage)};
    struct run run = {.options = &options, .rank = r, .stages = 1, .trained = &one};
    driver_evidence_before_step(&run, 2); /* not one of those asked for */
    driver_evidence_before_step(&run, 3);
    optimizer_free(one.optimizer);
    stage_free(stage);
    g_autofree char *path = g_strdup_printf("%s/rank-%d.stage-0.before-3.safetensors", folder, r);
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    ck_assert_msg(file != NULL, "%s", error);
    return file;
}

/* The whole's numbers: element `i` of parameter p of the second layer, in one process. */
static float *numbers_of_one_process(int p)
{
    make_model(6);
    struct stage *stage = make_stage();
    struct tensor *flat = stage_layer_parameters(stage, 1);
    float *numbers = g_memdup2(tensor_floats(flat) + layers[1].parameter[p].offset,
                               sizeof(float) * shape_elements(layers[1].parameter[p].shape));
    tensor_free(flat);
    stage_free(stage);
    return numbers;
}

START_TEST(slices_of_parameters_are_told_with_the_numbers_of_one_process)
{
    static const char *const names[] = {"layers.1.weight", "layers.1.bias",
                                        "layers.1.weight.momentum_buffer"};
    char *folder = test_folder_new(), error[TENSOR_FILE_ERROR_SIZE];
    for (int r = 0; r < 2; r++)
        for (int p = 0; p < 3; p++) {
            g_autofree float *whole = numbers_of_one_process(p % 2);
            make_model(3);
            set_slice(&layers[1].parameter[0], share(SHAPE(6, 4), r));
            set_slice(&layers[1].parameter[1], share(SHAPE(6), r));
            struct tensor_file *file = stored(folder, r);
            int index = 0, count;
            while (strcmp(tensor_file_name(file, index), names[p]) != 0)
                index++;
            struct tensor_part *part = tensor_file_parts(file, index, &count, error);
            ck_assert_msg(part != NULL, "%s", error);
            ck_assert_int_eq(count, 1);
            ck_assert_str_eq(part->whole, names[p]);
            ck_assert(shape_equal(part->slice.whole, p == 1 ? SHAPE(6) : SHAPE(6, 4)));
            int row = p == 1 ? 1 : 4;
            for (int i = 0; i < 3 * row; i++) {
                int place = (r + 2 * (i / row)) * row + i % row;
                ck_assert_uint_eq(slice_place(&part->slice, (size_t)i), place);
                ck_assert_float_eq(tensor_floats(tensor_file_at(file, index))[i],
                                   p == 2 ? 0 : whole[place]);
            }
            free(part);
            tensor_file_free(file);
        }
    test_folder_free(folder);
}
END_TEST

/* Running averages of two of four channels: as they begin, and where they stand in the whole. */
START_TEST(slices_of_running_averages_are_told)
{
    char *folder = test_folder_new(), error[TENSOR_FILE_ERROR_SIZE];
    make_model(6);
    layers[1] = layer_batch_norm(SHAPE(2));
    layers[1].index = 1;
    const struct slice slice = slice_along(SHAPE(4), 0, 1, 3);
    for (int k = 0; k < 2; k++)
        layers[1].buffer[k] =
            layer_buffer_part(&(struct buffer){.name = {k == 0 ? 'm' : 'v'},
                                               .shape = SHAPE(4),
                                               .offset = 2 * (size_t)k,
                                               .initial = k == 0 ? INITIAL_ZERO : INITIAL_ONE},
                              slice);
    struct tensor_file *file = stored(folder, 0);
    for (int k = 0; k < 2; k++) {
        int index = 0, count;
        while (strcmp(tensor_file_name(file, index), k == 0 ? "layers.1.m" : "layers.1.v") != 0)
            index++;
        struct tensor_part *part = tensor_file_parts(file, index, &count, error);
        ck_assert_msg(part != NULL, "%s", error);
        ck_assert_int_eq(count, 1);
        ck_assert(shape_equal(part->slice.whole, SHAPE(4)));
        for (int i = 0; i < 2; i++) {
            ck_assert_uint_eq(slice_place(&part->slice, (size_t)i), 1 + i);
            ck_assert_float_eq(tensor_floats(tensor_file_at(file, index))[i], (float)k);
        }
        free(part);
    }
    tensor_file_free(file);
    test_folder_free(folder);
}
END_TEST

/* Of n outputs and k inputs: forward n products and sums of length k, with n biases; backward the same for the
 * parameters, and the products again for the inputs. */
START_TEST(costs_of_a_sample_are_told)
{
    char *folder = test_folder_new();
    make_model(6);
    struct tensor_file *file = stored(folder, 0);
    const int products = 2 * 4 * 4 + 2 * 6 * 4, biases = 4 + 6;
    g_autofree char *forward = g_strdup_printf("%d", products + biases);
    g_autofree char *backward = g_strdup_printf("%d", 2 * products + biases);
    ck_assert_str_eq(tensor_file_metadata(file, "forward_flops"), forward);
    ck_assert_str_eq(tensor_file_metadata(file, "backward_flops"), backward);
    tensor_file_free(file);
    test_folder_free(folder);
}
END_TEST

START_TEST(slices_are_known_inside_of_other_layers)
{
    struct layer inner = layer_linear(SHAPE(4), 3);
    set_slice(&inner.parameter[0], share(SHAPE(6, 4), 1));
    struct layer outer = layer_sequence(&inner, 1);
    struct slice weight = layer_parameter_slice(&outer.parameter[0]);
    struct slice bias = layer_parameter_slice(&outer.parameter[1]);
    ck_assert(shape_equal(weight.whole, SHAPE(6, 4)));
    ck_assert_uint_eq(slice_place(&weight, 4), 3 * 4);
    ck_assert(slice_is_all(&bias) && shape_equal(bias.whole, SHAPE(3)));
    layer_destroy(&outer);

    inner = layer_batch_norm(SHAPE(2));
    inner.buffer[1] = layer_buffer_part(&(struct buffer){.name = "v", .shape = SHAPE(4)},
                                        slice_along(SHAPE(4), 0, 1, 3));
    outer = layer_sequence(&inner, 1);
    const struct slice variance = layer_buffer_slice(&outer.buffer[1]);
    ck_assert(shape_equal(variance.whole, SHAPE(4)));
    ck_assert_uint_eq(slice_place(&variance, 0), 1);
    layer_destroy(&outer);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("evidence of the driver");
    TCase *cases = tcase_create("evidence");
    tcase_add_test(cases, slices_of_parameters_are_told_with_the_numbers_of_one_process);
    tcase_add_test(cases, slices_of_running_averages_are_told);
    tcase_add_test(cases, costs_of_a_sample_are_told);
    tcase_add_test(cases, slices_are_known_inside_of_other_layers);
    suite_add_tcase(suite, cases);
    return suite;
}
