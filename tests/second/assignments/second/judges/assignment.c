/* The second assignment, as the grader knows it, with its judges. */
#include "grader/verdict/assignment.h"
#include "grader/evidence/probe_file.h"

#include <math.h>

static double variance_of(int ranks)
{
    double mean = 0, variance = 0;
    for (int rank = 0; rank < ranks; rank++)
        mean += (double)rank * rank / ranks;
    for (int rank = 0; rank < ranks; rank++)
        variance += (rank * rank - mean) * (rank * rank - mean) / ranks;
    return variance;
}

static void compare(const struct outcome *run, const char *what, const char *called,
                    double expected, struct verdict *verdict)
{
    if (!evidence_logs(run, verdict))
        return;
    for (int rank = 0; rank < run->ranks; rank++) {
        g_autofree char *name = g_strdup_printf("%s-%d.json", what, rank);
        json_t *results = probe_file_read(run, name, 1, verdict);
        const char *text = json_string_value(json_array_get(results, 0));
        double found = text ? g_ascii_strtod(text, NULL) : NAN;
        if (results && !(fabs(found - expected) <= 1e-9))
            evidence_fail(verdict, "rank %d got %.10g, and the %s is %.10g", rank, found, called,
                          expected);
        json_decref(results);
    }
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    compare(run, "spread", "variance", variance_of(run->ranks), verdict);
}

static void judge_extent_run(const struct judgement *judgement, const struct outcome *run,
                             struct verdict *verdict)
{
    (void)judgement;
    compare(run, "extent", "extent", (run->ranks - 1.0) * (run->ranks - 1.0), verdict);
}

static void judge_spread(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run, "every rank got the variance");
}

static void judge_extent(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_extent_run, "every rank got the extent");
}

static const struct judge judges[] = {
    {"spread", false, judge_spread, false},
    {"extent", false, judge_extent, false},
    {NULL, false, NULL, false},
};

__attribute__((constructor)) static void register_assignment(void)
{
    static const struct assignment second = {.name = "second", .judges = judges};
    assignment_register(&second);
}
