/*
 * The mean of all ranks' gradients, in messages of three sizes.
 */
#include "assignments/data/data.h"

/* BEGIN SOLUTION */
/* Each rank has the gradient of the mean over its own samples. In the mean over the whole batch these count by
 * how many they are; a rank without samples has zeros, which count nothing. */
static void average(struct data_parallel *data, float *values, int count)
{
    const float weight = (float)data->samples / (float)data->batch_size;
    scale_values(values, count, weight);
    data->all_reduce(values, count, data->comm);
}

/* END SOLUTION */
void average_per_parameter(struct data_parallel *data)
{
    /* BEGIN SOLUTION */
    struct stage *stage = data->stage;
    const int first = stage_first_layer(stage);
    for (int layer = first; layer < first + stage_layers(stage); layer++)
        for (int i = 0; i < stage_layer(stage, layer)->parameters; i++) {
            struct tensor *gradient = parameter_gradient(stage, layer, i);
            average(data, gradient->data, gradient->count);
            tensor_free(gradient);
        }
    /* The copy of a table that is another stage's, too, is no layer's. */
    if (stage_tied_copy(stage) != NULL) {
        struct tensor *gradient = stage_tied_gradients(stage);
        average(data, gradient->data, gradient->count);
        tensor_free(gradient);
    }
    /* END SOLUTION */
    //| /* TODO: the mean gradient of each parameter, one after the other.
    //|  *
    //|  * Given: data->all_reduce adds up the numbers of all ranks in place, and scale_values multiplies them.
    //|  * stage_first_layer and stage_layers say which layers there are, stage_layer(…)->parameters how many
    //|  * parameters one has; parameter_gradient is a new view of one gradient, which you free (tensor_free).
    //|  * data->samples of the data->batch_size samples are this rank's. In a hybrid a stage may have one
    //|  * parameter more than its layers say (bonus: tied_embedding.c): where
    //|  * stage_tied_copy(stage) is not NULL, the copy whose gradient stage_tied_gradients(stage) views.
    //|  * Hint: with shares of different sizes, what does a rank's mean count in the mean of all?
    //|  * Check: make grade ASSIGNMENT=data CHECK=average_per_parameter
    //|  */
    //| todo("average the gradient of each parameter", data);
}

void average_flat(struct data_parallel *data)
{
    /* BEGIN SOLUTION */
    struct tensor *gradients = stage_gradients(data->stage);
    average(data, gradients->data, gradients->count);
    /* END SOLUTION */
    //| /* TODO: the mean of all gradients, in one message.
    //|  *
    //|  * Given: stage_gradients(data->stage) is one tensor with all of them, which is not yours to free. A rank
    //|  * without a sample takes part, too.
    //|  * Check: make grade ASSIGNMENT=data CHECK=average_flat
    //|  */
    //| todo("average all gradients at once", data);
}

int make_buckets(struct stage *stage, size_t bucket_bytes, struct bucket *bucket)
{
    /* BEGIN SOLUTION */
    const int first = stage_first_layer(stage);
    int buckets = 0;
    for (int layer = first + stage_layers(stage) - 1; layer >= first; layer--) {
        size_t begin, end;
        layer_range(stage, layer, &begin, &end);
        struct bucket *last = &bucket[buckets > 0 ? buckets - 1 : 0];
        const size_t numbers = buckets > 0 ? last->end - last->begin : 0;
        /* What is empty goes with anything. */
        const bool fits =
            numbers == 0 || begin == end || (numbers + end - begin) * sizeof(float) <= bucket_bytes;
        if (buckets == 0 || !fits) {
            bucket[buckets++] =
                (struct bucket){.first_layer = layer, .layers = 1, .begin = begin, .end = end};
            continue;
        }
        last->first_layer = layer;
        last->layers++;
        if (begin < end)
            last->begin = begin;
        if (numbers == 0)
            last->end = end;
    }
    return buckets;
    /* END SOLUTION */
    //| /* TODO: put the layers of the stage into buckets, from the last layer to the first.
    //|  *
    //|  * Given: stage_first_layer, stage_layers; layer_range says where a layer's gradients are among all, in
    //|  * numbers (of sizeof(float) bytes each); layers without parameters have none, and belong into some bucket,
    //|  * too. The gradients of neighbouring layers are neighbours.
    //|  * Check: make grade ASSIGNMENT=data CHECK=buckets
    //|  */
    //| todo("put the layers into buckets", stage, &bucket_bytes, bucket);
}

void average_buckets(struct data_parallel *data)
{
    /* BEGIN SOLUTION */
    float *gradients = stage_gradients(data->stage)->data;
    for (int i = 0; i < data->buckets; i++) {
        const struct bucket *bucket = &data->bucket[i];
        average(data, gradients + bucket->begin, (int)(bucket->end - bucket->begin));
    }
    /* END SOLUTION */
    //| /* TODO: the mean of all gradients, a message for each bucket, from the first bucket to the last.
    //|  *
    //|  * Given: data->bucket[0] … data->bucket[data->buckets - 1], as your make_buckets made them.
    //|  * Check: make grade ASSIGNMENT=data CHECK=average_buckets
    //|  */
    //| todo("average the gradients of each bucket", data);
}
