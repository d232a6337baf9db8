/* class show; see show.h. */
#include "class/show/show.h"

#include "class/students/class.h"
#include "class/students/graded.h"

#include <stdio.h>

static void show_grade(const struct student *student, const char *assignment, GString *problems)
{
    struct graded *graded = graded_read(student, assignment, problems);
    if (!graded)
        printf("  %s: not graded\n", assignment);
    else if (graded->has_record)
        printf("  %s: %.2f of %.2f judged points, bonus %.2f%s\n", assignment, graded->got,
               graded->judged, graded->bonus,
               graded->finished ? "" : ", and checks that this machine could not judge");
    else
        printf("  %s: could not be graded (exit status %d)\n", assignment, graded->exit_status);
    graded_free(graded);
}

static void show(const struct student *student, const struct class *class, GString *problems)
{
    printf("%s  %s%s%s\n", student->id, student->name, student->refused ? ": " : "",
           student->refused ? student->refused : "");
    for (guint i = 0; !student->refused && i < class->assignments->len; i++)
        show_grade(student, class->assignments->pdata[i], problems);
}

int show_command(int argc, char **argv)
{
    g_autofree char *out = NULL;
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "the folder of the class", "FOLDER"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- shows a class");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &wrong) || !out) {
        fprintf(stderr, "class show: %s\n", wrong ? wrong->message : "which class? --out FOLDER");
        return COMMAND_USAGE;
    }
    g_autoptr(GString) problems = g_string_new(NULL);
    struct class *class = class_read(out, problems);
    GPtrArray *students = class ? students_read(out, problems) : NULL;
    for (guint i = 0; students && i < students->len; i++)
        show(students->pdata[i], class, problems);
    if (students)
        g_ptr_array_unref(students);
    class_free(class);
    fputs(problems->str, stderr);
    return problems->len > 0 ? COMMAND_FAILED : COMMAND_DONE;
}
