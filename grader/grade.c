/* Working through the checks: what can start, what must wait, what need not run at all. */
#include "grader/grade.h"

#include "grader/judges/answers_file.h"
#include "grader/process_tree.h"
#include "grader/progress.h"
#include "grader/text.h"
#include "grader/worker.h"

#include <poll.h>
#include <string.h>

#define MOST_JOBS     8
#define JUDGE_SECONDS 60 /* of an idle machine's clock; then the judge is ended */

static void clear_run(void *pointer)
{
    struct run_summary *run = pointer;
    g_free(run->command);
    g_free(run->trouble);
    g_free(run->output);
}

void grade_init(struct grade *grade)
{
    grade->results = g_array_new(FALSE, TRUE, sizeof(struct check_result));
    grade->notes = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < grade->rubric->checks->len; i++) {
        struct check_result result = {
            .check = RUBRIC_CHECKS(grade->rubric, i),
            .verdict = verdict_new(),
            .runs = g_array_new(FALSE, TRUE, sizeof(struct run_summary)),
        };
        g_array_set_clear_func(result.runs, clear_run);
        verdict_set(result.verdict, VERDICT_NOT_JUDGED, "not run");
        g_array_append_val(grade->results, result);
    }
}

void grade_clear(struct grade *grade)
{
    for (guint i = 0; i < grade->results->len; i++) {
        verdict_free(GRADE_RESULTS(grade, i)->verdict);
        g_array_free(GRADE_RESULTS(grade, i)->runs, TRUE);
    }
    g_array_free(grade->results, TRUE);
    g_ptr_array_free(grade->notes, TRUE);
    g_free(grade->begin_here);
}

struct points grade_points(const struct grade *grade, int tier)
{
    struct points points = {0};
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if ((tier >= 0 && result->check->tier != tier) || (grade->partial && !result->done))
            continue;
        points.got += result->points;
        points.all += result->check->points;
        if (result->verdict->kind != VERDICT_NOT_JUDGED)
            points.judged += result->check->points;
    }
    return points;
}

/* ---- checks that need no run -------------------------------------------------------------- */

/* A file that the check needs is missing, was refused or does not compile. */
static bool lacks_file(const struct grade *grade, const struct rubric_check *check,
                       struct verdict *verdict)
{
    bool lacks = false;
    for (guint i = 0; i < check->files->len; i++) {
        const struct built_file *file = build_find(grade->build, check->files->pdata[i]);
        const char *name = check->files->pdata[i];
        if (!file || file->compiles)
            continue;
        if (file->collected->trouble) {
            if (!lacks)
                verdict_set(verdict, VERDICT_FAIL, "%s", file->collected->trouble);
            text_append_plain(verdict->explanation, file->collected->trouble);
            g_string_append(verdict->explanation, ".\n\n");
        } else {
            if (!lacks)
                verdict_set(verdict, VERDICT_FAIL, "%s does not %s", name,
                            file->links ? "compile" : "link with the rest of the program");
            verdict_explain(verdict, "The %s on `%s`:\n\n", file->links ? "compiler" : "linker",
                            name);
            text_append_code_block(verdict->explanation, file->messages ? file->messages : "");
        }
        lacks = true;
    }
    return lacks;
}

static struct check_result *find_result(const struct grade *grade, const char *name)
{
    for (guint i = 0; i < grade->results->len; i++)
        if (strcmp(GRADE_RESULTS(grade, i)->check->name, name) == 0)
            return GRADE_RESULTS(grade, i);
    return NULL;
}

enum readiness { MUST_WAIT, CAN_RUN, NEED_NOT_RUN };

/* What should have passed first did not. */
static enum readiness look_before(const struct grade *grade, struct check_result *result)
{
    for (guint i = 0; i < result->check->after->len; i++) {
        const struct check_result *before = find_result(grade, result->check->after->pdata[i]);
        if (!before->done)
            return MUST_WAIT;
        if (before->verdict->kind == VERDICT_PASS)
            continue;
        bool failed = before->verdict->kind == VERDICT_FAIL;
        verdict_set(result->verdict, failed ? VERDICT_FAIL : VERDICT_NOT_JUDGED, "needs %s first",
                    before->check->name);
        verdict_explain(result->verdict, "It was not run, because `%s` %s.\n", before->check->name,
                        failed ? "did not pass" : "could not be judged");
        return NEED_NOT_RUN;
    }
    return CAN_RUN;
}

/* An answer waits for a person; one that was never written does not. */
static void set_aside_for_a_person(const struct grade *grade, const struct rubric_check *check,
                                   struct verdict *verdict)
{
    g_autofree char *template =
        g_build_filename(grade->runner->kit, "skeleton", grade->rubric->assignment, NULL);
    g_autoptr(GString) what = g_string_new(NULL);
    bool untouched_is_known = g_file_test(template, G_FILE_TEST_IS_DIR);
    bool written = answers_written(grade->collection->folder, untouched_is_known ? template : NULL,
                                   check->heading, what);
    verdict_set(verdict, written ? VERDICT_NOT_JUDGED : VERDICT_FAIL, "%s", what->str);
}

static enum readiness prepare(const struct grade *grade, struct check_result *result)
{
    struct verdict *verdict = result->verdict;
    if (lacks_file(grade, result->check, verdict))
        return NEED_NOT_RUN;
    if (!result->check->judge) {
        set_aside_for_a_person(grade, result->check, verdict);
        return NEED_NOT_RUN;
    }
    if (grade->build->trouble && result->check->runs->len > 0) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "the program could not be linked");
        text_append_code_block(verdict->explanation, grade->build->trouble);
        return NEED_NOT_RUN;
    }
    return grade->partial ? CAN_RUN : look_before(grade, result);
}

/* ---- working -------------------------------------------------------------------------------- */

struct work {
    struct grade *grade;
    int jobs;
    bool *taken; /* per check: begun, done or not wanted */
    struct worker workers[MOST_JOBS];
    struct check_result *results[MOST_JOBS]; /* that the workers work on; NULL: idle */
    struct progress progress;
};

static void check_is_done(struct work *work, struct check_result *result)
{
    result->done = true;
    result->points = result->verdict->kind == VERDICT_PASS ? result->check->points : 0;
    progress_check_done(&work->progress, result);
}

static int idle_slot(const struct work *work)
{
    for (int slot = 0; slot < work->jobs; slot++)
        if (!work->results[slot])
            return slot;
    return -1;
}

/* Starts whatever can start. Returns whether anything is left to wait for. */
static bool start_workers(struct work *work)
{
    bool busy = false;
    for (guint i = 0; i < work->grade->results->len; i++) {
        struct check_result *result = GRADE_RESULTS(work->grade, i);
        int slot = idle_slot(work);
        if (work->taken[i] || slot < 0)
            continue;
        enum readiness ready = prepare(work->grade, result);
        if (ready == MUST_WAIT)
            continue;
        work->taken[i] = true;
        if (ready == CAN_RUN &&
            worker_start(&work->workers[slot], work->grade, result->check, slot)) {
            work->results[slot] = result;
            continue;
        }
        if (ready == CAN_RUN)
            verdict_set(result->verdict, VERDICT_NOT_JUDGED, "the grader can't start a process");
        check_is_done(work, result);
        i = (guint)-1; /* others may have waited for it */
    }
    for (int slot = 0; slot < work->jobs; slot++)
        busy = busy || work->results[slot];
    return busy;
}

static void show_progress(const struct work *work)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int slot = 0; slot < work->jobs; slot++) {
        const struct worker *worker = &work->workers[slot];
        if (!work->results[slot])
            continue;
        const struct rubric_check *check = work->results[slot]->check;
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", check->name);
        if (worker->judging)
            g_string_append(text, " (judging)");
        else if (worker->run > 0)
            g_string_append_printf(text, " (run %d of %u)", worker->run, check->runs->len);
    }
    progress_update(&work->progress, text->str);
}

static void wait_for_workers(struct work *work)
{
    struct pollfd waiting[MOST_JOBS];
    for (int slot = 0; slot < work->jobs; slot++)
        waiting[slot] = (struct pollfd){.fd = work->results[slot] ? work->workers[slot].pipe : -1,
                                        .events = POLLIN};
    show_progress(work);
    gint64 began = g_get_monotonic_time();
    poll(waiting, (nfds_t)work->jobs, 250);
    double passed = (double)(g_get_monotonic_time() - began) * 1e-6 / process_crowding();
    for (int slot = 0; slot < work->jobs; slot++) {
        struct worker *worker = &work->workers[slot];
        if (!work->results[slot])
            continue;
        if (waiting[slot].revents & POLLIN)
            worker_read(worker, work->results[slot]);
        worker->judging_seconds += worker->judging ? passed : 0;
        bool too_slow = worker->judging_seconds > JUDGE_SECONDS;
        if (!too_slow && !(waiting[slot].revents & (POLLHUP | POLLERR)))
            continue;
        worker_finish(worker, work->results[slot], too_slow);
        check_is_done(work, work->results[slot]);
        work->results[slot] = NULL;
    }
}

/* After an interrupt: ends what still runs. */
static void stop_workers(struct work *work)
{
    for (int slot = 0; slot < work->jobs; slot++)
        if (work->results[slot])
            worker_finish(&work->workers[slot], work->results[slot], true);
}

/* Is a check one of "NAME,NAME"? */
static bool is_wanted(const char *only, const char *name)
{
    g_auto(GStrv) names = g_strsplit(only, ",", -1);
    return g_strv_contains((const char *const *)names, name);
}

void grade_run(struct grade *grade, const char *only, int jobs, bool quiet,
               const volatile sig_atomic_t *interrupted)
{
    struct work work = {.grade = grade, .jobs = CLAMP(jobs, 1, MOST_JOBS)};
    gint64 began = g_get_monotonic_time();
    guint checks = grade->results->len, wanted = 0;
    grade->partial = only != NULL;
    work.taken = g_new0(bool, checks);
    for (guint i = 0; i < checks; i++) {
        work.taken[i] = only && !is_wanted(only, GRADE_RESULTS(grade, i)->check->name);
        wanted += !work.taken[i];
    }
    work.progress = progress_begin((int)wanted, quiet);
    while (!*interrupted && start_workers(&work))
        wait_for_workers(&work);
    stop_workers(&work);
    progress_end(&work.progress);
    g_free(work.taken);
    grade->seconds = (double)(g_get_monotonic_time() - began) * 1e-6;
}
