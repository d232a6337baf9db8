/* The figures of a replayed step; see parallel.h. */
#include "assignments/pipeline/judges/parallel.h"

#include "assignments/pipeline/judges/traffic.h"
#include "assignments/pipeline/schedules/schedule_timeline.h"

#include <math.h>

#define EQUAL 1e-6 /* stages that differ by less are equal */

double parallel_speed_up(const struct replay *replay)
{
    double all = 0;
    for (int rank = 0; rank < replay->ranks; rank++)
        all += replay->rank[rank].busy;
    return replay->makespan > 0 ? all / replay->makespan : 0;
}

/* What one micro-batch costs on a rank, all its chunks together: the mean over the ranks. */
struct mean_costs {
    double forward, input, weight;
    bool equal; /* every computation of a kind costs the same on all stages */
};

static struct mean_costs mean_costs(const struct replay *replay, int micro_batches)
{
    struct mean_costs mean = {.equal = true};
    double first[LOG_BACKWARD_WEIGHT + 1] = {0};
    for (int rank = 0; rank < replay->ranks; rank++)
        for (int i = 0; i < replay->rank[rank].count; i++) {
            const struct interval *interval = &replay->rank[rank].interval[i];
            double duration = interval->end - interval->begin;
            if (interval->operation == LOG_OPTIMIZER_STEP) { /* one per backward, or not replayed */
                mean.weight += duration;
                continue;
            }
            if (first[interval->operation] == 0)
                first[interval->operation] = duration;
            mean.equal = mean.equal && fabs(duration - first[interval->operation]) <=
                                           EQUAL * first[interval->operation];
            if (interval->operation == LOG_FORWARD)
                mean.forward += duration;
            else if (interval->operation == LOG_BACKWARD_WEIGHT)
                mean.weight += duration;
            else
                mean.input += duration; /* a whole backward counts as I, with no W */
        }
    double count = (double)replay->ranks * micro_batches;
    mean.forward /= count;
    mean.input /= count;
    mean.weight /= count;
    return mean;
}

/* All ranks' idle time by all ranks' work. */
static double idle_over_ideal(const struct replay *replay)
{
    double idle = 0, busy = 0;
    for (int rank = 0; rank < replay->ranks; rank++) {
        idle += replay->rank[rank].idle;
        busy += replay->rank[rank].busy;
    }
    return busy > 0 ? idle / busy : 0;
}

static void explain_bubble(const struct outcome *run, const struct schedule_kind *kind,
                           const struct replay *replay, const struct replay *expected,
                           struct verdict *verdict)
{
    struct schedule_shape shape = {run->ranks, pipeline_chunks(&run->options),
                                   options_micro_batches(&run->options)};
    struct mean_costs mean = mean_costs(expected, shape.micro_batches);
    /* Where the order is free the formula is that of the order that was chosen, if it has a name. */
    const struct schedule_kind *own =
        kind->facts->reference ? schedule_of_order(replay, shape.chunks) : NULL;
    const char *of = schedule_order_title(own ? own->facts : kind->facts);
    kind = own ? own : kind;
    double backward = mean.input + mean.weight;
    double idle = kind->idle(shape, mean.forward, mean.input, mean.weight);
    double ideal = shape.micro_batches * (mean.forward + backward);
    verdict_explain(
        verdict,
        "\nBubble, of makespan (idle / makespan): %.2f%% measured; reference schedule %.2f%%; "
        "formula of %s, idle = %s: %.2f%%. Over ideal (idle / m(F+B)): %.2f%% measured, formula "
        "%.2f%%.%s\n",
        100 * replay_bubble(replay), 100 * replay_bubble(expected), of, kind->idle_formula,
        100 * schedule_bubble_of_makespan(idle, ideal + idle), 100 * idle_over_ideal(replay),
        100 * schedule_bubble_over_ideal(idle, shape.micro_batches, mean.forward, backward),
        mean.equal ? ""
                   : " The formulas are for equal stages; these are not, so the reference "
                     "schedule with the same durations counts.");
}

static void explain_ranks(const struct outcome *run, const struct replay *replay,
                          const struct traffic *traffic, struct verdict *verdict)
{
    struct schedule_shape shape = {run->ranks, pipeline_chunks(&run->options),
                                   options_micro_batches(&run->options)};
    /* Whether the layers are where they should be is for others to judge. */
    struct verdict *own = verdict_new();
    struct model *model = evidence_model(run, own);
    struct evidence_stage *stage = model ? stages_read(run, model->layers, own) : NULL;
    verdict_explain(verdict, "\n| rank | computes | idle | utilisation | messages sent (expected) "
                             "| bytes sent (expected) |\n|---|---|---|---|---|---|\n");
    for (int rank = 0; rank < replay->ranks; rank++) {
        const struct replay_rank *one = &replay->rank[rank];
        double makespan = replay->makespan > 0 ? replay->makespan : 1;
        verdict_explain(verdict, "| %d | %.6g | %.6g | %.1f%% | %d (%d) | %.0f ", rank, one->busy,
                        one->idle, 100 * one->busy / makespan, traffic[rank].sent,
                        schedule_messages_sent(shape, rank), traffic[rank].sent_bytes);
        if (stage)
            verdict_explain(verdict, "(%.0f) |\n", traffic_expected_bytes(run, model, stage, rank));
        else
            verdict_explain(verdict, "|\n");
    }
    g_free(stage);
    model_free(model);
    verdict_free(own);
}

static void explain_overlap(const struct outcome *run, const struct traffic *traffic,
                            struct verdict *verdict)
{
    double under_way = 0, hidden = 0;
    for (int rank = 0; rank < run->ranks; rank++) {
        under_way += traffic[rank].under_way;
        hidden += traffic[rank].hidden;
    }
    if (run->simulated && under_way > 0)
        verdict_explain(verdict,
                        "\nOverlap: messages were under way for %.6g ms in all, from the begin of "
                        "the send to the end of the receive; in %.1f%% of that time the receiver "
                        "computed.\n",
                        under_way / 1e6, 100 * hidden / under_way);
}

void parallel_explain(const struct outcome *run, const struct schedule_kind *kind,
                      const struct matching *matching, int step, const struct replay *replay,
                      const struct replay *expected, struct verdict *verdict)
{
    verdict_explain(
        verdict,
        "\n%d ranks, %d micro-batch%s: replayed with free messages the step takes %.6g FLOPs of "
        "time; %s takes %.6g. That is %.2f times as fast as the same stages one after the other "
        "(reference: %.2f times).\n",
        run->ranks, options_micro_batches(&run->options),
        options_micro_batches(&run->options) == 1 ? "" : "es", replay->makespan,
        schedule_order_title(kind->facts), expected->makespan, parallel_speed_up(replay),
        parallel_speed_up(expected));
    explain_bubble(run, kind, replay, expected, verdict);
    g_autofree struct traffic *traffic = traffic_of_step(run, matching, step);
    explain_ranks(run, replay, traffic, verdict);
    explain_overlap(run, traffic, verdict);
}
