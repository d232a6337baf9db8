/* Masters, and steps in 16 bits; see offload_parts.h. */
#include "assignments/memory/judges/offload/offload_parts.h"

#include "assignments/memory/judges/mixed/mixed_step.h"
#include "assignments/memory/options.h"
#include "common/base/sixteen_bits.h"

#include <string.h>

static const struct mistake other_masters = {
    "the masters do not begin as the parameters",
    "Before the first step what the host will step with is something else than what the device "
    "has.",
    "offload_begin: the parameters come to the host by a transfer, and are widened there with 16 "
    "bits"};
static const struct mistake stale = {
    "the parameters that come back are one step old",
    "On the device are the masters from before the step, rounded: what came back set out, or was "
    "rounded, before the host had stepped.",
    "offload_step: step, then round, then begin the transfer"};
static const struct mistake late_gradients = {
    "the host steps with the gradients of the step before",
    "The first step leaves the optimizer's state at 0: it went by gradients that were not there "
    "yet. What arrives in one step is used in the next.",
    "which of the host's gradients offload_step hands to optimizer_step_on, and when their "
    "transfers were waited for"};

static struct zero_snapshot *snapshot_of(const struct offload_run *offload, int i,
                                         struct verdict *verdict)
{
    const struct options *options = &offload->run->options;
    return memory_zero_snapshot_new(offload->run, offload->sizes.model, options->optimizer.kind,
                                    options->snapshot[i], verdict);
}

bool memory_offload_find_own(struct offload_run *offload, struct verdict *verdict)
{
    if (offload->run->options.snapshots == 0) {
        verdict_not_judged(verdict, CULPRIT_KIT, "the run stores no snapshots");
        return false;
    }
    struct zero_snapshot *first = snapshot_of(offload, 0, verdict);
    for (int rank = 0; first && rank < offload->run->ranks; rank++)
        offload->own[rank] =
            (double)first->of[offload->parameters ? ZERO_PARAMETERS : ZERO_MASTERS][rank].count;
    memory_zero_snapshot_free(first);
    return first != NULL;
}

/* ---- masters ------------------------------------------------------------------------------------------ */

/* Rounded to the precision, and widened again. */
static float rounded(const struct offload_run *offload, float number)
{
    const enum dtype precision = memory_options(&offload->run->options).precision;
    if (precision == DTYPE_BFLOAT16)
        return bfloat16_to_float32(bfloat16_from_float32(number));
    return number;
}

static bool same(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void tell(const struct offload_run *offload, const struct zero_snapshot *snapshot, size_t at,
                 float parameter, const float *masters, const float *masters_before,
                 struct verdict *verdict)
{
    g_autofree char *place = memory_zero_place(snapshot->model, at);
    evidence_fail(verdict,
                  "before step %d: %s is %.9g on rank %d's device, and its master on the host is "
                  "%.9g, that is %.9g rounded",
                  snapshot->step, place, (double)parameter,
                  memory_zero_holder(snapshot, ZERO_MASTERS, at), (double)masters[at],
                  (double)rounded(offload, masters[at]));
    if (!masters_before)
        verdict_name_mistake(verdict, &other_masters);
    else if (same(parameter, rounded(offload, masters_before[at])))
        verdict_name_mistake(verdict, &stale);
}

/* On the rank that owns it, which got it back from its own host. */
static bool are_alike(const struct offload_run *offload, const struct zero_snapshot *snapshot,
                      const float *masters, const float *before, struct verdict *verdict)
{
    for (size_t at = 0; at < snapshot->count; at++) {
        const int owner = memory_zero_holder(snapshot, ZERO_MASTERS, at);
        const float parameter = snapshot->of[ZERO_PARAMETERS][owner].value[at];
        if (same(parameter, rounded(offload, masters[at])))
            continue;
        tell(offload, snapshot, at, parameter, masters, before, verdict);
        return false;
    }
    return true;
}

/* Behind the first step some of the state is not 0. */
static bool has_moved(const struct zero_snapshot *snapshot, struct verdict *verdict)
{
    if (snapshot->step != 1)
        return true;
    for (int rank = 0; rank < snapshot->ranks; rank++)
        for (size_t at = 0; at < snapshot->count; at++)
            if (snapshot->of[ZERO_STATE][rank].value[at] != 0.0f)
                return true;
    evidence_fail(verdict, "behind step 0 all of the optimizer's state is 0");
    verdict_name_mistake(verdict, &late_gradients);
    return false;
}

bool memory_offload_masters_are_right(const struct offload_run *offload, struct verdict *verdict)
{
    const bool has_masters = !offload->parameters || offload->sizes.parameter_bytes < 4;
    g_autofree float *before = NULL;
    bool right = true;
    for (int i = 0; right && i < offload->run->options.snapshots; i++) {
        struct zero_snapshot *snapshot = snapshot_of(offload, i, verdict);
        if (!snapshot)
            return false;
        float *masters =
            has_masters ? memory_zero_merge(snapshot, ZERO_MASTERS, false, verdict) : NULL;
        right =
            (!has_masters || (masters && are_alike(offload, snapshot, masters, before, verdict))) &&
            has_moved(snapshot, verdict);
        g_free(before);
        before = masters;
        memory_zero_snapshot_free(snapshot);
    }
    return right;
}

/* ---- 16 bits -------------------------------------------------------------------------------------------- */

/* From a snapshot to the next one, which is one step on. Takes over `before`; returns the next one, or NULL after setting the
 * verdict. */
static struct mixed_snapshot *judge_step(const struct offload_run *offload,
                                         struct mixed_truth *truth, struct mixed_snapshot *before,
                                         int next, GString *table, struct verdict *verdict)
{
    struct mixed_snapshot *after = mixed_snapshot_read(offload->run, truth, next, verdict);
    const struct mixed_step step = {.run = offload->run,
                                    .truth = truth,
                                    .before = before,
                                    .after = after,
                                    .gradients = offload->gradient_bytes < 4 ? truth->precision
                                                                             : DTYPE_FLOAT32,
                                    .scale = 1};
    bool right = after != NULL;
    if (right && next == before->step + 1) {
        mixed_truth_compute(truth, before->step, 1, before->parameters);
        right = mixed_step_is_right(&step, table, verdict);
    }
    mixed_snapshot_free(before);
    if (right)
        return after;
    mixed_snapshot_free(after);
    return NULL;
}

bool memory_offload_steps_are_right(const struct offload_run *offload, struct verdict *verdict)
{
    const struct options *options = &offload->run->options;
    struct mixed_truth *truth = mixed_truth_of_run(offload->run, verdict);
    if (!truth)
        return false;
    g_autoptr(GString) table = g_string_new(MIXED_TABLE_HEAD);
    struct mixed_snapshot *snapshot =
        mixed_snapshot_read(offload->run, truth, options->snapshot[0], verdict);
    bool right = snapshot && mixed_begins_right(truth, snapshot, verdict);
    for (int i = 1; right && i < options->snapshots; i++) {
        snapshot = judge_step(offload, truth, snapshot, options->snapshot[i], table, verdict);
        right = snapshot != NULL;
    }
    verdict_explain(verdict, "%s", table->str);
    mixed_snapshot_free(snapshot);
    mixed_truth_free(truth);
    return right;
}
