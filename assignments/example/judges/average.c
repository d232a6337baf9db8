/*
 * Judge "average".
 *
 * Run:       the probe, in which every rank calls average() with a number of its own.
 * Must hold: in every round every rank got the mean of all ranks' numbers.
 * A failure: average() returns something else; what, tells the known mistakes apart.
 */
#include "assignments/example/judges/average.h"
#include "assignments/example/numbers.h"
#include "grader/evidence/probe_file.h"

#include <math.h>

static const struct mistake not_divided = {
    .name = "the sum is not divided",
    .explanation = "What the ranks got is the sum of their numbers: as many times too large as "
                   "there are ranks.",
    .look = "what is done with the sum before it is returned",
};

static double mean_of(const struct outcome *run, int round)
{
    double sum = 0;
    for (int rank = 0; rank < run->ranks; rank++)
        sum += example_number(run->options.seed, rank, round);
    return sum / run->ranks;
}

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b);
}

static void judge_number(const struct outcome *run, int rank, int round, const char *text,
                         struct verdict *verdict)
{
    const double found = text ? g_ascii_strtod(text, NULL) : NAN, expected = mean_of(run, round);
    if (is_near(found, expected) || verdict->kind == VERDICT_FAIL)
        return;
    evidence_fail(verdict, "rank %d got %.10g in round %d, and the mean of %d numbers is %.10g",
                  rank, found, round, run->ranks, expected);
    if (run->ranks > 1 && is_near(found, run->ranks * expected))
        verdict_name_mistake(verdict, &not_divided);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    for (int rank = 0; rank < run->ranks; rank++) {
        g_autofree char *name = g_strdup_printf("average-%d.json", rank);
        json_t *results = probe_file_read(run, name, NUMBERS_ROUNDS, verdict);
        for (size_t round = 0; results && round < NUMBERS_ROUNDS; round++)
            judge_number(run, rank, (int)round, json_string_value(json_array_get(results, round)),
                         verdict);
        json_decref(results);
    }
}

void example_judge_average(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run, "every rank got the mean of all numbers");
}
