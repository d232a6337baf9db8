/*
 * Messages under the backward: the sum of a bucket is under way while earlier layers' gradients are computed.
 * (PyTorch's DistributedDataParallel: Li et al. 2020)
 */
#include "assignments/data/data.h"

void gradient_ready(struct data_parallel *data, int micro_batch, int layer)
{
    /* TODO: if with this layer's gradient a bucket is complete, begin its average, and return at once.
     *
     * Given: data->bucket, whose layers come from the last to the first; bucket->request for
     * mpi_check(MPI_Iallreduce(…)); stage_gradients(data->stage), of which the bucket has begin, …, end - 1;
     * scale_values, as in average_gradients.c.
     * Hint: a gradient is complete when the last micro-batch has been added to it.
     * Check: make grade ASSIGNMENT=data CHECK=overlap_gradients, then overlap
     */
    todo("begin the average of a complete bucket", data, micro_batch, layer);
}

void train_step_overlapped(struct data_parallel *data)
{
    /* TODO: the step of train_step_data_parallel, with gradient_ready in place of data->average: wait for the
     * buckets before the optimizer's step, and not earlier.
     *
     * Given: within stage_backward the kit calls gradient_ready behind each layer's backward for the weights.
     * Hint: the rest is as in train_step_data_parallel.c. A rank without samples has no backward. What do the
     * others wait for?
     * Check: make grade ASSIGNMENT=data CHECK=overlap_gradients, then overlap,
     * convergence_fashion_mnist and convergence_cifar10
     */
    todo("take a step with messages under the backward", data);
}
