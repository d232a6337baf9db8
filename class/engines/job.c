/* Which jobs are to do; see job.h. */
#include "class/engines/job.h"

enum job_state job_state(const struct student *student, const char *assignment, int *attempt)
{
    if (attempt)
        *attempt = 0;
    if (student->refused || !student->source)
        return JOB_REFUSED;
    g_autoptr(GString) problems = g_string_new(NULL);
    struct graded *graded = graded_read(student, assignment, problems);
    if (!graded)
        return problems->len > 0 ? JOB_UNUSABLE : JOB_TO_DO;
    enum job_state state = graded->finished ? JOB_DONE : JOB_UNFINISHED;
    if (g_strcmp0(graded->handed_in, student->sha256) != 0)
        state = JOB_TO_DO;
    else if (attempt)
        *attempt = graded->attempt;
    graded_free(graded);
    return state;
}

bool job_is_to_do(const struct student *student, const char *assignment, int most)
{
    int attempt;
    switch (job_state(student, assignment, &attempt)) {
    case JOB_TO_DO:
    case JOB_UNUSABLE:
        return true;
    case JOB_UNFINISHED:
        return most == 0 || attempt < most;
    default:
        return false;
    }
}
