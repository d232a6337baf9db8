/* Did each rank do its share? See work.h. */
#include "assignments/data/judges/work.h"

#include "assignments/data/options.h"
#include "common/log/log_fields.h"
#include "common/training/share.h"
#include "grader/evidence/shares.h"

#include <string.h>

/* What layers do is known but for small change: dx where nobody wants it, additions of what other ranks sent. */
#define MORE 1.15
#define LESS 0.85

static const struct mistake beyond_share = {
    "a rank computes more than its share",
    "The floating-point operations of a rank are more than its samples take in its part of the "
    "model: somebody else's share is computed twice.",
    "the loops over micro-batches and samples, and what is computed besides"};
static const struct mistake below_share = {
    "a rank computes less than its share",
    "The floating-point operations of a rank are fewer than its samples take in its part of the "
    "model.",
    "whether every micro-batch of the share goes through all layers, forward and backward"};

/* FLOPs of a rank's part of the model for one sample, forward and backward; of tensor parallelism the share. */
struct cost {
    double least, most;
};

static struct cost cost_of(const struct model *model, int first, int layers, int tensor)
{
    double forward = 0, backward = 0, without_dx = 0;
    for (int i = first; i < first + layers; i++) {
        const struct layer *layer = &model->layer[i];
        forward += layer->forward_flops;
        backward += layer->backward_input_flops + layer->backward_weight_flops;
        without_dx += layer->backward_input_flops_without_dx + layer->backward_weight_flops;
    }
    /* Somewhere below the first layer with parameters nobody wants dx. */
    return (struct cost){(forward + MIN(backward, without_dx)) / tensor,
                         (forward + MAX(backward, without_dx)) / tensor};
}

/* In one step, what a rank's forwards and backwards cost, and how many forwards there were. */
struct tally {
    double flops;
    int forwards, backwards;
};

static int compare_micro_batches(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* A backward may be recorded in several parts: of one micro-batch they count once. */
static struct tally tally_of(const GArray *events, int step)
{
    struct tally tally = {0};
    g_autoptr(GArray) seen = g_array_new(FALSE, FALSE, sizeof(int));
    for (guint i = 0; i < events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        const bool back =
            event->operation == LOG_BACKWARD || event->operation == LOG_BACKWARD_INPUT;
        if (event->step != step || event->operation > LOG_BACKWARD_WEIGHT)
            continue;
        tally.flops += (double)event->flops;
        tally.forwards += event->operation == LOG_FORWARD;
        if (back)
            g_array_append_val(seen, event->micro_batch);
    }
    g_array_sort(seen, compare_micro_batches);
    for (guint i = 0; i < seen->len; i++)
        tally.backwards += i == 0 || g_array_index(seen, int, i) != g_array_index(seen, int, i - 1);
    return tally;
}

static bool step_is_sound(const struct outcome *run, const struct shares *shares, int rank,
                          int step, const GArray *events, struct cost cost, struct verdict *verdict)
{
    const int samples = shares_of(shares, step, rank)->count;
    const int micro_batches = MIN(samples, options_micro_batches(&run->options));
    const struct tally tally = tally_of(events, step);
    if (tally.forwards != micro_batches || tally.backwards != micro_batches) {
        evidence_fail(verdict,
                      "rank %d ran %d forwards and %d backwards in step %d: its share of %d "
                      "samples is cut into %d micro-batches",
                      rank, tally.forwards, tally.backwards, step, samples, micro_batches);
        return false;
    }
    const bool few = tally.flops < LESS * samples * cost.least - 1;
    if (!few && tally.flops <= MORE * samples * cost.most + 1)
        return true;
    evidence_fail(verdict,
                  "rank %d: forwards and backwards of step %d took %.0f FLOPs; its %d samples take "
                  "%.0f to %.0f",
                  rank, step, tally.flops, samples, samples * cost.least, samples * cost.most);
    verdict_name_mistake(verdict, few ? &below_share : &beyond_share);
    return false;
}

/* The layers of a rank, as its log states. */
static bool stage_of(const struct log_file *log, int layers, struct log_stage *stage)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_STAGE) {
            *stage = log_stage(&log->record[i]);
            return stage->first_layer >= 0 && stage->layers > 0 &&
                   stage->first_layer <= layers - stage->layers;
        }
    return false;
}

static bool rank_is_sound(const struct outcome *run, const struct model *model,
                          const struct shares *shares, int rank, struct verdict *verdict)
{
    struct log_stage stage;
    if (!stage_of(&run->log[rank], model->layers, &stage)) {
        evidence_fail(verdict, "rank %d does not say which layers of the model it has", rank);
        return false;
    }
    const int tensor = data_options(&run->options).tensor;
    const struct cost cost = cost_of(model, stage.first_layer, stage.layers, tensor);
    EVIDENCE_ARRAY events = evidence_events(&run->log[rank]);
    for (int step = 0; step < shares_steps(shares); step++)
        if (!step_is_sound(run, shares, rank, step, events, cost, verdict))
            return false;
    return true;
}

bool data_work_is_sound(const struct outcome *run, struct verdict *verdict)
{
    if (run->options.probe[0])
        return true;
    struct shares *shares = evidence_logs(run, verdict) ? shares_read(run, verdict) : NULL;
    struct model *model = shares ? evidence_model(run, verdict) : NULL;
    bool sound = model != NULL;
    for (int rank = 0; sound && rank < run->ranks; rank++)
        sound = rank_is_sound(run, model, shares, rank, verdict);
    model_free(model);
    shares_free(shares);
    return sound;
}
