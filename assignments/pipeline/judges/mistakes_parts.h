/*
 * What the files of mistakes.c share.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_PARTS_H
#define ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_PARTS_H

#include "assignments/pipeline/judges/mistakes.h"

#include <math.h>

/* A signature holds up to rounding: coefficients come through normal equations. */
#define COEFFICIENT_TOLERANCE 1e-2

static inline bool mistake_is_near(double found, double expected)
{
    return fabs(found - expected) <= COEFFICIENT_TOLERANCE;
}

/* Are these the coefficients of a gradient that says something: the only ones, and all of it? */
static inline bool mistake_coefficients_tell(const struct coefficients *c)
{
    return c && c->unique && c->left <= COEFFICIENT_TOLERANCE;
}

/* ---- mistakes_coefficients.c ---- */

/* Only the micro-batch whose backward came last is there. */
bool mistake_overwritten(const struct mistake_evidence *evidence);
bool mistake_last_dropped(const struct mistake_evidence *evidence);
/* The coefficients are a permutation other than the identity. */
bool mistake_orders_disagree(const struct mistake_evidence *evidence);

/* ---- mistakes_cool_down.c ---- */

/* The backwards of the cool-down are missing on every stage, and nothing else is wrong. */
bool mistake_no_cool_down(const struct mistake_evidence *evidence);
/* The weight gradients that ZB-H1 holds back to the end are missing on every stage. */
bool mistake_held_back_left_out(const struct mistake_evidence *evidence);

#endif
