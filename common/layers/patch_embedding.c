/*
 * Patch embedding (Dosovitskiy et al. 2020): the image is cut into square
 * patches, row by row; the pixels of each, (channels, patch, patch) in a row,
 * go through one linear map, and a learned position is added.
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

#include <string.h>

enum { SAVED_PATCHES, SAVED_DY };
enum { WEIGHT, BIAS, POSITION };

static struct patch_sizes sizes_of(const struct layer *layer, const struct tensor *x)
{
    return (struct patch_sizes){.samples = x->shape.size[0],
                                .channels = layer->input.size[0],
                                .height = layer->input.size[1],
                                .width = layer->input.size[2],
                                .patch = layer->kernel};
}

static struct shape patches_shape(const struct layer *layer)
{
    return SHAPE(layer->output.size[0], layer->input.size[0] * layer->kernel * layer->kernel);
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    const struct kernels *kernels = kernels_for(x->device);
    struct patch_sizes sizes = sizes_of(layer, x);
    int samples = sizes.samples, tokens = layer->output.size[0], width = layer->output.size[1];
    const float *parameters = memory.parameters;

    struct tensor *patches = layer_tensor_new(x, patches_shape(layer));
    kernels->cut_patches(&sizes, tensor_floats(x), tensor_floats(patches));
    tensor_free(x);

    /* y begins as bias + position: the first sample is filled in and copied to all others. */
    struct tensor *y = layer_tensor_new(patches, layer->output);
    float *out = tensor_floats(y);
    kernels->fill_rows(tokens, width, parameters + layer->parameter[BIAS].offset, out);
    kernels->add((size_t)tokens * width, parameters + layer->parameter[POSITION].offset, out);
    kernels->fill_rows(samples - 1, tokens * width, out, out + (size_t)tokens * width);
    layer_product_of(kernels, saved)(false, true, samples * tokens, width,
                                     shape_last(patches->shape), tensor_floats(patches),
                                     parameters + layer->parameter[WEIGHT].offset, 1.0f, out);
    saved_keep(saved, SAVED_PATCHES, patches);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    struct tensor *dx = NULL;
    if (want_dx) {
        const struct kernels *kernels = kernels_for(dy->device);
        struct patch_sizes sizes = sizes_of(layer, dy);
        struct tensor *dpatches = layer_tensor_new(dy, patches_shape(layer));
        layer_product_of(kernels, saved)(false, false, tensor_rows(dy), shape_last(dpatches->shape),
                                         shape_last(dy->shape), tensor_floats(dy),
                                         memory.parameters + layer->parameter[WEIGHT].offset, 0.0f,
                                         tensor_floats(dpatches));
        dx = layer_tensor_new(dy, layer->input);
        kernels->paste_patches(&sizes, tensor_floats(dpatches), tensor_floats(dx));
        tensor_free(dpatches);
    }
    saved_keep(saved, SAVED_DY, dy);
    return dx;
}

static void backward_weight(const struct layer *layer, struct layer_memory memory,
                            struct saved *saved)
{
    struct tensor *patches = saved_take(saved, SAVED_PATCHES), *dy = saved_take(saved, SAVED_DY);
    const struct kernels *kernels = kernels_for(dy->device);
    int rows = tensor_rows(dy), samples = dy->shape.size[0], width = shape_last(dy->shape);
    layer_product_of(kernels, saved)(true, false, width, shape_last(patches->shape), rows,
                                     tensor_floats(dy), tensor_floats(patches), 1.0f,
                                     memory.gradients + layer->parameter[WEIGHT].offset);
    kernels->add_column_sums(rows, width, tensor_floats(dy),
                             memory.gradients + layer->parameter[BIAS].offset);
    kernels->add_column_sums(samples, rows / samples * width, tensor_floats(dy),
                             memory.gradients + layer->parameter[POSITION].offset);
    tensor_free(patches);
    tensor_free(dy);
}

static const struct layer_operations operations = {"patch_embedding", forward, backward_input,
                                                   backward_weight};

struct layer layer_patch_embedding(struct shape input, int patch, int width)
{
    if (input.dimensions != 3 || patch < 1 || width < 1 || input.size[1] % patch != 0 ||
        input.size[2] % patch != 0) {
        char text[SHAPE_TEXT_SIZE];
        fatal("patches of %d×%d need an image (channels, height, width) whose sides they divide, "
              "not %s",
              patch, patch, shape_text(input, text));
    }
    int tokens = (input.size[1] / patch) * (input.size[2] / patch);
    int pixels = input.size[0] * patch * patch;
    struct layer layer = {
        .operations = &operations, .input = input, .output = SHAPE(tokens, width), .kernel = patch};
    layer_add_weight_and_bias(&layer, "", SHAPE(width, pixels), width, pixels);
    layer_add_parameter(&layer, "position", SHAPE(tokens, width), INITIAL_NORMAL, 0.02f);

    double product = 2.0 * tokens * pixels * width, sums = 2.0 * tokens * width;
    layer.forward_flops = layer.backward_weight_flops = product + sums;
    layer.backward_input_flops = product;
    return layer_made(layer);
}
