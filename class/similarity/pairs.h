/*
 * Pairs of programs that have something in common: how much, and where.
 */
#ifndef CLASS_SIMILARITY_PAIRS_H
#define CLASS_SIMILARITY_PAIRS_H

#include "class/similarity/source.h"

/* A piece of both, token by token the same. */
struct region {
    guint begin[2], length; /* tokens */
    guint own;              /* of these, that are nobody's else */
};

struct pair {
    const struct source *source[2]; /* the second may be an earlier one */
    bool same_program;              /* equal but for names, comments and layout */
    double estimate;                /* of share, from fingerprints alone */
    GArray *regions;    /* of struct region, in the first's order; NULL: only estimated */
    guint shared[2];    /* own tokens of each in regions */
    double share;       /* of the smaller one's own tokens, 0 to 1 */
    guint longest;      /* region, in tokens */
    int second_opinion; /* sim_c's percentage, of the one more in common; -1: none */
};

#define PAIR(pairs, i)  ((struct pair *)(pairs)->pdata[i])
#define REGION(pair, i) (g_array_index((pair)->regions, struct region, i))

/* All pairs with a fingerprint in common, estimated: of a class, or of one of the class and an earlier one. Most first. */
GPtrArray *pairs_new(const GPtrArray *sources);
/* The first `most` of them get their regions, and are sorted again: the same programs first, then by share. */
void pairs_settle(GPtrArray *pairs, guint most, const struct similarity_how *how);

/* How alike pairs of the class are that nobody suspects: of all pairs within the class, those without a common fingerprint
 * included, the estimate that `share` of them stay below. */
double pairs_quantile(const GPtrArray *pairs, const GPtrArray *sources, double share);

/* pairs_regions.c */
void pair_find_regions(struct pair *pair, const struct similarity_how *how);

#endif
