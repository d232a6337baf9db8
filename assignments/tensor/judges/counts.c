/*
 * Judge "counts".
 *
 * Run:       a training step on the meta device: tensors have shapes and no numbers.
 * Must hold: a rank holds its share of each weight, give or take a column or row, and of a norm a share or all:
 *            in the bytes of parameters that it states, in those that it takes for them, and for gradients and
 *            optimizer state. The bytes that move are those of the rounds that the layers take, as judge
 *            "traffic" counts them.
 * A failure: who holds how much, and what the share is; or as that of "traffic".
 */
#include "assignments/tensor/judges/facts/places.h"
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/traffic.h"

#include "common/base/memory.h"

#include <math.h>

/* An arena may be rounded up. */
#define ARENA_SLACK 4096

/* Bytes of parameters on a rank. */
struct share {
    double least, most, whole;
};

/* Of a weight one dimension is cut, of all else the first one, or nothing is. */
static void add_parameter(struct share *share, const struct parameter *parameter, bool weight,
                          int ranks)
{
    const double bytes = (double)sizeof(float) * (double)shape_elements(parameter->shape);
    double least = 1, most = weight ? 0 : 1;
    for (int d = 0; d < (weight ? 2 : 1); d++) {
        const int size = parameter->shape.size[d];
        least = fmin(least, (double)(size / ranks) / size);
        if (weight)
            most = fmax(most, (double)((size + ranks - 1) / ranks) / size);
    }
    share->least += least * bytes;
    share->most += most * bytes;
    share->whole += bytes;
}

static struct share share_of(const struct tensor_places *places, int ranks)
{
    struct share share = {0};
    for (int i = 0; i < places->count; i++) {
        enum link link;
        const struct layer *layer = &places->at[i].whole;
        const bool weight = tensor_places_has_weight(places, i);
        if (weight || chain_link(layer, &link)) /* else what is inside has been counted */
            for (int k = 0; k < layer->parameters; k++)
                add_parameter(&share, &layer->parameter[k], weight && k == 0, ranks);
    }
    return share;
}

static uint64_t stated_bytes(const struct log_file *log)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == LOG_STAGE)
            bytes += log_stage(&log->record[i]).parameter_bytes;
    return bytes;
}

static bool is_share(const struct share *share, int rank, const char *what, double found, int times,
                     struct verdict *verdict)
{
    if (found >= times * share->least && found <= times * share->most + ARENA_SLACK)
        return true;
    evidence_fail(verdict,
                  "rank %d holds %.0f bytes of %s; its share of the %.0f of the whole model is "
                  "%.0f to %.0f",
                  rank, found, what, times * share->whole, times * share->least,
                  times * share->most);
    return false;
}

static bool rank_holds_its_share(const struct outcome *run, const struct share *share, int rank,
                                 struct verdict *verdict)
{
    const struct log_file *log = &run->log[rank];
    const int states = run->options.optimizer.kind == OPTIMIZER_SGD ? 1 : 2;
    struct log_memory memory;
    if (!is_share(share, rank, "parameters", (double)stated_bytes(log), 1, verdict))
        return false;
    const struct {
        enum memory_kind kind;
        int times;
        const char *what;
    } kinds[] = {{MEMORY_PARAMETER, 1, "memory for parameters"},
                 {MEMORY_GRADIENT, 1, "memory for gradients"},
                 {MEMORY_OPTIMIZER, states, "memory for optimizer state"}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (log_find_memory(log, kinds[i].kind, &memory) &&
            !is_share(share, rank, kinds[i].what, (double)memory.peak, kinds[i].times, verdict))
            return false;
    return true;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    struct tensor_places *places =
        evidence_logs(run, verdict) ? tensor_places_new(run, verdict) : NULL;
    if (!places)
        return;
    const struct share share = share_of(places, run->ranks);
    bool right = true;
    for (int rank = 0; rank < run->ranks && right; rank++)
        right = rank_holds_its_share(run, &share, rank, verdict);
    tensor_places_free(places);
    if (right && tensor_traffic_is_frugal(run, verdict))
        verdict_explain(verdict, "- %s on %d ranks: rank 0 holds %.0f of %.0f parameters.\n",
                        run->options.model, run->ranks,
                        (double)stated_bytes(&run->log[0]) / sizeof(float),
                        share.whole / sizeof(float));
}

void tensor_judge_counts(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "each rank holds its share of the parameters, and as many bytes move as the "
                      "rounds of messages take");
}
