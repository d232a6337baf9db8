/* class jobs: what is to do, after tidying up behind those that were killed; see engines.h. */
#include "class/engines/engines.h"
#include "class/engines/job.h"
#include "class/students/class.h"
#include "grader/workplace/workplace.h"

#include <stdio.h>

/* Each grader does that when it begins; what outlived a killed one for a moment then may still have held its folder, and the
 * last grader of a class has no other behind it. */
static void sweep_work(void)
{
    const char *named = g_getenv("TMPDIR");
    workplace_sweep(named && *named ? named : "/tmp");
}

static void list(const struct class *class, const GPtrArray *students, int most, GString *error)
{
    for (guint i = 0; i < students->len; i++)
        job_sweep(students->pdata[i], error);
    for (guint j = 0; j < class->assignments->len; j++)
        for (guint i = 0; i < students->len; i++) {
            const struct student *student = students->pdata[i];
            if (job_is_to_do(student, class->assignments->pdata[j], most))
                printf("%s %s\n", student->id, (char *)class->assignments->pdata[j]);
        }
}

/* They stand in a list with blanks, and become names of folders. */
static bool are_plain(const struct class *class, GString *error)
{
    for (guint i = 0; i < class->assignments->len; i++)
        if (!student_is_id(class->assignments->pdata[i])) {
            g_string_append(error, "class.json: an assignment has a name that none can have\n");
            return false;
        }
    return true;
}

int job_list_command(int argc, char **argv)
{
    g_autofree char *out = NULL;
    int most = 0;
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "the folder of the class", "FOLDER"},
        {"attempts", 0, 0, G_OPTION_ARG_INT, &most,
         "leave out what was tried so often already; 0: nothing (0)", "NUMBER"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("- lists what is to be graded: ID ASSIGNMENT");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &wrong) || !out || argc > 1 || most < 0) {
        fprintf(stderr, "class jobs: %s\n", wrong ? wrong->message : "which class? --out FOLDER");
        return COMMAND_USAGE;
    }
    g_autoptr(GString) error = g_string_new(NULL);
    struct class *class = class_read(out, error);
    GPtrArray *students = class && are_plain(class, error) ? students_read(out, error) : NULL;
    const bool listed = students != NULL;
    if (students) {
        sweep_work();
        list(class, students, most, error);
        g_ptr_array_unref(students);
    }
    class_free(class);
    fputs(error->str, stderr);
    return listed && fflush(stdout) == 0 && !ferror(stdout) ? COMMAND_DONE : COMMAND_FAILED;
}
