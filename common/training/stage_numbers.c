/*
 * The parameters and gradients that a layer works with: in the stage's arenas, or put there by the program for a
 * while (stage.h). Those of 16 bits are widened while the layer runs.
 */
#include "common/training/stage_parts.h"

#include "common/base/device.h"
#include "common/base/device_numbers.h"
#include "common/base/fatal.h"
#include "common/kernels/kernels.h"

#include <string.h>

/* ---- while a layer runs ---- */

/* A float32 copy of the numbers. */
static struct tensor *widened(const struct tensor *numbers, size_t first, size_t count)
{
    struct tensor *wide =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, numbers->device, shape_flat(count));
    const char *from = (const char *)numbers->data + first * dtype_bytes(numbers->dtype);
    kernels_for(numbers->device)->widen(numbers->dtype, count, from, tensor_floats(wide));
    return wide;
}

/* A layer's numbers: `all` of the stage, from *first on, or those that were put there; NULL: there are none. */
static struct tensor *numbers_of(const struct stage *stage, struct tensor *all,
                                 struct tensor *const *put, int i, size_t *first)
{
    *first = all != NULL ? stage->offset[i] : 0;
    return all != NULL ? all : put[i];
}

static float *floats_of(struct tensor *numbers, size_t first, size_t count, struct tensor **wide)
{
    if (numbers->dtype == DTYPE_FLOAT32)
        return tensor_floats(numbers) + (numbers->device == DEVICE_META ? 0 : first);
    *wide = widened(numbers, first, count);
    return tensor_floats(*wide);
}

struct layer_numbers stage_numbers_begin(const struct stage *stage, int i, const struct pass *pass,
                                         bool wants_gradients)
{
    const int layer = stage->options.first_layer + i;
    const size_t count = stage->layer[i].parameter_count;
    struct layer_numbers numbers = {.memory = {.pass = pass, .layer = layer}};
    size_t first;
    if (stage->buffers != NULL)
        numbers.memory.buffers = tensor_floats(stage->buffers) + stage->buffer_offset[i];
    if (stage->tied != NULL) {
        numbers.memory.tied = tensor_floats(stage->parameters) + stage->tied_offset;
        numbers.memory.tied_gradient = tensor_floats(stage->gradients) + stage->tied_offset;
        numbers.memory.tied_shape = stage->tied->shape;
    }
    if (count == 0)
        return numbers;
    struct tensor *parameters =
        numbers_of(stage, stage->parameters, stage->layer_parameters, i, &first);
    if (parameters == NULL)
        fatal("stage %d: layer %d runs, and its parameters are not there: they are put there "
              "(stage_put_parameters) before its forward, and again before its backward if they "
              "were taken away between the two",
              stage->options.index, layer);
    numbers.memory.parameters = floats_of(parameters, first, count, &numbers.wide_parameters);
    struct tensor *gradients =
        numbers_of(stage, stage->gradients, stage->layer_gradients, i, &first);
    if (gradients == NULL && wants_gradients)
        fatal("stage %d: the backward of layer %d runs, and there is no room for its gradients: it "
              "is put there (stage_put_gradients) before",
              stage->options.index, layer);
    if (gradients != NULL && (wants_gradients || gradients->dtype == DTYPE_FLOAT32))
        numbers.memory.gradients = floats_of(gradients, first, count, &numbers.wide_gradients);
    return numbers;
}

void stage_numbers_end(const struct stage *stage, int i, struct layer_numbers *numbers)
{
    const struct tensor *wide = numbers->wide_gradients;
    if (wide != NULL) {
        size_t first;
        struct tensor *gradients =
            numbers_of(stage, stage->gradients, stage->layer_gradients, i, &first);
        char *to = (char *)gradients->data + first * dtype_bytes(gradients->dtype);
        kernels_for(wide->device)
            ->narrow(gradients->dtype, wide->elements, tensor_floats(wide), to);
    }
    tensor_free(numbers->wide_parameters);
    tensor_free(numbers->wide_gradients);
}

/* ---- put and taken ---- */

static const char *const words[] = {"parameters", "gradients"};

static void put(const struct stage *stage, struct tensor **of, int what, int layer,
                struct tensor *numbers, enum dtype dtype)
{
    char found[SHAPE_TEXT_SIZE];
    size_t begin, end;
    stage_layer_range(stage, layer, &begin, &end);
    struct tensor **place = &of[layer - stage->options.first_layer];
    if (numbers == NULL)
        fatal("stage %d: stage_put_%s of layer %d was given NULL", stage->options.index,
              words[what], layer);
    tensor_taken(numbers, words[what], what == 0 ? "stage_put_parameters" : "stage_put_gradients");
    if (numbers->elements != end - begin || numbers->dtype != dtype ||
        numbers->device != stage->options.device)
        fatal("stage %d: stage_put_%s of layer %d was given %s %s; expected %s (%zu) on the "
              "stage's device%s",
              stage->options.index, words[what], layer, dtype_name(numbers->dtype),
              shape_text(numbers->shape, found), dtype_name(dtype), end - begin,
              device_misplaced(numbers->device, stage->options.device));
    if (*place != NULL)
        fatal("stage %d: the %s of layer %d are put there, and they are there already: "
              "stage_take_%s comes first",
              stage->options.index, words[what], layer, words[what]);
    tensor_take_over(numbers);
    *place = numbers;
}

static struct tensor *take(const struct stage *stage, struct tensor **of, int what, int layer)
{
    stage_layer(stage, layer); /* fatal where it is not here */
    struct tensor **place = &of[layer - stage->options.first_layer], *numbers = *place;
    if (numbers == NULL)
        fatal("stage %d: the %s of layer %d are taken, and they are not there: stage_put_%s comes "
              "first",
              stage->options.index, words[what], layer, words[what]);
    *place = NULL;
    return tensor_handed_out(numbers);
}

static void must_come_and_go(const struct stage *stage, bool comes_and_goes, int what)
{
    if (!comes_and_goes)
        fatal("stage %d has all its %s in one piece: nothing can be put in their place, or taken",
              stage->options.index, words[what]);
}

void stage_put_parameters(struct stage *stage, int layer, struct tensor *parameters)
{
    must_come_and_go(stage, stage->options.parameters_come_and_go, 0);
    put(stage, stage->layer_parameters, 0, layer, parameters, stage->options.precision);
}

void stage_put_gradients(struct stage *stage, int layer, struct tensor *gradients)
{
    must_come_and_go(stage, stage->options.gradients_come_and_go, 1);
    put(stage, stage->layer_gradients, 1, layer, gradients, stage->options.gradients);
}

struct tensor *stage_take_parameters(struct stage *stage, int layer)
{
    must_come_and_go(stage, stage->options.parameters_come_and_go, 0);
    return take(stage, stage->layer_parameters, 0, layer);
}

struct tensor *stage_take_gradients(struct stage *stage, int layer)
{
    must_come_and_go(stage, stage->options.gradients_come_and_go, 1);
    return take(stage, stage->layer_gradients, 1, layer);
}

/* ---- how they begin ---- */

size_t stage_parameter_count(const struct stage *stage)
{
    return stage->count;
}

/* The part of a layer that lies in begin, …, end - 1. */
static void initial_values_of(const struct stage *stage, int i, size_t begin, size_t end, char *to)
{
    const size_t first = stage->offset[i], count = stage->layer[i].parameter_count;
    const size_t from = begin > first ? begin : first;
    const size_t until = end < first + count ? end : first + count;
    const enum dtype dtype = stage->options.precision;
    if (from >= until)
        return;
    const size_t bytes = (until - from) * dtype_bytes(dtype);
    char *place = to + (from - begin) * dtype_bytes(dtype);
    if (device_owns(to)) {
        void *room = memory_allocate(MEMORY_WORKSPACE, bytes);
        initial_values_of(stage, i, from, until, room);
        device_copy_in(place, room, bytes);
        memory_release(MEMORY_WORKSPACE, room, bytes);
        return;
    }
    if (dtype == DTYPE_FLOAT32 && from == first && until == first + count) {
        layer_initialise(&stage->layer[i], stage->options.seed, (float *)(void *)place);
        return;
    }
    struct tensor *all = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape_flat(count));
    layer_initialise(&stage->layer[i], stage->options.seed, tensor_floats(all));
    const float *values = tensor_floats(all) + (from - first);
    if (dtype == DTYPE_FLOAT32)
        memcpy(place, values, bytes);
    else
        kernels_for(DEVICE_CPU)->narrow(dtype, until - from, values, place);
    tensor_free(all);
}

void stage_initial_parameters(const struct stage *stage, size_t begin, size_t count, void *to)
{
    if (begin > stage->count || count > stage->count - begin)
        fatal("stage %d: it has %zu parameters, and asked for are %zu from %zu on",
              stage->options.index, stage->count, count, begin);
    for (int i = 0; i < stage->options.layers && stage->options.device != DEVICE_META; i++)
        initial_values_of(stage, i, begin, begin + count, to);
}
