/*
 * Token embedding: a row of a table for each token, and the learned position that it stands at
 * (Radford et al. 2019, GPT-2). Tokens are int32; they have no gradient.
 */
#include "common/base/fatal.h"
#include "common/layers/layers.h"

enum { SAVED_TOKENS, SAVED_DY };
enum { TOKEN, POSITION };

static struct embedding_sizes sizes_of(const struct layer *layer, const struct tensor *x)
{
    return (struct embedding_sizes){.samples = x->shape.size[0],
                                    .tokens = layer->output.size[0],
                                    .vocabulary = layer->parameter[TOKEN].shape.size[0],
                                    .width = layer->output.size[1]};
}

static void check_tokens(const struct layer *layer, const struct tensor *x)
{
    const int vocabulary = layer->parameter[TOKEN].shape.size[0], tokens = layer->input.size[0];
    if (x->dtype != DTYPE_INT32)
        fatal("a token embedding takes int32 tokens, not %s", dtype_name(x->dtype));
    if (x->device == DEVICE_META)
        return;
    struct tensor *numbers = tensor_on_host(x, "be looked at");
    for (int i = 0; i < x->count; i++) {
        const int32_t token = tensor_integers(numbers)[i];
        if (token < 0 || token >= vocabulary)
            fatal("token %d, number %d of sample %d, is not in 0 … %d, the vocabulary: were the "
                  "inputs received whole, as MPI_INT32_T?",
                  token, i % tokens, i / tokens, vocabulary - 1);
    }
    tensor_free(numbers);
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    const struct embedding_sizes sizes = sizes_of(layer, x);
    check_tokens(layer, x);
    struct tensor *y = layer_tensor_new(x, layer->output);
    kernels_for(x->device)->embedding(
        &sizes, tensor_integers(x), memory.parameters + layer->parameter[TOKEN].offset,
        memory.parameters + layer->parameter[POSITION].offset, tensor_floats(y));
    saved_keep(saved, SAVED_TOKENS, x);
    return y;
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    (void)layer;
    (void)memory;
    (void)want_dx; /* nobody can have it */
    saved_keep(saved, SAVED_DY, dy);
    return NULL;
}

static void backward_weight(const struct layer *layer, struct layer_memory memory,
                            struct saved *saved)
{
    struct tensor *x = saved_take(saved, SAVED_TOKENS), *dy = saved_take(saved, SAVED_DY);
    const struct kernels *kernels = kernels_for(dy->device);
    const struct embedding_sizes sizes = sizes_of(layer, x);
    kernels->embedding_backward(&sizes, tensor_integers(x), tensor_floats(dy),
                                memory.gradients + layer->parameter[TOKEN].offset);
    kernels->add_column_sums(sizes.samples, sizes.tokens * sizes.width, tensor_floats(dy),
                             memory.gradients + layer->parameter[POSITION].offset);
    tensor_free(x);
    tensor_free(dy);
}

static const struct layer_operations operations = {"embedding", forward, backward_input,
                                                   backward_weight};

struct layer layer_embedding(int tokens, int vocabulary, int width)
{
    if (tokens < 1 || vocabulary < 1 || width < 1)
        fatal("an embedding needs at least one token, a vocabulary of one and a width of one, not "
              "%d, %d and %d",
              tokens, vocabulary, width);
    struct layer layer = {.operations = &operations,
                          .input = SHAPE(tokens),
                          .output = SHAPE(tokens, width),
                          .input_dtype = DTYPE_INT32};
    layer_add_parameter(&layer, "token", SHAPE(vocabulary, width), INITIAL_NORMAL, 0.02f);
    layer_add_parameter(&layer, "position", SHAPE(tokens, width), INITIAL_NORMAL, 0.02f);
    layer.forward_flops = (double)tokens * width;
    layer.backward_weight_flops = 2.0 * tokens * width;
    return layer_made(layer);
}
