/*
 * What a wrong tensor was made of: a fit by least squares against named candidates.
 *
 * The judge knows the parts that a right or a wrong program may have added up: each rank's share,
 * each micro-batch's product, the bias, the neighbour's slice, the transpose. The fit finds how much
 * of each is in the tensor, and says so only where
 *
 *   - nothing is left over but rounding. The bound follows from how float32 sums round (fit_rounding),
 *     for terms added up in any order;
 *   - no other coefficients would explain it as well. How far each one can be from the truth follows
 *     from the bound and the candidates; those that can't be told apart leave it open;
 *   - each coefficient is, within that, exactly one number that a program may have multiplied by:
 *     0, 1, 2, p, 1/p, 1/(p m) … of the scales p, m that the problem names.
 *
 * Where the candidates depend on each other, the smallest set that explains the tensor is taken (one
 * candidate, then two), if it is the only one of its size and no two candidates look alike.
 *
 * For n candidates that is of the order of n² times the numbers of the target, and n³ more for the
 * smallest set: some hundreds are many.
 *
 * Nothing here is about tensors of one kind: what a combination means stands in tables
 * (combinations.h).
 */
#ifndef GRADER_TRUTH_FIT_H
#define GRADER_TRUTH_FIT_H

#include <stdbool.h>
#include <stddef.h>

/* ---- numbers, seen as a matrix ------------------------------------------------------------------- */

/* Element (i, j) is number[i · row_step + j · column_step]: a slice, a transpose and a row that is
 * added to every row need no copy. The numbers belong to the caller. */
struct fit_view {
    const float *number;
    int rows, columns;
    ptrdiff_t row_step, column_step;
};

struct fit_view fit_view_flat(const float *number, int count);
struct fit_view fit_view_matrix(const float *number, int rows, int columns);
struct fit_view fit_view_transposed(struct fit_view view);
/* The rows and columns from first on; they must lie within the view. */
struct fit_view fit_view_part(struct fit_view view, int first_row, int rows, int first_column,
                              int columns);
/* One row of numbers, in every row of a matrix: a bias. */
struct fit_view fit_view_repeated(const float *row, int rows, int columns);

/* ---- the question -------------------------------------------------------------------------------- */

struct fit_candidate {
    const char *name; /* in words: "rank 1's share", "the bias" */
    int family;       /* the caller's own number, from 0: all shares, all products, … */
    int row, column;  /* its place in its family: share r is (0, r), product of i and j (i, j) */
    struct fit_view numbers; /* as many rows and columns as the target */
};

/* How the numbers of a candidate came about, for the bound on rounding: each is the sum of up to
 * `terms` float32 products, in any order, in the candidate as well as in the target (0: they are
 * exact). Where the products' factors are sums themselves (of the layers in between), theirs count, too.
 * cancellation: ‖sums of the terms' magnitudes‖ / ‖sums‖, at most; 0: √terms, as it is for terms of
 * random signs. */
struct fit_rounding {
    double terms;
    double cancellation;
};

#define FIT_SCALES 4

struct fit_problem {
    struct fit_view target;
    int candidates;
    const struct fit_candidate *candidate;
    struct fit_rounding rounding;
    /* The numbers that a program may have multiplied or divided by: ranks, micro-batches, … Unused
     * ones are 0. */
    int scale[FIT_SCALES];
};

/* The inner products of the candidates and, last, the target: (n + 1) × (n + 1) numbers, all that the
 * fit needs to know of them. Products that are nowhere in memory can have theirs computed otherwise. */
struct fit_products {
    int candidates;
    double *value;
    double additions; /* in a row, of doubles, in each: how exact it is */
};

struct fit_products *fit_products_new(int candidates);
/* All by reading the numbers once. NULL if a candidate's shape isn't the target's. */
struct fit_products *fit_products_of(const struct fit_problem *problem);
/* Candidates dyᵀ x that are nowhere in memory, as the gradients of a linear layer's weight: candidate k
 * is that of x[pair[k].x] (rows, columns of the target) and dy[pair[k].dy] (rows, rows of the target). */
struct fit_outer {
    int inputs, gradients, candidates;
    const struct fit_view *x, *dy;
    const struct fit_pair {
        int x, dy;
    } * pair;
};
/* From the products of rows of the x and of the dy. NULL if shapes don't fit. */
struct fit_products *fit_products_of_outer(const struct fit_outer *outer,
                                           const struct fit_view *target);
void fit_products_free(struct fit_products *products); /* NULL is allowed */
static inline double *fit_product(struct fit_products *products, int i, int j)
{
    return &products->value[(size_t)i * (size_t)(products->candidates + 1) + (size_t)j];
}

/* ---- the answer ---------------------------------------------------------------------------------- */

struct fit {
    int candidates;
    double *value;       /* the coefficients, as least squares has them */
    double *uncertainty; /* how far each can be from the true one; INFINITY: it is open */
    double left;  /* ‖target - what they explain‖ / ‖target‖; 0 for a target of zeros */
    double bound; /* how much of that rounding can account for */
    bool unique;  /* the candidates are independent: no other coefficients fit as well */
    bool exact;   /* unique or the only smallest set, and left <= bound */
    /* exact, each coefficient is exactly one of the numbers a program multiplies by, and what those
     * leave over is rounding, too. Then `value` holds these numbers. */
    bool certain;
    struct fit_products *products;
};

/* Products of the problem's candidates; the fit takes them over. The problem's numbers are not read. The
 * caller frees with fit_free. */
struct fit *fit_solve(const struct fit_problem *problem, struct fit_products *products);
/* Both: NULL if a candidate's shape isn't the target's. */
struct fit *fit_tensor(const struct fit_problem *problem);
void fit_free(struct fit *fit); /* NULL is allowed */

/* Would these coefficients, one for each candidate, explain the target up to rounding? */
bool fit_explains(const struct fit_problem *problem, const struct fit *fit,
                  const double *coefficients);

/* "rank 0's share + 2 times the bias"; "0" if nothing is in it. A new string; NULL unless the fit is
 * certain. */
char *fit_words(const struct fit_problem *problem, const struct fit *fit);

/* ---- for those who use parts of it (coefficients.c) ---------------------------------------------- */

/* Minimum-norm least squares over the candidates `chosen` of them: fills value (one for each chosen),
 * left, and, if not NULL, spread: by how much value[k] changes at most where the target changes by a
 * norm of 1; INFINITY: it is open. Returns whether they are independent. */
bool fit_least_squares(struct fit_products *products, int chosen, const int *candidate,
                       double *value, double *left, double *spread);

#endif
