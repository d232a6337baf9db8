/*
 * Judge "overlap".
 *
 * Run:       training steps on the simulated cluster, of layers by columns.
 * Must hold: in each backward the gradients of weights are computed while the gradient for a layer's input is
 *            under way: what is computed between the start of a message and the wait for it is at least half
 *            of what these layers' weight gradients cost.
 * A failure: sums that a rank waits for before it goes on, or starts behind everything else.
 */
#include "assignments/tensor/judges/facts/rounds.h"
#include "assignments/tensor/judges/judges.h"

#include "grader/trace/collectives.h"

#define ENOUGH 0.5

static bool starts_something(const struct log_record *record)
{
    const bool send = record->operation == LOG_ISEND || record->operation == LOG_IRECV ||
                      record->operation == LOG_ISSEND;
    return record->phase == LOG_END && (send || log_is_nonblocking_collective(record->operation)) &&
           log_request(record) > 0;
}

/* FLOPs charged between the records of an event while a request is open. */
static double computed_meanwhile(const struct log_file *log, const struct evidence_event *event)
{
    int open = 0;
    double flops = 0;
    uint64_t since = 0;
    for (size_t i = event->begin; i < event->end && i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        flops += open > 0 ? (double)(record->flops - since) : 0;
        since = record->flops;
        open += starts_something(record);
        open -= open > 0 && record->operation == LOG_COMPLETED;
    }
    return flops;
}

/* What the weight gradients cost of the layers whose dx is summed, on a rank, at the least. */
static double can_be_hidden(const struct tensor_places *places, const enum form *form, int ranks,
                            double samples)
{
    double flops = 0;
    GArray *rounds = tensor_rounds_of(places, form);
    for (guint i = 0; i < rounds->len; i++) {
        const struct round *round = &g_array_index(rounds, struct round, i);
        const struct layer *layer = &places->at[round->place].whole;
        const int outputs = layer->parameter[0].shape.size[0];
        if (round->backward && round->needed && outputs >= ranks)
            flops += samples * layer->backward_weight_flops * (outputs / ranks) / outputs;
    }
    g_array_unref(rounds);
    return flops;
}

static void judge_rank(const struct outcome *run, int rank, double needed, struct verdict *verdict)
{
    EVIDENCE_ARRAY events = evidence_events(&run->log[rank]);
    for (guint i = 0; i < events->len && verdict->kind == VERDICT_PASS; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        if (event->operation != LOG_BACKWARD)
            continue;
        const double hidden = computed_meanwhile(&run->log[rank], event);
        if (hidden >= ENOUGH * needed)
            continue;
        evidence_fail(
            verdict,
            "rank %d, step %d: %.0f FLOPs are computed while messages are under way in the "
            "backward of micro-batch %d; the weight gradients of the layers whose dx is "
            "summed are %.0f: begin the sum of dx, compute the weight gradient, then wait",
            rank, event->step, hidden, event->micro_batch, needed);
        verdict->basis = BASIS_AMOUNT;
    }
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    struct tensor_places *places =
        evidence_logs(run, verdict) ? tensor_places_new(run, verdict) : NULL;
    if (!places)
        return;
    g_autofree enum form *form = tensor_places_forms(places, &run->options, 0);
    const double samples = run->options.batch_size / (double)options_micro_batches(&run->options);
    const double needed = can_be_hidden(places, form, run->ranks, samples);
    for (int rank = 0; rank < run->ranks && run->ranks > 1; rank++)
        judge_rank(run, rank, needed, verdict);
    tensor_places_free(places);
}

void tensor_judge_overlap(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "weight gradients are computed while the sums of dx are under way");
}
