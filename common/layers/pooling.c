/*
 * The description of a pooling layer (layers/pooling.h).
 */
#include "common/layers/pooling.h"

#include "common/base/fatal.h"

struct pooling_sizes layer_pooling_sizes(const struct layer *layer, const struct tensor *x)
{
    return (struct pooling_sizes){.planes = x->shape.size[0] * layer->input.size[0],
                                  .height = layer->input.size[1],
                                  .width = layer->input.size[2],
                                  .kernel = layer->kernel,
                                  .stride = layer->stride,
                                  .padding = layer->padding};
}

static void pooling_must_fit(const char *what, struct shape input,
                             const struct pooling_options *options)
{
    char text[SHAPE_TEXT_SIZE];
    const int kernel = options->kernel, padding = options->padding;
    if (kernel < 1 || options->stride < 1 || padding < 0 || padding > kernel / 2)
        fatal("%s with a %d×%d window, stride %d and padding %d: window and stride must be at "
              "least 1, and the padding at most half of the window, so that no window lies in it",
              what, kernel, kernel, options->stride, padding);
    if (input.dimensions != 3 || kernel > input.size[1] + 2 * padding ||
        kernel > input.size[2] + 2 * padding)
        fatal("%s with a %d×%d window needs an input (channels, height, width) that, with %d of "
              "padding on each side, is no smaller than the window, not %s",
              what, kernel, kernel, padding, shape_text(input, text));
}

struct layer layer_pooling(const struct layer_operations *operations, const char *what,
                           struct shape input, struct pooling_options options)
{
    options.stride = options.stride == 0 ? options.kernel : options.stride;
    pooling_must_fit(what, input, &options);
    struct shape output =
        SHAPE(input.size[0],
              windows_along(input.size[1], options.kernel, options.stride, options.padding),
              windows_along(input.size[2], options.kernel, options.stride, options.padding));
    double flops = (double)shape_count(output) * options.kernel * options.kernel;
    return layer_made((struct layer){.operations = operations,
                                     .input = input,
                                     .output = output,
                                     .kernel = options.kernel,
                                     .stride = options.stride,
                                     .padding = options.padding,
                                     .forward_flops = flops,
                                     .backward_input_flops = flops});
}
