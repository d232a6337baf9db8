/*
 * What layers hold in 16 bits: half the bytes of float32 but for statistics and integers, by a formula for each
 * layer; what several keep, once; float32 only while a layer runs, as workspace; and all of this on the meta
 * device as on the CPU. (On the GPU, kernels take other scratch space.)
 */
#include "common/layers/layers.h"
#include "common/training/model.h"
#include "tests/support/test.h"
#include "tests/support/tested_device.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 4 };

/* ---- running ---- */

struct run {
    size_t held
        [2]; /* bytes of activations behind the forward, and behind backward_input, without y and dx */
    size_t peak[2]; /* of activations and workspace */
};

static struct tensor *given(enum dtype dtype, enum device device, struct shape sample,
                            enum dtype precision)
{
    struct tensor *tensor = tensor_new(MEMORY_ACTIVATION, dtype == DTYPE_INT32 ? dtype : precision,
                                       device, shape_with_batch(SAMPLES, sample));
    tensor_zero(tensor);
    return tensor;
}

static struct run run(struct layer layer, enum dtype precision, enum device device)
{
    const size_t count = 2 * layer.parameter_count + layer.buffer_count + 1;
    float *arena = calloc(count, sizeof *arena);
    float *lent = device == DEVICE_META ? arena : lend(arena, count * sizeof *arena);
    const struct pass pass = {.precision = precision};
    const struct layer_memory memory = {.parameters = lent,
                                        .gradients = lent + layer.parameter_count,
                                        .buffers = lent + 2 * layer.parameter_count,
                                        .pass = &pass};
    struct saved *saved = saved_new(&layer);
    struct run run;
    const size_t before[] = {memory_live(MEMORY_ACTIVATION), memory_live(MEMORY_WORKSPACE)};
    memory_reset_peak();
    struct tensor *x = given(layer.input_dtype, device, layer.input, precision);
    tensor_free(layer_forward(&layer, memory, saved, x));
    run.held[0] = memory_live(MEMORY_ACTIVATION) - before[0];
    struct tensor *dy = given(DTYPE_FLOAT32, device, layer.output, precision);
    tensor_free(layer_backward_input(&layer, memory, saved, dy, true));
    run.held[1] = memory_live(MEMORY_ACTIVATION) - before[0];
    layer_backward_weight(&layer, memory, saved);
    run.peak[0] = memory_peak(MEMORY_ACTIVATION) - before[0];
    run.peak[1] = memory_peak(MEMORY_WORKSPACE) - before[1];
    saved_free(saved);
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), before[0]);
    ck_assert_uint_eq(memory_live(MEMORY_WORKSPACE), before[1]);
    layer_destroy(&layer);
    lent_free(lent, arena);
    free(arena);
    return run;
}

/* ---- the layers, and what each holds ---- */

enum { TOKENS = 6, WIDTH = 8, HEADS = 2, PLANES = 3 * 6 * 6, ROWS = SAMPLES * TOKENS };

static struct layer layer_of(int which)
{
    const struct shape image = SHAPE(3, 6, 6), text = SHAPE(TOKENS, WIDTH);
    const struct pooling_options pool = {.kernel = 2};
    const struct layer inner[] = {layer_linear(text, 2 * WIDTH),
                                  layer_relu(SHAPE(TOKENS, 2 * WIDTH)),
                                  layer_linear(SHAPE(TOKENS, 2 * WIDTH), WIDTH)};
    const struct layer again[] = {layer_linear(text, WIDTH), layer_gelu(text)};
    switch (which) {
    case 0:
        return layer_linear(text, 5);
    case 1:
        return layer_relu(text);
    case 2:
        return layer_gelu(text);
    case 3:
        return layer_norm(text);
    case 4:
        return layer_batch_norm(image);
    case 5:
        return layer_convolution(image, 5, 3);
    case 6:
        return layer_max_pool(image, 2);
    case 7:
        return layer_average_pool(image, pool);
    case 8:
        return layer_attention(text, HEADS);
    case 9:
        return layer_causal_attention(text, HEADS);
    case 10:
        return layer_embedding(TOKENS, 7, WIDTH);
    case 11:
        return layer_patch_embedding(image, 3, WIDTH);
    case 12:
        return layer_dropout(text, 0.5f);
    case 13:
        return layer_mean_tokens(text);
    case 14:
        return layer_global_average_pool(image);
    case 15:
        return layer_flatten(image);
    case 16:
        return layer_residual(text, inner, 3);
    default:
        return layer_recomputed(again, 2);
    }
}

/* Numbers of a sample, or of all samples, that are held behind the forward and behind backward_input: of 16
 * bits, and of 32 whatever the precision. The inner y of 16 is kept by two layers, and held once. */
static const struct {
    const char *name;
    size_t narrow[2], exact[2];
} expected[] = {
    {"linear", {ROWS * WIDTH, ROWS *(WIDTH + 5)}, {0, 0}},
    {"relu", {ROWS * WIDTH, 0}, {0, 0}},
    {"gelu", {ROWS * WIDTH, 0}, {0, 0}},
    {"layer norm", {ROWS * WIDTH, 2 * ROWS *WIDTH}, {2 * ROWS, 2 * ROWS}},
    {"batch norm", {SAMPLES * PLANES, 0}, {2 * 3, 2 * 3}},
    {"convolution", {SAMPLES * PLANES, SAMPLES *(PLANES + 5 * 4 * 4)}, {0, 0}},
    {"max pooling", {0, 0}, {SAMPLES * PLANES / 4, 0}},
    {"average pooling", {0, 0}, {0, 0}},
    {"attention", {ROWS * (5 * WIDTH + HEADS * TOKENS), ROWS *(1 + 1 + 1 + 3) * WIDTH}, {0, 0}},
    {"causal attention",
     {ROWS * (5 * WIDTH + HEADS * TOKENS), ROWS *(1 + 1 + 1 + 3) * WIDTH},
     {0, 0}},
    {"embedding", {0, ROWS *WIDTH}, {ROWS, ROWS}},
    {"patch embedding", {SAMPLES * PLANES, SAMPLES *(PLANES + 4 * WIDTH)}, {0, 0}},
    {"dropout", {0, 0}, {0, 0}},
    {"mean over tokens", {0, 0}, {0, 0}},
    {"global average", {0, 0}, {0, 0}},
    {"flatten", {0, 0}, {0, 0}},
    {"residual", {ROWS * 3 * WIDTH, ROWS *(3 + 1 + 2) * WIDTH}, {0, 0}},
    {"recomputed", {ROWS * WIDTH, 2 * ROWS *WIDTH}, {0, 0}},
};
enum { LAYERS = sizeof expected / sizeof *expected };

START_TEST(half_is_held)
{
    static const enum dtype precisions[] = {DTYPE_FLOAT32, DTYPE_BFLOAT16, DTYPE_FLOAT16};
    for (int p = 0; p < 3; p++) {
        const struct run real = run(layer_of(_i), precisions[p], tested_device());
        const struct run meta = run(layer_of(_i), precisions[p], DEVICE_META);
        for (int when = 0; when < 2; when++) {
            ck_assert_msg(real.held[when] ==
                              dtype_bytes(precisions[p]) * expected[_i].narrow[when] +
                                  4 * expected[_i].exact[when],
                          "%s in %s holds %zu bytes behind the %s", expected[_i].name,
                          dtype_name(precisions[p]), real.held[when],
                          when == 0 ? "forward" : "backward for the input");
            ck_assert_uint_eq(meta.held[when], real.held[when]);
            if (when == 0 || tested_device() == DEVICE_CPU)
                ck_assert_uint_eq(meta.peak[when], real.peak[when]);
        }
    }
}
END_TEST

/* While a layer runs its x and y, or what the backward needs, are there in float32, and that is workspace. */
START_TEST(float32_is_workspace)
{
    const struct run narrow = run(layer_linear(SHAPE(WIDTH), 5), DTYPE_BFLOAT16, tested_device());
    /* x and y in the forward, x and dy in backward_weight; backward_input has dy and dx. */
    if (!tests_a_gpu()) /* where kernels take more */
        ck_assert_uint_eq(narrow.peak[1], 4 * SAMPLES * (WIDTH + 5));
    /* x, dy and dx. */
    ck_assert_uint_eq(narrow.peak[0], 2 * SAMPLES * (WIDTH + 5 + WIDTH));
    const struct run relu = run(layer_relu(SHAPE(WIDTH)), DTYPE_FLOAT16, tested_device());
    ck_assert_uint_eq(relu.peak[1], 4 * SAMPLES * (WIDTH + WIDTH)); /* y and dy: in place */
    ck_assert_uint_eq(relu.peak[0], 2 * SAMPLES * (WIDTH + WIDTH)); /* x and y; y and dy, then dx */
}
END_TEST

/* ---- models ---- */

static const char *const models[] = {"mlp:depth=3,width=16",
                                     "vit:depth=2,width=12,heads=3,patch=4"};

/* Bytes of activations behind a model's forward, of SAMPLES images. */
static size_t held_by(const struct model *model, enum dtype precision, enum device device,
                      size_t *peak)
{
    const struct pass pass = {.precision = precision};
    struct saved *saved[32];
    memory_reset_peak();
    struct tensor *x = given(DTYPE_FLOAT32, device, model->input, precision);
    float *arena[32], *lent[32];
    for (int l = 0; l < model->layers; l++) {
        const struct layer *layer = &model->layer[l];
        arena[l] = calloc(layer->parameter_count + 1, sizeof **arena);
        lent[l] = device == DEVICE_META
                      ? arena[l]
                      : lend(arena[l], (layer->parameter_count + 1) * sizeof **arena);
        saved[l] = saved_new(layer);
        x = layer_forward(layer, (struct layer_memory){.parameters = lent[l], .pass = &pass},
                          saved[l], x);
    }
    tensor_free(x);
    const size_t held = memory_live(MEMORY_ACTIVATION);
    *peak = memory_peak(MEMORY_WORKSPACE);
    for (int l = 0; l < model->layers; l++) {
        saved_free(saved[l]);
        lent_free(lent[l], arena[l]);
        free(arena[l]);
    }
    ck_assert_uint_eq(memory_live(MEMORY_ACTIVATION), 0);
    return held;
}

/* Exactly half of float32, less what the statistics of five norms would be if they were halved, too. */
START_TEST(a_model_holds_half)
{
    char error[MODEL_ERROR_SIZE];
    size_t peak, peak_meta;
    struct model *model = model_new(models[_i], SHAPE(3, 12, 12), 10, error);
    ck_assert_msg(model != NULL, "%s", error);
    const size_t statistics = _i == 0 ? 0 : 5 * (SAMPLES * 9) * 2 * sizeof(float);
    const size_t wide = held_by(model, DTYPE_FLOAT32, tested_device(), &peak);
    const size_t narrow = held_by(model, DTYPE_BFLOAT16, tested_device(), &peak);
    ck_assert_uint_eq(2 * (narrow - statistics), wide - statistics);
    ck_assert_uint_eq(held_by(model, DTYPE_BFLOAT16, DEVICE_META, &peak_meta), narrow);
    if (tested_device() == DEVICE_CPU)
        ck_assert_uint_eq(peak_meta, peak);
    if (_i == 0) /* the pixels, and two hidden layers, whose y the ReLU and the next one share */
        ck_assert_uint_eq(narrow, 2 * SAMPLES * (3 * 12 * 12 + 2 * 16));
    model_free(model);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("what layers hold in 16 bits");
    TCase *tests = tcase_create("precision");
    tcase_add_loop_test(tests, half_is_held, 0, LAYERS);
    tcase_add_test(tests, float32_is_workspace);
    tcase_add_loop_test(tests, a_model_holds_half, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
