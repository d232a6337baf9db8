/*
 * Data sets by name: finding, opening and shuffling (dataset.h).
 */
#include "common/files/dataset.h"
#include "common/base/fatal.h"
#include "common/base/random.h"
#include "common/files/dataset_parts.h"

#include <string.h>

/* Mean and deviation of the training images' pixels, of 255, per channel. */
struct normalisation {
    double mean[DATASET_MAX_CHANNELS];
    double deviation[DATASET_MAX_CHANNELS];
};

static const struct normalisation of_fashion_mnist = {{0.2860}, {0.3530}};
static const struct normalisation of_cifar10 = {{0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}};
static const struct normalisation of_synthetic = {{0.5, 0.5, 0.5, 0.5}, {0.2, 0.2, 0.2, 0.2}};

enum kind { FASHION_MNIST, CIFAR10, SYNTHETIC, TEXT, SYNTHETIC_TEXT };

/* What a name means. */
struct source {
    enum kind kind;
    struct data_shape shape;
    const struct normalisation *normalisation;
    struct synthetic_options synthetic;
    struct text_options text;
    struct synthetic_text_options synthetic_text;
};

/* Is it this data set that is named, options or not? What follows is `options`, then. */
static bool is_named(const char *name, const char *set, const char **options)
{
    const size_t length = strlen(set);
    *options = name + length;
    return strncmp(name, set, length) == 0 && (name[length] == '\0' || name[length] == ':');
}

static struct data_shape shape_of_text(int tokens, int vocabulary)
{
    return (struct data_shape){
        .input = SHAPE(tokens), .dtype = DTYPE_INT32, .labels = tokens, .classes = vocabulary};
}

static bool source_find(const char *name, struct source *source, char error[DATASET_ERROR_SIZE])
{
    *source = (struct source){.shape = {.labels = 1, .classes = 10}};
    const char *options;
    if (strcmp(name, "fashion-mnist") == 0) {
        source->kind = FASHION_MNIST;
        source->shape.input = SHAPE(1, 28, 28);
        source->normalisation = &of_fashion_mnist;
        return true;
    }
    if (strcmp(name, "cifar10") == 0) {
        source->kind = CIFAR10;
        source->shape.input = SHAPE(3, 32, 32);
        source->normalisation = &of_cifar10;
        return true;
    }
    if (is_named(name, "synthetic", &options)) {
        struct synthetic_options *synthetic = &source->synthetic;
        if (!synthetic_parse(options, synthetic, error))
            return false;
        source->kind = SYNTHETIC;
        source->shape.input = SHAPE(synthetic->channels, synthetic->height, synthetic->width);
        source->shape.classes = synthetic->classes;
        source->normalisation = &of_synthetic;
        return true;
    }
    if (is_named(name, "text", &options)) {
        source->kind = TEXT;
        if (!dataset_text_parse(options, &source->text, error))
            return false;
        const int vocabulary = dataset_text_vocabulary(error);
        source->shape = shape_of_text(source->text.tokens, vocabulary);
        return vocabulary > 0;
    }
    if (is_named(name, "synthetic-text", &options)) {
        struct synthetic_text_options *synthetic = &source->synthetic_text;
        source->kind = SYNTHETIC_TEXT;
        if (!synthetic_text_parse(options, synthetic, error))
            return false;
        source->shape = shape_of_text(synthetic->tokens, synthetic->vocabulary);
        return true;
    }
    return dataset_error(error, "there is no data set \"%.100s\"; it must be " DATASET_NAMES, name);
}

bool dataset_describe(const char *name, struct data_shape *shape, char error[DATASET_ERROR_SIZE])
{
    struct source source;
    if (!source_find(name, &source, error))
        return false;
    *shape = source.shape;
    return true;
}

const char *dataset_title(const char *name)
{
    static const char *const titles[][2] = {{"fashion-mnist", "Fashion-MNIST"},
                                            {"cifar10", "CIFAR-10"},
                                            {"synthetic", "synthetic images"},
                                            {"text", "text"},
                                            {"synthetic-text", "synthetic text"}};
    const char *options;
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (is_named(name, titles[i][0], &options))
            return titles[i][1];
    return name;
}

bool dataset_is_made(const char *name)
{
    struct source source;
    char error[DATASET_ERROR_SIZE];
    return source_find(name, &source, error) && source.kind == SYNTHETIC;
}

static bool source_identify(const struct source *source, enum dataset_split split,
                            struct dataset_identity *identity, char error[DATASET_ERROR_SIZE])
{
    const bool train = split == DATASET_TRAIN;
    const struct shape image = source->shape.input;
    struct idx_files files;
    const char *folder;
    *identity = (struct dataset_identity){0};
    switch (source->kind) {
    case FASHION_MNIST:
        return idx_find(split, &files, error) &&
               idx_identify(&files, image.size[1], image.size[2], identity, error);
    case CIFAR10:
        folder = cifar_folder(error);
        return folder != NULL && cifar_identify(folder, split, identity, error);
    case SYNTHETIC:
        identity->samples = train ? source->synthetic.train : source->synthetic.test;
        return true;
    case TEXT:
        return dataset_text_identify(&source->text, split, identity, error);
    case SYNTHETIC_TEXT:
        identity->samples = train ? source->synthetic_text.train : source->synthetic_text.test;
        return true;
    }
    fatal("%d is no kind of data set", (int)source->kind);
}

int dataset_identify(const char *name, enum dataset_split split, uint64_t *fingerprint,
                     char error[DATASET_ERROR_SIZE])
{
    struct source source;
    struct dataset_identity identity;
    if (!source_find(name, &source, error) || !source_identify(&source, split, &identity, error))
        return -1;
    *fingerprint = identity.fingerprint;
    return identity.samples;
}

int dataset_count(const char *name, enum dataset_split split, char error[DATASET_ERROR_SIZE])
{
    uint64_t fingerprint;
    return dataset_identify(name, split, &fingerprint, error);
}

static bool fashion_mnist_open(const struct source *source, enum dataset_split split, bool inputs,
                               bool labels, struct dataset *dataset, char error[DATASET_ERROR_SIZE])
{
    struct idx_files files;
    if (!idx_find(split, &files, error))
        return false;
    if (inputs && !idx_open_images(files.images, source->shape.input.size[1],
                                   source->shape.input.size[2], dataset, error))
        return false;
    int images = dataset->samples;
    if (labels && !idx_open_labels(files.labels, source->shape.classes, dataset, error))
        return false;
    if (inputs && images != dataset->samples)
        return dataset_error(error,
                             "%s has %d images, but %s has %d labels; get both again with "
                             "datasets/get fashion-mnist",
                             files.images, images, files.labels, dataset->samples);
    return true;
}

static bool source_open(const struct source *source, enum dataset_split split, bool inputs,
                        bool labels, uint64_t seed, struct dataset *dataset,
                        char error[DATASET_ERROR_SIZE])
{
    const char *folder;
    switch (source->kind) {
    case FASHION_MNIST:
        return fashion_mnist_open(source, split, inputs, labels, dataset, error);
    case CIFAR10:
        folder = cifar_folder(error);
        return folder != NULL && cifar_open(folder, split, inputs, labels, dataset, error);
    case SYNTHETIC:
        synthetic_open(&source->synthetic, split, inputs, seed, dataset);
        return true;
    case TEXT:
        return dataset_text_open(&source->text, split, dataset, error);
    case SYNTHETIC_TEXT:
        synthetic_text_open(&source->synthetic_text, split, seed, dataset);
        return true;
    }
    fatal("%d is no kind of data set", (int)source->kind);
}

static void fill_table_of_values(struct dataset *dataset, const struct normalisation *normalisation)
{
    for (int channel = 0; channel < dataset->shape.input.size[0]; channel++)
        for (int byte = 0; byte < 256; byte++)
            dataset->value[channel][byte] = (float)((byte / 255.0 - normalisation->mean[channel]) /
                                                    normalisation->deviation[channel]);
}

struct dataset *dataset_open(const char *name, enum dataset_split split, bool inputs, bool labels,
                             uint64_t seed, char error[DATASET_ERROR_SIZE])
{
    struct source source;
    if (!inputs && !labels)
        fatal("neither the inputs nor the labels of %s were asked for", name);
    if (!source_find(name, &source, error))
        return NULL;
    struct dataset *dataset = memory_allocate(MEMORY_WORKSPACE, sizeof *dataset);
    *dataset = (struct dataset){.shape = source.shape, .has_inputs = inputs, .has_labels = labels};
    if (source.normalisation != NULL)
        fill_table_of_values(dataset, source.normalisation);
    if (!source_open(&source, split, inputs, labels, seed, dataset, error)) {
        dataset_close(dataset);
        return NULL;
    }
    return dataset;
}

void dataset_close(struct dataset *dataset)
{
    if (dataset == NULL)
        return;
    for (int i = 0; i < dataset->files; i++)
        file_unmap(&dataset->file[i]);
    synthetic_free(dataset->synthetic);
    synthetic_text_free(dataset->synthetic_text);
    memory_release(MEMORY_WORKSPACE, dataset->token, dataset->tokens * sizeof *dataset->token);
    memory_release(MEMORY_WORKSPACE, dataset->unpacked, dataset->unpacked_bytes);
    memory_release(MEMORY_WORKSPACE, dataset->label, dataset->label_bytes);
    memory_release(MEMORY_WORKSPACE, dataset, sizeof *dataset);
}

void dataset_epoch_order(uint64_t seed, int epoch, int samples, int *order)
{
    if (epoch < 0)
        fatal("there is no epoch %d", epoch);
    random_permutation(order, samples, seed, random_stream(RANDOM_SHUFFLE, 0, (uint32_t)epoch));
}
