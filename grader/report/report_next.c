/* What to do next, after any grade: one thing, and the one command that belongs to it. */
#include "grader/answers/answers.h"
#include "grader/grade/causes.h"
#include "grader/grade/grade_state.h"
#include "grader/report/commands.h"
#include "grader/report/report.h"
#include "grader/text/text.h"

#include <string.h>

/* ---- what is not written yet ------------------------------------------------------------------- */

/* "skeleton/lesson/a.c", as whoever edits it finds it. A new string. */
static char *path_of(const struct grade *grade, const struct collected_file *file)
{
    const struct place *place = grade->collection->place;
    if (!place || place->unpacked)
        return g_strdup(file->file->name);
    const bool own = strcmp(file->assignment, grade->rubric->assignment) == 0;
    const char *folder = own ? place->folder : place->beside;
    g_autofree char *path = g_build_filename(folder ? folder : "", file->file->name, NULL);
    return text_clean_name(path);
}

/* The first place in a headline that is in a file of the submission, "a.c:12", or "example/a.c:12" of another assignment.
 * A new string; NULL: there is none. */
static char *place_in(const struct grade *grade, const char *headline,
                      const struct collected_file **its_file)
{
    const char *first = NULL;
    gsize length = 0;
    for (guint i = 0; i < grade->collection->files->len; i++) {
        const struct collected_file *file = COLLECTED_FILES(grade->collection, i);
        g_autofree char *begin = g_strconcat(file->file->name, ":", NULL);
        const char *found = strstr(headline, begin);
        const gsize digits = found ? strspn(found + strlen(begin), "0123456789") : 0;
        const bool begins = found && (found == headline || !g_ascii_isalnum(found[-1]));
        if (digits == 0 || !begins || (first && first <= found))
            continue;
        first = found;
        length = strlen(begin) + digits;
        *its_file = file;
    }
    return first ? g_strndup(first, length) : NULL;
}

static bool is_about(const struct rubric_check *check, const char *file)
{
    for (int i = 0; i < rubric_check_abouts(check); i++)
        if (strcmp(rubric_check_about(check, i), file) == 0)
            return true;
    return false;
}

/* Does a check about it lack only the file itself, of those of the bonus or of the others? */
static const struct check_result *unwritten_about(const struct grade *grade,
                                                  const struct rubric_file *file, bool bonus)
{
    const struct collected_file *collected = collection_find(grade->collection, file->name);
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        const bool lacks = (collected && collected->todo_line > 0) || result->check->runs->len == 0;
        if (result->done && lacks && grade_state(result) == STATE_UNWRITTEN &&
            is_about(result->check, file->name) &&
            rubric_check_is_bonus(grade->rubric, result->check) == bonus)
            return result;
    }
    return NULL;
}

static gint by_begin(gconstpointer a, gconstpointer b)
{
    const struct rubric_file *left = *(struct rubric_file *const *)a,
                             *right = *(struct rubric_file *const *)b;
    const int first = left->begin > 0 ? left->begin : G_MAXINT,
              second = right->begin > 0 ? right->begin : G_MAXINT;
    return first != second ? (first < second ? -1 : 1) : left < right ? -1 : left > right;
}

/* A check that is not written yet: that of the file that comes next, what is no bonus first. NULL: there is none. */
static const struct check_result *find_unwritten(const struct grade *grade, bool bonus,
                                                 const struct collected_file **file)
{
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    for (guint i = 0; i < grade->rubric->files->len; i++)
        g_ptr_array_add(order, RUBRIC_FILES(grade->rubric, i));
    g_ptr_array_sort(order, by_begin);
    for (guint i = 0; i < order->len && !grade->partial; i++) {
        const struct rubric_file *next = order->pdata[i];
        const struct check_result *result = unwritten_about(grade, next, bonus);
        if (result) {
            *file = collection_find(grade->collection, next->name);
            return result;
        }
    }
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (!result->done || grade_state(result) != STATE_UNWRITTEN ||
            rubric_check_is_bonus(grade->rubric, result->check) != bonus)
            continue;
        g_autofree char *place =
            place_in(grade, grade_decided_by(result)->verdict->headline->str, file);
        return result;
    }
    return NULL;
}

/* ", line 12" of the heading of a question in answers.md; empty if it is not there. A new string. */
static char *line_of_question(const struct grade *grade, const struct rubric_check *check)
{
    g_autoptr(GString) error = g_string_new(NULL);
    g_autoptr(GPtrArray) questions = rubric_questions(grade->rubric);
    const char *name = check->heading ? check->heading : check->question;
    struct answers *answers =
        name ? answers_read(grade->collection->folder, questions, error) : NULL;
    int count = 0;
    const int heading = answers ? answers_find(answers, name) : -1;
    char *line = heading >= 0
                     ? g_strdup_printf(", line %d", answers_headings(answers, &count)[heading].line)
                     : g_strdup("");
    answers_free(answers);
    return line;
}

/* The sentence about what to write, up to "then". */
static char *say_unwritten(const struct grade *grade, const struct check_result *result,
                           const struct collected_file *file)
{
    const char *begin = grade->begin_here ? "Nothing is written yet. Begin with" : "write";
    const char *headline = grade_decided_by(result)->verdict->headline->str;
    if (result->check->runs->len == 0) {
        const char *name =
            result->check->heading ? result->check->heading : result->check->question;
        g_autofree char *line = line_of_question(grade, result->check);
        const struct collected_file *answers =
            collection_find(grade->collection, rubric_check_about(result->check, 0));
        g_autofree char *path = answers ? path_of(grade, answers) : g_strdup("answers.md");
        return g_strdup_printf("answer %s in %s%s, then", name ? name : result->check->title, path,
                               line);
    }
    if (!file || file->todo_line == 0)
        return g_strdup_printf("%s. Write that, then", headline);
    g_autofree char *path = path_of(grade, file);
    return g_strdup_printf("%s %s, line %d%s%s%s: read the comment there and put your code in the "
                           "place of the todo(…), then",
                           begin, path, file->todo_line, file->file->question ? " (" : "",
                           file->file->question ? file->file->question : "",
                           file->file->question ? ")" : "");
}

/* The check that looks at a file: the first of the rubric that is about it, else this one. */
static const struct rubric_check *check_of(const struct grade *grade,
                                           const struct check_result *result,
                                           const struct collected_file *file)
{
    for (guint i = 0; file && i < grade->rubric->checks->len; i++)
        if (RUBRIC_CHECKS(grade->rubric, i)->judge && !is_about(result->check, file->file->name) &&
            is_about(RUBRIC_CHECKS(grade->rubric, i), file->file->name))
            return RUBRIC_CHECKS(grade->rubric, i);
    return result->check;
}

static char *next_to_write(const struct grade *grade, bool bonus, char **command)
{
    const struct collected_file *file = NULL;
    const struct check_result *result = find_unwritten(grade, bonus, &file);
    if (!result)
        return NULL;
    g_autofree char *check = g_strdup_printf(" CHECK=%s", check_of(grade, result, file)->name);
    *command = report_make_command(grade, "grade", check);
    return say_unwritten(grade, result, file);
}

/* ---- what failed ------------------------------------------------------------------------------- */

static char *next_to_mend(const struct grade *grade, char **command)
{
    if (!grade->causes || grade->causes->len == 0)
        return NULL;
    const struct check_result *told = ((struct cause *)grade->causes->pdata[0])->told;
    const struct collected_file *file = NULL;
    g_autofree char *error = report_first_error(told->verdict->explanation->str);
    g_autofree char *seen = place_in(grade, told->verdict->headline->str, &file);
    g_autofree char *place = error  ? g_strndup(error, strcspn(error, " ") - 1)
                             : seen ? g_steal_pointer(&seen)
                                    : g_strdup(rubric_check_about(told->check, 0));
    *command = report_repeat_command(grade, told);
    return g_strdup_printf("mend %s%s%s. This runs its check again%s:",
                           grade->causes->len > 1 ? "the first cause" : "this cause",
                           *place ? ", at " : "", place,
                           told->runs->len > 0 ? ", with the same numbers" : "");
}

/* ---- what was not judged ----------------------------------------------------------------------- */

static const struct check_result *find_open(const struct grade *grade, int *count)
{
    const struct check_result *first = NULL;
    *count = 0;
    for (guint i = 0; i < grade->results->len; i++) {
        const struct check_result *result = GRADE_RESULTS(grade, i);
        if (!result->done || grade_state(result) != STATE_NOT_JUDGED)
            continue;
        *count += 1;
        first = first ? first : grade_decided_by(result);
    }
    return first;
}

/* What must change before it can be judged: another assignment's files, this machine, or nothing that the reader could. */
static char *next_to_judge(const struct grade *grade, char **command)
{
    int count;
    const struct check_result *open = find_open(grade, &count);
    if (!open)
        return NULL;
    const char *headline = open->verdict->headline->str, *own = strstr(headline, "make grade ");
    const bool no_simulator = strcmp(headline, BUILD_NO_SIMULATOR) == 0;
    g_autofree char *checks = count == 1 ? g_strdup_printf("%s was not judged", open->check->name)
                                         : g_strdup_printf("%d checks were not judged", count);
    *command = open->settled && own ? g_strdup(own)
               : no_simulator       ? g_strdup("make setup")
                                    : report_make_command(grade, "grade", "");
    g_autofree char *why =
        open->settled && own ? g_strndup(headline, strcspn(headline, ":")) : g_strdup(headline);
    const enum culprit culprit = open->verdict->culprit;
    const char *cure = (open->settled && own) || no_simulator ? "This comes first:"
                       : culprit == CULPRIT_MACHINE           ? "Mend that, and grade again:"
                       : culprit == CULPRIT_NOBODY
                           ? "Once that is there, grade again:"
                           : "That is not your fault. Grade again, and if it stays tell your "
                             "instructor:";
    return g_strdup_printf("%s: %s. %s", checks, why, cure);
}

/* ---- when nothing is left ---------------------------------------------------------------------- */

static char *next_after_success(const struct grade *grade, char **command)
{
    g_autofree char *bonus = NULL;
    if (grade->partial) {
        *command = report_make_command(grade, "grade", "");
        return g_strdup("what was asked for passed. Grade the whole:");
    }
    const struct collected_file *file = NULL;
    const struct check_result *more = find_unwritten(grade, true, &file);
    if (more && file && file->todo_line > 0) {
        g_autofree char *path = path_of(grade, file);
        bonus = g_strdup_printf(" The bonus goes on in %s, line %d.", path, file->todo_line);
    }
    *command = report_make_command(grade, "submission", "");
    return g_strdup_printf("nothing is left to mend.%s Pack what you hand in:", bonus ? bonus : "");
}

char *report_next(const struct grade *grade, char **command)
{
    char *next = next_to_mend(grade, command);
    next = next ? next : next_to_write(grade, false, command);
    next = next ? next : next_to_judge(grade, command);
    if (!next && grade->partial)
        next = next_to_write(grade, true, command);
    return next ? next : next_after_success(grade, command);
}
