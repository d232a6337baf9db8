/*
 * Judge "scaling".
 *
 * Run:       training steps of one model on 1, 2, 4 … ranks of a simulated cluster, by whose clock a step
 *            takes the same time in every run.
 * Must hold: each rank does its share of the work, and the ranks hand each other no less than its layers
 *            need (traffic.h); and a step takes no longer than that share, and the rounds of messages that
 *            its layers need (../costs). An all-reduce may take as long as in the slowest right form: a root
 *            that gets every rank's tensor, one after the other, and sends the sum to each. Nothing is faster
 *            than its computations.
 * A failure: the program does not get faster as it should. What the ranks did with the time says why: the
 *            whole model on a rank, ranks that compute one after the other, too much that is moved, or in
 *            too many pieces.
 * Remarked:  messages that take much longer than MPI_Allreduce does.
 */
#include "assignments/tensor/judges/facts/pace.h"
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/traffic.h"
#include "assignments/tensor/judges/work.h"

#include "assignments/tensor/costs/rank_costs.h"
#include "grader/evidence/simulated.h"
#include "grader/pictures/picture_series.h"

#include <math.h>
#include <string.h>

#define ROUNDING     1.02 /* of what is computed: biases, norms, the loss */
#define SLOW_REMARK  1.5  /* times the messages' time by formula */
#define MANY_CALLS   4    /* for each round that is due, and each other rank */
#define MANY_BYTES   2    /* for each byte that is due, if every rank hands it in */
#define AT_ONCE      0.8  /* of the ranks that compute, on average, while any does */
#define MOST_OF_PLOT 16

static const struct mistake one_after_the_other = {
    .name = "ranks compute one after the other",
    .explanation =
        "While one rank computes, the others wait for it: each does its share of the work, and "
        "the step takes as long as all shares together.",
    .look = "what a rank waits for before it computes: nobody needs what another rank has until "
            "its own part is done",
};
static const struct mistake many_pieces = {
    .name = "many small messages",
    .explanation =
        "Each message takes its latency, however short it is: a tensor that is sent in many "
        "pieces takes that many latencies.",
    .look = "what is inside of a loop that could be one call for the whole tensor",
};
static const struct mistake moves_too_much = {
    .name = "more is moved than the layers need",
    .explanation =
        "What ranks have to tell each other are activations and their gradients, batch × width, "
        "each once. Weights, width × width, stay where they are.",
    .look = "which tensors are handed to MPI, and how often",
};

/* ---- what is due --------------------------------------------------------------------------------- */

struct due {
    struct rank_setting setting;
    struct rank_costs *costs;
    struct rank_seconds seconds;
    double even;  /* computing, if all work were split evenly */
    double most;  /* a step, with the slowest right messages */
    double bytes; /* of all rounds */
};

/* A sum over the ranks: a root gets it from each of the others, one after the other, and sends it to
 * each. */
static double slowest_seconds(double bytes, int ranks, const struct platform *platform)
{
    return 2 * (ranks - 1) * (2 * platform->latency + bytes / platform->bandwidth);
}

/* A step with the slowest right messages. Who computes the dx of the first layer, too, is right as well. */
static double slowest_step(const struct due *due, int ranks, const struct platform *platform)
{
    const int micro_batches = due->setting.micro_batches;
    double seconds = slowest_seconds(due->costs->needless_bytes, ranks, platform) +
                     due->costs->needless / platform->speed;
    for (guint i = 0; i < due->costs->round->len; i++)
        seconds += slowest_seconds(g_array_index(due->costs->round, struct rank_round, i).bytes,
                                   ranks, platform);
    return ROUNDING * due->seconds.computing + micro_batches * seconds;
}

static double work_of(const struct rank_costs *costs, const struct rank_setting *setting)
{
    return setting->micro_batches * (costs->forward + costs->backward + costs->loss) +
           costs->optimizer;
}

static struct due due_of(const struct outcome *run, const struct model *model,
                         const struct platform *platform)
{
    struct due due = {.setting = {.model = model,
                                  .way = tensor_way(&run->options),
                                  .ranks = run->ranks,
                                  .micro_batches = options_micro_batches(&run->options),
                                  .optimizer = run->options.optimizer.kind}};
    due.setting.samples = run->options.batch_size / due.setting.micro_batches;
    struct rank_setting alone = due.setting;
    alone.ranks = 1;
    struct rank_costs *whole = rank_costs_new(&alone);
    due.even = work_of(whole, &alone) / run->ranks / platform->speed;
    rank_costs_free(whole);
    due.costs = rank_costs_new(&due.setting);
    due.seconds = rank_seconds_of(due.costs, &due.setting, platform);
    due.most = slowest_step(&due, run->ranks, platform);
    for (guint i = 0; i < due.costs->round->len; i++)
        due.bytes +=
            due.setting.micro_batches * g_array_index(due.costs->round, struct rank_round, i).bytes;
    return due;
}

/* ---- why it takes longer --------------------------------------------------------------------------- */

static void explain_pace(const struct outcome *run, const struct due *due, const struct pace *pace,
                         struct verdict *verdict)
{
    verdict_explain(verdict,
                    "\n| of %d ranks | due | found |\n|---|---|---|\n"
                    "| rank %d computes | %.4g ms | %.4g ms |\n"
                    "| ranks that compute at once, while any does | %d | %.2f |\n"
                    "| sums, gathers and messages of a rank | %u | %.4g |\n"
                    "| bytes that a rank hands in | %.0f | %.0f |\n",
                    run->ranks, pace->most_rank, 1e3 * due->seconds.computing, 1e3 * pace->most,
                    run->ranks, pace->any > 0 ? pace->computing / pace->any : 0,
                    due->costs->round->len * (guint)due->setting.micro_batches, pace->calls,
                    due->bytes, pace->bytes);
}

static void fail_for_pace(const struct outcome *run, const struct due *due, double measured,
                          double speed, struct verdict *verdict)
{
    const struct pace pace = pace_of(run, MAX(1, run->options.steps) - 1);
    const double rounds = (double)due->costs->round->len * due->setting.micro_batches;
    const double needless = due->setting.micro_batches * due->costs->needless / speed;
    evidence_fail(
        verdict,
        "on %d ranks of the platform %s a step takes %.4g ms: each rank's share of the work is "
        "%.4g ms, and with the slowest right messages it would be %.4g ms",
        run->ranks, run->platform, 1e3 * measured, 1e3 * due->seconds.computing, 1e3 * due->most);
    verdict->basis = BASIS_AMOUNT;
    explain_pace(run, due, &pace, verdict);
    if (pace.most > ROUNDING * due->seconds.computing + needless)
        verdict_look(verdict,
                     "what rank %d computes that is another rank's share, or is no part of the "
                     "model at all",
                     pace.most_rank);
    else if (pace.computing < AT_ONCE * run->ranks * pace.any)
        verdict_name_mistake(verdict, &one_after_the_other);
    else if (pace.bytes > MANY_BYTES * (run->ranks - 1) * due->bytes)
        verdict_name_mistake(verdict, &moves_too_much);
    else if (pace.calls > MANY_CALLS * (run->ranks - 1) * rounds)
        verdict_name_mistake(verdict, &many_pieces);
}

/* ---- a run ------------------------------------------------------------------------------------------- */

static bool is_alike(const struct outcome *a, const struct outcome *b)
{
    return g_strcmp0(a->platform, b->platform) == 0 &&
           strcmp(a->options.model, b->options.model) == 0 &&
           tensor_way(&a->options) == tensor_way(&b->options) &&
           a->options.batch_size == b->options.batch_size;
}

/* Seconds of the last step; NAN: it is not there as a whole. */
static double measured_of(const struct outcome *run)
{
    struct simulated_step step;
    if (!run->log || !simulated_step(run, MAX(1, run->options.steps) - 1, &step))
        return NAN;
    g_free(step.begin);
    return 1e-9 * step.makespan;
}

static void draw(const struct judgement *judgement, const struct outcome *run,
                 const struct model *model, const struct platform *platform,
                 struct verdict *verdict)
{
    double x[MOST_OF_PLOT], work[MOST_OF_PLOT], due[MOST_OF_PLOT], found[MOST_OF_PLOT];
    int count = 0;
    for (int i = 0; i < judgement->outcomes && count < MOST_OF_PLOT; i++) {
        const struct outcome *other = &judgement->outcome[i];
        if (!is_alike(run, other))
            continue;
        struct due its = due_of(other, model, platform);
        x[count] = other->ranks;
        work[count] = 1e3 * its.even;
        due[count] = 1e3 * its.seconds.step;
        found[count++] = 1e3 * measured_of(other);
        rank_costs_free(its.costs);
    }
    g_autofree char *path = verdict_picture_path(judgement, run, "scaling");
    g_autofree char *title = g_strdup_printf("%s, batch of %d, platform %s", run->options.model,
                                             run->options.batch_size, run->platform);
    const struct picture_axes axes = {title, "ranks that share each layer", "step time, ms", false};
    const struct picture_series series[] = {{"work / ranks", false, count, x, work},
                                            {"with messages, by formula", false, count, x, due},
                                            {"this program", true, count, x, found}};
    g_autofree char *words =
        g_strdup_printf("The step time of %s, over the number of ranks that share each layer: of "
                        "this program, by the formula, and "
                        "the work divided by the ranks",
                        title);
    if (path && picture_series(&axes, series, G_N_ELEMENTS(series), path, NULL))
        verdict_add_picture(verdict, path, words);
}

static void tell(const struct outcome *run, const struct due *due, double measured, bool is_first,
                 struct verdict *verdict)
{
    if (is_first)
        verdict_explain(
            verdict,
            "\n%s, batch of %d, platform %s; milliseconds of a step.\n\n| ranks | work | "
            "messages | hidden | by formula | at most | this program |\n"
            "|---|---|---|---|---|---|---|\n",
            run->options.model, run->options.batch_size, run->platform);
    verdict_explain(verdict, "| %d | %.4g | %.4g | %.4g | %.4g | %.4g | %.4g |\n", run->ranks,
                    1e3 * due->seconds.computing, 1e3 * due->seconds.messages,
                    1e3 * due->seconds.hidden, 1e3 * due->seconds.step, 1e3 * due->most,
                    1e3 * measured);
}

static void compare(const struct judgement *judgement, const struct outcome *run,
                    const struct model *model, const struct platform *platform,
                    struct verdict *verdict)
{
    const struct due due = due_of(run, model, platform);
    const double measured = measured_of(run);
    const double messages = measured - due.seconds.computing;
    const double shortest = due.seconds.messages - due.seconds.hidden;
    bool is_first = true;
    for (const struct outcome *other = judgement->outcome; other < run; other++)
        is_first &= !is_alike(run, other);
    if (!(measured >= due.even / ROUNDING))
        evidence_fail(
            verdict,
            "on %d ranks a step takes %.4g ms by the simulated clock, and its computations alone "
            "take %.4g ms: some are not done, or stand outside of the step",
            run->ranks, 1e3 * measured, 1e3 * due.even);
    else if (measured > due.most)
        fail_for_pace(run, &due, measured, platform->speed, verdict);
    else if (run->ranks > 1 && messages > SLOW_REMARK * due.seconds.messages &&
             verdict->remark->len == 0)
        g_string_append_printf(
            verdict->remark,
            "On %d ranks messages take %.3g ms of a step, and with MPI_Allreduce and "
            "MPI_Allgather they would take %.3g ms.\n",
            run->ranks, 1e3 * messages, 1e3 * shortest);
    tell(run, &due, measured, is_first, verdict);
    if (is_first)
        draw(judgement, run, model, platform, verdict);
    rank_costs_free(due.costs);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    /* Fast without the messages is not fast. */
    if (!tensor_work_is_sound(run, verdict) || !tensor_traffic_is_no_less(run, verdict))
        return;
    g_autoptr(GString) error = g_string_new(NULL);
    g_autofree struct platform *platform =
        run->platform_file ? platform_read(".", run->platform_file, error) : NULL;
    struct model *model = evidence_model(run, verdict);
    if (model && (!platform || !platform_knows_collectives(platform, run->ranks)))
        verdict_set(verdict, VERDICT_NOT_JUDGED, "the platform of this run is not known: %s",
                    platform ? run->platform : error->str);
    else if (model)
        compare(judgement, run, model, platform, verdict);
    model_free(model);
}

void tensor_judge_scaling(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "a step takes each rank's share of the work, and its messages");
}
