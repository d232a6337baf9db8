/* Working through the checks: what can start, what must wait, what need not run at all. */
#include "grader/grade/grade.h"

#include "grader/grade/causes.h"
#include "grader/grade/grade_luck.h"
#include "grader/grade/grade_prepare.h"
#include "grader/grade/progress.h"
#include "grader/grade/worker.h"
#include "grader/sandbox/process_tree.h"
#include "grader/sandbox/sandbox.h"
#include "grader/text/text.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define MOST_JOBS     (SANDBOX_SLOTS - 1) /* the sandbox's last user builds for the simulator */
#define NO_PROCESS    "the grader can't start a process: "
#define JUDGE_SECONDS 60 /* of an idle machine's clock; then the judge is ended */

/* ---- working -------------------------------------------------------------------------------- */

struct work {
    struct grade *grade;
    int jobs;
    bool *taken; /* per check: begun, done or not wanted */
    GPtrArray
        *builds; /* of struct build *: those to build for the simulator, one after the other */
    struct worker workers[MOST_JOBS];
    struct check_result *results[MOST_JOBS]; /* that the workers work on; NULL: idle */
    struct grade_progress progress;
    struct luck *luck;
};

bool grade_run_hung(enum run_end end)
{
    return end == RUN_HUNG || end == RUN_TIMED_OUT;
}

static bool has_hung(const struct check_result *result)
{
    for (guint i = 0; i < result->runs->len; i++)
        if (grade_run_hung(g_array_index(result->runs, struct run_summary, i).end))
            return true;
    return false;
}

/* Who reads data that somebody changes meanwhile may fail, and be killed where a file was made
 * shorter: program and judge alike. */
static void blame_changed_data(const struct work *work, struct check_result *result)
{
    for (guint i = 0; i < result->runs->len && result->verdict->kind != VERDICT_PASS; i++) {
        g_autofree char *changed =
            runner_data_changed(work->grade->runner->data, RUBRIC_RUNS(result->check, i));
        if (!changed)
            continue;
        struct verdict *verdict = verdict_new();
        verdict_not_judged(verdict, CULPRIT_MACHINE, "DATA: %s", changed);
        verdict_explain(verdict, "%s\n", culprit_sentence(CULPRIT_MACHINE));
        verdict_take_over(result->verdict, verdict);
        verdict_free(verdict);
    }
}

static void check_is_done(struct work *work, struct check_result *result)
{
    blame_changed_data(work, result);
    work->grade->hung += has_hung(result);
    result->done = true;
    result->points = result->verdict->kind == VERDICT_PASS ? result->check->points : 0;
    grade_progress_check_done(&work->progress, result);
    if (!work->grade->is_needed)
        grade_luck_add(work->luck, result);
}

static int idle_slot(const struct work *work)
{
    for (int slot = 0; slot < work->jobs; slot++)
        if (!work->results[slot])
            return slot;
    return -1;
}

static void give_up_luck(struct luck *luck, struct check_result *result, int number)
{
    g_autofree char *why = g_strconcat(NO_PROCESS, strerror(number), NULL);
    grade_luck_give_up(luck, result, why);
}

/* Idle workers look for luck. */
static void start_luck(struct work *work)
{
    for (int slot = idle_slot(work); slot >= 0; slot = idle_slot(work)) {
        struct check_result *result = grade_luck_next(work->luck);
        if (!result)
            return;
        if (worker_start(&work->workers[slot], work->grade, result, slot))
            work->results[slot] = result;
        else
            give_up_luck(work->luck, result, errno);
    }
}

/* The build for the simulator that goes on, begun if it is the next; NULL: all are done. */
static struct build *current_build(const struct work *work)
{
    for (guint i = 0; i < work->builds->len; i++) {
        build_simulated_start(work->builds->pdata[i]); /* does nothing where that has been done */
        if (!build_simulated_done(work->builds->pdata[i]))
            return work->builds->pdata[i];
    }
    return NULL;
}

/* Starts whatever can start. Returns whether anything is left to wait for. */
static bool start_workers(struct work *work)
{
    /* Asked before: checks that wait for a build must be looked at again when it has ended. */
    bool busy = current_build(work);
    for (guint i = 0; i < work->grade->results->len; i++) {
        struct check_result *result = GRADE_RESULTS(work->grade, i);
        int slot = idle_slot(work);
        if (work->taken[i] || slot < 0)
            continue;
        enum readiness ready = grade_prepare(work->grade, result);
        if (ready == MUST_WAIT)
            continue;
        work->taken[i] = true;
        work->grade->hasty = work->grade->hung >= GRADE_HASTY;
        if (ready == CAN_RUN && worker_start(&work->workers[slot], work->grade, result, slot)) {
            work->results[slot] = result;
            continue;
        }
        if (ready == CAN_RUN)
            verdict_not_judged(result->verdict, CULPRIT_MACHINE, NO_PROCESS "%s", strerror(errno));
        check_is_done(work, result);
        i = (guint)-1; /* others may have waited for it */
    }
    start_luck(work);
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
    grade_progress_update(&work->progress, text->str);
}

static void wait_for_workers(struct work *work)
{
    struct pollfd waiting[MOST_JOBS + 1];
    const struct build *build = current_build(work);
    waiting[work->jobs] = (struct pollfd){.fd = build ? build->child.pipe : -1};
    for (int slot = 0; slot < work->jobs; slot++)
        waiting[slot] = (struct pollfd){.fd = work->results[slot] ? work->workers[slot].pipe : -1,
                                        .events = POLLIN};
    show_progress(work);
    gint64 began = g_get_monotonic_time();
    const bool told = poll(waiting, (nfds_t)work->jobs + 1, 250) >= 0;
    if (!told)
        g_usleep(20000); /* a signal, or no memory for it */
    double passed = (double)(g_get_monotonic_time() - began) * 1e-6 / process_crowding();
    for (int slot = 0; slot < work->jobs; slot++) {
        struct worker *worker = &work->workers[slot];
        if (!work->results[slot])
            continue;
        if (!told)
            waiting[slot].revents = worker_has_ended(worker) ? POLLIN | POLLHUP : POLLIN;
        if (waiting[slot].revents & POLLIN)
            worker_read(worker, work->results[slot]);
        worker->judging_seconds += worker->judging ? passed : 0;
        bool too_slow = worker->judging_seconds > JUDGE_SECONDS;
        if (!too_slow && !(waiting[slot].revents & (POLLHUP | POLLERR)))
            continue;
        worker_finish(worker, work->results[slot], too_slow);
        if (!grade_luck_take(work->luck, work->results[slot]))
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

/* For a check of its own, or to look for luck. */
static void find_builds(struct work *work)
{
    if (work->grade->before)
        g_ptr_array_add(work->builds, work->grade->before);
    for (guint i = 0; i < work->grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(work->grade, i);
        struct build *build = grade_build_of(work->grade, result);
        const bool simulates = rubric_check_is_simulated(result->check) ||
                               (!work->grade->is_needed && grade_luck_is_possible(result->check));
        if (!work->taken[i] && simulates && !g_ptr_array_find(work->builds, build, NULL))
            g_ptr_array_add(work->builds, build);
    }
}

void grade_run(struct grade *grade, const char *only, int jobs, bool quiet,
               const volatile sig_atomic_t *interrupted)
{
    struct work work = {
        .grade = grade, .jobs = CLAMP(jobs, 1, MOST_JOBS), .builds = g_ptr_array_new()};
    gint64 began = g_get_monotonic_time();
    guint checks = grade->results->len;
    grade->partial = only;
    work.taken = g_new0(bool, checks);
    work.progress = grade_progress_begin(quiet);
    for (guint i = 0; i < checks; i++) {
        const struct rubric_check *check = GRADE_RESULTS(grade, i)->check;
        work.taken[i] = only && !is_wanted(only, check->name);
        if (!work.taken[i])
            grade_progress_add(&work.progress, check);
    }
    work.luck = grade_luck_new(grade);
    find_builds(&work);
    work.progress.of = grade->is_needed ? grade->rubric->assignment : NULL;
    while (!*interrupted && start_workers(&work))
        wait_for_workers(&work);
    stop_workers(&work);
    grade_progress_end(&work.progress);
    grade_luck_free(work.luck);
    g_free(work.taken);
    g_ptr_array_unref(work.builds);
    grade->seconds = (double)(g_get_monotonic_time() - began) * 1e-6;
    causes_find(grade);
}
