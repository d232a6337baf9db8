/* Times; see times.h. */
#include "class/intake/times.h"

#include <string.h>

#define MOST_DAYS 10000

static const char shape[] =
    "^\\s*(?<date>\\d{4}-\\d\\d-\\d\\d)(?:[T ](?<clock>\\d\\d:\\d\\d)(?<second>:\\d\\d)?"
    "(?:[.,]\\d+)?)?\\s*(?<zone>Z|UTC|[+-]\\d\\d:?\\d\\d)?\\s*$";

static char *local_words(GDateTime *time)
{
    return g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
}

/* A clock that is put back, by an hour or by half of one, shows some times twice: the first or the second of these. */
static GDateTime *of_two(GDateTime *time, const char *words, enum intake_second which)
{
    for (int minutes = 30; minutes <= 60; minutes += 30) {
        const int step = which == INTAKE_LAST ? minutes : -minutes;
        g_autoptr(GDateTime) other = g_date_time_add(time, step * G_TIME_SPAN_MINUTE);
        g_autofree char *shown = local_words(other);
        if (strcmp(shown, words) == 0)
            return g_steal_pointer(&other);
    }
    return g_date_time_ref(time);
}

static bool in_zone(const char *words, GTimeZone *zone, enum intake_second which, gint64 *seconds,
                    GString *error)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(words, zone);
    if (!time) {
        g_string_append_printf(error, "there is no time %s", words);
        return false;
    }
    g_autofree char *shown = local_words(time);
    if (strcmp(shown, words) != 0) {
        g_string_append_printf(error,
                               "there is no time %s in %s: clocks are put forward then; name one "
                               "before or after that",
                               words, g_time_zone_get_identifier(zone));
        return false;
    }
    g_autoptr(GDateTime) chosen = of_two(time, words, which);
    *seconds = g_date_time_to_unix(chosen);
    return true;
}

bool intake_time_parse(const char *text, GTimeZone *zone, enum intake_second which, gint64 *seconds,
                       GString *error)
{
    g_autoptr(GRegex) regex = g_regex_new(shape, 0, 0, NULL);
    g_autoptr(GMatchInfo) found = NULL;
    if (!g_utf8_validate(text, -1, NULL) || !g_regex_match(regex, text, 0, &found)) {
        g_string_append(error, "is no time; write it like 2026-11-20T23:59:00, with the offset of "
                               "its zone or without one");
        return false;
    }
    g_autofree char *date = g_match_info_fetch_named(found, "date");
    g_autofree char *clock = g_match_info_fetch_named(found, "clock");
    g_autofree char *second = g_match_info_fetch_named(found, "second");
    g_autofree char *offset = g_match_info_fetch_named(found, "zone");
    const bool last = which == INTAKE_LAST;
    const bool has_clock = clock && *clock, has_second = second && *second;
    g_autofree char *words = g_strconcat(date, "T",
                                         has_clock ? clock
                                         : last    ? "23:59"
                                                   : "00:00",
                                         has_second ? second
                                         : last     ? ":59"
                                                    : ":00",
                                         NULL);
    if (!offset || !*offset)
        return in_zone(words, zone, which, seconds, error);
    g_autofree char *whole = g_strconcat(words, strcmp(offset, "UTC") == 0 ? "Z" : offset, NULL);
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, NULL);
    if (time)
        *seconds = g_date_time_to_unix(time);
    else
        g_string_append_printf(error, "there is no time %s", whole);
    return time != NULL;
}

char *intake_time_utc(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
    return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("an impossible time");
}

static GDateTime *local(gint64 seconds, GTimeZone *zone)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(seconds);
    return utc ? g_date_time_to_timezone(utc, zone) : NULL;
}

char *intake_time_local(gint64 seconds, GTimeZone *zone)
{
    g_autoptr(GDateTime) time = local(seconds, zone);
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S %Z") : g_strdup("an impossible time");
}

gint64 intake_time_add_days(gint64 seconds, int days, GTimeZone *zone)
{
    g_autoptr(GDateTime) time = local(seconds, zone);
    g_autoptr(GDateTime) later = time ? g_date_time_add_days(time, days) : NULL;
    return later ? g_date_time_to_unix(later) : seconds + (gint64)days * 86400;
}

int intake_days_late(gint64 handed_in, gint64 deadline, GTimeZone *zone)
{
    if (handed_in <= deadline)
        return 0;
    const gint64 about = (handed_in - deadline) / 86400;
    int days = about > MOST_DAYS ? MOST_DAYS : (int)about;
    days = days > 0 ? days - 1 : 0;
    while (days < MOST_DAYS && intake_time_add_days(deadline, days, zone) < handed_in)
        days++;
    return days;
}
