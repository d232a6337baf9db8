/*
 * Batch norm over the samples of all ranks.
 *
 *     forward     n = (x - mean) / √(variance + ε),  y = γ n + β
 *     backward    dx = γ (dy - mean of dy - n · mean of dy n) / √(variance + ε),  dγ += Σ dy n,  dβ += Σ dy
 *
 * Each channel by itself; its numbers are those in all samples and all places of the plane, and all means are over the
 * samples of all ranks. (Ioffe & Szegedy 2015; PyTorch's SyncBatchNorm)
 *
 * In the means of the backward a rank's dy counts by the number of its samples: dy is of the mean loss over this rank's
 * own samples, which is one part of the mean over all. (Ranks have as many samples as they have in their share of the
 * batch.) dγ and dβ are of this rank alone: they are averaged with all other gradients.
 */
#include "assignments/data/data.h"

#include "common/base/fatal.h"

#include <stdlib.h>

enum { WEIGHT, BIAS };
enum { RUNNING_MEAN, RUNNING_VARIANCE };

static const float epsilon = 1e-5f, momentum = 0.1f;

/* What all calls of a layer have in common. */
struct own {
    MPI_Comm comm;
};

/* BEGIN SOLUTION */
enum { NORMAL, INVERSE };

/* A row for each channel of each sample: its plane, or its one number. */
static struct tensor *planes_of(const struct layer_call *call, struct tensor *x)
{
    const int planes = x->shape.size[0] * call->parameter[WEIGHT]->count;
    return tensor_view(x, 0, SHAPE(planes, x->count / planes));
}

/* Of each channel the sum of its numbers, on this rank, is added to sums. */
static void add_channel_sums(const struct layer_call *call, struct tensor *x, struct tensor *sums)
{
    struct tensor *planes = planes_of(call, x);
    struct tensor *of_planes = compute_new(x->device, SHAPE(planes->shape.size[0]));
    struct tensor *rows = tensor_view(of_planes, 0, SHAPE(x->shape.size[0], sums->count));
    compute_row_sums(planes, of_planes);
    compute_add_column_sums(rows, sums);
    tensor_free(rows);
    tensor_free(of_planes);
    tensor_free(planes);
}

/* The channels' numbers, once for each sample. */
static struct tensor *for_planes(const struct tensor *channels, int samples)
{
    struct tensor *all = compute_new(channels->device, SHAPE(samples * channels->count));
    for (int i = 0; i < samples; i++)
        compute_copy_part(channels, 0, 0, all, i * channels->count, channels->count);
    return all;
}

static void add_to_channels(const struct layer_call *call, const struct tensor *channels,
                            struct tensor *y)
{
    struct tensor *values = for_planes(channels, y->shape.size[0]), *planes = planes_of(call, y);
    compute_add_to_rows(values, planes);
    tensor_free(planes);
    tensor_free(values);
}

static void multiply_channels(const struct layer_call *call, const struct tensor *channels,
                              struct tensor *y)
{
    struct tensor *factors = for_planes(channels, y->shape.size[0]), *planes = planes_of(call, y);
    compute_multiply_rows(factors, planes);
    tensor_free(planes);
    tensor_free(factors);
}

static struct tensor *copy_of(const struct tensor *x)
{
    struct tensor *copy = compute_new_like(x);
    compute_copy_part(x, 0, 0, copy, 0, x->shape.size[0]);
    return copy;
}

static struct tensor *zeros_like(const struct tensor *x)
{
    struct tensor *zeros = compute_new_like(x);
    tensor_zero(zeros);
    return zeros;
}

static void sum_over_ranks(const struct layer_call *call, struct tensor *x)
{
    const struct own *own = call->own;
    mpi_check(MPI_Allreduce(MPI_IN_PLACE, x->data, x->count, MPI_FLOAT, MPI_SUM, own->comm));
}

/* How many numbers a channel has, on all ranks. */
static float numbers_of_all(const struct layer_call *call)
{
    const struct own *own = call->own;
    int samples = call->samples;
    mpi_check(MPI_Allreduce(MPI_IN_PLACE, &samples, 1, MPI_INT, MPI_SUM, own->comm));
    const int plane = shape_count(call->layer->input) / call->parameter[WEIGHT]->count;
    return (float)samples * (float)plane;
}

/* running = 0.9 · running + 0.1 · own, of which `own` is overwritten. */
static void follow(struct tensor *running, struct tensor *own)
{
    compute_scale(1 - momentum, running);
    compute_scale(momentum, own);
    compute_add(own, running);
}

/* x becomes n, and what it was divided by is returned: 1/√(variance + ε) of each channel. First the mean, then
 * the squares of what is left: Σx² - mean² would be a small difference of large numbers. */
static struct tensor *normalise(const struct layer_call *call, struct tensor *x)
{
    const float numbers = numbers_of_all(call);
    struct tensor *mean = zeros_like(call->parameter[WEIGHT]), *variance = zeros_like(mean);
    add_channel_sums(call, x, mean);
    sum_over_ranks(call, mean);
    compute_scale(-1 / numbers, mean);
    add_to_channels(call, mean, x);

    struct tensor *squares = compute_new_like(x);
    compute_multiply(x, x, squares);
    add_channel_sums(call, squares, variance);
    tensor_free(squares);
    sum_over_ranks(call, variance);
    compute_scale(1 / numbers, variance);

    struct tensor *inverse = copy_of(variance);
    compute_inverse_square_root(epsilon, inverse);
    multiply_channels(call, inverse, x);
    if (!call->pass->again) {
        compute_scale(-1, mean);
        compute_scale(numbers / (numbers - 1), variance);
        follow(call->buffer[RUNNING_MEAN], mean);
        follow(call->buffer[RUNNING_VARIANCE], variance);
    }
    tensor_free(mean);
    tensor_free(variance);
    return inverse;
}

/* The same by the running averages. */
static void normalise_by_running(const struct layer_call *call, struct tensor *x)
{
    struct tensor *mean = copy_of(call->buffer[RUNNING_MEAN]);
    struct tensor *inverse = copy_of(call->buffer[RUNNING_VARIANCE]);
    compute_scale(-1, mean);
    compute_inverse_square_root(epsilon, inverse);
    add_to_channels(call, mean, x);
    multiply_channels(call, inverse, x);
    tensor_free(mean);
    tensor_free(inverse);
}

/* -(mean of dy) and -(mean of dy n) of each channel, over the samples of all ranks, from the sums on this one:
 * (2, channels), in one message. */
static void become_means(const struct layer_call *call, struct tensor *sums)
{
    compute_scale((float)call->samples, sums);
    sum_over_ranks(call, sums);
    compute_scale(-1 / (numbers_of_all(call) * (float)call->samples), sums);
}

/* END SOLUTION */
static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    /* BEGIN SOLUTION */
    struct tensor *y = copy_of(x);
    tensor_free(x);
    if (call->pass->evaluating) {
        normalise_by_running(call, y);
    } else {
        layer_keep(call, INVERSE, normalise(call, y));
        layer_keep(call, NORMAL, copy_of(y));
    }
    multiply_channels(call, call->parameter[WEIGHT], y);
    add_to_channels(call, call->parameter[BIAS], y);
    return y;
    /* END SOLUTION */
    //| /* TODO: y from x, of which this rank has call->samples samples; and what is kept for the backward.
    //|  *
    //|  * Mean and variance are over the samples of all ranks. The running averages, call->buffer[RUNNING_MEAN] and
    //|  * [RUNNING_VARIANCE], follow them by a tenth, the variance with the divisor n - 1, n being the numbers of a
    //|  * channel on all ranks. Where call->pass->again, they stay as they are. Where call->pass->evaluating, they
    //|  * stand in place of mean and variance, nothing is kept, and nobody sends a message.
    //|  * Given: struct own has the communicator (call->own), mpi_check(…) is for the call of MPI; shape_count counts
    //|  * the numbers of a shape, layer_keep keeps a tensor, tensor_zero and tensor_free are of common/base/tensor.h.
    //|  * common/layers/operations.h has the arithmetic, with rows and columns: where x is (samples, channels,
    //|  * height, width), each plane is a row of a view (tensor_view), and the channels are the columns of what the
    //|  * rows add up to, (samples, channels). compute_new, compute_new_like and compute_copy_part make tensors;
    //|  * compute_row_sums and compute_add_column_sums add up; compute_scale, compute_add, compute_multiply,
    //|  * compute_add_to_rows, compute_multiply_rows and compute_inverse_square_root do the rest.
    //|  * Hint: what do the ranks add up, to know the mean of all? And then the variance?
    //|  * Check: make grade ASSIGNMENT=data CHECK=synchronised_norm
    //|  */
    //| (void)epsilon;
    //| (void)momentum;
    //| todo("synchronised batch norm, forward", call, x);
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    /* BEGIN SOLUTION */
    struct tensor *normal = layer_take(call, NORMAL), *inverse = layer_take(call, INVERSE);
    struct tensor *sums = compute_new(dy->device, SHAPE(2, inverse->count)), *dx = NULL;
    struct tensor *of_dy = tensor_view(sums, 0, inverse->shape);
    struct tensor *of_both = tensor_view(sums, inverse->elements, inverse->shape);
    struct tensor *both = compute_new_like(dy);
    tensor_zero(sums);
    compute_multiply(dy, normal, both);
    add_channel_sums(call, dy, of_dy);
    add_channel_sums(call, both, of_both);
    tensor_free(both);
    compute_add(of_both, call->gradient[WEIGHT]);
    compute_add(of_dy, call->gradient[BIAS]);
    if (want_dx) {
        become_means(call, sums);
        dx = copy_of(dy);
        add_to_channels(call, of_dy, dx);
        multiply_channels(call, of_both, normal);
        compute_add(normal, dx);
        multiply_channels(call, inverse, dx);
        multiply_channels(call, call->parameter[WEIGHT], dx);
    }
    tensor_free(of_dy);
    tensor_free(of_both);
    tensor_free(sums);
    tensor_free(normal);
    tensor_free(inverse);
    tensor_free(dy);
    return dx;
    /* END SOLUTION */
    //| /* TODO: dx from dy, NULL unless want_dx; and add the gradients of γ (call->gradient[WEIGHT]) and β ([BIAS]).
    //|  *
    //|  * Every sample has moved mean and variance, so each dx depends on the dy of all ranks: on two means, of dy
    //|  * and of dy n. dy is of the mean loss over this rank's own samples: in a mean over all ranks it counts by how
    //|  * many they are, and what comes out must again be of the mean over this rank's.
    //|  * Hint: the formula is at the top of this file. Which rank adds what to the gradients of γ and β, if all
    //|  * gradients are averaged afterwards? layer_take gives back what was kept.
    //|  * Check: make grade ASSIGNMENT=data CHECK=synchronised_norm, then synchronised_training
    //|  */
    //| todo("synchronised batch norm, backward", call, dy, want_dx);
}

/* backward_input has added the gradients. */
static void backward_weight(struct layer_call *call)
{
    (void)call;
}

struct layer synchronised_batch_norm(const struct layer *kit, MPI_Comm comm)
{
    struct own *own = malloc(sizeof *own);
    if (own == NULL)
        fatal("no memory left for a batch norm");
    own->comm = comm;
    struct custom_layer layer = {
        .kind = "synchronised batch norm",
        .input = kit->input,
        .output = kit->output,
        .parameters = kit->parameters,
        .parameter = {kit->parameter[WEIGHT], kit->parameter[BIAS]},
        .buffers = kit->buffers,
        .buffer = {kit->buffer[RUNNING_MEAN], kit->buffer[RUNNING_VARIANCE]},
        .forward_flops = kit->forward_flops,
        .backward_input_flops = kit->backward_input_flops,
        .own = own,
        .forward = forward,
        .backward_input = backward_input,
        .backward_weight = backward_weight,
        .free = free,
    };
    return layer_custom(&layer);
}
