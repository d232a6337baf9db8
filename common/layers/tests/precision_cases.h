/*
 * The cases of fixtures/generate_sixteen_bits.py: layers and models with their parameters, for tests in
 * bfloat16 and float16.
 */
#ifndef COMMON_LAYERS_TESTS_PRECISION_CASES_H
#define COMMON_LAYERS_TESTS_PRECISION_CASES_H

#include "common/kernels/convert.h"
#include "common/layers/tests/layer_and_pytorch.h"
#include "common/training/model.h"

enum { MOST_LAYERS = 16 };

/* What is run: layers one behind the other, with all parameters in one arena. */
struct trial {
    const char *name; /* the case */
    struct tensor_file *file;
    enum dtype dtype;
    struct model *model; /* or NULL */
    struct layer own;    /* if there is none */
    const struct layer *layer[MOST_LAYERS];
    size_t offset[MOST_LAYERS];
    int layers;
    struct tensor *parameters, *gradients, *buffers, *tied,
        *tied_gradient; /* on the tested device */
    struct shape tied_shape;
    size_t count;
};

/* ---- the cases ---- */

static inline struct layer build(const char *name, struct shape in)
{
    const bool is_perceptron = strcmp(name, "residual-perceptron") == 0;
    struct layer inner[4];
#define IS(text) (strcmp(name, text) == 0)
    if (IS("linear"))
        return layer_linear(in, 24);
    if (IS("linear-large")) /* the processor's products of pairs, where it has them */
        return layer_linear(in, 64);
    if (IS("linear-tokens"))
        return layer_linear(in, 65);
    if (IS("linear-without-bias"))
        return layer_linear_with(in, (struct linear_options){.outputs = 30, .no_bias = true});
    if (IS("relu"))
        return layer_relu(in);
    if (IS("gelu"))
        return layer_gelu(in);
    if (IS("layer-norm"))
        return layer_norm(in);
    if (IS("sample-norm"))
        return layer_norm_of(in, 3);
    if (IS("batch-norm") || IS("batch-norm-rows"))
        return layer_batch_norm(in);
    if (IS("convolution"))
        return layer_convolution(in, 8, 3);
    if (IS("convolution-with"))
        return layer_convolution_with(
            in, (struct convolution_options){
                    .channels = 32, .kernel = 3, .stride = 2, .padding = 1, .no_bias = true});
    if (IS("max-pool"))
        return layer_max_pool(in, 2);
    if (IS("average-pool"))
        return layer_average_pool(in, (struct pooling_options){.kernel = 2});
    if (IS("plane-means"))
        return layer_global_average_pool(in);
    if (IS("flatten"))
        return layer_flatten(in);
    if (IS("attention"))
        return layer_attention(in, 5);
    if (IS("causal-attention"))
        return layer_causal_attention(in, 3);
    if (IS("mean-tokens"))
        return layer_mean_tokens(in);
    if (IS("patch-embedding"))
        return layer_patch_embedding(in, 3, 10);
    if (IS("embedding"))
        return layer_embedding(in.size[0], 13, 16);
    if (IS("tied-head"))
        return layer_tied_head(in, 21);
#undef IS
    inner[0] = layer_norm(in);
    if (!is_perceptron) {
        inner[1] = layer_attention(in, 2);
        return layer_residual(in, inner, 2);
    }
    inner[1] = layer_linear(in, 64);
    inner[2] = layer_gelu(inner[1].output);
    inner[3] = layer_linear(inner[2].output, 16);
    return layer_residual(in, inner, 4);
}

static const struct {
    const char *name, *model; /* of a model: its description */
    int classes;
    bool once; /* y is rounded once */
} cases[] = {{"linear", NULL, 0, true},
             {"linear-tokens", NULL, 0, true},
             {"linear-large", NULL, 0, true},
             {"linear-without-bias", NULL, 0, true},
             {"relu", NULL, 0, true},
             {"gelu", NULL, 0, true},
             {"layer-norm", NULL, 0, true},
             {"sample-norm", NULL, 0, true},
             {"batch-norm", NULL, 0, true},
             {"batch-norm-rows", NULL, 0, true},
             {"convolution", NULL, 0, true},
             {"convolution-with", NULL, 0, true},
             {"max-pool", NULL, 0, true},
             {"average-pool", NULL, 0, true},
             {"plane-means", NULL, 0, true},
             {"flatten", NULL, 0, true},
             {"attention", NULL, 0, true},
             {"causal-attention", NULL, 0, true},
             {"mean-tokens", NULL, 0, true},
             {"patch-embedding", NULL, 0, true},
             {"embedding", NULL, 0, true},
             {"tied-head", NULL, 0, true},
             {"residual-attention", NULL, 0, false},
             {"residual-perceptron", NULL, 0, false},
             {"mlp", "mlp:depth=3,width=24", 7, false},
             {"vit", "vit:depth=2,width=24,heads=3,patch=4", 10, false},
             {"gpt", "gpt:depth=2,width=24,heads=3", 11, false}};
enum { CASES = sizeof cases / sizeof *cases };

/* ---- a trial ---- */

static inline struct tensor *get(const struct trial *trial, const char *what)
{
    return fixture_get(trial->file, "%s.%s", trial->name, what);
}

static inline struct tensor *zeros_new(size_t count)
{
    struct tensor *zeros =
        tensor_new(MEMORY_PARAMETER, DTYPE_FLOAT32, tested_device(), shape_flat(count + 1));
    tensor_zero(zeros);
    return zeros;
}

static inline void load(struct trial *trial, const char *what, struct tensor *to, size_t first)
{
    struct tensor *wide = tensor_widened(get(trial, what), MEMORY_WORKSPACE);
    tensor_put(to, first, wide->elements, wide->data);
    tensor_free(wide);
}

/* "weight" of a layer alone, "layers.2.weight" of a model's. */
static inline void parameter_name(const struct trial *trial, int l, int k, const char *group,
                                  char text[128])
{
    const char *name = trial->layer[l]->parameter[k].name;
    if (trial->model != NULL)
        snprintf(text, 128, "%s.layers.%d.%s", group, l, name);
    else
        snprintf(text, 128, "%s.%s", group, name);
}

static inline void trial_new(struct trial *trial, int which, enum dtype dtype)
{
    char error[MODEL_ERROR_SIZE], name[128];
    *trial = (struct trial){.name = cases[which].name, .dtype = dtype};
    snprintf(name, sizeof name, "layers-%s", dtype_name(dtype));
    trial->file = fixture_open(name);
    const struct shape input = without_batch(get(trial, "x")->shape);
    if (cases[which].model != NULL) {
        trial->model = model_new(cases[which].model, input, cases[which].classes, error);
        ck_assert_msg(trial->model != NULL, "%s", error);
        trial->layers = trial->model->layers;
    } else {
        trial->own = build(trial->name, input);
        trial->layers = 1;
    }
    size_t buffers = 0;
    ck_assert_int_le(trial->layers, MOST_LAYERS);
    for (int l = 0; l < trial->layers; l++) {
        trial->layer[l] = trial->model != NULL ? &trial->model->layer[l] : &trial->own;
        trial->offset[l] = trial->count;
        trial->count += trial->layer[l]->parameter_count;
        buffers += trial->layer[l]->buffer_count;
    }
    trial->parameters = zeros_new(trial->count);
    trial->gradients = zeros_new(trial->count);
    trial->buffers = zeros_new(buffers);
    for (int l = 0; l < trial->layers; l++)
        for (int k = 0; k < trial->layer[l]->parameters; k++) {
            parameter_name(trial, l, k, "parameter", name);
            load(trial, name, trial->parameters,
                 trial->offset[l] + trial->layer[l]->parameter[k].offset);
        }
    if (trial->own.tied) {
        trial->tied_shape = get(trial, "tied")->shape;
        trial->tied = zeros_new(shape_elements(trial->tied_shape));
        trial->tied_gradient = zeros_new(shape_elements(trial->tied_shape));
        load(trial, "tied", trial->tied, 0);
    }
}

static inline void trial_free(struct trial *trial)
{
    tensor_free(trial->parameters);
    tensor_free(trial->gradients);
    tensor_free(trial->buffers);
    tensor_free(trial->tied);
    tensor_free(trial->tied_gradient);
    if (trial->model != NULL)
        model_free(trial->model);
    else
        layer_destroy(&trial->own);
    tensor_file_free(trial->file);
}

#endif
