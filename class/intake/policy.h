/*
 * What a course decided about deadlines and late work: policy.cfg (libconfig; class/policy.example.cfg has all there is).
 */
#ifndef CLASS_INTAKE_POLICY_H
#define CLASS_INTAKE_POLICY_H

#include <glib.h>
#include <stdbool.h>

struct intake_policy {
    char *course;    /* title, or NULL */
    char *zone_name; /* as it is shown */
    GTimeZone *zone;
    bool has_deadline;
    gint64 deadline;   /* of the assignments that are graded, the last second that is in time */
    int grace_minutes; /* in which nothing is late */
    int free_days;     /* late days of a term that cost nothing */
    double penalty;    /* what each late day beyond them takes off, a share of the points */
    bool has_hard;     /* nothing handed in later counts, extensions aside: */
    gint64 hard;       /* seconds since 1970 */
    bool
        prefers_on_time; /* counts = "on time": the newest in time, and only where there is none the newest late one */
    int group_size; /* members that a group may have; 0: any */
};

/* path NULL: no deadline, Coordinated Universal Time. assignments: those that are graded, of char *. NULL, with all
 * that is wrong in `errors`, a line each ("FILE:LINE: …"). */
struct intake_policy *intake_policy_read(const char *path, const GPtrArray *assignments,
                                         GString *errors);
void intake_policy_free(struct intake_policy *policy);

/* What the points of a submission are multiplied with that is so many days late, of which so many free days were used
 * up before: 0 where it does not count at all. */
double intake_policy_factor(const struct intake_policy *policy, int days_late, int used_before);

#endif
