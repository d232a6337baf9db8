/* Parameters and masters; see mixed_step.h. */
#include "assignments/memory/judges/mixed/mixed_step.h"

#include <math.h>
#include <string.h>

static const struct mistake not_begun = {
    .name = "the masters do not begin as the parameters",
    .explanation = "Before the first step each master is its parameter, widened. Otherwise the "
                   "first step moves the "
                   "parameters to wherever the masters happened to be.",
    .look = "make_masters: which numbers are widened, and where they are put (unit->place)",
};
static const struct mistake never_made_anew = {
    .name = "the parameters are not made anew from the masters",
    .explanation = "The step moved the masters, and the parameters are as they were: the next "
                   "forward works with old ones.",
    .look = "step_own_parameters: what is left to do when the masters have moved",
};
static const struct mistake a_step_behind = {
    .name = "the parameters are one step behind the masters",
    .explanation = "The parameters are the masters as they were before the step, rounded.",
    .look = "step_own_parameters: which comes first, the step or the rounding",
};
static const struct mistake cut_off = {
    .name = "the masters are cut off, not rounded",
    .explanation = "The lower bits are dropped: all parameters are nearer to 0 than they should "
                   "be, on average by half of "
                   "the last place, and in each step again.",
    .look = "step_own_parameters: round_numbers rounds to the nearest",
};
static const struct mistake masters_stand_still = {
    .name = "no master weights",
    .explanation = "The masters do not move: the step works with the parameters of 16 bits. Most "
                   "steps change a parameter by less "
                   "than half of its last place, and those steps are lost for good: with w = 1 and "
                   "a step of 0.001 bfloat16 gives 1 "
                   "again, as often as it is tried.",
    .look = "step_own_parameters: which numbers the optimizer steps with",
};

/* The first place where two rows differ, or count. */
static size_t first_difference(const float *a, const float *b, size_t count)
{
    size_t i = 0;
    while (i < count && memcmp(&a[i], &b[i], sizeof a[i]) == 0)
        i++;
    return i;
}

bool mixed_begins_right(const struct mixed_truth *truth, const struct mixed_snapshot *first,
                        struct verdict *verdict)
{
    g_autofree float *initial = g_new(float, truth->count + 1);
    mixed_truth_initial(truth, initial);
    const size_t i = first_difference(initial, first->parameters, truth->count);
    const size_t k = first->masters ? first_difference(initial, first->masters, truth->count) : i;
    if (i == truth->count && k == truth->count)
        return true;
    g_autofree char *name = mixed_place_name(truth, i < truth->count ? i : k);
    if (i < truth->count)
        evidence_fail(verdict, "before the first step %s is %.9g, and the seed gives %.9g", name,
                      (double)first->parameters[i], (double)initial[i]);
    else {
        evidence_fail(verdict,
                      "before the first step the master of %s is %.9g, and the parameter %.9g",
                      name, (double)first->masters[k], (double)initial[k]);
        verdict_name_mistake(verdict, &not_begun);
    }
    return false;
}

static bool is_rounding_of(const struct mixed_truth *truth, const float *masters,
                           const float *found)
{
    g_autofree float *rounded = g_new(float, truth->count + 1);
    mixed_truth_round(truth, masters, rounded);
    return first_difference(rounded, found, truth->count) == truth->count;
}

/* Is each number the nearest towards 0 of those with 16 bits? */
static bool is_cut_off(const struct mixed_truth *truth, const float *masters, const float *rounded,
                       const float *found)
{
    for (size_t i = 0; i < truth->count; i++) {
        const bool nearer = fabsf(found[i]) <= fabsf(masters[i]);
        const bool next = fabsf(found[i] - masters[i]) <= 0x1p-7f * fabsf(masters[i]) + 0x1p-24f;
        if (found[i] != rounded[i] && !(nearer && next))
            return false;
        if (fabsf(found[i]) > fabsf(masters[i]))
            return false;
    }
    return true;
}

/* With the first step alone it can't be told whether parameters come late or never: the next snapshot tells. */
static bool come_late(const struct mixed_step *s)
{
    struct verdict *nobody = verdict_new();
    struct mixed_snapshot *next = mixed_snapshot_read(s->run, s->truth, s->after->step + 1, nobody);
    const bool late = next && is_rounding_of(s->truth, s->after->masters, next->parameters);
    mixed_snapshot_free(next);
    verdict_free(nobody);
    return late;
}

static const struct mistake *mistake_of(const struct mixed_step *s, const float *rounded)
{
    const float *before = s->before->masters, *after = s->after->masters,
                *found = s->after->parameters;
    const size_t count = s->truth->count;
    if (first_difference(before, after, count) == count)
        return &masters_stand_still;
    if (first_difference(found, s->before->parameters, count) == count)
        return come_late(s) ? &a_step_behind : &never_made_anew;
    if (is_rounding_of(s->truth, before, found))
        return &a_step_behind;
    return is_cut_off(s->truth, after, rounded, found) ? &cut_off : NULL;
}

bool mixed_parameters_are_rounded(const struct mixed_step *s, struct verdict *verdict)
{
    const size_t count = s->truth->count;
    g_autofree float *rounded = g_new(float, count + 1);
    if (!s->after->masters)
        return true;
    mixed_truth_round(s->truth, s->after->masters, rounded);
    const size_t i = first_difference(rounded, s->after->parameters, count);
    if (i == count)
        return true;
    g_autofree char *name = mixed_place_name(s->truth, i);
    evidence_fail(
        verdict, "after step %d: %s is %.9g, and its master is %.9g: rounded to %s that is %.9g",
        s->after->step - 1, name, (double)s->after->parameters[i], (double)s->after->masters[i],
        dtype_name(s->truth->precision), (double)rounded[i]);
    const struct mistake *mistake = mistake_of(s, rounded);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    return false;
}
