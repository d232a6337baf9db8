/*
 * A grade: the checks of one submission, run and judged.
 *
 * Each check is worked on by a process of its own (worker.c): it runs the
 * check's programs in the sandbox, calls the judge and reports through a pipe. A
 * judge that crashes or hangs over corrupted evidence takes nothing else with it.
 */
#ifndef GRADER_GRADE_GRADE_H
#define GRADER_GRADE_GRADE_H

#include "grader/builder/build.h"
#include "grader/rubric/rubric.h"
#include "grader/run/runner.h"
#include "grader/submission/seeds.h"

#include <signal.h>

struct run_summary {
    int ranks;
    enum run_end end;
    double seconds;
    uint64_t seed;
    char *command;
    char *trouble;        /* or NULL */
    char *output;         /* the end of what it printed */
    bool luck_is_settled; /* nothing that a simulation could add: grade_luck.h */
};

/* An empty array of them, which frees what is in them. The caller frees with g_array_free. */
GArray *grade_runs_new(void);

struct check_result {
    const struct rubric_check *check;
    const char
        *repeated_by; /* for `make grade CHECK=`, where the check is no rubric's; else NULL */
    struct verdict *verdict;
    double points;                    /* got */
    bool done;                        /* false: not chosen with --check */
    bool lacks_file;                  /* it was not judged, for want of a file that can be used */
    const struct check_result *needs; /* it was not run, because this one did not pass; or NULL */
    struct build
        *build;    /* with what stands in for files of other assignments; NULL: the grade's own */
    char *instead; /* Markdown: what that is and why (needs.h); or NULL */
    struct verdict
        *settled; /* its verdict where it needs not run: what it needs is not there; or NULL */
    double seconds;
    GArray *runs;         /* of struct run_summary */
    int large_tag;        /* the largest in its runs that not every MPI takes; 0: none … */
    char *large_tag_call; /* … and in which call */
};

struct grade {
    const struct rubric *rubric;
    const struct collection *collection;
    struct build *build;
    const struct seeds *seeds;
    const struct runner *runner;
    const char *kit;      /* its version */
    const char *out;      /* folder of the report */
    const char *pictures; /* folder in which pictures are drawn; NULL: none are */
    GArray *results;      /* of struct check_result, in the rubric's order */
    GPtrArray *causes;    /* of struct cause *, the surest first: causes.h; NULL: not looked for */
    GPtrArray *notes;     /* of char *: what concerns the whole, Markdown, one paragraph each */
    GPtrArray *needed; /* of const struct grade *: of checks of other assignments; NULL: of none */
    struct build *before; /* whose build for the simulator goes on, and has to end first; or NULL */
    bool is_needed;   /* it is one of these itself: costs no points, and nobody looks for luck */
    char *begin_here; /* for an untouched skeleton: where to begin; else NULL */
    double seconds;
    bool partial; /* only some checks were chosen */
    int hung;     /* checks so far of which a run hung or took too long */
    bool hasty;   /* there were GRADE_HASTY of them before the last check began */
};

/* From so many checks that hung on, the runs of others are given less time to hang: hang.h. */
#define GRADE_HASTY 2

bool grade_run_hung(enum run_end end);

#define GRADE_RESULTS(grade, i) (&g_array_index((grade)->results, struct check_result, i))

/* Makes all results, not yet judged. */
void grade_init(struct grade *grade);
void grade_clear(struct grade *grade); /* one that was never made is allowed */

/* Works on all checks, up to `jobs` at the same time; or on those of `only`, "NAME,NAME", alone, whatever
 * should have passed before it. Shows progress on standard error unless `quiet`. Breaks off
 * when *interrupted is not 0. */
void grade_run(struct grade *grade, const char *only, int jobs, bool quiet,
               const volatile sig_atomic_t *interrupted);

/* The program that a check runs. */
struct build *grade_build_of(const struct grade *grade, const struct check_result *result);
/* How long it took, with the builds and what was needed of other assignments. */
double grade_seconds(const struct grade *grade);

/* Points got, points that a judge decided about, and all points: of one tier, of all that are no
 * bonus, or of all that are. */
enum { POINTS_WITHOUT_BONUS = -1, POINTS_OF_BONUS = -2 };
struct points {
    double got;
    double judged;
    double all;
};
struct points grade_points(const struct grade *grade, int tier);

/* How many checks could not be judged by somebody's doing. */
int grade_left_by(const struct grade *grade, enum culprit culprit);

#endif
