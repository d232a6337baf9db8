/* Trains in the judge's process; see trial.h. */
#include "assignments/memory/judges/recomputation/trial_parts.h"

#include "common/base/flops.h"

/* ---- making ------------------------------------------------------------------------------------------ */

static struct batch *open_batch(const struct options *options, int micro_batches,
                                const struct model *model)
{
    struct batch *batch = batch_new(&(struct batch_options){.dataset = options->dataset,
                                                            .batch_size = options->batch_size,
                                                            .micro_batches = micro_batches,
                                                            .loss = options->loss,
                                                            .seed = options->seed,
                                                            .data = model_data(model)});
    batch_open_inputs(batch);
    batch_open_labels(batch);
    return batch;
}

static void make_lane(const struct training *training, struct lane *lane,
                      const struct computations *order, const struct manner *manner)
{
    const struct memory_options own = memory_options(training->options);
    const int micro_batches = training->micro_batches;
    lane->order = order;
    lane->stage = stage_new(
        training->model,
        &(struct stage_options){.index = order->stage,
                                .stages = training->are_stages ? training->lanes : 1,
                                .first_layer = order->first_layer,
                                .layers = order->layers,
                                .micro_batch_size = training->options->batch_size / micro_batches,
                                .micro_batches = micro_batches,
                                .seed = training->options->seed,
                                .device = DEVICE_CPU});
    lane->optimizer = optimizer_new(&training->options->optimizer, lane->stage);
    lane->y = g_new0(struct tensor *, micro_batches);
    lane->dx = g_new0(struct tensor *, micro_batches);
    if (manner &&
        (own.recompute == RECOMPUTE_WAY_LAYERS || own.recompute == RECOMPUTE_WAY_SEGMENTS))
        lane->manner = manner_run_new(manner, &own, lane->stage, micro_batches);
}

static void free_lane(struct lane *lane)
{
    manner_run_free(lane->manner);
    optimizer_free(lane->optimizer);
    stage_free(lane->stage);
    g_free(lane->y);
    g_free(lane->dx);
}

/* ---- a forward, or a backward --------------------------------------------------------------------------- */

/* As it comes out of a message: nobody else refers to it. */
static struct tensor *received(struct tensor **from)
{
    struct tensor *copy =
        tensor_new(MEMORY_ACTIVATION, (*from)->dtype, (*from)->device, (*from)->shape);
    tensor_copy(copy, *from);
    tensor_free(*from);
    *from = NULL;
    return copy;
}

static bool is_first(const struct training *training, int lane)
{
    return !training->are_stages || lane == 0;
}

/* Has what it needs come from the neighbour? */
static bool can_run(const struct training *training, int lane, const struct computation *one)
{
    const int m = one->micro_batch;
    if (one->back)
        return recomputation_trial_is_last(training, lane) ||
               training->lane[lane + 1].dx[m] != NULL;
    return is_first(training, lane) || training->lane[lane - 1].y[m] != NULL;
}

static struct tensor *gradient_of(struct training *training, int lane,
                                  const struct computation *one)
{
    return recomputation_trial_is_last(training, lane)
               ? batch_loss_backward(training->batch, one->micro_batch, one->scale)
               : received(&training->lane[lane + 1].dx[one->micro_batch]);
}

static struct tensor *input_of(struct training *training, int lane, const struct computation *one)
{
    return is_first(training, lane) ? batch_inputs(training->batch, one->micro_batch)
                                    : received(&training->lane[lane - 1].y[one->micro_batch]);
}

/* Both hand over what comes out. */
static void hand_over(struct training *training, int lane, const struct computation *one,
                      struct tensor *out)
{
    struct lane *at = &training->lane[lane];
    if (!one->back && recomputation_trial_is_last(training, lane))
        batch_loss(training->batch, one->micro_batch, out);
    else if (!one->back)
        at->y[one->micro_batch] = received(&out);
    else if (is_first(training, lane))
        tensor_free(out);
    else
        at->dx[one->micro_batch] = received(&out);
}

/* Whose changes are noted now. */
static GArray *noted;

static void note(enum memory_kind kind, int64_t bytes)
{
    (void)bytes;
    const double live = (double)memory_live(MEMORY_ACTIVATION);
    if (kind == MEMORY_ACTIVATION)
        g_array_append_val(noted, live);
}

static void run_one(struct training *training, int lane)
{
    struct lane *at = &training->lane[lane];
    struct computation one = *computation_at(at->order, at->next++);
    struct tensor *in =
        one.back ? gradient_of(training, lane, &one) : input_of(training, lane, &one);
    noted = training->trial->computed[lane].live;
    one.first = noted->len;
    memory_reset_peak();
    memory_set_observer(note);
    one.before = (double)memory_live(MEMORY_ACTIVATION);
    one.flops = flops_charged();
    struct tensor *out = one.back ? stage_backward(at->stage, one.micro_batch, in)
                                  : stage_forward(at->stage, one.micro_batch, in);
    memory_set_observer(NULL);
    one.flops = flops_charged() - one.flops;
    one.changes = noted->len - one.first;
    one.behind = (double)memory_live(MEMORY_ACTIVATION);
    one.most = (double)memory_peak(MEMORY_ACTIVATION);
    g_array_append_val(training->trial->computed[lane].of, one);
    hand_over(training, lane, &one, out);
}

static bool run_what_can_run(struct training *training, int lane, int step)
{
    struct lane *at = &training->lane[lane];
    bool any = false;
    while (at->next < at->order->of->len) {
        const struct computation *one = computation_at(at->order, at->next);
        if (one->step != step || !can_run(training, lane, one))
            break;
        run_one(training, lane);
        any = true;
    }
    return any;
}

/* ---- a step ------------------------------------------------------------------------------------------------------ */

/* As an all-reduce of two ranks does. */
static void add_up_replicas(struct training *training)
{
    struct tensor *sum = stage_gradients(training->lane[0].stage);
    for (int lane = 1; lane < training->lanes; lane++) {
        const float *more = tensor_floats(stage_gradients(training->lane[lane].stage));
        for (size_t i = 0; i < sum->elements; i++)
            tensor_floats(sum)[i] += more[i];
    }
    for (int lane = 1; lane < training->lanes; lane++)
        tensor_copy(stage_gradients(training->lane[lane].stage), sum);
}

static bool take_step(struct training *training, int step)
{
    bool any = true, all = true;
    batch_load(training->batch, step);
    for (int lane = 0; lane < training->lanes; lane++) {
        stage_set_step(training->lane[lane].stage, step);
        stage_zero_gradients(training->lane[lane].stage);
    }
    while (any) {
        any = false;
        for (int lane = 0; lane < training->lanes; lane++)
            any = run_what_can_run(training, lane, step) || any;
    }
    for (int lane = 0; lane < training->lanes; lane++) {
        const struct lane *at = &training->lane[lane];
        all = all &&
              (at->next == at->order->of->len || computation_at(at->order, at->next)->step != step);
    }
    if (!training->are_stages)
        add_up_replicas(training);
    return all;
}

static bool train(struct training *training)
{
    const int steps = training->options->steps;
    bool right = true;
    for (int step = 0; step < steps && right; step++) {
        recomputation_trial_store_before(training, step);
        right = take_step(training, step);
        recomputation_trial_store_after(training, step);
        for (int lane = 0; lane < training->lanes; lane++)
            optimizer_step(training->lane[lane].optimizer);
    }
    recomputation_trial_store_before(training, steps);
    return right;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------ */

static struct trial *new_trial(int ranks)
{
    struct trial *trial = g_new0(struct trial, 1);
    trial->ranks = ranks;
    trial->stored = g_array_new(FALSE, FALSE, sizeof(struct trial_tensor));
    trial->computed = g_new0(struct computations, ranks);
    for (int rank = 0; rank < ranks; rank++)
        trial->computed[rank] = computations_none();
    return trial;
}

static void clear_ways(struct training *training)
{
    for (int lane = 0; lane < training->lanes; lane++)
        for (int m = 0; m < training->micro_batches; m++) {
            tensor_free(training->lane[lane].y[m]);
            tensor_free(training->lane[lane].dx[m]);
        }
}

struct trial *recomputation_trial_new(const struct outcome *run,
                                      const struct computations *computed,
                                      const struct manner *manner, struct verdict *verdict)
{
    struct model *model = evidence_model(run, verdict);
    char error[DATASET_ERROR_SIZE];
    if (model && !dataset_present(run->options.dataset, error)) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "there is no reference for this run: %s", error);
        model_free(model);
        return NULL;
    }
    if (!model)
        return NULL;
    const int micro_batches = options_micro_batches(&run->options);
    struct training training = {.run = run,
                                .options = &run->options,
                                .model = model,
                                .batch = open_batch(&run->options, micro_batches, model),
                                .lanes = run->ranks,
                                .micro_batches = micro_batches,
                                .are_stages = memory_ranks_are(&run->options) == RANKS_ARE_STAGES,
                                .lane = g_new0(struct lane, run->ranks),
                                .trial = new_trial(run->ranks)};
    for (int lane = 0; lane < run->ranks; lane++)
        make_lane(&training, &training.lane[lane], &computed[lane], manner);
    if (!train(&training))
        evidence_fail(verdict, "the ranks' forwards and backwards do not follow each other");
    clear_ways(&training);
    for (int lane = 0; lane < run->ranks; lane++)
        free_lane(&training.lane[lane]);
    g_free(training.lane);
    batch_free(training.batch);
    model_free(model);
    return training.trial;
}

void recomputation_trial_free(struct trial *trial)
{
    if (!trial)
        return;
    for (guint i = 0; i < trial->stored->len; i++) {
        struct trial_tensor *one = &g_array_index(trial->stored, struct trial_tensor, i);
        g_free(one->name);
        tensor_free(one->tensor);
    }
    g_array_unref(trial->stored);
    computations_free(trial->computed, trial->ranks);
    g_free(trial);
}
