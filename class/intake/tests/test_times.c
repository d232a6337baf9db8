/* Times and late days: what Python's zoneinfo makes of the same words, and what a calendar says. */
#include "class/intake/times.h"
#include "tests/support/test.h"

static GTimeZone *zone(const char *name)
{
    GTimeZone *found = g_time_zone_new_identifier(name);
    ck_assert_msg(found != NULL, "no time zone %s here", name);
    return found;
}

static const struct {
    const char *text, *zone;
    enum intake_second which;
    gint64 seconds;
} times[] = {
    {"2026-11-20T23:59:59", "Europe/Berlin", INTAKE_LAST, 1795215599},
    {"2026-11-20T23:59", "Europe/Berlin", INTAKE_LAST, 1795215599},
    {"2026-11-20 23:59", "Europe/Berlin", INTAKE_FIRST, 1795215540},
    {"2026-11-20", "Europe/Berlin", INTAKE_LAST, 1795215599},
    {"2026-11-20", "Europe/Berlin", INTAKE_FIRST, 1795129200},
    {"2026-07-01 12:00", "Europe/Berlin", INTAKE_FIRST, 1782900000},
    {" 2026-07-01T10:00:00Z ", "Europe/Berlin", INTAKE_FIRST, 1782900000},
    {"2026-07-01 10:00:00.123456 UTC", "Asia/Kolkata", INTAKE_FIRST, 1782900000},
    {"2026-07-01 15:30:00 +05:30", "Europe/Berlin", INTAKE_FIRST, 1782900000},
    {"2026-07-01T03:00:00-0700", "Europe/Berlin", INTAKE_FIRST, 1782900000},
    {"2026-11-20", "America/New_York", INTAKE_LAST, 1795237199},
    {"2026-11-20", "Asia/Kolkata", INTAKE_LAST, 1795199399},
    {"2026-11-20", "Australia/Lord_Howe", INTAKE_LAST, 1795179599},
    {"2026-11-20", "Pacific/Apia", INTAKE_LAST, 1795172399},
    /* Clocks are put back: a time of day comes twice. */
    {"2026-10-25T02:30", "Europe/Berlin", INTAKE_FIRST, 1792888200},
    {"2026-10-25T02:30", "Europe/Berlin", INTAKE_LAST, 1792891859},
    {"2026-10-25T02:30:00+02:00", "Europe/Berlin", INTAKE_LAST, 1792888200},
    /* By half an hour. */
    {"2026-04-05T01:45:00", "Australia/Lord_Howe", INTAKE_FIRST, 1775313900},
    {"2026-04-05T01:45:00", "Australia/Lord_Howe", INTAKE_LAST, 1775315700},
};

START_TEST(times_are_those_of_the_zone)
{
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autoptr(GTimeZone) there = zone(times[i].zone);
        g_autoptr(GString) error = g_string_new(NULL);
        gint64 seconds = 0;
        ck_assert_msg(intake_time_parse(times[i].text, there, times[i].which, &seconds, error),
                      "%s: %s", times[i].text, error->str);
        ck_assert_msg(seconds == times[i].seconds, "%s in %s: %" G_GINT64_FORMAT, times[i].text,
                      times[i].zone, seconds);
    }
}
END_TEST

START_TEST(what_is_no_time_is_told)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {{"", "write it like"},
                 {"tomorrow", "write it like"},
                 {"20.11.2026 23:59", "write it like"},
                 {"2026-13-01", "there is no time"},
                 {"2026-02-29", "there is no time"},
                 {"2026-11-20T25:00", "there is no time"},
                 {"2026-11-20T23:59:59 CET", "write it like"},
                 {"\xff\xfe", "write it like"},
                 {"2026-03-29T02:30", "clocks are put forward"}};
    g_autoptr(GTimeZone) berlin = zone("Europe/Berlin");
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GString) error = g_string_new(NULL);
        gint64 seconds = 0;
        ck_assert_msg(!intake_time_parse(wrong[i].text, berlin, INTAKE_LAST, &seconds, error), "%s",
                      wrong[i].text);
        ck_assert_msg(strstr(error->str, wrong[i].says) != NULL, "%s: %s", wrong[i].text,
                      error->str);
    }
}
END_TEST

START_TEST(days_are_those_of_the_calendar)
{
    static const struct {
        gint64 from;
        int days;
        gint64 to;
    } later[] = {
        {1792857600, 1, 1792947600}, /* 25 hours: clocks are put back that night */
        {1774717200, 1, 1774800000}, /* 23 hours */
        {1774661400, 1, 1774746000}, /* 2:30 is left out: the first moment after that, 3:00 */
        {1774661400, 2, 1774830600}, {1795215599, 0, 1795215599}, {1795215599, 1, 1795301999},
    };
    g_autoptr(GTimeZone) berlin = zone("Europe/Berlin");
    for (size_t i = 0; i < G_N_ELEMENTS(later); i++)
        ck_assert_int_eq(intake_time_add_days(later[i].from, later[i].days, berlin), later[i].to);
}
END_TEST

START_TEST(every_begun_day_is_late)
{
    g_autoptr(GTimeZone) berlin = zone("Europe/Berlin");
    const gint64 deadline = 1792857600; /* the day before clocks are put back */
    static const struct {
        gint64 after;
        int days;
    } late[] = {{-1, 0},
                {0, 0},
                {1, 1},
                {90000, 1},
                {90001, 2},
                {90000 + 86400, 2},
                {90001 + 86400, 3},
                {90000 + 29 * 86400, 30},
                {90001 + 29 * 86400, 31}};
    for (size_t i = 0; i < G_N_ELEMENTS(late); i++)
        ck_assert_msg(intake_days_late(deadline + late[i].after, deadline, berlin) == late[i].days,
                      "%d s: %d days", (int)late[i].after,
                      intake_days_late(deadline + late[i].after, deadline, berlin));
    ck_assert_int_eq(intake_days_late(G_MAXINT32 * (gint64)1000, 0, berlin), 10000);
}
END_TEST

START_TEST(times_are_shown_in_both_zones)
{
    g_autoptr(GTimeZone) berlin = zone("Europe/Berlin");
    g_autofree char *utc = intake_time_utc(1795215599);
    g_autofree char *local = intake_time_local(1795215599, berlin);
    ck_assert_str_eq(utc, "2026-11-20T22:59:59Z");
    ck_assert_str_eq(local, "2026-11-20 23:59:59 CET");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("times");
    TCase *tests = tcase_create("times");
    tcase_add_test(tests, times_are_those_of_the_zone);
    tcase_add_test(tests, what_is_no_time_is_told);
    tcase_add_test(tests, days_are_those_of_the_calendar);
    tcase_add_test(tests, every_begun_day_is_late);
    tcase_add_test(tests, times_are_shown_in_both_zones);
    suite_add_tcase(suite, tests);
    return suite;
}
