/* class graded: how far it is; see engines.h. */
#include "class/engines/engines.h"
#include "class/engines/job.h"
#include "class/students/class.h"

#include <stdio.h>

struct counts {
    int refused, to_do, unfinished, done, other_kit;
    double processor_seconds;
    const char *last_kit;
};

static void count_grade(const struct student *student, const char *assignment,
                        struct counts *counts)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    struct graded *graded = graded_read(student, assignment, problems);
    if (!graded)
        return;
    counts->processor_seconds += graded->processor_seconds;
    const char *kit = g_intern_string(graded->kit ? graded->kit : "unknown");
    counts->other_kit += counts->last_kit && counts->last_kit != kit;
    counts->last_kit = kit;
    graded_free(graded);
}

static void count(const struct student *student, const char *assignment, struct counts *counts)
{
    switch (job_state(student, assignment, NULL)) {
    case JOB_REFUSED:
        counts->refused++;
        return;
    case JOB_TO_DO:
    case JOB_UNUSABLE:
        counts->to_do++;
        return;
    case JOB_UNFINISHED:
        counts->unfinished++;
        break;
    case JOB_DONE:
        counts->done++;
        break;
    }
    count_grade(student, assignment, counts);
}

static void say_unfinished(const struct class *class, const GPtrArray *students)
{
    for (guint i = 0; i < students->len; i++)
        for (guint j = 0; j < class->assignments->len; j++) {
            const struct student *student = students->pdata[i];
            const char *assignment = class->assignments->pdata[j];
            g_autoptr(GString) problems = g_string_new(NULL);
            struct graded *graded = graded_read(student, assignment, problems);
            if (graded && !graded->finished)
                printf("  %s %s (%s): %s\n", student->id, assignment, graded->machine,
                       graded->words && *graded->words ? graded->words : "the grader said nothing");
            graded_free(graded);
        }
}

/* Is all done? */
static bool say(const struct class *class, const GPtrArray *students)
{
    struct counts counts = {0};
    for (guint i = 0; i < students->len; i++)
        for (guint j = 0; j < class->assignments->len; j++)
            count(students->pdata[i], class->assignments->pdata[j], &counts);
    printf("%u students, %u assignment%s: %d graded", students->len, class->assignments->len,
           class->assignments->len == 1 ? "" : "s", counts.done);
    if (counts.unfinished > 0)
        printf(", %d not judged, or not all of it", counts.unfinished);
    if (counts.to_do > 0)
        printf(", %d still to do", counts.to_do);
    if (counts.refused > 0)
        printf(", %d with nothing that can be graded", counts.refused);
    printf("; %.0f s of processor time\n", counts.processor_seconds);
    if (counts.other_kit > 0)
        puts("not all were graded by the same kit: grades.csv says which");
    if (counts.unfinished > 0) {
        puts("not judged, which is no fault of theirs (mend that and call make class again):");
        say_unfinished(class, students);
    }
    return counts.unfinished == 0 && counts.to_do == 0;
}

int job_count_command(int argc, char **argv)
{
    g_autofree char *out = NULL;
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "the folder of the class", "FOLDER"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- says how far grading is");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &wrong) || !out || argc > 1) {
        fprintf(stderr, "class graded: %s\n", wrong ? wrong->message : "which class? --out FOLDER");
        return COMMAND_USAGE;
    }
    g_autoptr(GString) error = g_string_new(NULL);
    struct class *class = class_read(out, error);
    GPtrArray *students = class ? students_read(out, error) : NULL;
    bool all_done = false;
    if (students) {
        all_done = say(class, students);
        g_ptr_array_unref(students);
    }
    class_free(class);
    fputs(error->str, stderr);
    return all_done ? COMMAND_DONE : COMMAND_FAILED;
}
