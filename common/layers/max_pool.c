/*
 * Max pooling over windows that do not overlap (stride = kernel). Keeps the
 * place of each maximum within its window.
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

enum { SAVED_PLACE };

static struct pooling_sizes sizes_of(const struct layer *layer, const struct tensor *x)
{
    return (struct pooling_sizes){.planes = x->shape.size[0] * layer->input.size[0],
                                  .height = layer->input.size[1],
                                  .width = layer->input.size[2],
                                  .kernel = layer->kernel};
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    (void)memory;
    struct pooling_sizes sizes = sizes_of(layer, x);
    struct tensor *y = layer_tensor_new(x, layer->output);
    struct tensor *place = tensor_new(MEMORY_ACTIVATION, DTYPE_INT32, x->device, y->shape);
    kernels_for(x->device)->max_pool(&sizes, tensor_floats(x), tensor_floats(y),
                                     tensor_integers(place));
    saved_keep(saved, SAVED_PLACE, place);
    tensor_free(x);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    (void)memory;
    struct tensor *place = saved_take(saved, SAVED_PLACE), *dx = NULL;
    if (want_dx) {
        struct pooling_sizes sizes = sizes_of(layer, dy);
        dx = layer_tensor_new(dy, layer->input);
        kernels_for(dy->device)
            ->max_pool_backward(&sizes, tensor_integers(place), tensor_floats(dy),
                                tensor_floats(dx));
    }
    tensor_free(place);
    tensor_free(dy);
    return dx;
}

static const struct layer_operations operations = {"max_pool", forward, backward_input,
                                                   layer_release_saved};

struct layer layer_max_pool(struct shape input, int kernel)
{
    if (input.dimensions != 3 || kernel < 1 || kernel > input.size[1] || kernel > input.size[2]) {
        char text[SHAPE_TEXT_SIZE];
        fatal("max pooling with a %d×%d window needs an input (channels, height, width) no smaller "
              "than the window, not %s",
              kernel, kernel, shape_text(input, text));
    }
    struct shape output = SHAPE(input.size[0], input.size[1] / kernel, input.size[2] / kernel);
    return (struct layer){.operations = &operations,
                          .input = input,
                          .output = output,
                          .kernel = kernel,
                          .forward_flops = shape_count(input),
                          .backward_input_flops = shape_count(input)};
}
