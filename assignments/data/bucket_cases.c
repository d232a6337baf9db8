/* The calls of --probe buckets, and what is right; see bucket_cases.h. */
#include "assignments/data/bucket_cases.h"

#include "common/base/random.h"

enum { WHOLE_CASES = 12, SIZE_KINDS = 6 };

static int draw(uint64_t seed, uint64_t *counter, int lowest, int highest)
{
    return lowest + (int)random_below(seed, random_stream(RANDOM_TEST, 3, 0), (*counter)++,
                                      (uint32_t)(highest - lowest + 1));
}

static size_t layer_bytes(const struct model *model, int first_layer, int layers)
{
    return model_parameter_count(model, first_layer, layers) * sizeof(float);
}

/* The bytes of some layers in a row. */
static size_t bytes_of_some(const struct model *model, uint64_t seed, uint64_t *counter,
                            const struct bucket_case *one)
{
    const int layers = draw(seed, counter, 1, one->layers);
    const int first = one->first_layer + draw(seed, counter, 0, one->layers - layers);
    return layer_bytes(model, first, layers);
}

struct bucket_case data_bucket_case(uint64_t seed, const struct model *model, int number)
{
    uint64_t counter = (uint64_t)number * 16;
    struct bucket_case one = {.first_layer = 0, .layers = model->layers};
    if (number >= WHOLE_CASES && !model_is_tied(model)) {
        one.layers = draw(seed, &counter, 1, model->layers);
        one.first_layer = draw(seed, &counter, 0, model->layers - one.layers);
    }
    switch (number % SIZE_KINDS) {
    case 0:
        one.bytes = 0;
        break;
    case 1:
        one.bytes = layer_bytes(model, 0, model->layers);
        break;
    case 2:
        one.bytes = bytes_of_some(model, seed, &counter, &one);
        break;
    case 3:
        one.bytes = bytes_of_some(model, seed, &counter, &one) + sizeof(float);
        break;
    case 4:
        one.bytes = bytes_of_some(model, seed, &counter, &one);
        one.bytes -= one.bytes > 0 ? 1 : 0;
        break;
    default:
        one.bytes = (size_t)draw(seed, &counter, 4,
                                 (int)layer_bytes(model, one.first_layer, one.layers) / 2 + 4);
    }
    return one;
}

int data_bucket_sizes(const struct model *model, const struct bucket_case *of,
                      enum bucket_rule rule, size_t *sizes)
{
    int buckets = 0;
    for (int layer = of->first_layer + of->layers - 1; layer >= of->first_layer; layer--) {
        const size_t bytes = layer_bytes(model, layer, 1);
        const size_t before = buckets > 0 ? sizes[buckets - 1] : 0;
        const bool full =
            rule == BUCKETS_THAT_FIT ? before + bytes > of->bytes : before >= of->bytes;
        if (bytes == 0)
            continue;
        if (buckets == 0 || full)
            sizes[buckets++] = bytes;
        else
            sizes[buckets - 1] += bytes;
    }
    return buckets;
}
