/* Parameters and state of ranks that share them; see zero_state.h. */
#include "assignments/memory/judges/zero/zero_state.h"

#include "assignments/memory/judges/zero/zero_expected.h"

#include "assignments/memory/options.h"
#include "common/log/log_fields.h"

#include <math.h>
#include <string.h>

/* ---- comparing -------------------------------------------------------------------------------------- */

static void tell_gradient(struct zero_step *s, size_t at, const char *what, double found,
                          double due, struct verdict *verdict)
{
    g_autofree char *place = memory_zero_place(s->before->model, at);
    const int rank = memory_zero_holder(s->after, ZERO_STATE, at);
    evidence_fail(verdict,
                  "step %d: the optimizer's state of %s, on rank %d, %s %.7g: one process has %.7g",
                  s->step, place, rank, what, found, due);
}

static bool gradient_is_right(struct zero_step *s, struct verdict *verdict)
{
    const gssize at = memory_zero_first_wrong(s);
    if (at < 0)
        return true;
    tell_gradient(s, (size_t)at, "was made from a gradient of", (double)s->found[at],
                  s->clip * (double)s->gradient[at], verdict);
    if (!memory_zero_explain_clip(s, verdict))
        memory_zero_explain_gradient(s, verdict);
    return false;
}

static bool squares_are_right(struct zero_step *s, struct verdict *verdict)
{
    const struct optimizer_options *options = &s->run->options.optimizer;
    for (size_t i = 0; memory_zero_is_adamw(s) && i < s->before->count; i++) {
        const double found = (double)s->second_behind[i], gradient = (double)s->found[i];
        const double due =
            options->beta2 * (double)s->second[i] + (1 - options->beta2) * gradient * gradient;
        const double noise = (1 - options->beta2) * 2 * fabs(gradient) * memory_zero_noise(s, i);
        if (fabs(found - due) <= 1e-5 * fabs(due) + 2 * noise + 1e-30)
            continue;
        tell_gradient(s, i, "is, of the squares,", found, due, verdict);
        return false;
    }
    return true;
}

static bool parameters_are_right(struct zero_step *s, struct verdict *verdict)
{
    const size_t count = s->before->count;
    g_autofree double *due = g_new(double, count + 1);
    for (size_t i = 0; i < count; i++)
        due[i] = memory_zero_updated(s, i);
    for (int rank = 0; rank < s->run->ranks; rank++)
        for (size_t i = 0; i < count; i++) {
            const struct zero_numbers *own = &s->after->of[ZERO_PARAMETERS][rank];
            const double found = (double)own->value[i];
            if (!own->there[i] || fabs(found - due[i]) <= memory_zero_room(s, i, due[i]))
                continue;
            g_autofree char *place = memory_zero_place(s->before->model, i);
            evidence_fail(verdict,
                          "behind step %d rank %d has %.8g as %s: the optimizer makes it %.8g",
                          s->step, rank, found, place, due[i]);
            memory_zero_explain_parameters(s, rank, due, verdict);
            return false;
        }
    return true;
}

/* Replicas must stay the same. */
static bool copies_are_equal(const struct zero_snapshot *snapshot, struct verdict *verdict)
{
    for (size_t i = 0; i < snapshot->count; i++) {
        const int holder = memory_zero_holder(snapshot, ZERO_PARAMETERS, i);
        for (int rank = holder + 1; rank < snapshot->ranks; rank++) {
            const struct zero_numbers *own = &snapshot->of[ZERO_PARAMETERS][rank];
            const float *first = &snapshot->of[ZERO_PARAMETERS][holder].value[i];
            if (!own->there[i] || memcmp(&own->value[i], first, sizeof *first) == 0)
                continue;
            g_autofree char *place = memory_zero_place(snapshot->model, i);
            evidence_fail(
                verdict,
                "before step %d: %s is %.9g on rank %d and %.9g on rank %d: replicas must "
                "stay the same to the last bit",
                snapshot->step, place, (double)*first, holder, (double)own->value[i], rank);
            return false;
        }
    }
    return true;
}

/* ---- a step ------------------------------------------------------------------------------------------- */

static bool loss_is_right(const struct zero_step *s, struct verdict *verdict)
{
    const int micro_batches = options_micro_batches(&s->run->options);
    g_autofree double *loss = g_new(double, s->step + 1);
    evidence_losses_together(s->run, micro_batches, s->step + 1, loss);
    const double due = s->reference->loss;
    if (fabs(loss[s->step] - due) <= 1e-6 + 1e-5 * fabs(due))
        return true;
    evidence_fail(verdict,
                  "step %d: the mean of all ranks' losses is %.7g, and one process has %.7g with "
                  "these parameters (NaN: not one for each micro-batch)",
                  s->step, loss[s->step], due);
    return false;
}

static const struct mistake many_steps = {
    "the optimizer steps more than once in a step",
    "A step of the optimizer belongs to a batch, not to a micro-batch: each of these steps takes "
    "part of the gradient, and AdamW's is as long as with all of it.",
    "where update_own_parameters is called: behind the loop over the micro-batches"};

static bool stepped_once(const struct zero_step *s, struct verdict *verdict)
{
    for (int rank = 0; rank < s->run->ranks; rank++) {
        EVIDENCE_ARRAY events = evidence_events(&s->run->log[rank]);
        const int steps = evidence_count(events, s->step, LOG_OPTIMIZER_STEP, 0);
        if (steps == 1)
            continue;
        evidence_fail(verdict, "the optimizer of rank %d stepped %d times in step %d, not once",
                      rank, steps, s->step);
        if (steps > 1)
            verdict_name_mistake(verdict, &many_steps);
        return false;
    }
    return true;
}

static bool judge_step(struct zero_step *s, struct verdict *verdict)
{
    if (!stepped_once(s, verdict))
        return false;
    memory_zero_compute(s);
    memory_zero_find_gradient(s);
    return loss_is_right(s, verdict) && gradient_is_right(s, verdict) &&
           squares_are_right(s, verdict) && parameters_are_right(s, verdict) &&
           copies_are_equal(s->after, verdict);
}

/* ---- all steps ------------------------------------------------------------------------------------------ */

static bool begins_as_it_must(const struct zero_step *s, struct verdict *verdict)
{
    const float *first = tensor_floats(stage_parameters(s->reference->stage));
    for (size_t i = 0; i < s->before->count; i++) {
        const bool same = memcmp(&s->parameters[i], &first[i], sizeof first[i]) == 0;
        if (same && s->state[i] == 0.0f && (!s->second || s->second[i] == 0.0f))
            continue;
        g_autofree char *place = memory_zero_place(s->before->model, i);
        evidence_fail(verdict, "before the first step %s%s is not %s", place,
                      same ? "'s optimizer state" : "",
                      same ? "0" : "the initial value that the seed gives");
        return false;
    }
    return true;
}

/* Of the one snapshot what belongs to the step; false after setting the verdict. */
static bool merge(const struct zero_step *s, const struct zero_snapshot *snapshot,
                  float **parameters, float **state, float **second, struct verdict *verdict)
{
    *parameters = memory_zero_merge(snapshot, ZERO_PARAMETERS, s->zero_stage < 3, verdict);
    *state =
        *parameters ? memory_zero_merge(snapshot, ZERO_STATE, s->zero_stage == 0, verdict) : NULL;
    *second = *state && memory_zero_is_adamw(s)
                  ? memory_zero_merge(snapshot, ZERO_SECOND_STATE, s->zero_stage == 0, verdict)
                  : NULL;
    return *state && (*second || !memory_zero_is_adamw(s));
}

static bool judge_pair(struct zero_step *s, struct verdict *verdict)
{
    float *ignored = NULL;
    const size_t count = s->before->count;
    s->gradient = g_new0(float, count + 1);
    s->found = g_new0(float, count + 1);
    bool right =
        merge(s, s->before, &s->parameters, &s->state, &s->second, verdict) &&
        (s->step > 0 || (begins_as_it_must(s, verdict) && copies_are_equal(s->before, verdict))) &&
        merge(s, s->after, &ignored, &s->state_behind, &s->second_behind, verdict) &&
        judge_step(s, verdict);
    float *const arrays[] = {ignored,         s->parameters,    s->state,   s->second,
                             s->state_behind, s->second_behind, s->gradient};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_free(arrays[i]);
    s->parameters = s->state = s->second = s->state_behind = s->second_behind = s->gradient = NULL;
    g_free(s->found_before);
    s->found_before = s->found;
    s->found = NULL;
    return right;
}

static bool judge_pairs(struct zero_step *s, struct verdict *verdict)
{
    const struct options *options = &s->run->options;
    struct zero_snapshot *before = NULL;
    bool right = true;
    for (int i = 0; right && i < options->snapshots; i++) {
        struct zero_snapshot *now = memory_zero_snapshot_new(
            s->run, s->reference->model, options->optimizer.kind, options->snapshot[i], verdict);
        right = now != NULL;
        if (right && before && now->step == before->step + 1) {
            s->step = before->step;
            s->before = before;
            s->after = now;
            right = judge_pair(s, verdict);
        }
        memory_zero_snapshot_free(before);
        before = now;
    }
    memory_zero_snapshot_free(before);
    return right;
}

bool memory_zero_state_is_right(const struct outcome *run, struct verdict *verdict)
{
    struct zero_step s = {.run = run, .zero_stage = memory_options(&run->options).zero};
    s.reference = reference_of_run(run, verdict);
    if (!s.reference)
        return false;
    const bool right = judge_pairs(&s, verdict);
    g_free(s.found_before);
    reference_free(s.reference);
    return right;
}
