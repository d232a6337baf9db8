/*
 * Memory by formula, from the records of --log-memory. Ψ is the number of all parameters, a shard what its rank owns: in
 * bytes, b being those of a parameter and g those of a gradient:
 *
 *              between steps                        while a layer computes, besides
 *   ZeRO 0, 1  Ψ·b, Ψ·g (and a shard·g, where sums   nothing
 *              are kept apart)
 *   ZeRO 2     Ψ·b, shard·g                         gradients of the layer at work and of one that is under way
 *   ZeRO 3     shard·b, shard·g                     the same, and parameters of two layers
 *
 * and state of 4 bytes a number, of the shard alone.
 */
#include "assignments/memory/judges/zero/zero_reading.h"

#include "assignments/memory/options.h"
#include "common/log/log_fields.h"
#include "common/training/stage.h"

#include <math.h>

/* ---- a rank ------------------------------------------------------------------------------------------------ */

static void follow(struct zero_reading *r, const struct log_record *record)
{
    const bool back = record->operation == LOG_BACKWARD;
    const struct log_allocation change = log_allocation(record);
    if ((record->operation == LOG_ALLOCATE || record->operation == LOG_RELEASE) &&
        change.kind >= 0 && change.kind < MEMORY_KINDS)
        r->live[change.kind] = change.live;
    if (record->operation == LOG_OPEN_LABELS)
        r->workspace_at_first = r->live[MEMORY_WORKSPACE];
    if (record->operation == LOG_LAYER || record->operation == LOG_GRADIENT)
        r->at_layer = true;
    if (back || record->operation == LOG_FORWARD) {
        r->computes = record->phase == LOG_BEGIN;
        r->backwards = back;
        r->at_layer = false;
    }
}

static bool judge_rank(struct zero_reading *r, struct verdict *verdict)
{
    const struct log_file *log = &r->run->log[r->rank];
    bool right = true;
    r->step = -1;
    for (size_t i = 0; right && i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        const bool begins = record->operation == LOG_STEP_BEGIN;
        log_follow_step(record, &r->step);
        follow(r, record);
        if (begins)
            right = memory_zero_begin_is_right(r, verdict);
        else if (r->step >= 0 && r->computes)
            right = memory_zero_layers_are_right(r, verdict);
        else if (r->step >= 0)
            right = memory_zero_buffers_are_right(r, verdict);
    }
    return right;
}

static bool has_records(const struct outcome *run, struct verdict *verdict)
{
    for (int rank = 0; rank < run->ranks; rank++) {
        bool any = false;
        for (size_t i = 0; i < run->log[rank].count && !any; i++)
            any = run->log[rank].record[i].operation == LOG_ALLOCATE;
        if (any)
            continue;
        evidence_fail(verdict, "rank %d's log says nothing of memory", rank);
        return false;
    }
    return true;
}

/* Bytes of the outputs of a whole batch, for which the kit makes room in the first step. */
static double outputs_of(const struct outcome *run, const struct model *model)
{
    const struct layer *last = &model->layer[model->layers - 1];
    const struct shape all = shape_with_batch(run->options.batch_size, last->output);
    return (double)shape_elements(all) * sizeof(float);
}

/* What the kit itself takes besides, at most, for the forward and backward of a micro-batch: numbers in full precision, and
 * room within layers. It is the same on the meta device. */
static double scratch_of(const struct outcome *run, const struct model *model)
{
    const struct memory_options own = memory_options(&run->options);
    const int micro_batches = options_micro_batches(&run->options);
    struct stage *stage = stage_new(
        model, &(struct stage_options){.stages = 1,
                                       .layers = model->layers,
                                       .micro_batch_size = run->options.batch_size / micro_batches,
                                       .micro_batches = 1,
                                       .seed = run->options.seed,
                                       .device = DEVICE_META,
                                       .precision = own.precision});
    struct tensor *x = stage_input_new(stage);
    memory_reset_peak();
    const size_t before = memory_live(MEMORY_WORKSPACE);
    tensor_free(stage_forward(stage, 0, x));
    tensor_free(stage_backward(stage, 0, stage_output_new(stage)));
    const size_t most = memory_peak(MEMORY_WORKSPACE);
    stage_free(stage);
    return (double)(most - before);
}

double memory_zero_memory_is_right(const struct outcome *run, const struct zero_sizes *sizes,
                                   struct verdict *verdict)
{
    double gradient_bytes = 0, owned = 0;
    if (!has_records(run, verdict))
        return 0;
    const double scratch = scratch_of(run, sizes->model);
    for (int rank = 0; rank < run->ranks; rank++) {
        struct zero_reading r = {.run = run,
                                 .sizes = sizes,
                                 .rank = rank,
                                 .scratch = scratch,
                                 .outputs = outputs_of(run, sizes->model)};
        r.reduced = 4 * memory_zero_traffic(run, sizes, 4).gradients;
        if (!judge_rank(&r, verdict))
            return 0;
        gradient_bytes = r.gradient_bytes;
        owned += r.owned;
    }
    if (sizes->zero_stage == 0 || owned == sizes->all)
        return gradient_bytes;
    evidence_fail(verdict, "all ranks together keep the state of %.0f numbers, and there are %.0f",
                  owned, sizes->all);
    return 0;
}

void memory_zero_explain_memory(const struct zero_sizes *sizes, double gradient_bytes,
                                struct verdict *verdict)
{
    const double parameters = sizes->zero_stage == 3 ? sizes->shard : sizes->all;
    const double gradients = sizes->zero_stage >= 2 ? sizes->shard : sizes->all;
    verdict_explain(verdict,
                    "\nMemory of a rank between steps, %d ranks, --zero %d: parameters %.0f bytes, "
                    "gradients %.0f, "
                    "state %.0f; while a layer computes at most %.0f and %.0f of the first two.\n",
                    sizes->ranks, sizes->zero_stage, parameters * sizes->parameter_bytes,
                    gradients * gradient_bytes, sizes->shard * 4 * sizes->states,
                    (parameters + (sizes->zero_stage == 3 ? sizes->layers[1] : 0)) *
                        sizes->parameter_bytes,
                    (gradients + (sizes->zero_stage >= 2 ? sizes->layers[1] : 0)) * gradient_bytes);
}
