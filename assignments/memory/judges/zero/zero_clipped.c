/*
 * Clipping: by what the gradient of each shard was multiplied, and which norm that fits.
 */
#include "assignments/memory/judges/zero/zero_clipped.h"
#include "assignments/memory/judges/zero/zero_state.h"
#include "assignments/memory/options.h"

#include <math.h>

static const struct mistake by_local_norm = {
    "each rank clips by the norm of its own shard",
    "Each rank's gradients are as long as allowed by themselves: the norm is that of all "
    "gradients, whoever has them, "
    "and all are multiplied by the same.",
    "the sum over the ranks of the squares, in clip_factor"};
static const struct mistake by_sum_of_norms = {
    "the ranks' norms are added up, not their squares",
    "The factor fits the sum of the shards' norms. The root comes last, of the sum of all squares.",
    "the root: behind the sum over the ranks, not before"};
static const struct mistake not_clipped = {
    "gradients are not clipped", "They are as long as they were, which is longer than allowed.",
    "what becomes of the factor"};
static const struct mistake stretched = {
    "short gradients are made longer",
    "Their norm was less than what is allowed, and they were multiplied until it was that.",
    "the case that the norm is at most zero->most_norm: the factor is what was given"};
static const struct mistake by_square = {"the root of the sum of squares is missing",
                                         "The factor fits the sum of the squares, not its root.",
                                         "the norm: the root of the sum"};
static const struct mistake counted_often = {
    "each rank's gradients count once for every rank",
    "The norm is too long by the root of the number of ranks: every rank has all gradients here, "
    "and they were added up "
    "nevertheless.",
    "zero->zero_stage 0: each rank has all gradients, not a shard"};

const struct mistake *memory_zero_clip_mistake(const struct zero_clipped *c)
{
    double squares = 0, norms = 0, largest = 0;
    bool local = c->ranks > 1, one = true;
    for (int i = 0; i < c->ranks; i++) {
        squares += c->norm[i] * c->norm[i];
        norms += c->norm[i];
        largest = fmax(largest, c->norm[i]);
    }
    const double all = sqrt(squares);
    const double factor = c->factor[0];
    for (int i = 0; i < c->ranks; i++) {
        const double own = c->norm[i] > c->most ? c->most / c->norm[i] : 1;
        local = local && (c->norm[i] == 0 || fabs(c->factor[i] - own) <= 1e-4 * own);
        one = one && (c->norm[i] == 0 || fabs(c->factor[i] - factor) <= 1e-4 * fabs(factor));
    }
    const struct {
        double norm;
        const struct mistake *mistake;
    } known[] = {{norms, &by_sum_of_norms},
                 {squares, &by_square},
                 {c->copies ? all * sqrt(c->of_run) : 0, &counted_often}};
    if (all <= c->most && one && factor > 1.0001)
        return &stretched;
    if (local && !c->copies)
        return &by_local_norm;
    if (one && fabs(factor - 1) <= 1e-6 && all > c->most)
        return &not_clipped;
    for (size_t i = 0; one && i < G_N_ELEMENTS(known); i++)
        if (known[i].norm > 0 && fabs(factor - c->most / known[i].norm) <= 1e-4 * factor)
            return known[i].mistake;
    return NULL;
}

/* By what a rank's shard was multiplied; false: it is no multiple of what it should be. */
static bool factor_of(const struct zero_step *s, int rank, double *factor, double *norm)
{
    const struct zero_numbers *own = &s->after->of[ZERO_STATE][rank];
    double both = 0, squares = 0, found = 0;
    for (size_t i = 0; i < s->before->count; i++) {
        if (!own->there[i])
            continue;
        both += (double)s->found[i] * (double)s->gradient[i];
        squares += (double)s->gradient[i] * (double)s->gradient[i];
        found += (double)s->found[i] * (double)s->found[i];
    }
    *factor = squares > 0 ? both / squares : 1;
    *norm = sqrt(squares);
    return found - *factor * both <= 1e-6 * found;
}

bool memory_zero_explain_clip(const struct zero_step *s, struct verdict *verdict)
{
    const int ranks = s->zero_stage == 0 ? 1 : s->run->ranks;
    struct zero_clipped c = {.ranks = ranks,
                             .of_run = s->run->ranks,
                             .copies = s->zero_stage == 0,
                             .most = memory_options(&s->run->options).clip};
    if (c.most <= 0 || ranks > ZERO_CLIPPED_RANKS)
        return false;
    bool multiples = true;
    for (int rank = 0; rank < ranks; rank++)
        multiples = multiples && factor_of(s, rank, &c.factor[rank], &c.norm[rank]);
    const struct mistake *mistake = multiples ? memory_zero_clip_mistake(&c) : NULL;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    return mistake != NULL;
}
