/*
 * Dropout (Srivastava et al. 2014), scaled in training: each number is dropped, or not, as its own place
 * says (layer.h). Nothing is kept for the backward, which draws the same numbers again.
 */
#include "common/base/fatal.h"
#include "common/base/random.h"
#include "common/layers/layers.h"

/* A call of the kernel for each run of a sample's numbers that is one run of the whole, too. */
struct dropping {
    const struct kernels *kernels;
    struct dropout_draw draw;
    uint64_t first; /* of the sample, in the whole batch */
    const float *from;
    float *to;
};

static void drop_run(size_t in_part, size_t in_whole, size_t length, void *user)
{
    const struct dropping *dropping = user;
    dropping->kernels->dropout(&dropping->draw, dropping->first + in_whole, length,
                               dropping->from + in_part, dropping->to + in_part);
}

/* A layer of the model may have this many dropouts, and the model as many layers. */
enum { PLACES = 1 << 8, LAYERS = 1 << 16 };

static uint64_t stream_of(const struct layer_memory memory)
{
    if (memory.dropouts >= PLACES || memory.layer >= LAYERS)
        fatal("dropout %d of layer %d: there are streams for %d in each of %d layers",
              memory.dropouts, memory.layer, PLACES, LAYERS);
    return random_stream(RANDOM_DROPOUT, (uint32_t)(memory.layer * PLACES + memory.dropouts),
                         (uint32_t)layer_pass(memory)->step);
}

static void drop(const struct layer *layer, struct layer_memory memory, const struct tensor *x,
                 struct tensor *y)
{
    const struct pass *pass = layer_pass(memory);
    const struct slice *slice = &layer->slice;
    const size_t part = shape_elements(layer->input), whole = shape_elements(slice->whole);
    if (!shape_equal(slice_shape(slice), layer->input))
        fatal("a dropout's slice has not the shape of its input");
    struct dropping dropping = {.kernels = kernels_for(x->device),
                                .draw = {pass->seed, stream_of(memory), layer->rate},
                                .first = (uint64_t)pass->first_sample * whole,
                                .from = tensor_floats(x),
                                .to = tensor_floats(y)};
    if (slice_is_all(slice)) { /* the samples are one run */
        drop_run(0, 0, x->elements, &dropping);
        return;
    }
    for (int sample = 0; sample < x->shape.size[0]; sample++) {
        slice_walk(slice, 0, part, drop_run, &dropping);
        dropping.first += whole;
        dropping.from += part;
        dropping.to += part;
    }
}

/* The same forwards and backwards: every number is multiplied by 0 or by 1 / (1 - rate). */
static struct tensor *dropped(const struct layer *layer, struct layer_memory memory,
                              struct tensor *x)
{
    if (layer->rate <= 0 || layer_pass(memory)->evaluating)
        return x;
    struct tensor *y = layer_in_place_or_new(x);
    drop(layer, memory, x, y);
    tensor_free(x);
    return y;
}

static struct tensor *forward(const struct layer *layer, struct layer_memory memory,
                              struct saved *saved, struct tensor *x)
{
    (void)saved;
    return dropped(layer, memory, x);
}

static struct tensor *backward_input(const struct layer *layer, struct layer_memory memory,
                                     struct saved *saved, struct tensor *dy, bool want_dx)
{
    (void)saved;
    if (want_dx)
        return dropped(layer, memory, dy);
    tensor_free(dy);
    return NULL;
}

static const struct layer_operations operations = {"dropout", forward, backward_input,
                                                   layer_release_saved};

struct layer layer_dropout(struct shape input, float rate)
{
    if (!(rate >= 0 && rate < 1))
        fatal("dropout drops a share of 0 or more and less than 1, not %g", (double)rate);
    return layer_made((struct layer){.operations = &operations,
                                     .input = input,
                                     .output = input,
                                     .rate = rate,
                                     .slice = slice_all(input),
                                     .dropouts = 1,
                                     .forward_flops = 2.0 * (double)shape_elements(input),
                                     .backward_input_flops = 2.0 * (double)shape_elements(input)});
}
