/* The policy: the example is right, what is wrong is told with its line, and what late days cost is what arithmetic says. */
#include "class/intake/people.h"
#include "class/intake/policy.h"
#include "class/intake/times.h"
#include "tests/support/test.h"

#include <string.h>
#include <unistd.h>

static char *path_of(const char *name)
{
    const char *folder = g_getenv("TMPDIR");
    return g_strdup_printf("%s/policy-%d-%s", folder ? folder : "/tmp", (int)getpid(), name);
}

static char *written(const char *name, const char *text)
{
    char *path = path_of(name);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static GPtrArray *assignments_of(const char *names)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) words = g_strsplit(names, " ", -1);
    for (int i = 0; words[i]; i++)
        g_ptr_array_add(list, g_strdup(words[i]));
    return list;
}

static struct intake_policy *read_text(const char *text, const char *names, GString *errors)
{
    g_autofree char *path = written("p.cfg", text);
    g_autoptr(GPtrArray) assignments = assignments_of(names);
    struct intake_policy *policy = intake_policy_read(path, assignments, errors);
    unlink(path);
    return policy;
}

START_TEST(the_example_is_right)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    g_autoptr(GPtrArray) other = assignments_of("second"), own = assignments_of("example");
    struct intake_policy *policy = intake_policy_read("class/policy.example.cfg", other, errors);
    ck_assert_msg(policy != NULL, "%s", errors->str);
    ck_assert_str_eq(policy->course, "Model parallelism, autumn 2026");
    ck_assert_int_eq(policy->deadline, 1795215599);
    ck_assert_int_eq(policy->free_days, 5);
    ck_assert_int_eq(policy->hard, 1795215599 + 7 * 86400);
    ck_assert_int_eq(policy->grace_minutes, 10);
    ck_assert_int_eq(policy->group_size, 2);
    ck_assert(!policy->prefers_on_time);
    intake_policy_free(policy);
    policy = intake_policy_read("class/policy.example.cfg", own, errors);
    ck_assert_msg(policy != NULL, "%s", errors->str);
    ck_assert_int_eq(policy->deadline, 1793379659);
    intake_policy_free(policy);
}
END_TEST

START_TEST(late_days_cost_what_they_should)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    struct intake_policy *policy =
        read_text("deadline = \"2026-11-20\"; late = { days = 2; penalty = 0.25; };", "a", errors);
    static const struct {
        int days, used;
        double factor;
    } costs[] = {{0, 0, 1},  {1, 0, 1}, {2, 0, 1},    {3, 0, 0.75}, {5, 0, 0.25}, {6, 0, 0},
                 {99, 0, 0}, {1, 1, 1}, {2, 1, 0.75}, {1, 2, 0.75}, {1, 9, 0.75}, {0, 9, 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(costs); i++)
        ck_assert_double_eq_tol(intake_policy_factor(policy, costs[i].days, costs[i].used),
                                costs[i].factor, 1e-12);
    intake_policy_free(policy);
    policy = read_text("deadline = \"2026-11-20\";", "a", errors);
    ck_assert_double_eq_tol(intake_policy_factor(policy, 0, 0), 1, 1e-12);
    ck_assert_double_eq_tol(intake_policy_factor(policy, 1, 0), 0, 1e-12);
    intake_policy_free(policy);
}
END_TEST

START_TEST(what_is_wrong_is_told_with_its_line)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"dead_line = \"2026-11-20\";", ":1: "},
        {"\ndeadline = \"soon\";", ":2: \"deadline\" = \"soon\": is no time"},
        {"deadline = 5;", "has to be a time in quotes"},
        {"time_zone = \"Mars/Olympus\";", "there is no time zone \"Mars/Olympus\""},
        {"time_zone = \"Europe/Berlin\"; deadline = \"2026-03-29T02:30\";",
         "clocks are put forward"},
        {"late = { penalty = 2; };", "a share of the points"},
        {"late = { days = -1; };", "whole number from 0"},
        {"late = { days = \"five\"; };", "whole number from 0"},
        {"late = { counts = \"best\"; };", "\"newest\" or \"on time\""},
        {"late = 3;", "has to be a group"},
        {"late = { day = 3; };", "days"},
        {"deadline = \"2026-11-20\"; late = { hard = \"2026-11-19\"; };", "before the deadline"},
        {"deadline = \"2026-11-20\"; deadlines = { b = \"2026-11-21\"; };", "different deadlines"},
        {"deadlines = { b = \"2026-11-21\"; };", "different deadlines"},
        {"deadline = ", "syntax error"},
        {"group_size = 1.5;", "whole number"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GString) errors = g_string_new(NULL);
        ck_assert_msg(read_text(wrong[i].text, "a b", errors) == NULL, "%s", wrong[i].text);
        ck_assert_msg(strstr(errors->str, wrong[i].says) != NULL, "%s\n%s", wrong[i].text,
                      errors->str);
    }
}
END_TEST

/* ---- rosters and extensions ------------------------------------------------------------------- */

static struct intake_people *people_of(const char *roster, const char *extensions, GString *errors)
{
    g_autofree char *one = written("roster.csv", roster);
    g_autofree char *other = written("extensions.csv", extensions);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    struct intake_people *people = intake_people_read(one, other, utc, errors);
    unlink(one);
    unlink(other);
    return people;
}

START_TEST(people_are_found_by_all_their_names)
{
    static const struct {
        const char *called, *id;
    } found[] = {{"u1", "u1"},
                 {"U1", "u1"},
                 {"ana@example.org", "u1"},
                 {"ana", "u1"},
                 {"Ana M\u00fcller", "u1"},
                 {"M\u00fcller, Ana", "u1"},
                 {"Muller Ana", "u1"},
                 {"mullerana", "u1"},
                 {"smithbob", "u2"},
                 {"bob_smith", "u2"},
                 {"Wei Wang", NULL},
                 {"u3", "u3"},
                 {"nobody", NULL},
                 {"", NULL}};
    g_autoptr(GString) errors = g_string_new(NULL);
    struct intake_people *people =
        people_of("\xef\xbb\xbfID,Name,Email\r\nu1,\"M\u00fcller, Ana\",ana@example.org\r\n"
                  "u2,Bob Smith,\nu3,Wei Wang,\nu4,Wei Wang,\n",
                  "id,days\nu1,3\n", errors);
    ck_assert_msg(people != NULL, "%s", errors->str);
    for (size_t i = 0; i < G_N_ELEMENTS(found); i++) {
        const struct intake_person *person = intake_people_find(people, found[i].called);
        ck_assert_msg(g_strcmp0(person ? person->id : NULL, found[i].id) == 0, "%s: %s",
                      found[i].called, person ? person->id : "nobody");
    }
    ck_assert_int_eq(intake_people_extension(people, "u1")->days, 3);
    ck_assert_ptr_null(intake_people_extension(people, "u2"));
    intake_people_free(people);
}
END_TEST

START_TEST(wrong_tables_are_told)
{
    static const struct {
        const char *roster, *extensions, *says;
    } wrong[] = {
        {"name\nAna\n", "id\n", "no column \"id\""},
        {"id\nu1\nu1\n", "id\n", "stands there twice"},
        {"id,name\n,Ana\n", "id\n", "row 2 has no id"},
        {"", "id\n", "is empty"},
        {"id\nu1\n", "id,days\nu1,many\n", "whole number of days"},
        {"id\nu1\n", "id,until\nu1,later\n", "is no time"},
        {"id\nu1\n", "id,days\n,1\n", "row 2 has no id"},
        {"id,name\n\"u1,Ana\n", "id\n", "roster.csv"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GString) errors = g_string_new(NULL);
        ck_assert_msg(people_of(wrong[i].roster, wrong[i].extensions, errors) == NULL, "%s",
                      wrong[i].says);
        ck_assert_msg(strstr(errors->str, wrong[i].says) != NULL, "%s: %s", wrong[i].says,
                      errors->str);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("policy");
    TCase *tests = tcase_create("policy");
    tcase_add_test(tests, the_example_is_right);
    tcase_add_test(tests, late_days_cost_what_they_should);
    tcase_add_test(tests, what_is_wrong_is_told_with_its_line);
    tcase_add_test(tests, people_are_found_by_all_their_names);
    tcase_add_test(tests, wrong_tables_are_told);
    suite_add_tcase(suite, tests);
    return suite;
}
