/* Did each rank do its share? See work.h. */
#include "assignments/tensor/judges/work.h"

#include "assignments/tensor/judges/facts/shares.h"
#include "assignments/tensor/way_table.h"

/* Operations that a layer needs besides those of the kit's: additions of what other ranks sent, copies. */
#define MORE 1.15
#define LESS 0.97
/* From here on most of the model was computed. */
#define ALL 0.9

static bool costs_its_share(const struct outcome *run, int rank, const struct evidence_event *event,
                            const struct tensor_cost *cost, struct verdict *verdict)
{
    const double flops = (double)event->flops;
    const bool few = flops < LESS * cost->least - 1;
    if (!few && flops <= MORE * cost->most + 1)
        return true;
    evidence_fail(verdict,
                  "rank %d: the %s of micro-batch %d in step %d cost %.0f FLOPs; a rank's share of "
                  "the layers is %.0f to %.0f, and the whole model %.0f",
                  rank, event->operation == LOG_FORWARD ? "forward" : "backward",
                  event->micro_batch, event->step, flops, cost->least, cost->most, cost->whole);
    if (few)
        verdict_name_mistake(verdict, &tensor_work_below_share);
    else if (run->ranks > 1 && flops >= ALL * cost->whole)
        verdict_name_mistake(verdict, &tensor_work_not_split);
    else
        verdict_name_mistake(verdict, &tensor_work_beyond_share);
    return false;
}

static bool each_once(const struct outcome *run, int rank, const GArray *events,
                      struct verdict *verdict)
{
    const int micro_batches = options_micro_batches(&run->options);
    for (int step = 0; step < run->options.steps; step++) {
        const int forwards = evidence_count(events, step, LOG_FORWARD, 0);
        const int backwards = evidence_count(events, step, LOG_BACKWARD, 0);
        if (forwards == micro_batches && backwards == micro_batches)
            continue;
        evidence_fail(verdict,
                      "rank %d ran %d forwards and %d backwards in step %d, which has %d "
                      "micro-batches",
                      rank, forwards, backwards, step, micro_batches);
        return false;
    }
    return true;
}

static bool rank_did_its_share(const struct outcome *run, int rank,
                               const struct tensor_cost cost[2], struct verdict *verdict)
{
    EVIDENCE_ARRAY events = evidence_events(&run->log[rank]);
    if (!each_once(run, rank, events, verdict))
        return false;
    for (guint i = 0; i < events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        if (event->operation != LOG_FORWARD && event->operation != LOG_BACKWARD)
            continue;
        if (!costs_its_share(run, rank, event, &cost[event->operation == LOG_BACKWARD], verdict))
            return false;
    }
    return true;
}

bool tensor_work_is_sound(const struct outcome *run, struct verdict *verdict)
{
    if (run->options.probe[0])
        return true;
    struct tensor_places *places =
        evidence_logs(run, verdict) ? tensor_places_new(run, verdict) : NULL;
    if (!places)
        return false;
    const double samples = run->options.batch_size / (double)options_micro_batches(&run->options);
    const struct tensor_cost cost[2] = {tensor_cost_of(places, run->ranks, samples, false),
                                        tensor_cost_of(places, run->ranks, samples, true)};
    bool sound = true;
    for (int rank = 0; rank < run->ranks && sound; rank++)
        sound = rank_did_its_share(run, rank, cost, verdict);
    tensor_places_free(places);
    return sound;
}
