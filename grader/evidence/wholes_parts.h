/*
 * What the files wholes*.c share, and nobody else sees:
 *
 *     wholes.c            reading the files of all ranks
 *     wholes_assemble.c   putting one whole together
 *     wholes_faults.c     what is wrong with it, in sentences
 *     wholes_region.c     which elements are meant, in words
 */
#ifndef GRADER_EVIDENCE_WHOLES_PARTS_H
#define GRADER_EVIDENCE_WHOLES_PARTS_H

#include "grader/evidence/wholes.h"

struct wholes {
    const struct outcome *run;
    const char *when;
    int step;
    GPtrArray *file;   /* of struct wholes_file *, by rank */
    GPtrArray *all;    /* of struct whole *, which own their names */
    GHashTable *named; /* name to struct whole * */
};

#define WHOLES_NOBODY (-1)

/* A whole that is being put together, part by part. Arrays are of its elements. */
struct assembly {
    const struct whole *whole;
    struct wholes_rules rules;
    struct tensor *tensor;
    size_t elements;
    int *first;     /* the lowest rank that has it, or WHOLES_NOBODY */
    int *last;      /* the latest rank that was seen to have it */
    guint *holders; /* how many ranks have it */
    guint8 *marks;  /* those that a sentence is about */
    GString *name;  /* and shape */
    /* The part that is being put in. */
    const struct whole_part *part;
    guint8 *twice;   /* the part's rank has it already */
    guint8 *differs; /* from the copy that was there before */
    int other;       /* the rank that it is compared with: the first that has another number */
    size_t twices, differences, worst_at;
    double worst, worst_before, worst_found; /* worst: the difference of these two */
    double difference_squares, squares;
    bool told;          /* what such a part is like: the first is enough */
    bool one_is_enough; /* copies need not be alike */
};

/* Sentences are told one behind the other; each appends to `why`, or does nothing. */
void wholes_begin_sentence(GString *why);
/* Who should have what is missing, as the logs state: behind a sentence. */
void wholes_add_expected(GString *why, const struct wholes *wholes, const char *name);
/* Of the part that was put in last: the rank had it already; it is not the copy that was there. */
void wholes_tell_twice(const struct assembly *assembly, GString *why);
void wholes_tell_difference(const struct assembly *assembly, GString *why);
/* When all parts are in: what no rank has; what is on another number of ranks than it should be. */
void wholes_tell_missing(const struct assembly *assembly, const struct wholes *wholes,
                         GString *why);
void wholes_tell_copies(const struct assembly *assembly, GString *why);

/* Of a whole that is there: its first element that is NaN or infinite. */
void wholes_tell_not_finite(const struct whole *whole, GString *why);

/* Does a stage have a layer, as the log states? */
bool wholes_file_has_layer(const struct wholes_file *file, int layer);

#endif
