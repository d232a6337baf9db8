/*
 * Time of a step, and what a rank sends in it; see search.h.
 *
 * A pipeline of p stages whose micro-batches take T_s on stage s: the slowest stage works on all of them, and what comes
 * before and behind it is filling and draining, which v chunks make v times shorter (Narayanan et al. 2021, section 2.2):
 *
 *     m · max T + (sum T - max T) / v + messages to neighbours
 */
#include "assignments/memory/costs/search.h"

#include <math.h>

/* A micro-batch on a stage, all its chunks: computing, and waiting for those that share its layers. */
struct turn {
    double computing, messages, sent, given;
};

static struct turn turn_of(const struct search_job *job, const struct search_way *way,
                           const struct search_stage *stages, int stage)
{
    struct turn turn = {0};
    for (int i = stage; i < way->way.pipeline * way->chunks; i += way->way.pipeline) {
        const struct search_stage *chunk = &stages[i];
        const bool again = way->way.recompute == RECOMPUTE_LAYERS;
        const double flops = chunk->forward + chunk->backward +
                             (again                                       ? chunk->forward
                              : way->way.recompute == RECOMPUTE_ATTENTION ? chunk->attention_forward
                                                                          : 0);
        turn.computing += flops / job->platform->speed;
        turn.messages += (again ? 2 : 1) * chunk->forward_messages + chunk->backward_messages;
        turn.sent += (again ? 2 : 1) * chunk->forward_sent + chunk->backward_sent;
        turn.given += (again ? 2 : 1) * chunk->forward_given + chunk->backward_given;
    }
    return turn;
}

/* To a neighbour: a part by each of the ranks that share layers, which put the parts together. */
static double hop_seconds(const struct search_job *job, const struct search_way *way, double bytes)
{
    const int t = way->way.tensor, p = way->way.pipeline;
    return search_message_seconds(job->platform, p, t * way->way.data, bytes / t) +
           search_half_sum_seconds(job->platform, t, 1, bytes);
}

/* How often the gradients of a step cross the data-parallel ranks, in all-reduces of all of them: a reduce-scatter or an
 * all-gather is half of one. */
static double sums_of(const struct search_way *way)
{
    const int m = way->way.micro_batches;
    switch (way->way.zero_stage) {
    case 2:
        return (m + 1) / 2.0; /* scattered each time, parameters gathered once */
    case 3:
        return 3 * m / 2.0;
    default:
        return 1; /* all-reduce; or reduce-scatter, and all-gather of parameters */
    }
}

/* Of `bytes` of gradients, or of parameters: what a rank hands over to all that crosses the data-parallel ranks. */
static double given_of(const struct search_way *way, double bytes)
{
    const int m = way->way.micro_batches;
    const double shard = bytes / way->way.data;
    if (way->way.data == 1)
        return 0;
    switch (way->way.zero_stage) {
    case 0:
        return bytes;
    case 1:
        return bytes + shard;
    case 2:
        return m * bytes + shard;
    default:
        return m * (bytes + 2 * shard);
    }
}

static double optimizer_seconds(const struct search_job *job, const struct search_way *way,
                                const struct search_stage *stages, int stage)
{
    double flops = 0;
    for (int i = stage; i < way->way.pipeline * way->chunks; i += way->way.pipeline)
        flops += stages[i].optimizer;
    return flops / job->platform->speed / (way->way.zero_stage > 0 ? way->way.data : 1);
}

static double parameters_of(const struct search_way *way, const struct search_stage *stages,
                            int stage)
{
    double numbers = 0;
    for (int i = stage; i < way->way.pipeline * way->chunks; i += way->way.pipeline)
        numbers += stages[i].parameters;
    return numbers;
}

void search_seconds_of(const struct search_job *job, struct search_stages *stages,
                       const struct search_way *way, struct search_cost *cost)
{
    const struct search_stage *each = search_stages_of(stages, way);
    const int p = way->way.pipeline, m = way->way.micro_batches, d = way->way.data;
    const int t = way->way.tensor, v = way->chunks;
    const double number = job->format == FORMAT_FLOAT32 ? 4 : 2;
    double slowest = 0, sum = 0, behind = 0, busy = 0, passed = 0;
    cost->sent = cost->given = 0;
    for (int stage = 0; stage < p; stage++) {
        const struct turn turn = turn_of(job, way, each, stage);
        const double bytes = number * parameters_of(way, each, stage);
        const double optimizer = optimizer_seconds(job, way, each, stage);
        /* Forward and backward of each chunk, but nothing leaves the model's ends. */
        const int hops = 2 * v - (stage == 0) - (stage == p - 1);
        const double out = each[MAX(0, MIN(stage, p * v - 2))].output;
        slowest = fmax(slowest, turn.computing + turn.messages);
        sum += turn.computing + turn.messages;
        behind =
            fmax(behind, sums_of(way) * search_sum_seconds(job->platform, d, t, bytes) + optimizer);
        busy += (m * turn.computing + optimizer) / p;
        /* Where ranks share layers, the parts that came are handed over again, to be put together. */
        cost->given = fmax(cost->given, m * turn.given + given_of(way, bytes) +
                                            (t > 1 ? 2 : 1) * m * hops * out / t);
        passed = p > 1 ? fmax(passed, out) : 0;
        cost->sent = fmax(cost->sent, m * turn.sent + sums_of(way) * 2 * (d - 1) / d * bytes +
                                          m * hops * out / t);
    }
    const double hop = p > 1 ? hop_seconds(job, way, passed) : 0;
    cost->behind = behind;
    cost->seconds = m * slowest + (sum - slowest) / v + 2 * hop * (m * v + p - 1) + behind;
    cost->bubble = 1 - busy / cost->seconds;
}
