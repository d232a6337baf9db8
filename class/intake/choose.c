/* Which try counts; see choose.h. */
#include "class/intake/choose.h"

#include "class/intake/times.h"
#include "grader/text/text.h"

#include <string.h>

/* What holds for one person or group. */
struct terms {
    const struct intake_policy *policy;
    gint64 deadline; /* with the extension */
    gint64 last;     /* nothing later counts; only with has_last */
    bool has_last;
    int used_days;
};

static void note(struct student *student, char *sentence)
{
    g_ptr_array_add(student->notes, sentence);
}

/* The most that any of the members was granted holds for all of them. */
static struct terms terms_of(const struct intake_handed *handed, const struct intake_policy *policy,
                             const struct intake_people *people, struct student *student)
{
    struct terms terms = {.policy = policy, .deadline = policy->deadline};
    const struct intake_extension *granted = NULL;
    for (guint i = 0; i < handed->members->len; i++) {
        const struct member *member = handed->members->pdata[i];
        const struct intake_extension *extension = intake_people_extension(people, member->id);
        if (!extension)
            continue;
        gint64 until = intake_time_add_days(policy->deadline, extension->days, policy->zone);
        until = extension->has_until ? MAX(until, extension->until) : until;
        terms.used_days = MAX(terms.used_days, extension->used_days);
        if (!policy->has_deadline || until <= terms.deadline)
            continue;
        terms.deadline = until;
        granted = extension;
    }
    terms.has_last = policy->has_hard;
    terms.last = MAX(policy->hard, terms.deadline);
    if (!granted)
        return terms;
    g_autofree char *until = intake_time_local(terms.deadline, policy->zone);
    note(student,
         g_strdup_printf("Has an extension until %s%s%s.", until, granted->reason ? ": " : "",
                         granted->reason ? granted->reason : ""));
    return terms;
}

static int days_late(const struct terms *terms, const struct intake_attempt *attempt)
{
    const gint64 grace = (gint64)terms->policy->grace_minutes * 60;
    if (!terms->policy->has_deadline || !attempt->has_time ||
        attempt->time <= terms->deadline + grace)
        return 0;
    return intake_days_late(attempt->time, terms->deadline, terms->policy->zone);
}

static double factor_of(const struct terms *terms, const struct intake_attempt *attempt)
{
    if (terms->has_last && attempt->has_time &&
        attempt->time > terms->last + (gint64)terms->policy->grace_minutes * 60)
        return 0;
    return intake_policy_factor(terms->policy, days_late(terms, attempt), terms->used_days);
}

static int compare(gint64 a, gint64 b)
{
    return a < b ? -1 : a > b;
}

/* Which is newer? Times of files on a disk are often those of a download: then the number in the name tells more. */
static int newer(const struct intake_attempt *a, const struct intake_attempt *b)
{
    const bool by_files = a->time_from && a->time_from == b->time_from &&
                          strstr(a->time_from, "time of change") != NULL;
    if ((by_files || !a->has_time || !b->has_time) && a->number != b->number)
        return compare(a->number, b->number);
    if (a->has_time && b->has_time && a->time != b->time)
        return compare(a->time, b->time);
    return a->number != b->number ? compare(a->number, b->number) : strcmp(a->shown, b->shown);
}

static bool is_better(const struct terms *terms, const struct intake_attempt *a,
                      const struct intake_attempt *b)
{
    const bool a_in_time = days_late(terms, a) == 0, b_in_time = days_late(terms, b) == 0;
    if (terms->policy->prefers_on_time && a_in_time != b_in_time)
        return a_in_time;
    return newer(a, b) > 0;
}

static void name_others(const struct intake_handed *handed, const struct terms *terms,
                        const struct intake_attempt *chosen, struct student *student)
{
    for (guint i = 0; i < handed->attempts->len; i++) {
        const struct intake_attempt *attempt = handed->attempts->pdata[i];
        if (attempt == chosen)
            continue;
        g_autofree char *shown = text_clean_name(attempt->shown);
        g_autofree char *time =
            attempt->has_time ? intake_time_local(attempt->time, terms->policy->zone) : NULL;
        const bool too_late = !attempt->is_odd && factor_of(terms, attempt) <= 0;
        note(student, g_strdup_printf("\"%s\"%s%s was handed in, too, and does not count: %s.",
                                      shown, time ? " of " : "", time ? time : "",
                                      attempt->is_odd ? "it is no plain file or folder"
                                      : too_late      ? "it came too late"
                                                      : "another one does"));
    }
}

/* several: there are others that came earlier or later. */
static void tell_time(const struct terms *terms, const struct intake_attempt *chosen, bool several,
                      struct student *student)
{
    if (!chosen->has_time)
        return;
    student->handed_in_at = intake_time_utc(chosen->time);
    student->late_days = days_late(terms, chosen);
    student->factor = factor_of(terms, chosen);
    if (!terms->policy->has_deadline)
        return;
    g_autofree char *time = intake_time_local(chosen->time, terms->policy->zone);
    if (student->late_days > 0)
        note(student, g_strdup_printf("Was handed in on %s, %d day%s late: points count %g times.",
                                      time, student->late_days, student->late_days == 1 ? "" : "s",
                                      student->factor));
    if ((several || student->late_days > 0) && strcmp(chosen->time_from, "times.csv") != 0 &&
        strcmp(chosen->time_from, "submission_metadata.yml") != 0)
        note(student, g_strdup_printf("When it was handed in, %s, is known by %s only.", time,
                                      chosen->time_from));
}

static void refuse_late(const struct terms *terms, const struct intake_attempt *newest,
                        struct student *student)
{
    g_autofree char *deadline = intake_time_local(terms->deadline, terms->policy->zone);
    g_autofree char *time = intake_time_local(newest->time, terms->policy->zone);
    student->handed_in_at = intake_time_utc(newest->time);
    student->late_days = days_late(terms, newest);
    student->factor = 0;
    student->refused = g_strdup_printf("it was handed in on %s, too late to count: the deadline "
                                       "was %s; extensions.csv can grant more time",
                                       time, deadline);
}

const struct intake_attempt *intake_choose(const struct intake_handed *handed,
                                           const struct intake_policy *policy,
                                           const struct intake_people *people,
                                           struct student *student)
{
    const struct terms terms = terms_of(handed, policy, people, student);
    const struct intake_attempt *chosen = NULL, *newest = NULL;
    for (guint i = 0; i < handed->attempts->len; i++) {
        const struct intake_attempt *attempt = handed->attempts->pdata[i];
        if (attempt->is_odd)
            continue;
        if (!newest || newer(attempt, newest) > 0)
            newest = attempt;
        if (factor_of(&terms, attempt) > 0 && (!chosen || is_better(&terms, attempt, chosen)))
            chosen = attempt;
    }
    if (chosen)
        tell_time(&terms, chosen, handed->attempts->len > 1, student);
    else if (newest)
        refuse_late(&terms, newest, student);
    else
        student->refused = g_strdup(handed->attempts->len > 0
                                        ? "it is neither a folder nor a file, but a link or "
                                          "something else that is not opened; "
                                          "put the files themselves into the folder of submissions"
                                        : "nothing was handed in");
    if (handed->attempts->len > 0)
        name_others(handed, &terms, chosen ? chosen : newest, student);
    return chosen;
}
