/* Micro-batches go through the same stages in the judge's own process; see memory_need.h. */
#include "assignments/pipeline/judges/memory_need.h"

#include "assignments/pipeline/placement.h"
#include "common/training/stage.h"

static struct tensor *zeros(struct tensor *tensor)
{
    tensor_zero(tensor);
    return tensor;
}

static struct tensor *backward(struct stage *stage, int i, bool halves)
{
    struct tensor *dy = zeros(stage_output_new(stage));
    return halves ? stage_backward_input(stage, i, dy) : stage_backward(stage, i, dy);
}

/* Runs count micro-batches through the stage and back. */
static struct memory_need measure(struct stage *stage, int count, bool halves)
{
    struct memory_need need = {0};
    struct tensor **kept = g_new0(struct tensor *, 2 * (gsize)count + 2);
    size_t before = memory_live(MEMORY_ACTIVATION);
    memory_reset_peak();
    kept[2 * count] = stage_input_new(stage);
    kept[2 * count + 1] = stage_output_new(stage);
    /* Of the micro-batches before these: their input gradients may still be under way. */
    for (int i = 0; i < count && stage_index(stage) > 0; i++)
        kept[count + i] = stage_input_new(stage);
    for (int i = 0; i < count; i++) {
        size_t live = memory_live(MEMORY_ACTIVATION);
        kept[i] = stage_forward(stage, i, zeros(stage_input_new(stage)));
        if (i == 0)
            need.micro_batch = memory_live(MEMORY_ACTIVATION) - live - tensor_bytes(kept[0]);
    }
    for (int i = 0; i < count; i++) {
        struct tensor *dx = backward(stage, i, halves);
        tensor_free(kept[count + i]);
        kept[count + i] = dx;
    }
    for (int i = 0; halves && i < count; i++)
        stage_backward_weight(stage, i);
    need.in_flight = memory_peak(MEMORY_ACTIVATION) - before;
    need.kept = tensor_bytes(kept[2 * count + 1]);
    need.kept += stage_index(stage) > 0 ? tensor_bytes(kept[2 * count]) : 0;
    for (int i = 0; i < 2 * count + 2; i++)
        tensor_free(kept[i]);
    g_free(kept);
    return need;
}

struct schedule_shape memory_shape(const struct outcome *run)
{
    return (struct schedule_shape){run->ranks, pipeline_chunks(&run->options),
                                   options_micro_batches(&run->options)};
}

/* How many micro-batches of one stage are in flight at once, at most: where a rank has several,
 * as the schedule itself has it. */
static int most_in_flight(const struct schedule_kind *kind, struct schedule_shape shape, int rank,
                          int stage)
{
    int now = 0, most = 0;
    if (shape.chunks == 1)
        return kind->in_flight(shape, rank);
    struct schedule *schedule =
        schedule_equal(kind->make, shape.ranks, shape.chunks, shape.micro_batches, 1, 1, 1);
    if (!schedule)
        return shape.micro_batches;
    for (int i = 0; i < schedule->count[rank]; i++) {
        const struct schedule_operation *operation = &schedule->operation[rank][i];
        now += operation->stage == stage && operation->operation == LOG_FORWARD;
        most = MAX(most, now);
        now -= operation->stage == stage && operation->operation == LOG_BACKWARD;
    }
    schedule_free(schedule);
    return most;
}

/* Of all stages of a rank. */
struct memory_need memory_need(const struct outcome *run, const struct schedule_kind *kind,
                               const struct model *model, const struct evidence_stage *stage,
                               int rank)
{
    struct memory_need all = {0};
    int stages = stages_count(run), micro_batches = options_micro_batches(&run->options);
    for (int s = placement_stage(rank, 0, run->ranks); s < stages;
         s = placement_next(s, run->ranks)) {
        int count = most_in_flight(kind, memory_shape(run), rank, s);
        struct stage *own =
            stage_new(model, &(struct stage_options){.index = s,
                                                     .stages = stages,
                                                     .first_layer = stage[s].first_layer,
                                                     .layers = stage[s].layers,
                                                     .micro_batch_size =
                                                         run->options.batch_size / micro_batches,
                                                     .micro_batches = count,
                                                     .seed = run->options.seed,
                                                     .device = DEVICE_CPU});
        struct memory_need need = measure(own, count, kind->facts->halves);
        int messages = MAX(count, MIN(run->ranks, micro_batches));
        all.in_flight += need.in_flight + (uint64_t)(messages - count) * need.kept;
        all.kept += (uint64_t)(micro_batches - messages) * need.kept;
        all.micro_batch += need.micro_batch;
        stage_free(own);
    }
    return all;
}
