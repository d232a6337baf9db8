/*
 * Ranks that share each batch: which stage they have, what of it comes and goes, and who is called when.
 */
#include "assignments/memory/program/parts.h"
#include "common/base/fatal.h"

#include <stdlib.h>

/* ---- building --------------------------------------------------------------------------------------- */

/* The kit's own optimizer does where nothing is shared out, or rounded, or clipped. */
static bool is_plain(const struct memory_options *own)
{
    return own->zero == 0 && own->precision == DTYPE_FLOAT32 && own->clip <= 0;
}

static enum dtype dtype_of_gradients(const struct memory_options *own)
{
    if (own->precision == DTYPE_FLOAT32)
        return DTYPE_FLOAT32;
    const enum dtype dtype = gradients_dtype(own->precision);
    if (dtype != DTYPE_FLOAT32 && dtype != own->precision)
        fatal_at("gradients_dtype", "for %s it returned %s: it must be that, or float32",
                 dtype_name(own->precision), dtype_name(dtype));
    return dtype;
}

void memory_program_build_replicas(struct run *run)
{
    const struct memory_options own = memory_options(run->options);
    run->own_optimizers = !is_plain(&own);
    driver_add_stage(run, (struct stage_options){.stages = 1,
                                                 .layers = run->model->layers,
                                                 .precision = own.precision,
                                                 .gradients = dtype_of_gradients(&own),
                                                 .parameters_come_and_go = own.zero == 3,
                                                 .gradients_come_and_go = own.zero >= 2});
}

/* ---- within forwards and backwards ---------------------------------------------------------------------- */

typedef void at_layer_function(struct zero *zero, int micro_batch, int layer);

/* Who is called when, of layers with parameters; NULL: nobody. */
struct hooks {
    at_layer_function *at[STAGE_MOMENTS]; /* at each moment … */
    at_layer_function
        *ready[2]; /* … and, one behind the other, when a layer's gradients have been added */
};

static const struct hooks zero_2 = {{[BEFORE_LAYER_BACKWARD] = zero2_before_backward},
                                    {zero2_gradient_ready}};
static const struct hooks zero_2_offloading = {{[BEFORE_LAYER_BACKWARD] = zero2_before_backward},
                                               {zero2_gradient_ready, offload_gradient_ready}};
static const struct hooks zero_3 = {
    {zero3_before_forward, zero3_after_forward, zero3_before_backward}, {zero3_gradient_ready}};
static const struct hooks zero_3_with_prefetch = {
    {prefetch_before_forward, zero3_after_forward, prefetch_before_backward},
    {zero3_gradient_ready}};
static const struct hooks zero_3_offloading = {
    {offload_parameters_before_forward, zero3_after_forward, offload_parameters_before_backward},
    {zero3_gradient_ready, offload_gradient_ready}};

static const struct hooks *hooks; /* of this run */

static void at_layer(void *own, enum stage_moment moment, int micro_batch, int layer)
{
    if (hooks->at[moment] != NULL)
        hooks->at[moment](own, micro_batch, layer);
}

static void gradient_ready(void *own, int micro_batch, int layer)
{
    for (int i = 0; i < 2 && unit_of_layer(own, layer) != NULL; i++)
        if (hooks->ready[i] != NULL)
            hooks->ready[i](own, micro_batch, layer);
}

static void visit(struct zero *zero, bool prefetches)
{
    if (zero->zero_stage < 2)
        return;
    if (zero->zero_stage == 2)
        hooks = zero->offloads ? &zero_2_offloading : &zero_2;
    else
        hooks = zero->offloads_parameters ? &zero_3_offloading
                : prefetches              ? &zero_3_with_prefetch
                                          : &zero_3;
    stage_visit_layers(zero->stage, at_layer, zero);
    stage_tell_gradients(zero->stage, gradient_ready, zero);
}

/* ---- beginning -------------------------------------------------------------------------------------------- */

static struct zero zero_of(struct run *run)
{
    const struct options *options = run->options;
    const struct memory_options own = memory_options(options);
    const int micro_batches = run->micro_batches / run->ranks;
    return (struct zero){.comm = run->comm,
                         .rank = run->rank,
                         .ranks = run->ranks,
                         .zero_stage = own.zero,
                         .stage = run->trained[0].stage,
                         .device = options->device,
                         .batch = run->batch,
                         .first_micro_batch = run->rank * micro_batches,
                         .micro_batches = micro_batches,
                         .all_micro_batches = run->micro_batches,
                         .precision = own.precision,
                         .gradients = dtype_of_gradients(&own),
                         .optimizer_options = options->optimizer,
                         .most_norm = own.clip,
                         .loss_scale = own.precision == DTYPE_FLOAT16 ? own.loss_scale : 1,
                         .scale_window = own.scale_window,
                         .offloads = own.offloads,
                         .offloads_parameters = own.offloads_parameters,
                         .arriving_layer = -1,
                         .request = MPI_REQUEST_NULL};
}

/* With ZeRO 0 the kit makes what each rank keeps, which is everything. */
static void begin_nothing_shared(struct zero *zero)
{
    zero->optimizer = optimizer_new_for(&zero->optimizer_options, zero->device, zero->own_count);
    if (zero->precision != DTYPE_FLOAT32)
        make_masters(zero);
}

/* Who has to make what a rank keeps. */
static const char *beginning(const struct zero *zero)
{
    static const char *const names[] = {"the kit", "zero1_begin", "zero2_begin", "zero3_begin"};
    return zero->offloads_parameters ? "offload_parameters_begin" : names[zero->zero_stage];
}

static void must_be(const struct zero *zero, const struct tensor *numbers, const char *name,
                    enum dtype dtype)
{
    char text[SHAPE_TEXT_SIZE];
    const char *function = beginning(zero);
    if (numbers == NULL)
        fatal_at(function, "zero->%s is NULL: it has to be made here", name);
    if (numbers->elements != zero->own_count || numbers->dtype != dtype)
        fatal_at(function, "zero->%s is %s %s: it must be %s of zero->own_count (%zu) numbers",
                 name, dtype_name(numbers->dtype), shape_text(numbers->shape, text),
                 dtype_name(dtype), zero->own_count);
}

static void check_begun(const struct zero *zero)
{
    if (zero->optimizer == NULL)
        fatal_at(beginning(zero), "zero->optimizer is NULL: it has to be made here");
    if (zero->precision != DTYPE_FLOAT32 || zero->offloads)
        must_be(zero, zero->masters, "masters", DTYPE_FLOAT32);
    if (zero->zero_stage >= 2)
        must_be(zero, zero->own_gradients, "own_gradients", zero->gradients);
    if (zero->offloads || zero->offloads_parameters)
        must_be(zero, zero->host_gradients, "host_gradients", zero->gradients);
    if (zero->offloads && zero->precision != DTYPE_FLOAT32)
        must_be(zero, zero->host_parameters, "host_parameters", zero->precision);
    if (zero->zero_stage == 3)
        must_be(zero, zero->own_parameters, "own_parameters", zero->precision);
}

struct zero *memory_program_begin_replicas(struct run *run)
{
    static void (*const begins[])(struct zero *) = {begin_nothing_shared, zero1_begin, zero2_begin,
                                                    zero3_begin};
    const struct memory_options own = memory_options(run->options);
    const int samples = run->options->batch_size / run->ranks;
    struct zero *zero = malloc(sizeof *zero);
    if (zero == NULL)
        fatal("no memory left");
    batch_open_inputs(run->batch);
    batch_open_labels(run->batch);
    run->samples = (struct samples){run->rank * samples, samples};
    *zero = zero_of(run);
    memory_program_make_units(zero);
    zero->transfer = calloc((size_t)zero->units + 1, sizeof *zero->transfer);
    if (zero->transfer == NULL)
        fatal("no memory left");
    if (is_plain(&own))
        return zero;
    if (own.offloads_parameters)
        offload_parameters_begin(zero);
    else
        begins[own.zero](zero);
    check_begun(zero);
    memory_program_tell(&run->trained[0], zero);
    visit(zero, own.prefetches);
    return zero;
}

void memory_program_end_replicas(struct zero *zero)
{
    if (zero == NULL)
        return;
    tensor_free(zero->masters);
    tensor_free(zero->own_gradients);
    tensor_free(zero->own_parameters);
    tensor_free(zero->host_gradients);
    tensor_free(zero->host_parameters);
    free(zero->transfer);
    memory_program_free_units(zero);
    free(zero);
}

/* ---- a step ------------------------------------------------------------------------------------------------- */

/* Where nothing is shared out it is the kit that trains: what the others are compared with. */
static void step_nothing_shared(struct run *run, struct zero *zero)
{
    struct stage *stage = zero->stage;
    struct batch *batch = zero->batch;
    struct tensor *gradients = stage_gradients(stage);
    const float scale = (float)(zero->loss_scale / zero->all_micro_batches);
    stage_zero_gradients(stage);
    for (int i = 0; i < zero->micro_batches; i++) {
        const int m = zero->first_micro_batch + i;
        batch_loss(batch, m, stage_forward(stage, m, batch_inputs(batch, m)));
        tensor_free(stage_backward(stage, m, batch_loss_backward(batch, m, scale)));
    }
    for (int u = 0; u < zero->units && zero->ranks > 1; u++) {
        const struct unit *unit = &zero->unit[u];
        mpi_check(MPI_Allreduce(MPI_IN_PLACE,
                                numbers_at(gradients->data, zero->gradients, unit->begin),
                                (int)(unit->end - unit->begin), message_type(zero->gradients),
                                message_sum(zero->gradients), zero->comm));
    }
    if (zero->optimizer == NULL)
        optimizer_step(run->trained[0].optimizer);
    else
        update_own_parameters(zero);
}

void memory_program_take_replicas(struct run *run, struct zero *zero)
{
    switch (zero->zero_stage) {
    case 1:
        zero1_train_step(zero);
        return;
    case 2:
        zero2_train_step(zero);
        return;
    case 3:
        zero3_train_step(zero);
        return;
    default:
        step_nothing_shared(run, zero);
    }
}
