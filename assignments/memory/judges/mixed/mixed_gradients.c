/* The gradients that went into a step, beside the judge's own; see mixed_step.h. */
#include "assignments/memory/judges/mixed/mixed_bounds.h"
#include "assignments/memory/judges/mixed/mixed_step.h"

#include <math.h>
#include <string.h>

static const struct mistake added_in_sixteen_bits = {
    .name = "gradients add up in 16 bits, and float32 was said",
    .explanation = "gradients_dtype says float32, there is room for it, and the sums are as coarse "
                   "as sums of 16 bits are: "
                   "small gradients are lost beside large ones for nothing.",
    .look = "what happens to the gradients between two micro-batches, and on their way to the "
            "other ranks",
};
static const struct mistake lost_part = {
    .name = "one micro-batch's gradient is lost",
    .explanation = "The gradients are those of all micro-batches but one.",
    .look = "which of them are added up, and when gradients are set to zero",
};

/* ---- distances ------------------------------------------------------------------------------------------ */

/* Of float32's sums in another order, within a layer's backward, too. */
static double computed(const struct mixed_truth *truth, size_t i, double magnitude)
{
    return 1e-5 * truth->amounts[i] + 2e-6 * magnitude;
}

/* Root mean square of the magnitudes. */
static double magnitude_of(const struct mixed_truth *truth)
{
    double squares = 0;
    for (size_t i = 0; i < truth->count; i++)
        squares += truth->amounts[i] * truth->amounts[i];
    return sqrt(squares / (double)MAX(truth->count, 1));
}

static double allowed(const struct mixed_step *s, enum dtype dtype, size_t i, double magnitude)
{
    const double additions = s->truth->micro_batches + s->run->ranks + 1;
    const double smallest = dtype == DTYPE_FLOAT16 ? 0x1p-25 / s->scale : 0;
    /* On a GPU float32's sums differ in the last place, and what is rounded to 16 bits within a layer's backward may become
     * the next number: of what cancels out there, as of the bias of keys, only that is left. */
    const double next = s->run->device ? mixed_rounding(s->truth->precision) * magnitude : 0;
    return additions * (mixed_rounding(dtype) * s->truth->amounts[i] + smallest) +
           computed(s->truth, i, magnitude) + next;
}

/* times: of the judge's own, less: a row that is missing in them, or NULL. */
static struct mixed_distance distance_of(const struct mixed_step *s, enum dtype dtype,
                                         const double *found, const double *error, double times,
                                         const double *less)
{
    const struct mixed_truth *t = s->truth;
    const double magnitude = magnitude_of(t);
    double products = 0, squares = 0, rest = 0, amounts = 0;
    struct mixed_distance distance = {0};
    for (size_t i = 0; i < t->count; i++) {
        const double own = times * (t->sum[i] - (less ? less[i] : 0));
        products += found[i] * own;
        squares += own * own;
        amounts += times * times * t->amounts[i] * t->amounts[i];
        if (!(fabs(found[i] - own) <= error[i] + fabs(times) * allowed(s, dtype, i, magnitude)) &&
            distance.beyond++ == 0)
            distance.first = i;
    }
    distance.factor = squares > 0 ? products / squares : 1;
    for (size_t i = 0; i < t->count; i++) {
        const double own = distance.factor * times * (t->sum[i] - (less ? less[i] : 0));
        rest += (found[i] - own) * (found[i] - own);
    }
    distance.rest = sqrt(rest / fmax(amounts, 1e-300));
    distance.cancelled = sqrt(amounts / fmax(squares, 1e-300));
    return distance;
}

/* Rounding is in proportion to what is added up, and not to what comes of it. */
static double most_factor(const struct mixed_distance *distance, enum dtype dtype)
{
    return mixed_bounds(dtype).factor * fmax(1, distance->cancelled / 4);
}

static bool is_near(const struct mixed_distance *distance, enum dtype dtype)
{
    const struct mixed_bounds bounds = mixed_bounds(dtype);
    return distance->beyond == 0 && fabs(distance->factor - 1) <= most_factor(distance, dtype) &&
           distance->rest <= bounds.rest;
}

/* ---- known mistakes ---------------------------------------------------------------------------------------- */

struct known {
    double times; /* what they are multiplied by */
    struct mistake mistake;
};

static double norm_of(const struct mixed_truth *truth)
{
    double squares = 0;
    for (size_t i = 0; i < truth->count; i++)
        squares += truth->sum[i] * truth->sum[i];
    return sqrt(squares);
}

/* By what clipping multiplies all gradients, whose norm is so many times that of the true ones. */
static double clipping(const struct mixed_step *s, double times)
{
    const double norm = times * norm_of(s->truth);
    return s->most_norm > 0 && norm > s->most_norm ? s->most_norm / norm : 1;
}

enum { KNOWN = 7 };

static void list_known(const struct mixed_step *s, struct known known[KNOWN])
{
    const double ranks = s->run->ranks, parts = s->truth->micro_batches, scale = s->scale;
    const double clip = clipping(s, 1);
    const struct known all[KNOWN] = {
        {clipping(s, scale),
         {"clipped before the loss scale was divided out",
          "The norm was taken of gradients that were still multiplied by the loss scale: they look "
          "too long by as "
          "much, and are made too short.",
          "clip_factor: of which gradients the norm is, and what `factor` has to do with it"}},
        {clip * scale,
         {"the loss scale is not divided out",
          "The step was taken with gradients that were still multiplied by the loss scale.",
          "step_own_parameters: what `factor` is for"}},
        {clip / scale,
         {"the loss scale is divided out twice, or was never multiplied in",
          "The gradients are too small by the loss scale.",
          "where the loss scale is divided out, and by what the loss's backward is multiplied"}},
        {clip * ranks,
         {"the sum of the ranks' gradients, not their mean",
          "They are too large by the number of ranks.",
          "by what the loss's backward is multiplied: all micro-batches of all ranks share the "
          "mean"}},
        {clip / ranks,
         {"the gradients are divided by the ranks twice",
          "They are too small by the number of ranks: each is of the mean over all micro-batches "
          "already.",
          "whether anything divides by the number of ranks again"}},
        {clip * parts,
         {"the sum of the micro-batches' gradients, not their mean",
          "They are too large by the number of micro-batches.",
          "by what the loss's backward is multiplied"}},
        {clip / parts,
         {"the gradients are divided by the micro-batches twice",
          "They are too small by the number of micro-batches.",
          "by what the loss's backward is multiplied"}},
    };
    memcpy(known, all, sizeof all);
}

/* The one factor that explains them. Of two that do, the first where gradients are clipped: that the scale alone is divided
 * out is known then. */
static const struct mistake *by_factor(const struct mixed_step *s, const struct known *known,
                                       const double *found, const double *error, enum dtype dtype)
{
    const struct mistake *mistake = NULL;
    const double right = clipping(s, 1);
    for (int k = 0; k < KNOWN; k++) {
        const struct mixed_distance distance =
            distance_of(s, dtype, found, error, known[k].times, NULL);
        const bool other = fabs(known[k].times / right - 1) > 0.05;
        if (!other || fabs(distance.factor - 1) > 4 * most_factor(&distance, dtype) ||
            distance.rest > 2 * mixed_bounds(dtype).rest)
            continue;
        if (mistake)
            return s->most_norm > 0 ? mistake : NULL;
        mistake = &known[k].mistake;
    }
    return mistake;
}

static bool lacks_a_part(const struct mixed_step *s, const double *found, const double *error,
                         enum dtype dtype)
{
    for (int m = 0; m < s->truth->micro_batches && s->truth->micro_batches > 1; m++) {
        const struct mixed_distance distance =
            distance_of(s, dtype, found, error, clipping(s, 1), s->truth->part[m]);
        if (is_near(&distance, dtype))
            return true;
    }
    return false;
}

static void name_mistake(const struct mixed_step *s, const double *found, const double *error,
                         struct verdict *verdict)
{
    const enum dtype narrow = s->truth->precision;
    struct known known[KNOWN];
    list_known(s, known);
    const struct mixed_distance coarse = distance_of(s, narrow, found, error, clipping(s, 1), NULL);
    const struct mistake *mistake = by_factor(s, known, found, error, narrow);
    if (s->gradients == DTYPE_FLOAT32 && narrow != DTYPE_FLOAT32 && is_near(&coarse, narrow))
        mistake = &added_in_sixteen_bits;
    else if (!mistake && lacks_a_part(s, found, error, narrow))
        mistake = &lost_part;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

/* ---- the judgement ------------------------------------------------------------------------------------------- */

static void tell(const struct mixed_step *s, const struct mixed_distance *distance,
                 const double *found, struct verdict *verdict)
{
    const struct mixed_bounds bounds = mixed_bounds(s->gradients);
    const double times = clipping(s, 1), factor = most_factor(distance, s->gradients);
    g_autofree char *name = mixed_place_name(s->truth, distance->first);
    if (fabs(distance->factor - 1) > factor)
        evidence_fail(
            verdict,
            "step %d: the gradients that went into the step are %.6g times those of one process "
            "(allowed are %.7g to %.7g)",
            s->before->step, distance->factor, 1 - factor, 1 + factor);
    else if (distance->beyond > 0)
        evidence_fail(verdict,
                      "step %d: %zu of %zu gradients that went into the step are not those of one "
                      "process, by more than "
                      "%s rounds: that of %s is %.6g and should be %.6g",
                      s->before->step, distance->beyond, s->truth->count, dtype_name(s->gradients),
                      name, found[distance->first], times * s->truth->sum[distance->first]);
    else
        evidence_fail(verdict,
                      "step %d: the gradients that went into the step are as a whole further from "
                      "those of one process "
                      "than sums in %s are (%.2g of their magnitude, allowed %.2g)",
                      s->before->step, dtype_name(s->gradients), distance->rest, bounds.rest);
}

struct mixed_distance mixed_gradients_distance(const struct mixed_step *s)
{
    g_autofree double *found = g_new(double, s->truth->count + 1);
    g_autofree double *error = g_new(double, s->truth->count + 1);
    mixed_gradients_of(s, found, error);
    return distance_of(s, s->gradients, found, error, clipping(s, 1), NULL);
}

bool mixed_gradients_are_right(const struct mixed_step *s, GString *table, struct verdict *verdict)
{
    g_autofree double *found = g_new(double, s->truth->count + 1);
    g_autofree double *error = g_new(double, s->truth->count + 1);
    mixed_gradients_of(s, found, error);
    const struct mixed_distance distance =
        distance_of(s, s->gradients, found, error, clipping(s, 1), NULL);
    g_string_append_printf(table, "| %d | %g | %.2g | %.2g | %zu |\n", s->before->step, s->scale,
                           distance.factor - 1, distance.rest, distance.beyond);
    if (is_near(&distance, s->gradients))
        return true;
    tell(s, &distance, found, verdict);
    name_mistake(s, found, error, verdict);
    return false;
}

bool mixed_step_is_right(const struct mixed_step *s, GString *table, struct verdict *verdict)
{
    return mixed_update_is_right(s, verdict) && mixed_parameters_are_rounded(s, verdict) &&
           mixed_gradients_are_right(s, table, verdict);
}
