/*
 * Looking at mutants: each in a process of its own, several at the same time.
 *
 * A whole look takes all checks, with their pictures and the search for luck. A
 * hurried one takes the checks that the mutant is about, of each the first run;
 * if that does not decide as it should, all runs of them.
 */
#ifndef GRADER_TESTS_MUTANTS_LOOK_H
#define GRADER_TESTS_MUTANTS_LOOK_H

#include "grader/grade.h"
#include "grader/tests/mutants_build.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUTANTS_MOST_JOBS 7

/* What came of a mutant. */
struct mutant_result {
    GString *failed;    /* checks that failed by themselves, "a, b" */
    GString *named;     /* known mistakes that were named, "a; b" */
    GString *surprises; /* what is not as expected, a line each; empty: caught, or accepted */
    GString *verdicts;  /* "check passed; …": all that was decided */
    bool all_runs;      /* a hurried look that had to take all runs */
    double seconds;
};

static inline void mutant_result_init(struct mutant_result *result)
{
    *result = (struct mutant_result){.failed = g_string_new(NULL),
                                     .named = g_string_new(NULL),
                                     .surprises = g_string_new(NULL),
                                     .verdicts = g_string_new(NULL)};
}

static inline void mutant_result_clear(struct mutant_result *result)
{
    g_string_free(result->failed, TRUE);
    g_string_free(result->named, TRUE);
    g_string_free(result->surprises, TRUE);
    g_string_free(result->verdicts, TRUE);
}

/* ---- in a process of its own --------------------------------------------------------------- */

enum mutant_look { MUTANT_ALL_CHECKS, MUTANT_FAST, MUTANT_FAST_ALL_RUNS };

static inline void mutant_compare_check(const struct mutant *mutant,
                                        const struct check_result *check,
                                        struct mutant_result *result)
{
    const char *name = check->check->name, *headline = check->verdict->headline->str;
    bool unreached = g_str_has_prefix(headline, "needs ");
    bool failed = check->verdict->kind == VERDICT_FAIL && !unreached;
    bool passed = check->verdict->kind == VERDICT_PASS;
    const char *is = failed      ? "failed"
                     : passed    ? "passed"
                     : unreached ? "was not reached"
                                 : "was not judged";
    if (failed)
        mutant_add_word(result->failed, ", ", name);
    if (check->verdict->mistake->len > 0 &&
        !strstr(result->named->str, check->verdict->mistake->str))
        mutant_add_word(result->named, "; ", check->verdict->mistake->str);
    g_string_append_printf(result->verdicts, "%s%s %s", result->verdicts->len > 0 ? "; " : "", name,
                           is);
    if (mutant_lists(mutant->fails, name) && !failed)
        g_string_append_printf(result->surprises, "%s must fail, and %s (%s)\n", name, is,
                               headline);
    if (mutant_lists(mutant->passes, name) && !passed)
        g_string_append_printf(result->surprises, "%s must pass, and %s (%s)\n", name, is,
                               headline);
}

static inline void mutant_compare(const struct mutant *mutant, const struct grade *grade,
                                  struct mutant_result *result)
{
    for (guint i = 0; i < grade->results->len; i++)
        if (GRADE_RESULTS(grade, i)->done && GRADE_RESULTS(grade, i)->check->judge)
            mutant_compare_check(mutant, GRADE_RESULTS(grade, i), result);
    if (strcmp(result->named->str, mutant->mistake ? mutant->mistake : "") != 0)
        g_string_append_printf(result->surprises, "named “%s” and not “%s”\n", result->named->str,
                               mutant->mistake ? mutant->mistake : "");
    if (result->named->len > 0)
        g_string_append_printf(result->verdicts, "; named %s", result->named->str);
    struct points points = grade_points(grade, POINTS_WITHOUT_BONUS);
    struct points bonus = grade_points(grade, POINTS_OF_BONUS);
    if (mutant_is_right(mutant) && points.judged + bonus.judged > points.got + bonus.got + 1e-9)
        g_string_append_printf(result->surprises, "only %g points\n", points.got + bonus.got);
}

/* Leaves the runs of the rubric that a look takes; this process is the only one that sees it. */
static inline bool mutant_choose_runs(struct rubric *rubric, const struct mutant *mutant,
                                      enum mutant_look look)
{
    bool simulated = look == MUTANT_ALL_CHECKS;
    for (guint i = 0; i < rubric->checks->len; i++) {
        struct rubric_check *check = &g_array_index(rubric->checks, struct rubric_check, i);
        if (look == MUTANT_ALL_CHECKS || !mutant_lists(mutant->fast, check->name))
            continue;
        check->curve = false; /* nobody will see it */
        if (look == MUTANT_FAST && check->runs->len > 1)
            g_array_set_size(check->runs, 1);
        simulated = simulated || rubric_check_is_simulated(check);
    }
    return simulated;
}

static inline void mutant_grade(const struct mutants_kit *kit, const struct mutant *mutant,
                                const char *folder, struct build *build,
                                const struct collection *collection, enum mutant_look look,
                                struct mutant_result *result)
{
    static const volatile sig_atomic_t never = 0;
    g_autofree char *checks = look == MUTANT_ALL_CHECKS ? NULL : mutant_fast_checks(mutant);
    g_autofree char *out = g_build_filename(folder, "out", NULL);
    g_mkdir(out, 0755);
    struct seeds seeds = {0};
    struct runner_data data = {0};
    struct runner runner = {.assignment = kit->rubric->assignment,
                            .submission = mutant->name,
                            .kit = ".",
                            .work = folder,
                            .build = build,
                            .data = &data};
    struct grade grade = {.rubric = kit->rubric,
                          .collection = collection,
                          .build = build,
                          .seeds = &seeds,
                          .runner = &runner,
                          .pictures = look == MUTANT_ALL_CHECKS ? out : NULL};
    if (runner_data_find(&data, ".", folder, result->surprises) &&
        seeds_init(&seeds, collection, NULL, MUTANTS_SEED, result->surprises)) {
        grade_init(&grade);
        grade_run(&grade, checks, 1, true, &never);
        mutant_compare(mutant, &grade, result);
        grade_clear(&grade);
    }
    seeds_clear(&seeds);
    runner_data_clear(&data);
}

static inline void mutant_look_at(const struct mutants_kit *kit, const struct mutant *mutant,
                                  enum mutant_look look, struct mutant_result *result)
{
    g_autofree char *folder = g_build_filename(kit->work, mutant->name, NULL);
    g_autofree char *source = g_build_filename(folder, "source", NULL);
    g_autofree char *files = g_build_filename(folder, "submission", NULL);
    g_autofree char *evidence = g_build_filename(folder, "evidence", NULL);
    char *again[] = {"rm", "-rf", "--", source, files, evidence, NULL};
    bool simulated = mutant_choose_runs(kit->rubric, mutant, look);
    GString *trouble = g_string_new(mutant->trouble->str);
    struct collection *collection = NULL;
    if (g_mkdir_with_parents(folder, 0711) == 0 && mutant_run(again, NULL, trouble) &&
        g_mkdir(source, 0755) == 0 && g_mkdir(evidence, 0711) == 0 &&
        mutant_make(mutant, source, trouble))
        collection = collect(source, kit->rubric, files, trouble);
    struct build *build =
        collection ? mutant_build(kit, folder, collection, simulated, trouble) : NULL;
    g_string_append(result->surprises, trouble->str);
    if (build)
        mutant_grade(kit, mutant, folder, build, collection, look, result);
    else if (trouble->len == 0)
        g_string_append(result->surprises, "it can't be made\n");
    build_free(build);
    collection_free(collection);
    g_string_free(trouble, TRUE);
}

/* ---- the other side ---------------------------------------------------------------------------- */

/* A mutant to look at, and what came of it. */
struct mutant_work {
    const struct mutant *mutant;
    enum mutant_look look;
    struct mutant_result result;
    bool done;
    pid_t pid;
    gint64 began;
    FILE *answer; /* the process writes it, unseen by others */
};

static inline void mutant_answer(const struct mutant_result *result, FILE *to)
{
    json_t *answer =
        json_pack("{s:s,s:s,s:s,s:s}", "failed", result->failed->str, "named", result->named->str,
                  "surprises", result->surprises->str, "verdicts", result->verdicts->str);
    if (answer)
        json_dumpf(answer, to, 0);
    json_decref(answer);
    fflush(to);
}

static inline void mutant_read_answer(struct mutant_work *work)
{
    const char *failed = NULL, *named = NULL, *surprises = NULL, *verdicts = NULL;
    rewind(work->answer);
    json_t *answer = json_loadf(work->answer, 0, NULL);
    mutant_result_clear(&work->result);
    mutant_result_init(&work->result);
    if (answer && json_unpack(answer, "{s:s,s:s,s:s,s:s}", "failed", &failed, "named", &named,
                              "surprises", &surprises, "verdicts", &verdicts) == 0) {
        g_string_assign(work->result.failed, failed);
        g_string_assign(work->result.named, named);
        g_string_assign(work->result.surprises, surprises);
        g_string_assign(work->result.verdicts, verdicts);
    } else {
        g_string_assign(work->result.surprises, "the process that looked at it broke off\n");
    }
    json_decref(answer);
    fclose(work->answer);
    work->answer = NULL;
}

static inline bool mutant_start(const struct mutants_kit *kit, struct mutant_work *work)
{
    work->answer = tmpfile();
    if (!work->answer)
        return false;
    work->began = g_get_monotonic_time();
    fflush(NULL);
    work->pid = fork();
    if (work->pid != 0)
        return work->pid > 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    mutant_result_init(&work->result);
    mutant_look_at(kit, work->mutant, work->look, &work->result);
    mutant_answer(&work->result, work->answer);
    fflush(stderr);
    _exit(0);
}

/* True when the look is the last one: a hurried one that was not decided takes all runs next. */
static inline bool mutant_finish(const struct mutants_kit *kit, struct mutant_work *work)
{
    double before = work->result.seconds;
    mutant_read_answer(work);
    work->result.seconds = before + (double)(g_get_monotonic_time() - work->began) * 1e-6;
    work->result.all_runs = work->look == MUTANT_FAST_ALL_RUNS;
    if (work->look == MUTANT_FAST && work->result.surprises->len > 0) {
        double seconds = work->result.seconds;
        work->look = MUTANT_FAST_ALL_RUNS;
        if (mutant_start(kit, work)) {
            work->result.seconds = seconds;
            return false;
        }
    }
    work->done = true;
    return true;
}

/* Looks at all of them, `jobs` at the same time, and calls `report` (may be NULL) with each as it is
 * done. False if processes can't be started. */
static inline bool mutants_look(const struct mutants_kit *kit, struct mutant_work *work,
                                guint number, int jobs, void (*report)(const struct mutant_work *))
{
    struct mutant_work *slots[MUTANTS_MOST_JOBS] = {NULL};
    guint begun = 0, ended = 0;
    jobs = CLAMP(jobs, 1, MUTANTS_MOST_JOBS);
    while (ended < number) {
        for (int slot = 0; slot < jobs && begun < number; slot++)
            if (!slots[slot]) {
                slots[slot] = &work[begun++];
                slots[slot]->result.seconds = 0;
                if (!mutant_start(kit, slots[slot]))
                    return false;
            }
        pid_t pid = waitpid(-1, NULL, 0);
        for (int slot = 0; slot < jobs; slot++)
            if (pid > 0 && slots[slot] && slots[slot]->pid == pid &&
                mutant_finish(kit, slots[slot])) {
                if (report)
                    report(slots[slot]);
                slots[slot] = NULL;
                ended++;
                break;
            } else if (pid > 0 && slots[slot] && slots[slot]->pid == pid) {
                break;
            }
    }
    return true;
}

#endif
