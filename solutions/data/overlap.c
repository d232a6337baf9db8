/*
 * Messages under the backward: the sum of a bucket is under way while earlier layers' gradients are computed.
 * (PyTorch's DistributedDataParallel: Li et al. 2020)
 */
#include "assignments/data/data.h"

/* BEGIN SOLUTION */
static void begin_average(struct data_parallel *data, struct bucket *bucket)
{
    float *values = (float *)stage_gradients(data->stage)->data + bucket->begin;
    const int count = (int)(bucket->end - bucket->begin);
    const float weight = (float)data->samples / (float)data->batch_size;
    scale_values(values, count, weight);
    mpi_check(MPI_Iallreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, data->comm,
                             &bucket->request));
}

/* END SOLUTION */
void gradient_ready(struct data_parallel *data, int micro_batch, int layer)
{
    /* BEGIN SOLUTION */
    /* More is added to the gradients of all micro-batches but the last. */
    if (micro_batch < data->micro_batches - 1)
        return;
    /* A bucket's layers come from its last to its first. */
    for (int i = 0; i < data->buckets; i++)
        if (data->bucket[i].first_layer == layer)
            begin_average(data, &data->bucket[i]);
    /* END SOLUTION */
    //| /* TODO: if with this layer's gradient a bucket is complete, begin its average, and return at once.
    //|  *
    //|  * Given: data->bucket, whose layers come from the last to the first; bucket->request for
    //|  * mpi_check(MPI_Iallreduce(…)); stage_gradients(data->stage), of which the bucket has begin, …, end - 1;
    //|  * scale_values, as in average_gradients.c.
    //|  * Hint: a gradient is complete when the last micro-batch has been added to it.
    //|  * Check: make grade ASSIGNMENT=data CHECK=overlap_gradients, then overlap
    //|  */
    //| todo("begin the average of a complete bucket", data, micro_batch, layer);
}

void train_step_overlapped(struct data_parallel *data)
{
    /* BEGIN SOLUTION */
    struct stage *stage = data->stage;
    struct batch *batch = data->batch;
    stage_zero_gradients(stage);
    for (int i = 0; i < data->micro_batches; i++) {
        const float scale = (float)batch_micro_batch_samples(batch, i) / (float)data->samples;
        batch_loss(batch, i, stage_forward(stage, i, batch_inputs(batch, i)));
        tensor_free(stage_backward(stage, i, batch_loss_backward(batch, i, scale)));
    }
    /* Without samples there was no backward; but the others wait for this rank's zeros. */
    for (int i = 0; i < data->buckets && data->micro_batches == 0; i++)
        begin_average(data, &data->bucket[i]);
    for (int i = 0; i < data->buckets; i++)
        mpi_check(MPI_Wait(&data->bucket[i].request, MPI_STATUS_IGNORE));
    optimizer_step(data->optimizer);
    /* END SOLUTION */
    //| /* TODO: the step of train_step_data_parallel, with gradient_ready in place of data->average: wait for the
    //|  * buckets before the optimizer's step, and not earlier.
    //|  *
    //|  * Given: within stage_backward the kit calls gradient_ready behind each layer's backward for the weights.
    //|  * Hint: the rest is as in train_step_data_parallel.c. A rank without samples has no backward. What do the
    //|  * others wait for?
    //|  * Check: make grade ASSIGNMENT=data CHECK=overlap_gradients, then overlap,
    //|  * convergence_fashion_mnist and convergence_cifar10
    //|  */
    //| todo("take a step with messages under the backward", data);
}
