/*
 * What a wrong tensor that several ranks stored has to do with the right one, where it shows exactly:
 * a multiple of it, a term of the sum that it is, the slice of another rank …
 *
 * What that means for the tensor at hand is another matter: ../gradients_explain.c.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_FACTS_SIGNATURE_H
#define ASSIGNMENTS_TENSOR_JUDGES_FACTS_SIGNATURE_H

#include "grader/evidence/wholes.h"
#include "grader/verdict/judge.h"

enum signature_kind {
    SIGNATURE_NONE,
    SIGNATURE_MULTIPLE,      /* every part is `factor` times what it should be */
    SIGNATURE_TERMS,         /* copies: they are not the right ones, and their sum is */
    SIGNATURE_FIRST_SLICE,   /* slices: every rank has that of rank 0 */
    SIGNATURE_SUM_OF_SLICES, /* slices: every rank has the sum of all ranks' slices */
    SIGNATURE_ELSEWHERE      /* the right numbers, each in another place */
};

struct signature {
    enum signature_kind kind;
    double factor; /* of SIGNATURE_MULTIPLE */
    int power;     /* … which is ranks to this power; 0: it is no power */
};

/* What SIGNATURE_ELSEWHERE means, for any tensor. */
extern const struct mistake tensor_signature_elsewhere;

/* Of the parts of a whole, where at least one is wrong. All parts are float32 and lie in the whole. */
struct signature tensor_signature_of(const struct whole *whole, const struct tensor *expected,
                                     int ranks);

/* Does every part lie on the whole, all of it? */
bool tensor_signature_of_copies(const struct whole *whole);
/* What one process has where a part lies; a new tensor. */
struct tensor *tensor_signature_expected(const struct whole_part *part,
                                         const struct tensor *expected);

#endif
