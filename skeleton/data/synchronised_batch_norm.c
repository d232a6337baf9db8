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

static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    /* TODO: y from x, of which this rank has call->samples samples; and what is kept for the backward.
     *
     * Mean and variance are over the samples of all ranks. The running averages, call->buffer[RUNNING_MEAN] and
     * [RUNNING_VARIANCE], follow them by a tenth, the variance with the divisor n - 1, n being the numbers of a
     * channel on all ranks. Where call->pass->again, they stay as they are. Where call->pass->evaluating, they
     * stand in place of mean and variance, nothing is kept, and nobody sends a message.
     * Given: struct own has the communicator (call->own), mpi_check(…) is for the call of MPI; shape_count counts
     * the numbers of a shape, layer_keep keeps a tensor, tensor_zero and tensor_free are of common/base/tensor.h.
     * common/layers/operations.h has the arithmetic, with rows and columns: where x is (samples, channels,
     * height, width), each plane is a row of a view (tensor_view), and the channels are the columns of what the
     * rows add up to, (samples, channels). compute_new, compute_new_like and compute_copy_part make tensors;
     * compute_row_sums and compute_add_column_sums add up; compute_scale, compute_add, compute_multiply,
     * compute_add_to_rows, compute_multiply_rows and compute_inverse_square_root do the rest.
     * Hint: what do the ranks add up, to know the mean of all? And then the variance?
     * Check: make grade ASSIGNMENT=data CHECK=synchronised_norm
     */
    (void)epsilon;
    (void)momentum;
    todo("synchronised batch norm, forward", call, x);
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    /* TODO: dx from dy, NULL unless want_dx; and add the gradients of γ (call->gradient[WEIGHT]) and β ([BIAS]).
     *
     * Every sample has moved mean and variance, so each dx depends on the dy of all ranks: on two means, of dy
     * and of dy n. dy is of the mean loss over this rank's own samples: in a mean over all ranks it counts by how
     * many they are, and what comes out must again be of the mean over this rank's.
     * Hint: the formula is at the top of this file. Which rank adds what to the gradients of γ and β, if all
     * gradients are averaged afterwards? layer_take gives back what was kept.
     * Check: make grade ASSIGNMENT=data CHECK=synchronised_norm, then synchronised_training
     */
    todo("synchronised batch norm, backward", call, dy, want_dx);
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
