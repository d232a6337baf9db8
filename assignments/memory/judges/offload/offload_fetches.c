/*
 * Parameters that come from the host, with --offload parameters; see offload_parts.h.
 *
 * Each rank's own parameters are fetched for every forward and every backward of its micro-batches. What comes next once more need not
 * be fetched again: the last layer's from forward to backward, the first one's from a backward to the next forward.
 *
 * Of a layer's fetch the shorter of its time on the link and of what is computed in front of it can be hidden, but for the first
 * layer of each forward and backward. Hidden is what moves while nobody waits for a transfer.
 */
#include "assignments/memory/judges/offload/offload_parts.h"

#include "assignments/memory/judges/zero/layer_moments.h"

#include "common/log/log_fields.h"

#include <math.h>

#define ENOUGH 0.8

/* Nanoseconds: clocks are rounded to them, and of much less they say nothing. */
#define SHORTEST 2000

static const struct mistake sent_back = {
    "parameters go to the device more often than layers need them",
    "Each layer's shard is fetched for its forward and for its backward; behind the step nothing "
    "has to move, for the new parameters are needed on the host alone until then.",
    "offload_parameters_step, and which layer's shard is fetched at which layer"};
static const struct mistake fetched_once = {
    "parameters are fetched once, and kept or never",
    "Less comes from the host than forwards and backwards need: the shards stay on the device "
    "from one to the other, or are read on the host as if both shared a memory.",
    "offload_parameters_before_forward and …_before_backward: each fetches the shard by a "
    "transfer, and lets go of it behind the gather"};
static const struct mistake waits_at_once = {
    "fetches are waited for where they begin",
    "The device stands still until a layer's shard is there: nothing is computed while parameters "
    "are under way.",
    "when the next layer's fetch begins, and which transfer is waited for: that of the layer that "
    "is needed now"};
static const struct mistake some_ahead = {
    "only some layers are fetched ahead",
    "Some layers' shards are under way while the layer in front computes, and others are not.",
    "both directions, and all layers but the first of each forward and backward"};

/* ---- how much ----------------------------------------------------------------------------------------- */

/* The largest shard of the first, or last, layer with parameters. */
static double outer_shard(const struct zero_sizes *sizes, bool last)
{
    const struct model *model = sizes->model;
    for (int i = 0; i < model->layers; i++) {
        const int layer = last ? model->layers - 1 - i : i;
        if (model->layer[layer].parameter_count > 0)
            return ceil((double)model->layer[layer].parameter_count / sizes->ranks);
    }
    return 0;
}

bool memory_offload_fetched_right(const struct offload_run *offload, int rank, int step,
                                  double bytes, struct verdict *verdict)
{
    const struct zero_sizes *sizes = &offload->sizes;
    const double m = sizes->micro_batches, due = 2 * m * offload->own[rank];
    const double kept = m * outer_shard(sizes, true) + (m - 1) * outer_shard(sizes, false);
    const double found = bytes / sizes->parameter_bytes;
    if (found <= due && found >= due - kept) {
        if (rank == 0 && step == 0)
            verdict_explain(verdict,
                            "\nBetween device and host: in each step rank 0 moves %.0f bytes of "
                            "gradients to the host, and fetches %.0f bytes of parameters.\n",
                            offload->own[0] * offload->gradient_bytes, bytes);
        return true;
    }
    evidence_fail(verdict,
                  "step %d: rank %d moves %.0f bytes to its device, and for %.0f forwards and "
                  "backwards of its own %.0f parameters %.0f are due",
                  step, rank, bytes, m, offload->own[rank], due * sizes->parameter_bytes);
    verdict->basis = BASIS_AMOUNT;
    verdict_name_mistake(verdict, found > due ? &sent_back : &fetched_once);
    return false;
}

/* ---- how much of it ahead ------------------------------------------------------------------------------ */

/* Of a rank's step, in nanoseconds. */
struct fetches {
    double time;     /* of all on the link */
    double hidden;   /* while nobody waits for a transfer */
    double possible; /* could be hidden, but of the first layers */
};

static double length_of_both(double begin, double end, double other_begin, double other_end)
{
    return fmax(0, fmin(end, other_end) - fmax(begin, other_begin));
}

/* How much of a span is spent waiting for transfers? */
static double waited(const struct log_file *log, size_t first, size_t last, double begin,
                     double end)
{
    double sum = 0;
    for (size_t i = first; i < last; i++)
        if (log->record[i].operation == LOG_TRANSFER_END)
            sum += length_of_both(begin, end, (double)log_transfer(&log->record[i]).waited_since,
                                  (double)log->record[i].clock);
    return sum;
}

/* Adds a fetch that the record begins. */
static void add_fetch(const struct log_file *log, size_t first, size_t last, size_t begun,
                      struct fetches *fetches)
{
    const struct log_transfer transfer = log_transfer(&log->record[begun]);
    for (size_t i = begun; i < last; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation != LOG_TRANSFER_END || log_transfer(record).number != transfer.number)
            continue;
        const double end = log_transfer(record).clock, time = fmax(0, end - transfer.clock);
        fetches->time += time;
        fetches->hidden += fmax(0, time - waited(log, first, last, transfer.clock, end));
        return;
    }
}

/* per_number: what a number takes on the link. */
static double possible_of(const struct offload_run *offload, const struct log_file *log,
                          size_t first, size_t last, double per_number)
{
    const struct zero_sizes *sizes = &offload->sizes;
    double possible = 0;
    size_t before = SIZE_MAX;
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        const int layer = log_gradient_layer(record);
        if (!memory_zero_is_before_layer(record) || layer < 0 || layer >= sizes->model->layers ||
            sizes->model->layer[layer].parameter_count == 0)
            continue;
        if (before != SIZE_MAX && memory_zero_same_pass(&log->record[before], record))
            possible += fmin(memory_zero_computed(log, before, i),
                             per_number * (double)sizes->model->layer[layer].parameter_count /
                                 sizes->ranks);
        before = i;
    }
    return possible;
}

static bool judge_rank(const struct offload_run *offload, int rank, int step,
                       struct verdict *verdict)
{
    const struct log_file *log = &offload->run->log[rank];
    struct fetches fetches = {0};
    double numbers = 0;
    size_t first, last;
    log_find_step(log, step, &first, &last);
    for (size_t i = first; i < last; i++) {
        if (log->record[i].operation != LOG_TRANSFER_BEGIN || log_transfer(&log->record[i]).to_host)
            continue;
        numbers += (double)log_transfer(&log->record[i]).bytes / offload->sizes.parameter_bytes;
        add_fetch(log, first, last, i, &fetches);
    }
    if (fetches.time < SHORTEST || numbers <= 0)
        return true;
    fetches.possible = possible_of(offload, log, first, last, fetches.time / numbers);
    if (rank == 0 && step == 0)
        verdict_explain(verdict,
                        "\nOn the simulated cluster rank 0's fetches take %.3f ms of a step: %.3f "
                        "ms of it pass while something else goes on, and %.3f could.\n",
                        fetches.time / 1e6, fetches.hidden / 1e6, fetches.possible / 1e6);
    if (fetches.hidden >= ENOUGH * fetches.possible)
        return true;
    evidence_fail(verdict,
                  "step %d: rank %d's fetches take %.3f ms, of which %.3f can be hidden behind the "
                  "layers in front: %.0f%% of that are, and %.0f%% have to be",
                  step, rank, fetches.time / 1e6, fetches.possible / 1e6,
                  100 * fetches.hidden / fmax(1, fetches.possible), 100 * ENOUGH);
    verdict->basis = BASIS_AMOUNT;
    verdict_name_mistake(verdict,
                         fetches.hidden < 0.1 * fetches.possible ? &waits_at_once : &some_ahead);
    return false;
}

bool memory_offload_fetches_overlap(const struct offload_run *offload, struct verdict *verdict)
{
    for (int step = 0; step < offload->run->options.steps; step++)
        for (int rank = 0; rank < offload->run->ranks; rank++)
            if (!judge_rank(offload, rank, step, verdict))
                return false;
    return true;
}
