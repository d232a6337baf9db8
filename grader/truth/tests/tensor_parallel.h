/*
 * For the tests of known combinations: what the tables of tensor parallel mistakes have in common.
 */
#ifndef GRADER_TRUTH_TESTS_TENSOR_PARALLEL_H
#define GRADER_TRUTH_TESTS_TENSOR_PARALLEL_H

#include "common/base/random.h"
#include "grader/truth/combinations.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

#define MOST_RANKS 5
#define WIDTH      60 /* of outputs, and of a square matrix that is cut in slices of columns */

static int ranks;
static uint32_t draws;

static inline void draw(float *number, size_t count)
{
    random_normal(number, count, 5, random_stream(RANDOM_TEST, draws++, 0), 0, 0, 1);
}

static inline float drawn(void)
{
    float number;
    draw(&number, 1);
    return number;
}

#define TERM(number, what, ...)                                                                    \
    {                                                                                              \
        .family = number, .shape = PATTERN_##what, __VA_ARGS__                                     \
    }
#define ONCE     .times = 1
#define FOR_EACH .power = {1}
#define SHARED   .power = {-1}
#define KNOWN(name)                                                                                \
    {                                                                                              \
        name, "", ""                                                                               \
    }

/* owner: of each block, or NULL. */
static inline const struct combination *find(int blocks, const struct fit_problem *problem,
                                             const int *owner, const struct combination *table,
                                             int rows)
{
    struct fit *fit[MOST_RANKS];
    for (int b = 0; b < blocks; b++)
        fit[b] = fit_tensor(&problem[b]);
    struct combination_blocks all = {blocks, problem, fit, owner};
    const struct combination *found = combination_find(&all, table, rows);
    for (int b = 0; b < blocks; b++)
        fit_free(fit[b]);
    return found;
}

#endif
