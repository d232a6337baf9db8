/*
 * For the tests of the fit: ranks' shares of random numbers, and a target added up from them by a plain
 * loop, in float32.
 */
#ifndef GRADER_TRUTH_TESTS_SHARES_H
#define GRADER_TRUTH_TESTS_SHARES_H

#include "common/base/random.h"
#include "grader/truth/fit.h"
#include "tests/support/test.h"

#include <glib.h>
#include <math.h>

#define MOST 8

static uint32_t draws;

static inline float *random_numbers(int count)
{
    float *number = g_new(float, MAX(count, 1));
    random_normal(number, (size_t)count, 11, random_stream(RANDOM_TEST, draws++, 0), 0, 0, 1);
    return number;
}

static const char *const names[MOST] = {"rank 0's share", "rank 1's share", "rank 2's share",
                                        "rank 3's share", "rank 4's share", "rank 5's share",
                                        "rank 6's share", "rank 7's share"};

static float *share[MOST], *target;
static struct fit_candidate candidate[MOST];
static struct fit_problem problem;

static inline void make(int n, int count)
{
    for (int k = 0; k < n; k++) {
        share[k] = random_numbers(count);
        candidate[k] = (struct fit_candidate){
            .name = names[k], .column = k, .numbers = fit_view_flat(share[k], count)};
    }
    target = g_new0(float, count);
    problem = (struct fit_problem){.target = fit_view_flat(target, count),
                                   .candidates = n,
                                   .candidate = candidate,
                                   .scale = {n}};
}

static inline void destroy(void)
{
    for (int k = 0; k < problem.candidates; k++)
        g_free(share[k]);
    g_free(target);
}

/* target = the sum of times[k] · share k, in float32, from `first` on and round. */
static inline void add_up(const double *times, int first)
{
    int n = problem.candidates;
    for (int i = 0; i < problem.target.columns; i++) {
        float sum = 0;
        for (int k = 0; k < n; k++) {
            int from = (first + k) % n;
            sum += (float)times[from] * share[from][i];
        }
        target[i] = sum;
    }
}

/* Is the fit certain of exactly these? */
static inline bool says(const double *times)
{
    struct fit *fit = fit_tensor(&problem);
    bool same = fit->certain;
    for (int k = 0; k < problem.candidates; k++)
        same = same && fabs(fit->value[k] - times[k]) <= 1e-9;
    fit_free(fit);
    return same;
}

static inline bool says_nothing(void)
{
    struct fit *fit = fit_tensor(&problem);
    bool nothing = !fit->certain && !fit_words(&problem, fit);
    fit_free(fit);
    return nothing;
}

#endif
