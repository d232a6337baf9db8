/*
 * Shared by collective_sums.c and the files that it is made of, and nobody else.
 */
#ifndef GRADER_EVIDENCE_COLLECTIVE_SUM_PARTS_H
#define GRADER_EVIDENCE_COLLECTIVE_SUM_PARTS_H

#include "grader/evidence/collective_sums.h"

/* One collective, as its ranks' logs have it. */
struct sum_parts {
    const struct outcome *run;
    const struct collectives *collectives;
    const struct collective *collective;
    enum log_operation operation; /* the blocking form */
    const size_t *end; /* [slot of the collectives]: what evidence_ends_of_collectives says */
    bool reduces;
    enum log_type type;
};

/* What a rank should have got, and what it got. */
struct sum_difference {
    int rank; /* -1: all together */
    double expected, found;
    size_t element; /* NO_RECORD: sketches */
};

enum sum_shape {
    NOT_JUDGED,
    EVERYBODY_GETS, /* the sum of those parts, each by itself */
    ROOT_GETS,
    TOGETHER /* all outputs together are all inputs */
};

static inline const struct log_record *sum_begin_of(const struct sum_parts *sum, int rank)
{
    return &sum->run->log[rank].record[collective_entered(sum->collective, rank)];
}

/* NULL: it did not complete. */
static inline const struct log_record *sum_end_of(const struct sum_parts *sum, int rank)
{
    const size_t slot = collective_slot(sum->collective, rank);
    const size_t end = slot == NO_RECORD ? NO_RECORD : sum->end[slot];
    return end == NO_RECORD ? NULL : &sum->run->log[rank].record[end];
}

/* collective_shape.c */
enum sum_shape evidence_sum_shape(const struct sum_parts *sum);
/* Goes through the ranks so that all that is in a rank's result is added before it is checked, each rank
 * once. Until check says true, which is then the result. */
struct sum_walk {
    /* What `giver` puts in belongs to the sum of this number, 0 or 1. */
    void (*add)(const struct sum_parts *sum, int number, int giver, void *user);
    /* `getter` should have got the sum of this number as far as it is added up. */
    bool (*check)(const struct sum_parts *sum, int number, int getter, void *user);
};
bool evidence_walk_sum(const struct sum_parts *sum, struct sum_walk walk, void *user);
/* The largest relative error of one rounding, of sums in this type and as they are read here: in doubles. */
double evidence_rounding_of(enum log_type type);
bool evidence_is_integer(enum log_type type);

/* collective_sketches.c: do sketches not fit? */
bool evidence_sketches_differ(const struct sum_parts *sum, struct sum_difference *difference);
/* collective_numbers.c: the same number by number; *known: the logs have them all, so that sketches have
 * nothing to add. */
bool evidence_numbers_differ(const struct sum_parts *sum, struct sum_difference *difference,
                             bool *known);

#endif
