/*
 * Data parallelism, and hybrids of it: what you are given, and what you write.
 *
 * Every rank has the whole model and its own share of the samples of each batch. It computes the gradients of
 * its share; then the ranks average them, so that all take the same step, and go on with the same parameters:
 * those of one process that had the whole batch. In a hybrid it is not a rank that has the model but a
 * group of ranks: a pipeline, whose ranks have a stage each, or a pipeline whose stages are split again
 * (tensor parallelism). The kit gives you layers, stages, tensors, data and MPI.
 *
 * Words. The batch is what all ranks together work on in a step; a share is what one of them has of it. A
 * share is cut into micro-batches, whose gradients add up (gradient accumulation). A bucket is a run of
 * layers whose gradients are averaged by one message. A replica is one copy of the model.
 *
 * Each function below lives in a file of its own, or in that of its group. Its TODO says what it must do.
 * Only the files listed here are handed in.
 *
 * Wrap MPI calls in mpi_check(…): if one fails, the program ends on all ranks and says which call it was
 * and why (common/base/mpi_check.h). The ranks are those of the communicator that you are given, which need
 * not be numbered as in MPI_COMM_WORLD.
 */
#ifndef ASSIGNMENTS_DATA_DATA_H
#define ASSIGNMENTS_DATA_DATA_H

#include "common/base/mpi_check.h"
#include "common/base/todo.h"
#include "common/layers/custom_layer.h"
#include "common/training/batch.h"
#include "common/training/optimizer.h"
#include "common/training/stage.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- partition.c ---------------------------------------------------------- */

struct epoch {
    int number;     /* 0, 1, 2, … */
    int samples;    /* of the data set: they are numbered 0 … samples - 1 */
    int batch_size; /* of all ranks together */
    bool
        keeps_last; /* What becomes of the samples that are left when no whole batch can be made of them any
                        more? true: they are one batch more, a smaller one. false: they are left out of
                        this epoch. */
    uint64_t seed; /* of the run: the same on all ranks */
};

/* How many steps the epoch has. */
int epoch_steps(const struct epoch *epoch);

/* Which samples rank `rank` of `ranks` works on in each step of the epoch: in step k it has samples
 * sample[first[k]], …, sample[first[k + 1] - 1]. first has room for epoch_steps + 1 numbers, sample for all
 * samples. (Every rank could work out what any other has: nobody needs a message.)
 *
 * In each step each sample of the batch is on one rank, and no rank has two more than another. All ranks
 * shuffle the samples in the same way, in each epoch in another; no sample comes twice in an epoch. In the
 * last, smaller batch a rank may have none. */
void partition(const struct epoch *epoch, int ranks, int rank, int *first, int *sample);

/* Given: puts the numbers 0 … samples - 1 into an order that depends on seed and number alone. */
void shuffle(uint64_t seed, int number, int samples, int *order);

/* ---- broadcast_parameters.c ----------------------------------------------- */

/* Called on all ranks of comm, once, before the first step. However the parameters of this rank begin:
 * afterwards they are those of rank 0. stage_parameters() are all of them, in one piece. */
void broadcast_parameters(MPI_Comm comm, struct stage *stage);

/* ---- what a rank works with -------------------------------------------------- */

/* A run of layers whose gradients travel in one message. */
struct bucket {
    int first_layer, layers; /* places in the model */
    size_t begin,
        end; /* elements of stage_gradients(): begin, …, end - 1; none where begin == end */
    MPI_Request request; /* yours */
};

/* Adds up `count` numbers of all ranks, element by element; every rank gets the sums, in place. */
typedef void all_reduce_function(float *values, int count, MPI_Comm comm);

struct data_parallel {
    MPI_Comm comm; /* the ranks that share each batch */
    int rank;
    int ranks;
    struct stage *stage;         /* the model; in a hybrid this rank's stage of it */
    struct batch *batch;         /* this rank's share of the batch of this step */
    struct optimizer *optimizer; /* updates this rank's parameters */
    int batch_size;              /* samples in the batch of this step, of all ranks together … */
    int samples;                 /* … in this rank's share of it; may be 0 … */
    int micro_batches; /* … and the micro-batches that the share is cut into, numbered from 0. Their sizes
                          (batch_micro_batch_samples) differ by one at most */
    all_reduce_function *all_reduce; /* use it where MPI_Allreduce would do: it is that, or your own
                                        (--sum ring, --sum halving-doubling) */
    int buckets;                     /* as make_buckets made them, in the order in which they go */
    struct bucket *bucket;
    /* What --average names: one of average_per_parameter, average_flat and average_buckets. */
    void (*average)(struct data_parallel *data);
};

/* ---- average_gradients.c ----------------------------------------------------- */

/* Before: the gradients of each rank's stage are those of the mean loss over its own share. Afterwards they
 * are, on all ranks, those of the mean loss over the whole batch. (Not of the sum; and shares need not be of
 * the same size.)
 *
 * per_parameter: one sum over the ranks for each parameter of each layer (parameter_gradient)
 * flat:          one for all gradients (stage_gradients)
 * buckets:       one for each of data->bucket, from the first to the last */
void average_per_parameter(struct data_parallel *data);
void average_flat(struct data_parallel *data);
void average_buckets(struct data_parallel *data);

/* Fills in the buckets of a stage, all but their requests, and returns how many there are: runs of layers,
 * beginning with the last layer, whose gradient is there first, and ending with the first. Each has as many
 * layers as fit into bucket_bytes, but one at least. bucket has room for as many as there are layers. */
int make_buckets(struct stage *stage, size_t bucket_bytes, struct bucket *bucket);

/* Given: a new view of the gradient of parameter number i of a layer, which is on this stage.
 * stage_layer(stage, layer)->parameters says how many there are. (The copy of a tied table, where the stage has one,
 * is no layer's: stage_tied_copy, stage_tied_gradients.) */
struct tensor *parameter_gradient(struct stage *stage, int layer, int i);
/* Given: values[i] *= factor, and values[i] += more[i]. As a loop does, and it is counted; on the meta device, where
 * there are no numbers, it only takes its time. */
void scale_values(float *values, int count, float factor);
void add_values(float *values, const float *more, int count);
/* Given: the elements of stage_gradients() that are a layer's: *begin, …, *end - 1; none: *begin == *end. (Of a
 * stage's last layer also those of a tied table that it has a copy of.) */
void layer_range(struct stage *stage, int layer, size_t *begin, size_t *end);

/* ---- train_step_data_parallel.c --------------------------------------------- */

/* One training step: afterwards the gradients are those of the mean loss over the whole batch, and the
 * optimizer has stepped once. The micro-batches of this rank's share one after the other, forward and
 * backward, then data->average once, and the step. */
void train_step_data_parallel(struct data_parallel *data);

/* ---- overlap.c ----------------------------------------------------------------- */

/* The same step, but each bucket's sum starts as soon as the last gradient that belongs to it is there, and is
 * under way while the backward goes on. */
void train_step_overlapped(struct data_parallel *data);
/* Called within stage_backward of train_step_overlapped, behind the backward for the weights of each layer,
 * from the last to the first: the layer's gradient of this micro-batch has been added. */
void gradient_ready(struct data_parallel *data, int micro_batch, int layer);

/* ---- ring_all_reduce.c, halving_doubling.c ------------------------------------- */

/* As MPI_Allreduce in place with MPI_SUM, of messages between two ranks at a time. Any count, 0 included.
 * Every rank ends with the same bits.
 *
 * ring, any number of ranks: 2 (p - 1) steps, in each of which a rank sends one of p chunks to the next one and receives one
 * from the one before. Chunks are as equal as they can be: none has more numbers than count / p, rounded up.
 * (Patarasuk & Yuan 2009) */
void ring_all_reduce(float *values, int count, MPI_Comm comm);
/* halving and doubling: log2 p steps with half of what is left each, and log2 p back. (Rabenseifner 2004;
 * Thakur et al. 2005) Ranks that are no power of two may be refused: can_halve_and_double writes to reason (of
 * reason_size bytes) why not and what the user can do. */
bool can_halve_and_double(int ranks, char *reason, size_t reason_size);
void halving_doubling_all_reduce(float *values, int count, MPI_Comm comm);

/* ---- synchronised_batch_norm.c --------------------------------------------------- */

/* A batch norm like `kit`, over the samples of all ranks of comm, which may have different numbers of them; all
 * call it, with one sample at the least each. kit->parameter[0] is the weight γ, [1] the bias β; kit->buffer[0] the
 * running mean, [1] the running variance (see custom_layer.h), which follow by a tenth; epsilon is 1e-5. x is
 * (samples, columns) or (samples, channels, height, width); mean and variance are over all but the columns or
 * channels.
 *
 * dy is the gradient of the mean loss over this rank's own samples, and so is dx to be: in the mean over all ranks'
 * samples they count by how many these are of all. With N numbers of a channel on all ranks, and n_r samples on rank r,
 *
 *     dx = γ (dy - Σ_r n_r (Σ dy) / (N n) - x̂ Σ_r n_r (Σ dy x̂) / (N n)) / √(variance + ε)
 *
 * on a rank with n samples, the inner sums being those of rank r. What this rank adds to the gradients of γ and β are
 * its own Σ dy x̂ and Σ dy: averaged with all other gradients, by n / Σ n_r, they become those of the whole batch. */
struct layer synchronised_batch_norm(const struct layer *kit, MPI_Comm comm);

/* ---- groups.c --------------------------------------------------------------------- */

/* The ranks as a grid: how many there are along each dimension. */
struct grid {
    int data, pipeline,
        tensor; /* data · pipeline · tensor ranks in all; tensor is 1 but for three dimensions */
};

struct groups {
    MPI_Comm
        data; /* the ranks that have the same parameters: a stage's, and of that the same slices */
    MPI_Comm pipeline; /* the stages of one pipeline: rank s has stage s */
    MPI_Comm tensor;   /* the ranks that share the layers of a stage */
};

/* Puts this rank of comm into one group along each dimension: of any two groups of a rank it alone is in both,
 * and of one dimension of which the grid has 1 it is alone in its group. All ranks of a data group have the same
 * rank in their pipelines, the stage's number; and all ranks of a pipeline have the same rank in their
 * data groups, the number of the share that they work on.
 *
 * With tensor = 1 the ranks may stand in any order in the grid. In three dimensions tensor comes first, then data, then pipeline:
 * rank = tensor index + tensor · (data index + data · pipeline index). (Megatron-LM: Narayanan et al. 2021) */
void make_groups(MPI_Comm comm, const struct grid *grid, struct groups *groups);

/* ---- train_step_hybrid.c ------------------------------------------------------------ */

struct pipeline;       /* assignments/pipeline/pipeline.h */
struct schedule_facts; /* the kit's */

struct hybrid {
    struct groups groups;
    struct data_parallel data; /* of this rank's stage: data.comm is groups.data */
    struct pipeline *pipeline; /* of groups.pipeline */
    const struct schedule_facts *schedule;
    /* With an embedding that is tied to the last layer, which is on another stage: its group, as
     * make_embedding_group made it; else MPI_COMM_NULL on all ranks. */
    bool is_tied;
    MPI_Comm embedding;
};

/* Given: one step of this rank's pipeline with its share of the batch, by a schedule of the pipeline
 * assignment, all but the optimizer's step: the gradients are those of the mean loss over the share. */
void pipeline_forward_backward(struct hybrid *hybrid);

/* One training step of a hybrid. */
void train_step_hybrid(struct hybrid *hybrid);

/* ---- scattered_messages.c ------------------------------------------------------------- */

struct tensor_group; /* t ranks: assignments/tensor/tensor.h */

/* With --scatter-messages, between stages whose layers are split over t ranks. What one stage sends to the next is
 * whole on each of the t ranks. In place of t copies, each rank sends its part of the last dimension, the one that
 * the tensor assignment's `split` gives it, to the rank with its own slice, and there the t ranks put the parts
 * together. (Narayanan et al. 2021, section 4.1) What was split anyway, between two layers of one round, say, goes
 * as it is.
 *
 * Each takes over its tensor; what it returns is the caller's. size: of the whole last dimension.
 *
 * Where y leaves a stage it is whole, and becomes this rank's part. Backward: dy comes as this rank's part, and
 * becomes whole. */
struct tensor *leave_stage_forward(const struct tensor_group *group, struct tensor *y);
struct tensor *leave_stage_backward(const struct tensor_group *group, struct tensor *dy, int size);
/* Where x comes to a stage it is this rank's part, and becomes whole. Backward: dx is whole, the same numbers on
 * each of the t ranks, and becomes this rank's part. */
struct tensor *enter_stage_forward(const struct tensor_group *group, struct tensor *x, int size);
struct tensor *enter_stage_backward(const struct tensor_group *group, struct tensor *dx);

/* ---- tied_embedding.c ----------------------------------------------------------------- */

/* Where the last layer works with the embedding's table, which is on the first stage, the last stage has a copy
 * of it: stage_tied_parameters(), stage_tied_gradients(). NULL on the other stages.
 *
 * The group of this rank's first and last stage, MPI_COMM_NULL on the stages between them. */
MPI_Comm make_embedding_group(const struct groups *groups);
/* The gradients of the two copies are two parts of one: afterwards both are the sum. Called on all ranks. */
void sum_tied_gradients(MPI_Comm embedding_group, struct stage *stage);

#endif
