/*
 * Models: ordered lists of layers, chosen by name with sizes as options.
 *
 *     mlp  flatten, then linear and ReLU (depth-1 times), then linear: 2·depth layers; with
 *          norm=layer or norm=batch a norm between each linear and its ReLU, with dropout=0.5
 *          dropout behind each ReLU (Srivastava et al. 2014)
 *     cnn  the network of PyTorch's CIFAR tutorial: 12 layers; with norm=layer or norm=batch a
 *          norm before each of the four ReLUs. What a batch norm follows on has no bias.
 *     vit  patch embedding, 2·depth residual blocks (attention, perceptron),
 *          layer norm, mean over tokens, linear: 2·depth + 4 layers; with dropout=0.1 dropout behind
 *          the embedding, which is a layer more, and in the blocks
 *     transformer
 *          the same network in exactly `depth` layers, each a whole block; the first has
 *          the patch embedding inside, the last what follows the blocks
 *     gpt  a language model, decoder-only, in exactly `depth` layers, each a whole block; the first has
 *          the embedding of the tokens inside, the last a norm and the head, which has no bias and
 *          with tied=1 works with the embedding's table. Its data are texts, all others' images
 *     resnet
 *          of He et al. 2015 (arXiv:1512.03385): a layer for the stem and one for each block with its
 *          ReLU; the last has the global average pooling and the linear layer inside. For small
 *          images depth = 6n + 2 (section 4.2): 3n basic blocks, 3n + 1 layers. With bottleneck=1, depth 50, 101
 *          or 152, ImageNet's (table 1). Shortcuts between unlike shapes are projections
 *          (1×1 convolution, batch norm), no convolution has a bias, and a bottleneck's stride is
 *          in its 3×3 convolution, as torchvision has them
 *
 * Options follow the name: "mlp:depth=8,width=64", "vit:depth=4,width=64,heads=4,patch=7".
 * Defaults: mlp depth=4 width=512 norm=none dropout=0; cnn norm=none; vit and transformer depth=4 width=64
 * heads=4 dropout=0, patch = a quarter of the height. With patch=1 every pixel is a token. gpt: depth=4 width=64
 * heads=4 tied=0 dropout=0; GPT-2 is gpt:depth=12,width=768,heads=12,tied=1 with 1024 tokens of a vocabulary of 50257.
 * resnet: depth=8 width=16, with bottleneck=1 depth=50 width=64.
 */
#ifndef COMMON_TRAINING_MODEL_H
#define COMMON_TRAINING_MODEL_H

#include "common/files/dataset.h"
#include "common/layers/layer.h"

#define MODEL_OPTIONS_SIZE 128

struct model {
    char name[64]; /* as given, options included */
    /* All that it has, with their values: "depth=4,width=512,…" */
    char options[MODEL_OPTIONS_SIZE];
    int layers;
    struct layer *layer;
    struct shape input; /* of one sample: an image (channels, height, width), or (tokens) */
    int outputs;        /* classes */
};

#define MODEL_ERROR_SIZE 256

/* Is a model of this name (options may follow) for text? All others are for images. */
bool model_reads_text(const char *name);
/* The data set that is meant with a model where nobody names one. */
const char *model_default_data(const char *name);

/* A new model, or NULL with an error that names the option and what it may be. input: of one sample,
 * an image (channels, height, width), or (tokens) of a text. */
struct model *model_new(const char *name, struct shape input, int classes,
                        char error[MODEL_ERROR_SIZE]);
void model_free(struct model *model);
/* The data that it is for. */
struct data_shape model_data(const struct model *model);
/* Of how many samples a micro-batch must be at least, to train with: a batch norm of one number takes
 * two. */
int model_least_samples(const struct model *model);
/* A layer works with the first layer's first parameter: layer.tied. */
bool model_is_tied(const struct model *model);
size_t model_parameter_count(const struct model *model, int first_layer, int layers);
/* Forward FLOPs of one sample, per layer: what distribute_layers() is given. */
void model_layer_flops(const struct model *model, double *flops);

#endif
