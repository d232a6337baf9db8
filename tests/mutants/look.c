/* Looking at mutants; see look.h. */
#include "tests/mutants/look.h"

#include "grader/grade/causes.h"
#include "grader/grade/grade_state.h"
#include "grader/grade/needs.h"
#include "grader/text/progress.h"

#include <glib/gstdio.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void mutant_result_init(struct mutant_result *result)
{
    *result = (struct mutant_result){.failed = g_string_new(NULL),
                                     .named = g_string_new(NULL),
                                     .surprises = g_string_new(NULL),
                                     .verdicts = g_string_new(NULL),
                                     .headlines = g_string_new(NULL),
                                     .causes = g_string_new(NULL)};
}

void mutant_result_clear(struct mutant_result *result)
{
    g_string_free(result->failed, TRUE);
    g_string_free(result->named, TRUE);
    g_string_free(result->surprises, TRUE);
    g_string_free(result->verdicts, TRUE);
    g_string_free(result->headlines, TRUE);
    g_string_free(result->causes, TRUE);
}

const struct mutant_work *mutants_work_of(const struct mutant *mutant,
                                          const struct mutant_work *work, guint number)
{
    for (guint i = 0; i < number; i++)
        if (work[i].mutant == mutant)
            return &work[i];
    return NULL;
}

/* ---- in a process of its own --------------------------------------------------------------- */

static void add_mistake(const struct verdict *verdict, GString *names)
{
    if (verdict->mistake->len > 0 && !strstr(names->str, verdict->mistake->str))
        mutant_add_word(names, "; ", verdict->mistake->str);
}

/* "name: headline", with N for what is measured. */
static void add_headline(const char *name, const char *headline, GString *headlines)
{
    g_autoptr(GRegex) measured = g_regex_new("\\b\\d+(\\.\\d+)? (s|seconds|MiB)\\b", 0, 0, NULL);
    g_autofree char *text = g_regex_replace(measured, headline, -1, 0, "N \\2", 0, NULL);
    g_string_append_printf(headlines, "%s%s%s\n", name, name[0] ? ": " : "", text);
}

/* What is not written yet has no cause, and is told once. */
static void add_unwritten(const struct grade *grade, GString *causes)
{
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        const char *headline = result->verdict->headline->str;
        if (result->done && !result->needs && grade_state(result) == STATE_UNWRITTEN &&
            !strstr(causes->str, headline))
            add_headline("", headline, causes);
    }
}

/* What the report tells to mend or to write. */
static void add_causes(const struct grade *grade, GString *causes)
{
    for (guint i = 0; i < grade->causes->len; i++) {
        const struct verdict *verdict = ((struct cause *)grade->causes->pdata[i])->told->verdict;
        add_headline(verdict->mistake->str, verdict->headline->str, causes);
    }
    add_unwritten(grade, causes);
}

/* about: collects the mistakes that checks named which the mutant's file lists. */
static void compare_check(const struct mutant *mutant, const struct check_result *check,
                          struct mutant_result *result, GString *about)
{
    const char *name = check->check->name, *headline = check->verdict->headline->str;
    bool unreached = g_str_has_prefix(headline, "needs ");
    bool failed = check->verdict->kind == VERDICT_FAIL && !unreached;
    bool passed = check->verdict->kind == VERDICT_PASS;
    const char *is = failed      ? "failed"
                     : passed    ? "passed"
                     : unreached ? "was not reached"
                                 : "was not judged";
    if (failed) {
        mutant_add_word(result->failed, ", ", name);
        add_headline(name, headline, result->headlines);
    }
    add_mistake(check->verdict, result->named);
    if (mutant_lists(mutant->fails, name) || mutant_lists(mutant->passes, name))
        add_mistake(check->verdict, about);
    g_string_append_printf(result->verdicts, "%s%s %s", result->verdicts->len > 0 ? "; " : "", name,
                           is);
    if (mutant_lists(mutant->fails, name) && !failed)
        g_string_append_printf(result->surprises, "%s must fail, and %s (%s)\n", name, is,
                               headline);
    if (mutant_lists(mutant->passes, name) && !passed)
        g_string_append_printf(result->surprises, "%s must pass, and %s (%s)\n", name, is,
                               headline);
}

static void compare(const struct mutant *mutant, const struct grade *grade,
                    struct mutant_result *result)
{
    g_autoptr(GString) about = g_string_new(NULL);
    add_causes(grade, result->causes);
    for (guint i = 0; i < grade->results->len; i++)
        if (GRADE_RESULTS(grade, i)->done && GRADE_RESULTS(grade, i)->check->judge)
            compare_check(mutant, GRADE_RESULTS(grade, i), result, about);
    if (strcmp(about->str, mutant->mistake ? mutant->mistake : "") != 0)
        g_string_append_printf(result->surprises, "named “%s” and not “%s”\n", about->str,
                               mutant->mistake ? mutant->mistake : "");
    if (result->named->len > 0)
        g_string_append_printf(result->verdicts, "; named %s", result->named->str);
    struct points points = grade_points(grade, POINTS_WITHOUT_BONUS);
    struct points bonus = grade_points(grade, POINTS_OF_BONUS);
    if (mutant_is_right(mutant) && points.judged + bonus.judged > points.got + bonus.got + 1e-9)
        g_string_append_printf(result->surprises, "only %g points\n", points.got + bonus.got);
}

/* Leaves the runs of the rubric that a look takes; this process is the only one that sees it. */
static bool choose_runs(struct rubric *rubric, const struct mutant *mutant, enum mutant_look look)
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

static void grade_mutant(const struct mutants_kit *kit, const struct mutant *mutant,
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
    g_autoptr(GPtrArray) right = mutant_leaves(kit, collection);
    const struct needs_how how = {.only = checks,
                                  .jobs = 1,
                                  .quiet = true,
                                  .seed = MUTANTS_SEED,
                                  .right = right,
                                  .interrupted = &never};
    struct grade grade = {.rubric = kit->rubric,
                          .collection = collection,
                          .build = build,
                          .seeds = &seeds,
                          .runner = &runner,
                          .pictures = look == MUTANT_ALL_CHECKS ? out : NULL};
    runner_data_find(&data, kit->rubric, folder);
    if (seeds_init(&seeds, collection, NULL, 0, MUTANTS_SEED, result->surprises)) {
        grade_init(&grade);
        struct needs *needs = needs_settle(&grade, &how);
        grade_run(&grade, checks, 1, true, &never);
        compare(mutant, &grade, result);
        grade_clear(&grade);
        needs_free(needs);
    }
    seeds_clear(&seeds);
    runner_data_clear(&data);
}

static void look_at(const struct mutants_kit *kit, const struct mutant *mutant,
                    enum mutant_look look, struct mutant_result *result)
{
    g_autofree char *folder = g_build_filename(kit->work, mutant->name, NULL);
    g_autofree char *source = g_build_filename(folder, "source", NULL);
    g_autofree char *files = g_build_filename(folder, "submission", NULL);
    g_autofree char *evidence = g_build_filename(folder, "evidence", NULL);
    g_autofree char *needs = g_build_filename(folder, NEEDS_FOLDER, NULL);
    char *remove[] = {"rm", "-rf", "--", source, files, evidence, needs, NULL};
    bool simulated = choose_runs(kit->rubric, mutant, look);
    GString *trouble = g_string_new(mutant->trouble->str);
    struct collection *collection = NULL;
    if (g_mkdir_with_parents(folder, 0711) == 0 && mutant_run(remove, NULL, trouble) &&
        g_mkdir(source, 0755) == 0 && g_mkdir(evidence, 0711) == 0 &&
        mutant_make(mutant, source, trouble))
        collection = collection_new(source, kit->rubric, files, trouble);
    struct build *build =
        collection ? mutant_build(kit, folder, collection, simulated, trouble) : NULL;
    g_string_append(result->surprises, trouble->str);
    if (build)
        grade_mutant(kit, mutant, folder, build, collection, look, result);
    else if (trouble->len == 0)
        g_string_append(result->surprises, "it can't be made\n");
    mutant_run(remove, NULL, result->surprises); /* all mutants' evidence is gigabytes */
    build_free(build);
    collection_free(collection);
    g_string_free(trouble, TRUE);
}

/* ---- the other side ---------------------------------------------------------------------------- */

static void write_answer(const struct mutant_result *result, FILE *to)
{
    json_t *answer = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "failed", result->failed->str, "named",
                               result->named->str, "surprises", result->surprises->str, "verdicts",
                               result->verdicts->str, "headlines", result->headlines->str, "causes",
                               result->causes->str);
    if (answer)
        json_dumpf(answer, to, 0);
    json_decref(answer);
    fflush(to);
}

static void read_answer(struct mutant_work *work)
{
    const char *failed = NULL, *named = NULL, *surprises = NULL, *verdicts = NULL,
               *headlines = NULL, *causes = NULL;
    rewind(work->answer);
    json_t *answer = json_loadf(work->answer, 0, NULL);
    mutant_result_clear(&work->result);
    mutant_result_init(&work->result);
    if (answer && json_unpack(answer, "{s:s,s:s,s:s,s:s,s:s,s:s}", "failed", &failed, "named",
                              &named, "surprises", &surprises, "verdicts", &verdicts, "headlines",
                              &headlines, "causes", &causes) == 0) {
        g_string_assign(work->result.failed, failed);
        g_string_assign(work->result.named, named);
        g_string_assign(work->result.surprises, surprises);
        g_string_assign(work->result.verdicts, verdicts);
        g_string_assign(work->result.headlines, headlines);
        g_string_assign(work->result.causes, causes);
    } else {
        g_string_assign(work->result.surprises, "the process that looked at it broke off\n");
    }
    json_decref(answer);
    fclose(work->answer);
    work->answer = NULL;
}

static bool start(const struct mutants_kit *kit, struct mutant_work *work)
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
    look_at(kit, work->mutant, work->look, &work->result);
    write_answer(&work->result, work->answer);
    fflush(stderr);
    _exit(0);
}

/* True when the look is the last one: a hurried one that was not decided takes all runs next. */
static bool finish(const struct mutants_kit *kit, struct mutant_work *work)
{
    double before = work->result.seconds;
    read_answer(work);
    work->result.seconds = before + (double)(g_get_monotonic_time() - work->began) * 1e-6;
    work->result.all_runs = work->look == MUTANT_FAST_ALL_RUNS;
    if (work->look == MUTANT_FAST && work->result.surprises->len > 0) {
        double seconds = work->result.seconds;
        work->look = MUTANT_FAST_ALL_RUNS;
        if (start(kit, work)) {
            work->result.seconds = seconds;
            return false;
        }
    }
    work->done = true;
    return true;
}

bool mutants_look(const struct mutants_kit *kit, struct mutant_work *work, guint number, int jobs,
                  void (*report)(const struct mutant_work *))
{
    struct mutant_work *slots[MUTANTS_MOST_JOBS] = {NULL};
    guint begun = 0, ended = 0;
    struct text_progress progress = text_progress_begin("mutants", (int)number);
    jobs = CLAMP(jobs, 1, MUTANTS_MOST_JOBS);
    while (ended < number) {
        for (int slot = 0; slot < jobs && begun < number; slot++)
            if (!slots[slot]) {
                slots[slot] = &work[begun++];
                slots[slot]->result.seconds = 0;
                if (!start(kit, slots[slot]))
                    return false;
            }
        text_progress_next(&progress, NULL);
        pid_t pid = waitpid(-1, NULL, 0);
        for (int slot = 0; slot < jobs; slot++)
            if (pid > 0 && slots[slot] && slots[slot]->pid == pid && finish(kit, slots[slot])) {
                text_progress_done(&progress);
                text_progress_clear(&progress);
                if (report)
                    report(slots[slot]);
                slots[slot] = NULL;
                ended++;
                break;
            } else if (pid > 0 && slots[slot] && slots[slot]->pid == pid) {
                break;
            }
    }
    text_progress_end(&progress);
    return true;
}
