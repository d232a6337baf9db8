/*
 * Judge "recompute".
 *
 * Run:       the probe that cuts runs of layers into segments; and training with --recompute layers and segments, in
 *            one process and in two that share each batch.
 * Must hold: segments are of one layer each, or of as many as the whole number nearest to the root says; outputs,
 *            gradients, parameters and running averages have the bits of the judge's own run, in one process, with the
 *            kit's layers and without recomputation, of the same micro-batches in the same order; and something is computed
 *            again.
 * A failure: the first tensor that has other numbers, and the known mistake that gives just these: the judge recomputes
 *            in all wrong manners that it knows, too.
 *
 * Bits are the same because kernels are: a program and the grader are built from one library, choose their kernels by
 * the processor that both run on, and have one thread each; of two ranks' gradients the sum is the same in
 * either order. A run on a GPU has the judge's numbers up to rounding, as that of a pipeline below.
 *
 * Judge "recompute_memory".
 *
 * Run:       the same with --log-memory.
 * Must hold: behind each forward there is of activations what was there before, and y, and what entered the segments;
 *            within a backward no more is live than is needed if each segment is repeated from its input, which goes when it
 *            is not needed any more, and run backwards; behind it nothing is left; operations are those of forward,
 *            backward and repetition; all to the last byte and operation, as the judge counts them in its own run. The
 *            process grows by no more than its tensors (on this computer).
 * A failure: the first forward or backward that costs something else, and the known mistake that costs just that.
 *
 * Judge "recompute_pipeline".
 *
 * Run:       the stages of a pipeline, by several schedules, in which no micro-batch is recomputed, or all, or all but
 *            the last.
 * Must hold: numbers as above, but up to rounding: the pipeline is the student's; costs as above, for each micro-batch
 *            that which it has to. So memory is GPipe's: inputs of the segments of those in flight, and all that a segment
 *            keeps of the one that runs backwards. Whatever the pipeline holds of messages is not looked at.
 * A failure: as above.
 */
#include "assignments/memory/judges/recomputation/recompute.h"
#include "assignments/memory/judges/recomputation/costs.h"
#include "assignments/memory/judges/recomputation/curves.h"
#include "assignments/memory/judges/recomputation/resident.h"
#include "assignments/memory/judges/recomputation/segments.h"
#include "grader/evidence/left_behind.h"

#include <string.h>

static bool is_probe(const struct outcome *run)
{
    return run->options.probe[0] != '\0';
}

static void judge_numbers(const struct outcome *run, struct verdict *verdict)
{
    struct recomputation_case one;
    if (recomputation_case_read(&one, run, verdict) &&
        recomputation_numbers_are_right(&one, !run->device, verdict))
        recomputation_recomputes(&one, verdict);
    recomputation_case_clear(&one);
}

static void judge_recompute(const struct judgement *judgement, const struct outcome *run,
                            struct verdict *verdict)
{
    (void)judgement;
    if (is_probe(run))
        segments_judge(run, verdict);
    else
        judge_numbers(run, verdict);
}

void memory_judge_recompute(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_recompute,
                      judgement->outcomes > 0 && judgement->outcome[0].device != NULL
                          ? "outputs, gradients, parameters and running averages are those without "
                            "recomputation, but for a GPU's rounding"
                          : "outputs, gradients, parameters and running averages are those without "
                            "recomputation, bit for bit");
}

/* ---- memory ------------------------------------------------------------------------------------------- */

static void judge_memory(const struct judgement *judgement, const struct outcome *run,
                         struct verdict *verdict)
{
    struct recomputation_case one;
    if (recomputation_case_read(&one, run, verdict)) {
        if (recomputation_costs_are_right(&one, verdict))
            resident_is_small(&one, verdict);
        recomputation_explain(&one, verdict);
        curves_draw(judgement, &one, verdict);
    }
    recomputation_case_clear(&one);
}

void memory_judge_recompute_memory(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_memory,
                      "between forward and backward there is what entered the segments, and "
                      "nothing else; each is computed again once");
}

/* ---- in a pipeline ---------------------------------------------------------------------------------------- */

static void judge_left_behind(const struct outcome *run, struct verdict *verdict)
{
    g_autoptr(GString) line = g_string_new(NULL);
    unsigned kinds;
    if (evidence_left_behind(run, line, &kinds))
        evidence_fail(verdict, "%s", line->str);
}

static void judge_pipeline(const struct judgement *judgement, const struct outcome *run,
                           struct verdict *verdict)
{
    struct recomputation_case one;
    if (recomputation_case_read(&one, run, verdict)) {
        if (recomputation_numbers_are_right(&one, false, verdict) &&
            recomputation_costs_are_right(&one, verdict))
            judge_left_behind(run, verdict);
        recomputation_explain(&one, verdict);
        curves_draw(judgement, &one, verdict);
    }
    recomputation_case_clear(&one);
}

void memory_judge_recompute_pipeline(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_pipeline,
                      "in a pipeline's stages, too: of each micro-batch that is to be recomputed "
                      "the inputs of the segments are kept, and of no other");
}
