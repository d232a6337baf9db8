/*
 * A layer against PyTorch: a fixture (fixtures/generate*.py) has CASE.x, CASE.y, CASE.dy, CASE.dx,
 * CASE.parameter.NAME and CASE.gradient.NAME.
 */
#ifndef COMMON_LAYERS_TESTS_LAYER_AND_PYTORCH_H
#define COMMON_LAYERS_TESTS_LAYER_AND_PYTORCH_H

#include "common/layers/layer.h"
#include "tests/support/fixture.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct layer_case {
    const char *name; /* in the fixture */
    struct layer (*build)(struct shape input, int a, int b);
    int a, b; /* sizes for `build` */
};

static inline struct shape without_batch(struct shape shape)
{
    struct shape sample = {.dimensions = shape.dimensions - 1};
    for (int i = 0; i < sample.dimensions; i++)
        sample.size[i] = shape.size[i + 1];
    return sample;
}

static inline int count_prefix(const struct tensor_file *file, const char *name, const char *group)
{
    char prefix[128];
    int count = 0, length = snprintf(prefix, sizeof prefix, "%s.%s.", name, group);
    for (int i = 0; i < tensor_file_count(file); i++)
        count += strncmp(tensor_file_name(file, i), prefix, (size_t)length) == 0;
    return count;
}

static inline void check_gradients(const struct layer_case *which, const struct tensor_file *file,
                                   const struct layer *layer, const float *gradients, float times)
{
    for (int k = 0; k < layer->parameters; k++) {
        const struct parameter *parameter = &layer->parameter[k];
        struct tensor *found = fixture_wrap(gradients + parameter->offset, parameter->shape);
        for (int i = 0; i < found->count; i++)
            tensor_floats(found)[i] /= times;
        fixture_compare(which->name, parameter->name, found,
                        fixture_get(file, "%s.gradient.%s", which->name, parameter->name),
                        tolerance_gradient());
        tensor_free(found);
    }
}

/* A forward and a backward; the layer gets to work in place, or not, as `shared` says. Tokens have no
 * dx, wanted or not. */
static inline void run_layer(const struct layer_case *which, const struct tensor_file *file,
                             const struct layer *layer, struct layer_memory memory, bool shared,
                             bool want_dx)
{
    struct tensor *x = to_device(fixture_copy(fixture_get(file, "%s.x", which->name)));
    struct tensor *dy = to_device(fixture_copy(fixture_get(file, "%s.dy", which->name)));
    struct saved *saved = saved_new(layer);
    if (shared) {
        tensor_retain(x);
        tensor_retain(dy);
    }
    struct tensor *y = layer_forward(layer, memory, saved, x);
    fixture_compare(which->name, "y", y, fixture_get(file, "%s.y", which->name),
                    tolerance_default(DTYPE_FLOAT32));
    tensor_free(y);
    struct tensor *dx = layer_backward_input(layer, memory, saved, dy, want_dx);
    bool expected = want_dx && layer->input_dtype == DTYPE_FLOAT32;
    ck_assert_msg((dx != NULL) == expected, "%s: dx was %swanted", which->name,
                  expected ? "" : "not ");
    if (expected)
        fixture_compare(which->name, "dx", dx, fixture_get(file, "%s.dx", which->name),
                        tolerance_gradient());
    tensor_free(dx);
    layer_backward_weight(layer, memory, saved);
    if (shared) {
        struct tolerance exact = {.norm = 0};
        fixture_compare(which->name, "x after", x, fixture_get(file, "%s.x", which->name), exact);
        fixture_compare(which->name, "dy after", dy, fixture_get(file, "%s.dy", which->name),
                        exact);
        tensor_free(x);
        tensor_free(dy);
    }
    ck_assert_msg(memory_live(MEMORY_ACTIVATION) == 0, "%s: %zu bytes are still held", which->name,
                  memory_live(MEMORY_ACTIVATION));
    saved_free(saved);
}

/* Three times: with x and dy to itself, shared with others, and without a dx. */
static inline void layer_agrees(const char *fixture, const struct layer_case *which)
{
    struct tensor_file *file = fixture_open(fixture);
    struct tensor *x = fixture_get(file, "%s.x", which->name);
    struct tensor *y = fixture_get(file, "%s.y", which->name);
    struct layer layer = which->build(without_batch(x->shape), which->a, which->b);
    ck_assert(shape_equal(layer.output, without_batch(y->shape)));
    ck_assert_int_eq(layer.parameters, count_prefix(file, which->name, "parameter"));

    /* One element in: parameters in an arena lie anywhere. */
    float *arena = calloc(2 * layer.parameter_count + 2, sizeof *arena);
    float *buffers = calloc(layer.buffer_count + 1, sizeof *buffers);
    float *parameters = arena + 1, *gradients = arena + 2 + layer.parameter_count;
    size_t total = 0;
    for (int k = 0; k < layer.parameters; k++) {
        const struct parameter *parameter = &layer.parameter[k];
        struct tensor *value = fixture_get(file, "%s.parameter.%s", which->name, parameter->name);
        ck_assert(shape_equal(value->shape, parameter->shape));
        memcpy(parameters + parameter->offset, value->data, tensor_bytes(value));
        total += (size_t)value->count;
    }
    ck_assert_uint_eq(total, layer.parameter_count);
    const size_t arena_bytes = (2 * layer.parameter_count + 2) * sizeof *arena;
    float *lent = lend(arena, arena_bytes),
          *lent_buffers = lend(buffers, (layer.buffer_count + 1) * sizeof *buffers);
    struct layer_memory memory = {.parameters = lent + 1,
                                  .gradients = lent + 2 + layer.parameter_count,
                                  .buffers = lent_buffers};

    for (int times = 1; times <= 3; times++) { /* the gradients add up */
        run_layer(which, file, &layer, memory, times == 2, times < 3);
        look_at_lent(lent, arena, arena_bytes);
        check_gradients(which, file, &layer, gradients, (float)times);
    }
    lent_free(lent, arena);
    lent_free(lent_buffers, buffers);
    free(arena);
    free(buffers);
    layer_destroy(&layer);
    tensor_file_free(file);
}

#endif
