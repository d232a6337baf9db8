/* What checks need of other assignments; see needs.h. */
#include "grader/grade/needs.h"

#include "grader/grade/needs_parts.h"
#include "grader/run/runner_command.h"
#include "grader/text/text.h"

#include <string.h>

/* ---- what is needed --------------------------------------------------------------------------- */

static bool is_one_of(const GPtrArray *names, const char *name)
{
    return names && g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, NULL);
}

static bool is_wanted(const struct needs_how *how, const struct rubric_check *check)
{
    if (!how->only)
        return true;
    g_auto(GStrv) names = g_strsplit(how->only, ",", -1);
    return g_strv_contains((const char *const *)names, check->name);
}

/* A check without one of its own files fails, whatever the other assignment's are. */
static bool has_own_files(const struct grade *grade, const struct rubric_check *check)
{
    for (guint i = 0; i < check->files->len; i++) {
        const struct collected_file *file =
            collection_find(grade->collection, check->files->pdata[i]);
        if (file && file->trouble && strcmp(file->assignment, grade->rubric->assignment) == 0)
            return false;
    }
    return true;
}

/* The names of the checks of an assignment that are needed by what is graded. Of char *, the rubric's. */
static GPtrArray *names_of(const struct grade *grade, const struct needs_how *how,
                           const char *assignment)
{
    GPtrArray *names = g_ptr_array_new();
    g_autofree char *begin = g_strconcat(assignment, "/", NULL);
    for (guint c = 0; c < grade->rubric->checks->len; c++) {
        const struct rubric_check *check = RUBRIC_CHECKS(grade->rubric, c);
        if (!is_wanted(how, check) || !has_own_files(grade, check))
            continue;
        for (guint i = 0; check->needs && i < check->needs->len; i++) {
            const char *need = check->needs->pdata[i];
            if (g_str_has_prefix(need, begin) && !is_one_of(names, need + strlen(begin)))
                g_ptr_array_add(names, (char *)need + strlen(begin));
        }
    }
    return names;
}

/* ---- what comes of it ----------------------------------------------------------------------------- */

/* How a needed check ended; NULL: nobody asked it. */
static const struct check_result *answer_to(const struct needs *needs, const char *need)
{
    for (guint i = 0; i < needs->asked->len; i++) {
        const struct needs_asked *asked = needs->asked->pdata[i];
        const char *slash = strchr(need, '/');
        const size_t length = (size_t)(slash - need);
        if (strlen(asked->assignment) != length || strncmp(need, asked->assignment, length) != 0)
            continue;
        for (guint k = 0; k < asked->grade.results->len; k++)
            if (strcmp(GRADE_RESULTS(&asked->grade, k)->check->name, slash + 1) == 0)
                return GRADE_RESULTS(&asked->grade, k);
    }
    return NULL;
}

/* The files of an assignment that did not go into the program although their own checks pass: a sentence
 * on the first, a new string; NULL: there are none. */
static char *what_does_not_fit(const struct build *build, const char *assignment)
{
    for (guint i = 0; i < build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(build, i);
        if (strcmp(file->collected->assignment, assignment) == 0 && !file->links)
            return g_strdup_printf("`%s` does not link with the rest of the program",
                                   file->collected->file->name);
    }
    return NULL;
}

/* "with its own, `example/average` does not pass (rank 1 got 3)". A new string, Markdown. */
static char *reason_of(const char *need, const struct check_result *answer)
{
    g_autoptr(GString) headline = g_string_new(NULL);
    text_append_plain(headline, answer->verdict->headline->str);
    return g_strdup_printf(answer->verdict->kind == VERDICT_FAIL
                               ? "with its own, `%s` does not pass (%s)"
                               : "whether `%s` passes with its own could not be judged (%s)",
                           need, headline->str);
}

static void append_sentence(struct check_result *result, char *sentence)
{
    char *before = result->instead;
    result->instead = before ? g_strconcat(before, " ", sentence, NULL) : g_strdup(sentence);
    g_free(before);
    g_free(sentence);
}

/* Nothing can stand in: the student has to write the other first. */
static void leave_open(const struct grade *grade, struct check_result *result, const char *need,
                       const char *reason)
{
    const char *slash = strchr(need, '/');
    g_autofree char *assignment = g_strndup(need, (gsize)(slash - need));
    g_autoptr(GString) command = runner_make_words(
        NULL, "grade", assignment, grade->runner->submission, build_device(grade->build));
    result->settled = verdict_new();
    verdict_not_judged(result->settled, CULPRIT_NOBODY, "needs your %s first: %s CHECK=%s",
                       assignment, command->str, slash + 1);
    verdict_explain(result->settled,
                    "It was not run, because it is made of your files of `%s`, too, and %s. That "
                    "costs no points here: where the course's files are at hand, they stand in "
                    "for yours.\n",
                    assignment, reason);
}

/* The submission's files of an assignment are not to be used, or nobody knows whether they should be. */
static void replace(const struct grade *grade, struct check_result *result, const char *need,
                    const char *assignment, enum verdict_kind kind, const char *reason,
                    GPtrArray *course)
{
    if (build_has_course(grade->build, assignment)) {
        g_ptr_array_add(course, (gpointer)assignment);
        append_sentence(result, g_strdup_printf("The course's own files of `%s` stand in for the "
                                                "submission's, and that costs nothing here: %s.",
                                                assignment, reason));
    } else if (kind == VERDICT_FAIL && need) {
        leave_open(grade, result, need, reason);
    } else {
        append_sentence(result, g_strdup_printf("The submission's own files of `%s` were used, "
                                                "right or not: %s.",
                                                assignment, reason));
    }
}

/* Looks at what a check needs of one assignment. */
static void look_at(const struct needs *needs, const struct grade *grade,
                    struct check_result *result, const char *assignment, GPtrArray *course)
{
    g_autofree char *begin = g_strconcat(assignment, "/", NULL);
    const GPtrArray *list = result->check->needs;
    const struct check_result *first = NULL;
    const char *need = NULL;
    for (guint i = 0; i < list->len; i++) {
        const struct check_result *answer =
            g_str_has_prefix(list->pdata[i], begin) ? answer_to(needs, list->pdata[i]) : NULL;
        /* What fails is told before what could not be judged. */
        if (answer && answer->verdict->kind != VERDICT_PASS &&
            (!first ||
             (first->verdict->kind != VERDICT_FAIL && answer->verdict->kind == VERDICT_FAIL))) {
            first = answer;
            need = list->pdata[i];
        }
    }
    g_autofree char *reason =
        first ? reason_of(need, first) : what_does_not_fit(grade->build, assignment);
    if (first)
        replace(grade, result, need, assignment, first->verdict->kind, reason, course);
    else if (reason && build_has_course(grade->build, assignment))
        replace(grade, result, NULL, assignment, VERDICT_FAIL, reason, course);
}

static void settle(struct needs *needs, const struct grade *grade, struct check_result *result)
{
    g_autoptr(GPtrArray) course = g_ptr_array_new();
    for (guint i = 0; i < grade->rubric->uses->len && !result->settled; i++) {
        const char *used = grade->rubric->uses->pdata[i];
        if (is_one_of(build_course(grade->build), used))
            g_ptr_array_add(course, (gpointer)used); /* a note says so already */
        else if (rubric_check_needs_checks_of(result->check, used))
            look_at(needs, grade, result, used, course);
    }
    g_autoptr(GString) error = g_string_new(NULL);
    if (result->settled)
        g_clear_pointer(&result->instead, g_free);
    if (!result->instead || course->len == 0)
        return;
    result->build = needs_build(needs, grade, course, error);
    if (result->build)
        return;
    result->settled = verdict_new();
    verdict_not_judged(result->settled, CULPRIT_MACHINE, "the program could not be built: %s",
                       error->str);
    verdict_explain(result->settled, "%s\n", culprit_sentence(CULPRIT_MACHINE));
}

/* What will be built for the simulator anyhow is begun: what others need of it is compiled then. */
static void start_simulator(const struct grade *grade, const struct needs_how *how)
{
    for (guint i = 0; i < grade->rubric->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(grade->rubric, i);
        if (is_wanted(how, check) && rubric_check_is_simulated(check))
            build_simulated_start(grade->build);
    }
}

/* First all that is built for this computer, then what is built beside the runs: the sandbox ends all children of
 * the process that uses it. */
static void ask_all(struct needs *needs, struct grade *grade, const struct needs_how *how)
{
    bool runs = false;
    for (guint i = 0; i < grade->rubric->uses->len; i++) {
        const char *used = grade->rubric->uses->pdata[i];
        g_autoptr(GPtrArray) names = names_of(grade, how, used);
        if (names->len > 0 && !is_one_of(how->right, used) &&
            !is_one_of(build_course(grade->build), used))
            runs |= needs_prepare(needs, grade, how, used, names);
    }
    if (runs)
        start_simulator(grade, how);
    grade->needed = g_ptr_array_new();
    for (guint i = 0; i < needs->asked->len; i++) {
        struct needs_asked *asked = needs->asked->pdata[i];
        needs_run(asked, grade, how);
        g_ptr_array_add(grade->needed, &asked->grade);
    }
}

struct needs *needs_settle(struct grade *grade, const struct needs_how *how)
{
    struct needs *needs = needs_new(grade->runner->work);
    ask_all(needs, grade, how);
    for (guint i = 0; i < grade->results->len && !*how->interrupted; i++) {
        struct check_result *result = GRADE_RESULTS(grade, i);
        if (result->check->needs && result->check->needs->len > 0 &&
            is_wanted(how, result->check) && has_own_files(grade, result->check))
            settle(needs, grade, result);
    }
    return needs;
}
