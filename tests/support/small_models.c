/* Small models; see small_models.h. */
#include "tests/support/small_models.h"
#include "tests/support/tested_device.h"

#include "common/base/random.h"

#include <check.h>

const struct small_model_case small_models[SMALL_MODELS] = {
    {"mlp:depth=3,width=33", {3, {1, 28, 28}}},
    {"cnn", {3, {3, 32, 32}}},
    {"cnn", {3, {1, 28, 28}}},
    {"vit:depth=2,width=24,heads=3,patch=7", {3, {1, 28, 28}}},
    {"vit:depth=1", {3, {3, 32, 32}}},
    {"transformer:depth=3,width=24,heads=3,patch=7", {3, {1, 28, 28}}},
};

struct model *small_model(int i)
{
    char error[MODEL_ERROR_SIZE];
    struct model *model = model_new(small_models[i].name, small_models[i].input, 10, error);
    ck_assert_msg(model != NULL, "%s", error);
    return model;
}

struct stage *small_stage(const struct model *model, int index, int stages, int first, int layers,
                          int size, int micro_batches)
{
    struct stage_options options = {.index = index,
                                    .stages = stages,
                                    .first_layer = first,
                                    .layers = layers,
                                    .micro_batch_size = size,
                                    .micro_batches = micro_batches,
                                    .seed = 11,
                                    .device = tested_device()};
    return stage_new(model, &options);
}

struct stage *small_whole(const struct model *model, int size, int micro_batches)
{
    return small_stage(model, 0, 1, 0, model->layers, size, micro_batches);
}

struct tensor *small_samples(struct shape sample, int first, int count, uint32_t which)
{
    struct tensor *tensor =
        tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, shape_with_batch(count, sample));
    random_normal(tensor_floats(tensor), (size_t)tensor->count, 5,
                  random_stream(RANDOM_TEST, which, 0), (uint64_t)first * shape_count(sample), 0,
                  1);
    return to_device(tensor);
}
