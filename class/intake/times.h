/*
 * Times as people and systems write them, and how late something is. Inside they are seconds since 1970, in UTC.
 */
#ifndef CLASS_INTAKE_TIMES_H
#define CLASS_INTAKE_TIMES_H

#include <glib.h>
#include <stdbool.h>

/* Which second is meant by a time of day that a change of clocks brings twice, or that is given to the minute? */
enum intake_second { INTAKE_FIRST, INTAKE_LAST };

/* "2026-11-20T23:59:00", "2026-11-20 23:59", with an offset ("+01:00", "Z", "UTC") or without one: then in the zone;
 * "2026-11-20" is the whole day, for INTAKE_LAST its end. False, and a sentence, if it is no time, or one that is left
 * out where clocks are put forward. */
bool intake_time_parse(const char *text, GTimeZone *zone, enum intake_second which, gint64 *seconds,
                       GString *error);

/* ISO 8601 in UTC; a new string. */
char *intake_time_utc(gint64 seconds);
/* "2026-11-20 23:59 CET"; a new string. */
char *intake_time_local(gint64 seconds, GTimeZone *zone);
/* So many days later, at the same time of day in the zone, whatever clocks do in between. */
gint64 intake_time_add_days(gint64 seconds, int days, GTimeZone *zone);
/* Days that were begun after the deadline: 0 up to it, 1 from the first second on. 10,000 at most. */
int intake_days_late(gint64 handed_in, gint64 deadline, GTimeZone *zone);

#endif
