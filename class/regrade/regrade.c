/*
 * class regrade --out OUT (--student ID | --all) [--assignment NAME] [--accept] [--year NUMBER] [--kit FOLDER]
 *               [--build-folder FOLDER]
 *
 * Grades what was graded once more, now, beside the grade that is there, and says what ran then and now, which verdicts differ
 * and why that may be: on the terminal and in students/ID/regrade-ASSIGNMENT.md. The grade that is there stays, but with --accept.
 *
 * Exit status: 0 no verdict differs; 3 some do; 1 it could not be graded again, as the message says; 2 wrong usage.
 */
#include "class/regrade/regrade.h"

#include "class/engines/job.h"
#include "class/regrade/regrade_report.h"
#include "class/regrade/regrade_run.h"
#include "class/students/class.h"
#include "class/students/records.h"

#include <stdio.h>
#include <string.h>

#define SECONDS_TO_WAIT 600 /* for whoever grades the same at the moment */

struct asked {
    char *out, *student, *assignment, *kit, *build_folder;
    int year;
    gboolean all, accept;
    char *self;
};

/* ---- one grade ------------------------------------------------------------------------------------------------- */

/* Writes and prints what was found; puts the new grade in place if that is asked for. */
static int tell(const struct asked *asked, const struct student *student, const struct graded *then,
                const struct graded *now, GString *error)
{
    struct regrade_comparison *comparison = regrade_compare(then, now);
    const int status = comparison->verdicts > 0 ? REGRADE_DIFFERS : COMMAND_DONE;
    const bool accepted = asked->accept && regrade_accept(student, then, now, error);
    g_autofree char *name = g_strdup_printf("regrade-%s.md", then->assignment),
                    *path = g_build_filename(student->folder, name, NULL),
                    *markdown = regrade_markdown(student, then, comparison, accepted),
                    *text = regrade_text(student, then, comparison),
                    *summary = regrade_summary(comparison);
    const bool written = record_write_text(path, markdown, -1, error);
    if (asked->all)
        printf("%s, %s: %s\n", student->id, then->assignment, summary);
    else
        printf("%sThis is also in %s.%s\n", text, path,
               accepted ? " The new grade is in place of the old one: make the tables anew." : "");
    fflush(stdout);
    regrade_comparison_free(comparison);
    return written && accepted == asked->accept ? status : COMMAND_FAILED;
}

/* With the lock. */
static int regrade_locked(const struct asked *asked, const struct student *student,
                          const char *assignment, GString *error)
{
    const struct regrade_how how = {.kit = asked->kit,
                                    .build_folder = asked->build_folder,
                                    .year = asked->year,
                                    .self = asked->self};
    struct graded *then = graded_read(student, assignment, error), *now = NULL;
    int status = COMMAND_FAILED;
    if (!then && error->len == 0)
        g_string_append(error, "the grade is gone\n");
    if (then && regrade_run(student, assignment, &how, &now, error))
        status = tell(asked, student, then, now, error);
    graded_free(now);
    graded_free(then);
    regrade_clear(student, assignment, error);
    return status;
}

static int regrade(const struct asked *asked, const struct student *student, const char *assignment)
{
    g_autoptr(GString) error = g_string_new(NULL);
    int status = COMMAND_FAILED;
    const int lock = job_lock(student, assignment, SECONDS_TO_WAIT, error);
    if (lock < 0 && error->len == 0)
        g_string_append(error, "somebody grades it at the moment: try again later\n");
    if (lock >= 0) {
        status = regrade_locked(asked, student, assignment, error);
        job_unlock(student, assignment, lock);
    }
    if (error->len > 0)
        fprintf(stderr, "class regrade: %s, %s: %s", student->id, assignment, error->str);
    return status;
}

/* ---- the class -------------------------------------------------------------------------------------------------- */

/* What went wrong counts before what differs. */
static int worse(int status, int other)
{
    return status == COMMAND_FAILED || other == COMMAND_FAILED ? COMMAND_FAILED
                                                               : MAX(status, other);
}

static bool is_graded(const struct student *student, const char *assignment)
{
    g_autofree char *folder = g_build_filename(student->folder, assignment, NULL);
    return g_file_test(folder, G_FILE_TEST_IS_DIR);
}

static int regrade_all(const struct asked *asked, const struct class *class, GString *error)
{
    GPtrArray *students = students_read(asked->out, error);
    int status = students ? COMMAND_DONE : COMMAND_FAILED, all = 0, differ = 0;
    for (guint i = 0; students && i < students->len; i++)
        for (guint k = 0; k < class->assignments->len; k++) {
            const char *assignment = class->assignments->pdata[k];
            if (!is_graded(students->pdata[i], assignment) ||
                (asked->assignment && strcmp(asked->assignment, assignment) != 0))
                continue;
            const int own = regrade(asked, students->pdata[i], assignment);
            status = worse(status, own);
            differ += own == REGRADE_DIFFERS;
            all++;
        }
    printf("%d of %d grades differ\n", differ, all);
    if (students)
        g_ptr_array_unref(students);
    return status;
}

static int regrade_one(const struct asked *asked, const struct class *class, GString *error)
{
    struct student *student = student_read(asked->out, asked->student, error);
    int status = student ? COMMAND_DONE : COMMAND_FAILED, graded = 0;
    for (guint k = 0; student && k < class->assignments->len; k++) {
        const char *assignment = class->assignments->pdata[k];
        if (!is_graded(student, assignment) ||
            (asked->assignment && strcmp(asked->assignment, assignment) != 0))
            continue;
        status = worse(status, regrade(asked, student, assignment));
        graded++;
    }
    if (student && graded == 0) {
        g_string_append_printf(error, "%s was not graded yet: make class does that\n", student->id);
        status = COMMAND_FAILED;
    }
    student_free(student);
    return status;
}

static int regrade_class(const struct asked *asked, GString *error)
{
    struct class *class = class_read(asked->out, error);
    int status = COMMAND_FAILED;
    if (class && asked->assignment &&
        !g_ptr_array_find_with_equal_func(class->assignments, asked->assignment, g_str_equal, NULL))
        g_string_append_printf(error, "this class has no assignment \"%s\"\n", asked->assignment);
    else if (class)
        status = asked->all ? regrade_all(asked, class, error) : regrade_one(asked, class, error);
    class_free(class);
    return status;
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static bool parse(struct asked *asked, int *argc, char ***argv, GString *error)
{
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &asked->out, "the folder of the class", "FOLDER"},
        {"student", 's', 0, G_OPTION_ARG_STRING, &asked->student, "whose work", "ID"},
        {"all", 0, 0, G_OPTION_ARG_NONE, &asked->all, "everybody's: a line for each", NULL},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &asked->assignment, "which (all)", "NAME"},
        {"accept", 0, 0, G_OPTION_ARG_NONE, &asked->accept,
         "put the new grade in the place of the old one", NULL},
        {"year", 0, 0, G_OPTION_ARG_INT, &asked->year, "whose cases are drawn", "NUMBER"},
        {"kit", 0, 0, G_OPTION_ARG_FILENAME, &asked->kit, "the kit's folder (.)", "FOLDER"},
        {"build-folder", 0, 0, G_OPTION_ARG_FILENAME, &asked->build_folder,
         "where it was built (build)", "FOLDER"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- grades once more, and compares");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &wrong))
        g_string_append(error, wrong->message);
    else if (!asked->out || !*asked->out)
        g_string_append(error, "which class? --out FOLDER (make regrade OUT=FOLDER)");
    else if (asked->all == (asked->student != NULL))
        g_string_append(error, "whose work? --student ID (make regrade ID=…), or --all");
    else if (asked->student && !student_is_id(asked->student))
        g_string_append(error, "that is no ID of a student");
    else if (asked->year < 0)
        g_string_append(error, "a year is a number above 0");
    if (!asked->kit)
        asked->kit = g_strdup(".");
    if (!asked->build_folder)
        asked->build_folder = g_strdup("build");
    return error->len == 0;
}

int regrade_command(int argc, char **argv)
{
    struct asked asked = {.self = g_file_read_link("/proc/self/exe", NULL)};
    g_autoptr(GString) error = g_string_new(NULL);
    int status = COMMAND_USAGE;
    if (parse(&asked, &argc, &argv, error))
        status = regrade_class(&asked, error);
    if (error->len > 0)
        fprintf(stderr, "class regrade: %s%s", error->str,
                g_str_has_suffix(error->str, "\n") ? "" : "\n");
    char *const texts[] = {asked.out, asked.student,      asked.assignment,
                           asked.kit, asked.build_folder, asked.self};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    return status;
}
