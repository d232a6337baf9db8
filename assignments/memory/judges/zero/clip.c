/*
 * Judge "clip".
 *
 * Run:       the probe that calls clip_factor with gradients whose norms are known (shard_cases.h); or training steps with
 *            --clip, with any --zero, whose parameters and state are stored.
 * Must hold: the factor makes the true gradients of all ranks together at most as long as allowed, leaves short ones alone,
 *            and is the same on all ranks; parameters and state are those of one process that clips.
 * A failure: which norm was taken instead shows in the factor.
 */
#include "assignments/memory/judges/zero/zero.h"
#include "assignments/memory/judges/zero/zero_clipped.h"
#include "assignments/memory/judges/zero/zero_state.h"
#include "assignments/memory/shard_cases.h"
#include "grader/evidence/probe_file.h"

#include <math.h>
#include <string.h>

static const struct mistake not_a_number = {
    "gradients of zero are divided by their norm",
    "Their norm is 0, and what is divided by it is no number.",
    "the case that the norm is at most zero->most_norm"};
static const struct mistake scaled = {
    "the factor that was given is not in it",
    "Gradients as they are have to be multiplied by `factor` to be the true ones: that belongs "
    "into the norm, and into "
    "what is returned.",
    "both places at which `factor` counts: the norm, and the result"};

/* The norm of what a rank has, as it is. */
static double norm_of(const struct clip_case *one, int ranks, int rank)
{
    double squares = 0;
    for (int unit = 0; unit < CLIP_UNITS; unit++) {
        const double number = (double)clip_number(one, ranks, rank, unit);
        squares += clip_count(one, ranks, rank, unit) * number * number;
    }
    return sqrt(squares);
}

/* What ranks work with: their number, or 1 where each has all. */
static struct zero_clipped clipped_of(const struct outcome *run, const struct clip_case *one)
{
    const bool copies = one->zero_stage == 0;
    struct zero_clipped c = {.ranks = copies ? 1 : run->ranks,
                             .copies = copies,
                             .of_run = run->ranks,
                             .most = one->most};
    for (int rank = 0; rank < c.ranks; rank++)
        c.norm[rank] = one->factor * norm_of(one, run->ranks, rank);
    return c;
}

static double due_of(const struct zero_clipped *c, const struct clip_case *one)
{
    double squares = 0;
    for (int rank = 0; rank < c->ranks; rank++)
        squares += c->norm[rank] * c->norm[rank];
    return sqrt(squares) > one->most ? one->factor * one->most / sqrt(squares) : one->factor;
}

/* found: of each rank. */
static bool case_is_right(const struct outcome *run, int number, const double *found,
                          struct verdict *verdict)
{
    const struct clip_case *one = &clip_cases[number];
    struct zero_clipped c = clipped_of(run, one);
    const double due = due_of(&c, one);
    int wrong = 0;
    /* Some add 1e-6 to the norm before they divide. */
    while (wrong < run->ranks && fabs(found[wrong] - due) <= 1e-4 * due)
        wrong++;
    if (wrong == run->ranks)
        return true;
    for (int rank = 0; rank < c.ranks; rank++)
        c.factor[rank] = found[rank] / one->factor;
    evidence_fail(
        verdict,
        "case %d, --zero %d: the true gradients' norm may be %g at most; rank %d gets the "
        "factor %.6g, and %.6g is right",
        number + 1, one->zero_stage, one->most, wrong, found[wrong], due);
    const bool without = fabs(found[wrong] - due * one->factor) <= 1e-4 * due * one->factor ||
                         fabs(found[wrong] - due / one->factor) <= 1e-4 * due / one->factor;
    if (isnan(found[wrong]) || isinf(found[wrong]))
        verdict_name_mistake(verdict, &not_a_number);
    else if (one->factor != 1 && without)
        verdict_name_mistake(verdict, &scaled);
    else if (memory_zero_clip_mistake(&c))
        verdict_name_mistake(verdict, memory_zero_clip_mistake(&c));
    return false;
}

static void judge_probe(const struct outcome *run, struct verdict *verdict)
{
    double found[CLIP_CASES][CLIP_MOST_RANKS];
    if (run->ranks > CLIP_MOST_RANKS) {
        evidence_fail(verdict, "too many ranks for this probe");
        return;
    }
    for (int rank = 0; rank < run->ranks; rank++) {
        g_autofree char *name = g_strdup_printf("probe-clip-%d.json", rank);
        json_t *root = probe_file_read(run, name, CLIP_CASES, verdict);
        for (int i = 0; root && i < CLIP_CASES; i++) {
            const char *text = json_string_value(json_array_get(root, (size_t)i));
            found[i][rank] = text ? g_ascii_strtod(text, NULL) : NAN;
        }
        json_decref(root);
        if (!root)
            return;
    }
    for (int i = 0; i < CLIP_CASES; i++)
        if (!case_is_right(run, i, found[i], verdict))
            return;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    if (strcmp(run->options.probe, "clip") == 0)
        judge_probe(run, verdict);
    else
        memory_zero_state_is_right(run, verdict);
}

void memory_judge_clip(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "the factor is that of the norm of all ranks' gradients together");
}
