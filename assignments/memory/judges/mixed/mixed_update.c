/* What follows from the new state, without any rounding but float32's; see mixed_step.h. */
#include "assignments/memory/judges/mixed/mixed_step.h"
#include "common/training/optimizer.h"

#include <math.h>
#include <string.h>

/* Half of a float32's last place, in parts of it. */
#define FLOAT_ROUNDING 0x1p-24

static const struct mistake no_masters = {
    .name = "no master weights",
    .explanation =
        "The masters do not move. With 16 bits alone a parameter changes only when its step is "
        "more than half of its last "
        "place: with w = 1 and a step of 0.001 bfloat16 gives 1 again, as often as it is tried.",
    .look = "step_own_parameters: which numbers the optimizer steps with",
};
static const struct mistake refreshed = {
    .name = "masters are made anew from the rounded parameters",
    .explanation = "The step began with the parameters of 16 bits and not with the masters as the "
                   "step before left them. What "
                   "rounding cut off is lost in each step, as if there were no masters; their "
                   "memory is spent for nothing.",
    .look = "step_own_parameters: what the masters are before the optimizer steps",
};
static const struct mistake rounded_masters = {
    .name = "masters are made anew from the rounded parameters",
    .explanation = "Behind the step each master is a number of 16 bits: rounding cut off what it "
                   "had besides. Updates smaller than "
                   "half of the last place are lost in each step, as if there were no masters.",
    .look = "step_own_parameters: the masters keep what the optimizer made of them",
};
static const struct mistake narrow_state = {
    .name = "the optimizer's state has 16 bits",
    .explanation =
        "All its numbers are ones of 16 bits. A running average moves by a thousandth of a square "
        "in a step, which is less "
        "than half of the last place of 16 bits: it stands still, and steps become too large.",
    .look = "what happens to the optimizer's state behind optimizer_step_on",
};
static const struct mistake moves_when_skipped = {
    .name = "a step that overflowed is not skipped as a whole",
    .explanation = "All gradients of such a step are worthless, and nothing may move: no "
                   "parameter, no master, no moment, no "
                   "count of steps.",
    .look = "gradients_are_finite, and who calls the optimizer",
};

/* ---- the gradients that went in --------------------------------------------------------------------------- */

static double average_gain(const struct mixed_step *s)
{
    return s->before->states == 2 ? (double)(float)(1.0 - s->run->options.optimizer.beta1) : 1;
}

void mixed_gradients_of(const struct mixed_step *s, double *found, double *error)
{
    const double gain = average_gain(s),
                 momentum = (double)(float)s->run->options.optimizer.momentum;
    const float *old = s->before->state[0], *new = s->after->state[0];
    for (size_t i = 0; i < s->truth->count; i++) {
        if (s->before->states == 2)
            found[i] = old[i] + ((double)new[i] - old[i]) / gain;
        else
            found[i] = new[i] - momentum *old[i];
        error[i] = 4 * FLOAT_ROUNDING * (fabs((double)new[i]) + fabs((double)old[i])) / gain +
                   4 * FLOAT_ROUNDING * fabs(found[i]) + 0x1p-140;
    }
}

/* ---- the state ---------------------------------------------------------------------------------------------- */

/* Is a number one that has 16 bits: of the precision, or of bfloat16? */
static bool has_sixteen_bits(float number, float rounded)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return (bits & 0xffff) == 0 || number == rounded;
}

static bool state_is_narrow(const struct mixed_step *s, int i)
{
    g_autofree float *rounded = g_new(float, s->truth->count + 1);
    size_t narrow = 0, numbers = 0;
    /* SGD's first average is the gradient, which may have 16 bits. */
    if ((s->before->step < 1 && s->after->states == 1) || s->truth->precision == DTYPE_FLOAT32)
        return false;
    mixed_truth_round(s->truth, s->after->state[i], rounded);
    for (size_t k = 0; k < s->truth->count; k++) {
        if (s->after->state[i][k] == 0)
            continue;
        numbers++;
        narrow += has_sixteen_bits(s->after->state[i][k], rounded[k]);
    }
    return numbers > 32 && narrow == numbers;
}

static bool state_has_float32(const struct mixed_step *s, struct verdict *verdict)
{
    for (int i = 0; i < s->after->states; i++) {
        if (!state_is_narrow(s, i))
            continue;
        evidence_fail(verdict, "after step %d all numbers of %s are ones of 16 bits",
                      s->after->step - 1, s->after->state_name[i]);
        verdict_name_mistake(verdict, &narrow_state);
        return false;
    }
    return true;
}

/* AdamW's average of the squares, of the gradients that its other average shows. */
static bool squares_are_right(const struct mixed_step *s, const double *found, const double *error,
                              struct verdict *verdict)
{
    const double keep = (double)(float)s->run->options.optimizer.beta2;
    const double gain = (double)(float)(1.0 - s->run->options.optimizer.beta2);
    for (size_t i = 0; s->after->states == 2 && i < s->truth->count; i++) {
        const double old = s->before->state[1][i], new = s->after->state[1][i];
        const double expected = keep * old + gain * found[i] * found[i];
        const double allowed = 8 * FLOAT_ROUNDING * (old + expected) + 0x1p-140 +
                               gain * (2 * fabs(found[i]) + error[i]) * error[i];
        if (fabs(new - expected) <= allowed)
            continue;
        g_autofree char *name = mixed_place_name(s->truth, i);
        evidence_fail(verdict,
                      "after step %d: exp_avg_sq of %s is %.9g: from %.9g and the gradient %.6g, "
                      "which exp_avg shows, "
                      "it becomes %.9g",
                      s->after->step - 1, name, new, old, found[i], expected);
        return false;
    }
    return true;
}

static bool stepped_once(const struct mixed_step *s, struct verdict *verdict)
{
    for (int rank = 0; rank < s->run->ranks; rank++) {
        const gint64 more = s->after->steps_done[rank] - s->before->steps_done[rank];
        if (more == s->after->step - s->before->step)
            continue;
        evidence_fail(verdict, "in step %d rank %d's optimizer stepped %" G_GINT64_FORMAT " times",
                      s->before->step, rank, more);
        return false;
    }
    return true;
}

/* ---- the masters ----------------------------------------------------------------------------------------------- */

struct formula {
    double keep, size, correction, epsilon, rate;
};

static struct formula formula_of(const struct mixed_step *s)
{
    const struct optimizer_options *o = &s->run->options.optimizer;
    const double steps = (double)s->after->steps_done[0];
    return (struct formula){.keep = (double)(float)(1.0 - o->learning_rate * o->weight_decay),
                            .size = o->learning_rate / (1.0 - pow(o->beta1, steps)),
                            .correction = sqrt(1.0 - pow(o->beta2, steps)),
                            .epsilon = o->epsilon,
                            .rate = (double)(float)o->learning_rate};
}

static double stepped(const struct mixed_step *s, const struct formula *f, const float *from,
                      size_t i)
{
    const double average = s->after->state[0][i];
    if (s->after->states == 1)
        return from[i] - f->rate * average;
    return f->keep * from[i] -
           f->size * average / (sqrt((double)s->after->state[1][i]) / f->correction + f->epsilon);
}

/* How many numbers the formula does not make of `from`; *first: the first of them. */
static size_t wrong_from(const struct mixed_step *s, const float *from, const float *to,
                         size_t *first)
{
    const struct formula f = formula_of(s);
    size_t wrong = 0;
    for (size_t i = 0; i < s->truth->count; i++) {
        const double expected = stepped(s, &f, from, i);
        const double allowed = 8 * FLOAT_ROUNDING * (fabs((double)from[i]) + fabs(expected)) +
                               64 * FLOAT_ROUNDING * fabs(expected - from[i]);
        if (fabs(to[i] - expected) <= allowed)
            continue;
        *first = wrong++ == 0 ? i : *first;
    }
    return wrong;
}

static bool all_narrow(const struct mixed_step *s)
{
    g_autofree float *rounded = g_new(float, s->truth->count + 1);
    mixed_truth_round(s->truth, s->after->masters, rounded);
    return memcmp(rounded, s->after->masters, s->truth->count * sizeof *rounded) == 0;
}

static const struct mistake *mistake_of(const struct mixed_step *s)
{
    const size_t bytes = s->truth->count * sizeof(float);
    size_t first;
    if (!s->after->masters)
        return NULL;
    if (!memcmp(s->before->masters, s->after->masters, bytes))
        return &no_masters;
    if (all_narrow(s))
        return &rounded_masters;
    return wrong_from(s, s->before->parameters, s->after->masters, &first) == 0 ? &refreshed : NULL;
}

static bool masters_are_right(const struct mixed_step *s, struct verdict *verdict)
{
    const bool has = s->after->masters != NULL;
    const float *from = has ? s->before->masters : s->before->parameters;
    const float *to = has ? s->after->masters : s->after->parameters;
    size_t i = 0;
    const size_t wrong = wrong_from(s, from, to, &i);
    if (wrong == 0)
        return true;
    const struct formula f = formula_of(s);
    g_autofree char *name = mixed_place_name(s->truth, i);
    evidence_fail(verdict,
                  "step %d: %zu of %zu %s are not what the optimizer makes of the old ones: that "
                  "of %s was %.9g, is "
                  "%.9g, and should be %.9g",
                  s->before->step, wrong, s->truth->count, has ? "masters" : "parameters", name,
                  (double)from[i], (double)to[i], stepped(s, &f, from, i));
    const struct mistake *mistake = mistake_of(s);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    return false;
}

bool mixed_update_is_right(const struct mixed_step *s, struct verdict *verdict)
{
    g_autofree double *found = g_new(double, s->truth->count + 1);
    g_autofree double *error = g_new(double, s->truth->count + 1);
    mixed_gradients_of(s, found, error);
    return stepped_once(s, verdict) && state_has_float32(s, verdict) &&
           masters_are_right(s, verdict) && squares_are_right(s, found, error, verdict);
}

/* ---- nothing ------------------------------------------------------------------------------------------------------- */

static bool same(const float *a, const float *b, size_t count)
{
    return !a || !b || !memcmp(a, b, count * sizeof *a);
}

bool mixed_nothing_changed(const struct mixed_step *s, struct verdict *verdict)
{
    const size_t count = s->truth->count;
    const char *changed = NULL;
    for (int i = 0; i < s->after->states; i++)
        changed = same(s->before->state[i], s->after->state[i], count) ? changed
                                                                       : s->after->state_name[i];
    if (!same(s->before->masters, s->after->masters, count))
        changed = "a master";
    if (!same(s->before->parameters, s->after->parameters, count))
        changed = "a parameter";
    for (int rank = 0; rank < s->run->ranks; rank++)
        if (s->before->steps_done[rank] != s->after->steps_done[rank])
            changed = "the optimizer's count of steps";
    if (!changed)
        return true;
    evidence_fail(verdict, "step %d was skipped, and %s changed in it", s->before->step, changed);
    verdict_name_mistake(verdict, &moves_when_skipped);
    return false;
}
