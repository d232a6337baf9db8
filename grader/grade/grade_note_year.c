/* Whose sizes the runs have: told with a grade. */
#include "grader/grade/grade_notes.h"
#include "grader/rubric/rubric_cases.h"

/* Does one of its checks run with other sizes than the kit's own? */
static bool sizes_differ(const struct rubric *rubric)
{
    for (guint i = 0; i < rubric->checks->len; i++) {
        g_autofree char *which = rubric_case(RUBRIC_CHECKS(rubric, i));
        if (which)
            return true;
    }
    return false;
}

void grade_note_year(struct grade *grade)
{
    const int year = grade->seeds->secret.year;
    static const char how[] = "A command that repeats a check says which it takes (`CASE=`).";
    if (year != 0 && sizes_differ(grade->rubric))
        grade_note(grade,
                   "Sizes of the runs were drawn for **%d**, and differ from the kit's own. %s",
                   year, how);
    else if (year != 0)
        grade_note(grade, "Seeds were drawn for **%d**.", year);
    else if (sizes_differ(grade->rubric))
        grade_note(grade, "Sizes of the runs are not the kit's own, but those of `CASE`.");
}
