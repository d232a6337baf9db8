/*
 * Judge "choose_parallelism".
 *
 * Run:       the probe that calls choose_parallelism for many jobs (decision_cases.h).
 * Must hold: it says whether anything fits; the way is possible, fits, and takes at most 25% longer than the best of all;
 *            bytes and reason are those of the job.
 * A failure: the first job for which that does not hold, and what would have been better.
 */
#include "assignments/memory/arithmetic_probes.h"
#include "assignments/memory/judges/arithmetic/arithmetic.h"
#include "grader/evidence/probe_file.h"

#include <math.h>

#define TIME_ROOM  1.25 /* of the best way's time */
#define BYTES_ROOM 0.01
/* Who rounds otherwise need not agree on what fits to the last byte: compared is with ways that leave so much of the memory. */
#define EDGE 1e-3

static const char *const reasons[] = {"REASON_FITS_ON_ONE", "REASON_STATE_TOO_LARGE",
                                      "REASON_ACTIVATIONS_TOO_LARGE", "REASON_NOTHING_FITS"};

static const struct mistake
    always_yes = {"yes where nothing fits",
                  "No way to train this needs as little as a rank has: not by any degrees, stage "
                  "of ZeRO or recomputation. "
                  "The answer is that it can't be done on this cluster.",
                  "what becomes of the choice when no way fits"},
    never_sharded = {"no where something fits",
                     "Not all possibilities are tried: sharding, splitting, recomputing and small "
                     "micro-batches go together.",
                     "which ways are tried"},
    inference = {"counts the parameters alone",
                 "What is said to be needed is 2 bytes a parameter: enough to look at the model, "
                 "not to train it. Gradients, "
                 "masters and moments take 14 bytes more.",
                 "what is counted besides parameters"},
    slow_links = {"tensor parallelism between servers",
                  "Sums of activations, several in each layer, go over the slow links.",
                  "which bandwidth the sums of layers have"};

/* ---- reading ---------------------------------------------------------------------------------------------- */

static bool read_bytes(const json_t *entry, const char *name, double *bytes)
{
    const char *text = json_string_value(json_object_get(entry, name));
    *bytes = text ? g_ascii_strtod(text, NULL) : 0;
    return text != NULL;
}

static bool read_way(const json_t *entry, struct way *way)
{
    int optimizer, format, recompute, order;
    if (!probe_file_int(entry, "optimizer", &optimizer) ||
        !probe_file_int(entry, "format", &format) ||
        !probe_file_int(entry, "recompute", &recompute) || !probe_file_int(entry, "order", &order))
        return false;
    way->optimizer = (enum optimizer_state)optimizer;
    way->format = (enum number_format)format;
    way->recompute = (enum recompute)recompute;
    way->order = (enum pipeline_order)order;
    return probe_file_int(entry, "data", &way->data) &&
           probe_file_int(entry, "tensor", &way->tensor) &&
           probe_file_int(entry, "pipeline", &way->pipeline) &&
           probe_file_int(entry, "zero_stage", &way->zero_stage) &&
           probe_file_int(entry, "micro_batch_samples", &way->micro_batch_samples) &&
           probe_file_int(entry, "micro_batches", &way->micro_batches) &&
           probe_file_bool(entry, "gradients_float32", &way->gradients_float32);
}

static bool read_choice(const json_t *entry, void *result)
{
    struct choice *choice = result;
    int reason;
    if (!probe_file_int(entry, "reason", &reason))
        return false;
    choice->reason = (enum reason)reason;
    return probe_file_bool(entry, "fits", &choice->fits) && read_way(entry, &choice->way) &&
           read_bytes(entry, "bytes_per_rank", &choice->bytes_per_rank) &&
           read_bytes(entry, "bytes_on_one", &choice->bytes_on_one);
}

/* ---- one job ----------------------------------------------------------------------------------------------- */

/* A job, what is right, and what was said. */
struct asked {
    const struct decision_case *of;
    struct decision right;
    const struct choice *choice;
};

static void fail(const struct asked *asked, struct verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(const struct asked *asked, struct verdict *verdict, const char *format, ...)
{
    char job[JOB_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    evidence_fail(verdict, "%s: %s", asked->of->name, text);
    verdict_explain(verdict, "The job: %s.\n", job_text(asked->of, job));
}

static double memory_of(const struct asked *asked)
{
    return asked->of->job.cluster.memory;
}

static void explain_best(const struct asked *asked, struct verdict *verdict)
{
    char best[WAY_TEXT_SIZE];
    verdict_explain(verdict, "One way that fits: %s. It needs %.4g GB and takes %.4g s a step.\n",
                    way_text(&asked->right.best, best), asked->right.bytes / 1e9,
                    asked->right.seconds);
}

/* Which way needs least, and how much. */
static void explain_least(const struct asked *asked, struct verdict *verdict)
{
    char smallest[WAY_TEXT_SIZE];
    verdict_explain(verdict, "The least is needed by %s: %.4g GB.\n",
                    way_text(&asked->right.smallest, smallest), asked->right.least / 1e9);
}

static bool judge_fits(const struct asked *asked, struct verdict *verdict)
{
    if (asked->choice->fits || !asked->right.fits)
        return true;
    fail(asked, verdict, "it says that nothing fits");
    explain_best(asked, verdict);
    verdict_name_mistake(verdict, &never_sharded);
    return false;
}

static bool judge_way(const struct asked *asked, struct verdict *verdict)
{
    const struct job *job = &asked->of->job;
    const struct way *way = &asked->choice->way;
    const char *why;
    char text[WAY_TEXT_SIZE];
    if (!way_is_possible(job, way, &why)) {
        fail(asked, verdict, "its way is not possible: %s", why);
        return false;
    }
    const struct way_costs costs = way_costs(job, way);
    if (costs.bytes > memory_of(asked) * (1 + EDGE)) {
        fail(asked, verdict, "it says that it fits, and its way (%s) needs %.5g GB",
             way_text(way, text), costs.bytes / 1e9);
        explain_least(asked, verdict);
        if (!asked->right.fits)
            verdict_name_mistake(verdict, &always_yes);
    } else if (costs.seconds > TIME_ROOM * asked->right.seconds && asked->right.fits) {
        fail(asked, verdict, "its way (%s) takes %.4g s a step, and there is one with %.4g s",
             way_text(way, text), costs.seconds, asked->right.seconds);
        explain_best(asked, verdict);
        verdict_explain(verdict,
                        "Of the chosen way's time %.3g s are computing, %.3g s sums of layers, "
                        "%.3g s messages between stages, "
                        "%.3g s the bubble, %.3g s sums of gradients.\n",
                        costs.computing, costs.layer_sums, costs.stage_messages, costs.bubble,
                        costs.gradient_sums);
        if (way->tensor > job->cluster.ranks_per_server)
            verdict_name_mistake(verdict, &slow_links);
    } else
        return true;
    return false;
}

static bool is_near(double found, double right)
{
    return fabs(found - right) <= BYTES_ROOM * right;
}

static bool judge_bytes(const struct asked *asked, struct verdict *verdict)
{
    const struct choice *choice = asked->choice;
    const double needed =
        choice->fits ? way_costs(&asked->of->job, &choice->way).bytes : asked->right.least;
    const double V = asked->of->job.model.vocabulary, h = asked->of->job.model.width;
    const double parameters = 12 * h * h * asked->of->job.model.layers + V * h;
    if (!is_near(choice->bytes_per_rank, needed))
        fail(asked, verdict, "bytes_per_rank is %.6g, and %s %.6g", choice->bytes_per_rank,
             choice->fits ? "that way needs" : "the least that any way needs is", needed);
    else if (!is_near(choice->bytes_on_one, asked->right.bytes_on_one))
        fail(asked, verdict, "bytes_on_one is %.6g, and should be %.6g", choice->bytes_on_one,
             asked->right.bytes_on_one);
    else
        return true;
    if (!choice->fits)
        explain_least(asked, verdict);
    if (fabs(choice->bytes_on_one / parameters - 2) < 0.05)
        verdict_name_mistake(verdict, &inference);
    return false;
}

static bool judge_reason(const struct asked *asked, struct verdict *verdict)
{
    const double memory = memory_of(asked);
    const enum reason right = !asked->choice->fits                  ? REASON_NOTHING_FITS
                              : asked->right.bytes_on_one <= memory ? REASON_FITS_ON_ONE
                              : asked->right.state_on_one > memory  ? REASON_STATE_TOO_LARGE
                                                                    : REASON_ACTIVATIONS_TOO_LARGE;
    const bool at_edge = fabs(asked->right.bytes_on_one / memory - 1) < EDGE ||
                         fabs(asked->right.state_on_one / memory - 1) < EDGE;
    const unsigned given = (unsigned)asked->choice->reason;
    if (given == (unsigned)right || (at_edge && given < REASON_NOTHING_FITS))
        return true;
    fail(asked, verdict, "the reason is %s, and should be %s",
         given < G_N_ELEMENTS(reasons) ? reasons[given] : "none that there is", reasons[right]);
    verdict_explain(verdict,
                    "With data parallelism alone a rank needs %.4g GB without activations and %.4g "
                    "GB with them, and has %.4g.\n",
                    asked->right.state_on_one / 1e9, asked->right.bytes_on_one / 1e9, memory / 1e9);
    return false;
}

/* ---- all of them --------------------------------------------------------------------------------------------- */

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    GArray *choices = g_array_new(FALSE, TRUE, sizeof(struct choice));
    json_t *root = probe_file_read(run, PROBE_CHOICES, DECISION_CASES, verdict);
    bool right = probe_file_results(root, PROBE_CHOICES, read_choice, choices, verdict);
    for (int i = 0; right && i < DECISION_CASES; i++) {
        const struct decision_case one = decision_case_of(run->options.seed, i);
        const struct asked asked = {&one, memory_arithmetic_decision(&one.job, EDGE),
                                    &g_array_index(choices, struct choice, i)};
        right = judge_fits(&asked, verdict) &&
                (!asked.choice->fits || judge_way(&asked, verdict)) &&
                judge_bytes(&asked, verdict) && judge_reason(&asked, verdict);
    }
    json_decref(root);
    g_array_unref(choices);
}

void memory_judge_decisions(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "what fits is found, and is as fast as can be, for the reason that there is");
}
