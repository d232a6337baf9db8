/* Rubrics, without a submission; see lint.h. */
#include "grader/lint.h"

#include "grader/rubric/rubric.h"

#include <glib.h>
#include <stdio.h>

/* The course's solutions have every file that is handed in. */
static void lint_solutions(const struct rubric *rubric, const char *path, const char *kit,
                           GString *errors)
{
    for (guint i = 0; i < rubric->files->len; i++) {
        const char *name = RUBRIC_FILES(rubric, i)->name;
        g_autofree char *file = g_build_filename(kit, "solutions", rubric->assignment, name, NULL);
        if (!g_file_test(file, G_FILE_TEST_IS_REGULAR))
            g_string_append_printf(errors,
                                   "%s:%d: file \"%s\": there is no %s: the course's solution has "
                                   "every file that is handed in\n",
                                   path, RUBRIC_FILES(rubric, i)->line, name, file);
    }
}

bool grader_lint(const struct arguments *arguments)
{
    g_autofree char *path = arguments_rubric_path(arguments);
    g_autoptr(GString) errors = g_string_new(NULL);
    struct rubric *rubric =
        grader_has_assignment(arguments, errors) ? rubric_load(path, errors) : NULL;
    if (rubric)
        lint_solutions(rubric, path, arguments->kit, errors);
    if (rubric && arguments->mutants) {
        rubric_lint_mutants(rubric, arguments->mutants, errors);
        rubric_is_covered(rubric, path, arguments->mutants, errors);
    }
    fputs(errors->str, stderr);
    g_autoptr(GString) table = g_string_new(NULL);
    if (rubric && arguments->table)
        rubric_append_table(rubric, table);
    fputs(table->str, stdout);
    if (rubric && errors->len == 0 && !arguments->table)
        printf("%s: %u checks, %.2f points, and %.2f of bonus\n", path, rubric->checks->len,
               rubric_points(rubric), rubric_bonus_points(rubric));
    rubric_free(rubric);
    return errors->len == 0;
}
