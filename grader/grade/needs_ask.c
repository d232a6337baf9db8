/*
 * Looking at what is needed: a grade of another assignment's checks, in a folder of its own, of the files that
 * were collected for this one; and the submission built with the course's files.
 */
#include "grader/grade/needs_parts.h"

#include "grader/rubric/rubric_cases.h"
#include "grader/sandbox/sandbox.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* ---- a grade within the grade ---------------------------------------------------------------------- */

static void free_asked(void *pointer)
{
    struct needs_asked *asked = pointer;
    grade_clear(&asked->grade);
    seeds_clear(&asked->seeds);
    build_free(asked->build);
    collection_free(asked->collection);
    g_free(asked->folder);
    g_free(asked->to_run);
    rubric_free(asked->rubric);
    g_free(asked->assignment);
    g_free(asked);
}

/* What was to be run and has no verdict was not judged. */
static void leave(struct needs_asked *asked, enum culprit culprit, const char *why)
{
    g_auto(GStrv) names = g_strsplit(asked->to_run, ",", -1);
    for (guint i = 0; i < asked->grade.results->len; i++) {
        struct check_result *result = GRADE_RESULTS(&asked->grade, i);
        if (result->done || !g_strv_contains((const char *const *)names, result->check->name))
            continue;
        verdict_not_judged(result->verdict, culprit, "%s", why);
        result->done = true;
    }
}

/* The file of the used assignment as it was collected for the graded one. */
static const struct collected_file *collected_of(const struct grade *grade, const char *assignment,
                                                 const char *name)
{
    g_autofree char *path = g_build_filename(assignment, name, NULL);
    return collection_find(grade->collection, path);
}

/* What needs no run to be known: a file is missing, or has its TODO. */
static bool is_unwritten(const struct grade *grade, const char *assignment,
                         struct check_result *result)
{
    for (guint i = 0; i < result->check->files->len; i++) {
        const struct collected_file *file =
            collected_of(grade, assignment, result->check->files->pdata[i]);
        if (!file || (!file->trouble && file->todo_line == 0))
            continue;
        if (file->trouble)
            verdict_set(result->verdict, VERDICT_FAIL, "%s", file->trouble);
        else
            verdict_set(result->verdict, VERDICT_FAIL, "%s:%d is still to be written",
                        file->file->name, file->todo_line);
        result->verdict->basis = BASIS_UNWRITTEN;
        result->done = true;
        return true;
    }
    return false;
}

/* "a,b": those of the names that have to be run. A new string; NULL: none. */
static char *names_to_run(const struct grade *grade, struct needs_asked *asked,
                          const GPtrArray *names)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < asked->grade.results->len; i++) {
        struct check_result *result = GRADE_RESULTS(&asked->grade, i);
        if (g_ptr_array_find_with_equal_func((GPtrArray *)names, result->check->name, g_str_equal,
                                             NULL) &&
            !is_unwritten(grade, asked->assignment, result))
            g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "", result->check->name);
    }
    return g_string_free(text, text->len == 0);
}

static bool make_folder(const char *path, GString *error)
{
    if (g_mkdir_with_parents(path, 0711) == 0)
        return true;
    g_string_append_printf(error, "%s: %s", path, g_strerror(errno));
    return false;
}

/* In a year the sizes of what is needed are that year's, too. */
static void draw(struct needs_asked *asked)
{
    const struct secret *secret = &asked->seeds.secret;
    if (secret->year != 0)
        rubric_draw(asked->rubric, secret->bytes, secret->length);
}

/* Collects and builds, as for a grade of that assignment. The files are those that were collected already. */
static bool prepare(struct needs_asked *asked, const struct grade *grade,
                    const struct needs_how *how, GString *error)
{
    g_autofree char *evidence = g_build_filename(asked->folder, "evidence", NULL);
    g_autofree char *files = g_build_filename(asked->folder, "submission", NULL);
    if (!make_folder(asked->folder, error) || !make_folder(evidence, error))
        return false;
    asked->collection = collection_new(grade->collection->folder, asked->rubric, files, error);
    if (!asked->collection)
        return false;
    const struct build_again again = {.folder = asked->folder, .from = grade->build};
    asked->build = build_submission_again(asked->collection, asked->rubric, grade->build->workplace,
                                          &again, error);
    if (!asked->build ||
        !seeds_init(&asked->seeds, asked->collection, how->secret, how->year, how->seed, error))
        return false;
    draw(asked);
    return true;
}

bool needs_prepare(struct needs *needs, const struct grade *grade, const struct needs_how *how,
                   const char *assignment, const GPtrArray *names)
{
    struct needs_asked *asked = g_new0(struct needs_asked, 1);
    g_autoptr(GString) error = g_string_new(NULL);
    g_autofree char *path =
        g_build_filename(grade->runner->kit, "assignments", assignment, "rubric.cfg", NULL);
    g_ptr_array_add(needs->asked, asked);
    asked->assignment = g_strdup(assignment);
    asked->folder = g_strdup_printf("%s/%s", needs->folder, assignment);
    asked->rubric = rubric_load(path, error);
    asked->grade = (struct grade){.rubric = asked->rubric, .is_needed = true};
    if (!asked->rubric) { /* then the kit's lint fails: nothing was asked */
        g_ptr_array_remove(needs->asked, asked);
        return false;
    }
    grade_init(&asked->grade);
    asked->to_run = names_to_run(grade, asked, names);
    if (!asked->to_run || prepare(asked, grade, how, error))
        return asked->to_run;
    leave(asked, CULPRIT_MACHINE, error->str);
    g_clear_pointer(&asked->to_run, g_free);
    return false;
}

void needs_run(struct needs_asked *asked, const struct grade *grade, const struct needs_how *how)
{
    struct grade *own = &asked->grade;
    if (!asked->to_run)
        return;
    asked->runner = (struct runner){.assignment = asked->assignment,
                                    .submission = grade->runner->submission,
                                    .kit = grade->runner->kit,
                                    .work = asked->folder,
                                    .build = asked->build,
                                    .data = &asked->data};
    own->collection = asked->collection;
    own->build = asked->build;
    own->seeds = &asked->seeds;
    own->runner = &asked->runner;
    own->before = grade->build->child.pid > 0 ? grade->build : NULL;
    runner_data_find(&asked->data, asked->rubric, asked->folder);
    grade_run(own, asked->to_run, how->jobs, how->quiet, how->interrupted);
    runner_data_clear(&asked->data);
    leave(asked, CULPRIT_UNKNOWN, "it was broken off");
}

/* ---- the submission with the course's files --------------------------------------------------------- */

static bool is_built_with(const struct build *build, const GPtrArray *course)
{
    const GPtrArray *its = build_course(build);
    bool same = its->len == course->len;
    for (guint i = 0; i < course->len; i++)
        same = same && g_ptr_array_find_with_equal_func((GPtrArray *)its, course->pdata[i],
                                                        g_str_equal, NULL);
    return same;
}

struct build *needs_build(struct needs *needs, const struct grade *grade, const GPtrArray *course,
                          GString *error)
{
    for (guint i = 0; i < needs->builds->len; i++)
        if (is_built_with(needs->builds->pdata[i], course))
            return needs->builds->pdata[i];
    g_autofree char *folder = g_strdup_printf("%s/course-%u", needs->folder, needs->builds->len);
    const struct build_again again = {folder, course, grade->build};
    struct build *build = make_folder(folder, error)
                              ? build_submission_again(grade->collection, grade->rubric,
                                                       grade->build->workplace, &again, error)
                              : NULL;
    if (build)
        g_ptr_array_add(needs->builds, build);
    return build;
}

/* ---- in and out --------------------------------------------------------------------------------------- */

static void free_build(void *build)
{
    build_free(build);
}

struct needs *needs_new(const char *work)
{
    struct needs *needs = g_new0(struct needs, 1);
    needs->folder = g_build_filename(work, NEEDS_FOLDER, NULL);
    needs->asked = g_ptr_array_new_with_free_func(free_asked);
    needs->builds = g_ptr_array_new_with_free_func(free_build);
    return needs;
}

void needs_free(struct needs *needs)
{
    if (!needs)
        return;
    g_ptr_array_free(needs->asked, TRUE);
    g_ptr_array_free(needs->builds, TRUE);
    g_free(needs->folder);
    g_free(needs);
}
