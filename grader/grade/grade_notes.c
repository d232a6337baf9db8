/* What concerns a grade as a whole. */
#include "grader/grade/grade_notes.h"

#include "common/files/dataset.h"
#include "grader/run/hang.h"
#include "grader/sandbox/sandbox.h"
#include "grader/text/text.h"

#include <string.h>

void grade_note(struct grade *grade, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_ptr_array_add(grade->notes, g_strdup_vprintf(format, list));
    va_end(list);
}

void grade_note_isolation(struct grade *grade)
{
    const char *reason;
    if (sandbox_isolates(&reason))
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    text_append_plain(text, reason);
    grade_note(grade,
               "The programs were **not isolated**: limits held, but they could see this machine's "
               "files and network. (%s)",
               text->str);
}

void grade_note_ignored(struct grade *grade)
{
    const GPtrArray *ignored = grade->collection->ignored;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < ignored->len; i++) {
        g_string_append(text, i > 0 ? ", " : "");
        text_append_code(text, ignored->pdata[i]);
    }
    if (ignored->len > 0)
        grade_note(grade, "Ignored, because they are not among the files to hand in: %s",
                   text->str);
}

/* Runs that were meant for a data set that is not here. */
void grade_note_data(struct grade *grade)
{
    g_autoptr(GString) checks = g_string_new(NULL);
    g_autofree char *missing = NULL;
    for (guint i = 0; i < grade->results->len; i++) {
        const struct rubric_check *check = GRADE_RESULTS(grade, i)->check;
        for (guint k = 0; k < GRADE_RESULTS(grade, i)->runs->len; k++) {
            const struct rubric_run *run = RUBRIC_RUNS(check, k);
            struct options options;
            char error[OPTIONS_ERROR_SIZE], why[DATASET_ERROR_SIZE];
            if (!run->otherwise || !rubric_parse_arguments(run, run->arguments, &options, error) ||
                dataset_present(options.dataset, why))
                continue;
            g_string_append_printf(checks, "%s`%s`", checks->len > 0 ? ", " : "", check->name);
            g_free(missing);
            missing = g_strdup(options.dataset);
            break;
        }
    }
    if (missing)
        grade_note(grade, "The data set %s is not here, so other data decided about %s.", missing,
                   checks->str);
}

void grade_note_replaced(struct grade *grade)
{
    if (grade->build->replaced->len > 0)
        grade_note(grade, "%s", grade->build->replaced->str);
}

void grade_note_unusual(struct grade *grade)
{
    if (grade->build->unusual->len > 0)
        grade_note(grade, "For a person to look at; it costs no points: %s.",
                   grade->build->unusual->str);
}

static int by_begin(gconstpointer a, gconstpointer b)
{
    return (*(struct rubric_file *const *)a)->begin - (*(struct rubric_file *const *)b)->begin;
}

/* If no C file of the assignment itself has been touched: where a beginner begins. */
void grade_note_beginning(struct grade *grade)
{
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    for (guint i = 0; i < grade->collection->files->len; i++) {
        const struct collected_file *file = COLLECTED_FILES(grade->collection, i);
        if (strcmp(file->assignment, grade->rubric->assignment) != 0)
            continue;
        if (g_str_has_suffix(file->file->name, ".c") && file->todo_line == 0)
            return;
        if (file->file->begin > 0)
            g_ptr_array_add(order, (void *)file->file);
    }
    if (order->len == 0)
        return;
    g_ptr_array_sort(order, by_begin);
    const struct rubric_file *first = order->pdata[0];
    const struct collected_file *file = collection_find(grade->collection, first->name);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text,
                           "All the TODOs are still there. Begin with `%s` (line %d%s%s): read "
                           "its comment, replace the `todo(…)`, and run `make grade` again.",
                           first->name, file->todo_line, first->question ? ", " : "",
                           first->question ? first->question : "");
    for (guint i = 1; i < order->len; i++)
        g_string_append_printf(text, "%s`%s`", i == 1 ? " Then: " : ", ",
                               ((const struct rubric_file *)order->pdata[i])->name);
    grade->begin_here = g_string_free(g_steal_pointer(&text), FALSE);
}

void grade_note_simulator(struct grade *grade)
{
    const char *trouble = grade->build->simulated_trouble;
    g_autoptr(GString) text = g_string_new(NULL);
    if (!trouble || !grade->build->program)
        return;
    g_autofree char *line = g_strndup(trouble, strcspn(trouble, "\n"));
    text_append_plain(text, line);
    grade_note(grade,
               "Nothing ran on the simulated cluster: %s. Checks that need it are not judged; what "
               "works only by luck was looked for by replay alone.",
               text->str);
}

static bool ended_in_haste(const struct check_result *result)
{
    for (guint i = 0; i < result->runs->len; i++) {
        const char *trouble = g_array_index(result->runs, struct run_summary, i).trouble;
        if (trouble && strstr(trouble, RUNNER_HASTE))
            return true;
    }
    return false;
}

void grade_note_haste(struct grade *grade)
{
    int hasty = 0;
    for (guint i = 0; i < grade->results->len; i++)
        hasty += ended_in_haste(GRADE_RESULTS(grade, i));
    if (hasty > 0)
        grade_note(grade,
                   "%d checks had a run that hung or took too long. After the first %d the grader "
                   "was less patient: runs of %d checks were ended when for %.0f seconds no rank "
                   "had computed anything or come to an MPI call. Repair the first; it may be the "
                   "cause of all.",
                   grade->hung, GRADE_HASTY, hasty, HANG_HASTY_SECONDS);
}
