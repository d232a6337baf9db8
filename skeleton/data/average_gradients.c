/*
 * The mean of all ranks' gradients, in messages of three sizes.
 */
#include "assignments/data/data.h"

void average_per_parameter(struct data_parallel *data)
{
    /* TODO: the mean gradient of each parameter, one after the other.
     *
     * Given: data->all_reduce adds up the numbers of all ranks in place, and scale_values multiplies them.
     * stage_first_layer and stage_layers say which layers there are, stage_layer(…)->parameters how many
     * parameters one has; parameter_gradient is a new view of one gradient, which you free (tensor_free).
     * data->samples of the data->batch_size samples are this rank's. In a hybrid a stage may have one
     * parameter more than its layers say (bonus: tied_embedding.c): where
     * stage_tied_copy(stage) is not NULL, the copy whose gradient stage_tied_gradients(stage) views.
     * Hint: with shares of different sizes, what does a rank's mean count in the mean of all?
     * Check: make grade ASSIGNMENT=data CHECK=average_per_parameter
     */
    todo("average the gradient of each parameter", data);
}

void average_flat(struct data_parallel *data)
{
    /* TODO: the mean of all gradients, in one message.
     *
     * Given: stage_gradients(data->stage) is one tensor with all of them, which is not yours to free. A rank
     * without a sample takes part, too.
     * Check: make grade ASSIGNMENT=data CHECK=average_flat
     */
    todo("average all gradients at once", data);
}

int make_buckets(struct stage *stage, size_t bucket_bytes, struct bucket *bucket)
{
    /* TODO: put the layers of the stage into buckets, from the last layer to the first.
     *
     * Given: stage_first_layer, stage_layers; layer_range says where a layer's gradients are among all, in
     * numbers (of sizeof(float) bytes each); layers without parameters have none, and belong into some bucket,
     * too. The gradients of neighbouring layers are neighbours.
     * Check: make grade ASSIGNMENT=data CHECK=buckets
     */
    todo("put the layers into buckets", stage, &bucket_bytes, bucket);
}

void average_buckets(struct data_parallel *data)
{
    /* TODO: the mean of all gradients, a message for each bucket, from the first bucket to the last.
     *
     * Given: data->bucket[0] … data->bucket[data->buckets - 1], as your make_buckets made them.
     * Check: make grade ASSIGNMENT=data CHECK=average_buckets
     */
    todo("average the gradients of each bucket", data);
}
