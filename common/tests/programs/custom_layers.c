/*
 * Trains a model in which linear layers of its own stand in place of the kit's, on every rank: --layers NAME
 *
 *     kit       none does: the kit's own
 *     plain     all linear layers, whole on each rank
 *     split     each rank has a slice: by columns where the next layer can take that, by rows behind it,
 *               and by columns with a gather where the whole output is needed
 *     overlapped  as split; the sum of dx is on its way while the weights' gradients are computed
 *     no-sum    wrong: as split, but the layers split by rows sum nothing
 *     bias-everywhere  wrong: as split, but each rank adds the bias before the sum
 *
 * With any of them the parameters that the ranks tell together are those of one process.
 */
#include "common/base/fatal.h"
#include "common/base/mpi_check.h"
#include "common/driver/driver.h"
#include "common/layers/custom_layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum form { PLAIN, COLUMNS, COLUMNS_GATHERED, ROWS };

/* What all micro-batches have in common. */
struct linear {
    enum form form;
    MPI_Comm comm;
    int rank, ranks;
    int size; /* of the dimension that is split, as a whole */
    bool sums, bias_everywhere, overlaps;
};

/* ---- who has what ------------------------------------------------------------------------------- */

/* Of `size` things, the remainder to the first ranks. */
static int first_of(const struct linear *linear, int rank)
{
    const int least = linear->size / linear->ranks, more = linear->size % linear->ranks;
    return least * rank + (rank < more ? rank : more);
}

static int begin_of(const struct linear *linear)
{
    return first_of(linear, linear->rank);
}

static int end_of(const struct linear *linear)
{
    return first_of(linear, linear->rank + 1);
}

/* ---- what the ranks tell each other -------------------------------------------------------------- */

static void sum_over_ranks(const struct linear *linear, struct tensor *x)
{
    if (linear->sums)
        mpi_check(MPI_Allreduce(MPI_IN_PLACE, x->data, x->count, MPI_FLOAT, MPI_SUM, linear->comm));
}

/* own: this rank's columns. Frees it; a new tensor with the columns of all. */
static struct tensor *gather_columns(const struct linear *linear, struct tensor *own,
                                     struct tensor *all)
{
    const int last = own->shape.dimensions - 1;
    for (int rank = 0; rank < linear->ranks; rank++) {
        const int first = first_of(linear, rank), count = first_of(linear, rank + 1) - first;
        struct tensor *piece = compute_new(own->device, shape_with(own->shape, last, count));
        if (rank == linear->rank)
            tensor_copy(piece, own);
        mpi_check(MPI_Bcast(piece->data, piece->count, MPI_FLOAT, rank, linear->comm));
        compute_copy_part(piece, 0, last, all, first, count);
        tensor_free(piece);
    }
    tensor_free(own);
    return all;
}

/* This rank's columns of dy, which it frees; a new tensor. */
static struct tensor *own_columns(const struct linear *linear, struct tensor *dy)
{
    const int last = dy->shape.dimensions - 1, count = end_of(linear) - begin_of(linear);
    struct tensor *own = compute_new(dy->device, shape_with(dy->shape, last, count));
    compute_copy_part(dy, begin_of(linear), last, own, 0, count);
    tensor_free(dy);
    return own;
}

/* ---- the layer ---------------------------------------------------------------------------------- */

enum { X, DY };

static struct tensor *forward(struct layer_call *call, struct tensor *x)
{
    const struct linear *linear = call->own;
    struct tensor *weight = call->parameter[0], *bias = call->parameter[1];
    struct tensor *y = compute_new(call->device, shape_with_last(x->shape, weight->shape.size[0]));
    compute_matrix_product(false, true, x, weight, 0.0f, y);
    if (linear->form == ROWS && linear->bias_everywhere)
        compute_add_bias(bias, y);
    if (linear->form == ROWS)
        sum_over_ranks(linear, y);
    if (linear->form != ROWS || !linear->bias_everywhere)
        compute_add_bias(bias, y);
    layer_keep(call, X, x);
    return linear->form == COLUMNS_GATHERED ? gather_columns(linear, y, layer_output_new(call)) : y;
}

static void add_gradients(struct layer_call *call)
{
    compute_matrix_product(true, false, layer_kept(call, DY), layer_kept(call, X), 1.0f,
                           call->gradient[0]);
    compute_add_column_sums(layer_kept(call, DY), call->gradient[1]);
}

static struct tensor *backward_input(struct layer_call *call, struct tensor *dy, bool want_dx)
{
    const struct linear *linear = call->own;
    const bool sums = want_dx && (linear->form == COLUMNS || linear->form == COLUMNS_GATHERED);
    struct tensor *dx = want_dx ? layer_input_new(call) : NULL;
    MPI_Request request = MPI_REQUEST_NULL;
    if (linear->form == COLUMNS_GATHERED)
        dy = own_columns(linear, dy);
    if (want_dx)
        compute_matrix_product(false, false, dy, call->parameter[0], 0.0f, dx);
    layer_keep(call, DY, dy);
    if (sums && linear->overlaps)
        mpi_check(MPI_Iallreduce(MPI_IN_PLACE, dx->data, dx->count, MPI_FLOAT, MPI_SUM,
                                 linear->comm, &request));
    else if (sums)
        sum_over_ranks(linear, dx);
    if (linear->overlaps)
        add_gradients(call);
    if (request != MPI_REQUEST_NULL)
        mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
    return dx;
}

static void backward_weight(struct layer_call *call)
{
    const struct linear *linear = call->own;
    if (!linear->overlaps)
        add_gradients(call);
}

/* ---- in place of the kit's ----------------------------------------------------------------------- */

static enum form form_for(const struct run *run, const struct layer_place *place)
{
    const struct layer *whole = place->whole;
    if (strcmp(run->options->step, "plain") == 0)
        return PLAIN;
    if (!shape_equal(place->kit->input, whole->input))
        return ROWS; /* what comes in is split */
    /* An even one but the last of a model is followed by another one. */
    return place->number % 2 == 0 && shape_last(whole->output) > 10 ? COLUMNS : COLUMNS_GATHERED;
}

static struct custom_layer describe(const struct layer_place *place, struct linear *linear)
{
    const struct parameter *weight = &place->whole->parameter[0],
                           *bias = &place->whole->parameter[1];
    struct custom_layer layer = {.kind = "own linear",
                                 .input = place->kit->input,
                                 .output = place->whole->output,
                                 .parameters = 2,
                                 .parameter = {*weight, *bias},
                                 .own = linear,
                                 .forward = forward,
                                 .backward_input = backward_input,
                                 .backward_weight = backward_weight,
                                 .free = free};
    if (linear->form == PLAIN)
        return layer;
    linear->size = weight->shape.size[linear->form == ROWS ? 1 : 0];
    const int begin = begin_of(linear), end = end_of(linear);
    layer.parameter[0] = layer_parameter_part(
        weight, slice_along(weight->shape, linear->form == ROWS ? 1 : 0, begin, end));
    if (linear->form != ROWS)
        layer.parameter[1] = layer_parameter_part(bias, slice_along(bias->shape, 0, begin, end));
    if (linear->form == COLUMNS)
        layer.output.size[layer.output.dimensions - 1] = end - begin;
    return layer;
}

static bool replace(const struct layer_place *place, struct layer *own, void *user)
{
    const struct run *run = user;
    if (strcmp(place->kit->operations->kind, "linear") != 0)
        return false;
    struct linear *linear = calloc(1, sizeof *linear);
    if (linear == NULL)
        fatal("no memory left for a layer");
    *linear =
        (struct linear){.form = form_for(run, place),
                        .comm = run->comm,
                        .rank = run->rank,
                        .ranks = run->ranks,
                        .overlaps = strcmp(run->options->step, "overlapped") == 0,
                        .sums = strcmp(run->options->step, "no-sum") != 0,
                        .bias_everywhere = strcmp(run->options->step, "bias-everywhere") == 0};
    struct custom_layer layer = describe(place, linear);
    const double multiply =
        2.0 * (double)shape_elements(layer.parameter[0].shape) *
        tensor_rows(&(struct tensor){.shape = place->kit->input,
                                     .elements = shape_elements(place->kit->input)});
    layer.forward_flops = layer.backward_input_flops = layer.backward_weight_flops = multiply;
    *own = layer_custom(&layer);
    return true;
}

/* ---- the program --------------------------------------------------------------------------------- */

static void put_layers(struct run *run)
{
    if (strcmp(run->options->step, "kit") != 0 && run->options->step[0] != '\0')
        layer_replace_with(replace, run);
}

/* Every rank has all samples. */
static void take(struct run *run)
{
    struct stage *stage = run->trained[0].stage;
    const float scale = 1.0f / (float)run->micro_batches;
    stage_zero_gradients(stage);
    for (int i = 0; i < run->micro_batches; i++)
        batch_loss(run->batch, i, stage_forward(stage, i, batch_inputs(run->batch, i)));
    for (int i = 0; i < run->micro_batches; i++)
        tensor_free(stage_backward(stage, i, batch_loss_backward(run->batch, i, scale)));
    optimizer_step(run->trained[0].optimizer);
}

static void build(struct run *run)
{
    driver_add_stage(run, (struct stage_options){.stages = 1, .layers = run->model->layers});
}

static void begin(struct run *run)
{
    batch_open_inputs(run->batch);
    batch_open_labels(run->batch);
}

int main(int argc, char **argv)
{
    static const struct own_options own = {.step_word = "layers"};
    static const struct step steps[] = {
        {"kit", "the kit's layers", take},
        {"plain", "linear layers of its own, whole", take},
        {"split", "linear layers of its own, split over the ranks", take},
        {"overlapped", "as split, with sums on their way while it computes", take},
        {"no-sum", "wrong: what the ranks have is not summed", take},
        {"bias-everywhere", "wrong: the bias is summed over the ranks", take},
        {NULL, NULL, NULL},
    };
    return driver_main(argc, argv,
                       &(struct program){.name = "custom-layers",
                                         .options = &own,
                                         .steps = steps,
                                         .layers = put_layers,
                                         .build = build,
                                         .begin = begin});
}
