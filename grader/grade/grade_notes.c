/* What concerns a grade as a whole. */
#include "grader/grade/grade_notes.h"

#include "grader/grade/data_instead.h"
#include "grader/grade/large_tags.h"
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

void grade_note_device(struct grade *grade)
{
    const struct workplace_device *device = &grade->build->workplace->device;
    static const char but[] = "What ran on the simulated cluster ran without it: that has no GPU.";
    g_autoptr(GString) gpu = g_string_new(NULL);
    if (!device->name)
        return;
    text_append_plain(gpu, device->gpu ? device->gpu : device->name);
    if (strcmp(device->name, "emulated") == 0)
        grade_note(grade, "Graded on the **emulated GPU** (slow; its time counts for nothing). %s",
                   but);
    else
        grade_note(grade, "Graded on the **GPU**: %s. %s", gpu->str, but);
}

void grade_note_isolation(struct grade *grade)
{
    const char *reason;
    if (!sandbox_filters())
        grade_note(grade, "The programs' system calls were **not filtered**: this kernel can't "
                          "(seccomp).");
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

void grade_note_place(struct grade *grade)
{
    const char *note = grade->collection->place->note;
    g_autoptr(GString) text = g_string_new(NULL);
    if (!note)
        return;
    text_append_plain(text, note);
    grade_note(grade, "%s", text->str);
}

/* Runs that were meant for a data set that is not installed. */
void grade_note_data(struct grade *grade)
{
    g_autoptr(GString) checks = g_string_new(NULL);
    const char *missing = NULL, *meant, *used;
    for (guint i = 0; i < grade->results->len; i++) {
        const struct rubric_check *check = GRADE_RESULTS(grade, i)->check;
        if (GRADE_RESULTS(grade, i)->runs->len == 0 || !data_instead_of_check(check, &meant, &used))
            continue;
        g_string_append_printf(checks, "%s%s about `%s`", checks->len > 0 ? ", " : "", used,
                               check->name);
        missing = meant;
    }
    if (missing)
        grade_note(grade, "The data set %s is not here, so other data decided: %s.", missing,
                   checks->str);
}

void grade_note_tags(struct grade *grade)
{
    const struct check_result *largest = NULL;
    for (guint i = 0; i < grade->results->len; i++)
        if (GRADE_RESULTS(grade, i)->large_tag > (largest ? largest->large_tag : 0))
            largest = GRADE_RESULTS(grade, i);
    if (!largest)
        return;
    g_autoptr(GString) call = g_string_new(NULL);
    text_append_code(call, largest->large_tag_call);
    grade_note(
        grade,
        "A remark that costs no points: tags up to %d are used (%s, in `%s`). This MPI takes "
        "them; MPI promises only 0 to %d, and where MPI\\_TAG\\_UB is no more than that, the same "
        "program "
        "ends with MPI\\_ERR\\_TAG.",
        largest->large_tag, call->str, largest->check->name, LARGE_TAGS_ABOVE);
}

void grade_note_replaced(struct grade *grade)
{
    if (grade->build->replaced->len > 0)
        grade_note(grade, "%s", grade->build->replaced->str);
}

/* Those that tell the same together. */
void grade_note_needs(struct grade *grade)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *first = GRADE_RESULTS(grade, i);
        if (!first->instead || first->runs->len == 0 || !g_hash_table_add(told, first->instead))
            continue;
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint k = i; k < grade->results->len; k++) {
            const struct check_result *result = GRADE_RESULTS(grade, k);
            if (result->runs->len > 0 && g_strcmp0(result->instead, first->instead) == 0)
                g_string_append_printf(names, "%s`%s`", names->len > 0 ? ", " : "",
                                       result->check->name);
        }
        grade_note(grade, "%s (%s)", first->instead, names->str);
    }
}

void grade_note_faults(struct grade *grade)
{
    for (guint i = 0; i < grade->build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(grade->build, i);
        if (file->links)
            continue;
        g_autoptr(GString) fault = g_string_new(NULL);
        text_append_plain(fault, file->fault ? file->fault : "see its messages below");
        grade_note(
            grade,
            "`%s` does not link with the rest of the program: %s. The other files are judged "
            "without it, but `make train` can't link the whole either.",
            file->collected->file->name, fault->str);
    }
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

static bool is_left_by_machine(const struct check_result *result)
{
    return result->verdict->kind == VERDICT_NOT_JUDGED &&
           result->verdict->culprit == CULPRIT_MACHINE;
}

/* What stands at the beginning of a chain of checks that need each other. */
static const char *cause_of(const struct check_result *result)
{
    while (result->needs)
        result = result->needs;
    return result->verdict->headline->str;
}

/* "why. Not judged: `a`, `b`.", from the result with this number on, for one cause. */
static void append_cause(const struct grade *grade, guint from, GString *text)
{
    const char *why = GRADE_RESULTS(grade, from)->verdict->headline->str;
    text_append_plain(text, why);
    for (guint i = from; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (is_left_by_machine(result) && strcmp(cause_of(result), why) == 0)
            g_string_append_printf(text, "%s`%s`", i == from ? ". Not judged: " : ", ",
                                   result->check->name);
    }
    g_string_append_c(text, '.');
}

/* Before all else: points are missing, and the reader did nothing wrong. Each cause is told once. */
void grade_note_machine(struct grade *grade)
{
    g_autoptr(GString) note = g_string_new(NULL);
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (!is_left_by_machine(result) || result->needs ||
            !g_hash_table_add(told, result->verdict->headline->str))
            continue;
        g_string_append(note, note->len == 0
                                  ? "**This machine could not do what grading needs**, so its "
                                    "points are still open, and nothing of that is the "
                                    "submission's fault: "
                                  : "\n\n");
        append_cause(grade, i, note);
    }
    if (note->len > 0)
        g_ptr_array_insert(grade->notes, 0, g_string_free(g_steal_pointer(&note), FALSE));
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
