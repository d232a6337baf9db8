/* Tests of what a probe wrote: read with distrust. */
#include "common/base/unreadable.h"
#include "grader/evidence/probe_file.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <limits.h>
#include <sys/resource.h>

static struct logged_run *run;

static void setup(void)
{
    run = logged_run_new(1);
}

static void teardown(void)
{
    logged_run_free(run);
}

static void write_file(const char *content)
{
    g_autofree char *path = g_build_filename(run->folder, "probe.json", NULL);
    ck_assert(g_file_set_contents(path, content, -1, NULL));
}

static void expect_refused(const char *says)
{
    struct verdict *verdict = verdict_new();
    ck_assert_ptr_null(probe_file_read(&run->outcome, "probe.json", 2, verdict));
    logged_run_expect(verdict, VERDICT_FAIL, says);
}

START_TEST(long_enough_arrays_are_read)
{
    struct verdict *verdict = verdict_new();
    verdict_set(verdict, VERDICT_PASS, "fine");
    write_file("[1, 2, 3]");
    json_t *root = probe_file_read(&run->outcome, "probe.json", 2, verdict);
    ck_assert_uint_eq(json_array_size(root), 3);
    json_decref(root);
    logged_run_expect(verdict, VERDICT_PASS, "fine");
}
END_TEST

static const struct {
    const char *content, *says;
} unusable[] = {
    {"", "the probe left no usable probe.json: "},
    {"[1, 2", "the probe left no usable probe.json: "},
    {"[{\"a\": 1, \"a\": 2}, 1]", "duplicate"},
    {"{}", "probe.json is not an array of at least 2 results"},
    {"[1]", "probe.json is not an array of at least 2 results"},
};

START_TEST(others_are_refused)
{
    write_file(unusable[_i].content);
    expect_refused(unusable[_i].says);
}
END_TEST

START_TEST(a_missing_file_is_refused)
{
    expect_refused("the probe left no usable probe.json: ");
}
END_TEST

/* Nobody but the machine can bring it about that a file which is there can't be opened. */
START_TEST(what_the_machine_can_not_read_is_told_apart)
{
    unreadable_forget();
    write_file("[1]");
    expect_refused("is not an array of at least"); /* read, and too short */
    ck_assert_ptr_null(unreadable_first());
    struct rlimit before, none;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct verdict *verdict = verdict_new();
    ck_assert_ptr_null(probe_file_read(&run->outcome, "probe.json", 2, verdict));
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    logged_run_expect(verdict, VERDICT_FAIL, "the probe left no usable probe.json: ");
    ck_assert_ptr_nonnull(unreadable_first());
    ck_assert_ptr_nonnull(
        strstr(unreadable_first(), "probe.json can't be read: Too many open files"));
}
END_TEST

START_TEST(that_a_file_is_missing_is_no_fault_of_the_machine)
{
    unreadable_forget();
    expect_refused("the probe left no usable probe.json: ");
    ck_assert_ptr_null(unreadable_first());
}
END_TEST

/* Parsed, 64 MiB would take gigabytes. */
START_TEST(a_huge_file_is_not_parsed)
{
    GString *json = g_string_new("[[]");
    while (json->len < 5 << 20)
        g_string_append(json, ",[]");
    g_string_append(json, "]");
    write_file(json->str);
    expect_refused("larger than 4 MiB");
    g_string_free(json, TRUE);
}
END_TEST

/* probe_file_entry: of whole numbers all but -1 can be used. */
static bool read_number(const json_t *entry, void *result)
{
    int *number = result;
    *number = (int)json_integer_value(entry);
    return *number != -1;
}

START_TEST(entries_are_read_up_to_the_first_unusable_one)
{
    struct verdict *verdict = verdict_new();
    json_t *usable = json_pack("[i, i, i]", 3, 1, 2), *broken = json_pack("[i, i, i]", 3, -1, 2);
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(int));
    verdict_set(verdict, VERDICT_PASS, "fine");
    ck_assert(probe_file_results(usable, "probe.json", read_number, numbers, verdict));
    ck_assert_uint_eq(numbers->len, 3);
    ck_assert_int_eq(g_array_index(numbers, int, 0), 3);
    ck_assert_int_eq(g_array_index(numbers, int, 2), 2);
    ck_assert(!probe_file_results(NULL, "probe.json", read_number, numbers, verdict));
    ck_assert_int_eq(verdict->kind, VERDICT_PASS);
    ck_assert(!probe_file_results(broken, "probe.json", read_number, numbers, verdict));
    g_array_unref(numbers);
    json_decref(usable);
    json_decref(broken);
    logged_run_expect(verdict, VERDICT_FAIL, "result 1 of probe.json is not usable");
}
END_TEST

START_TEST(values_have_their_type)
{
    json_t *entry = json_pack("{s:i, s:I, s:f, s:b, s:b}", "whole", -7, "large",
                              (json_int_t)INT_MAX + 1, "real", 1.5, "yes", 1, "no", 0);
    ck_assert_ptr_nonnull(entry);
    int number = 0;
    ck_assert(probe_file_int(entry, "whole", &number));
    ck_assert_int_eq(number, -7);
    ck_assert(!probe_file_int(entry, "large", &number));
    ck_assert(!probe_file_int(entry, "real", &number));
    ck_assert(!probe_file_int(entry, "yes", &number));
    ck_assert(!probe_file_int(entry, "missing", &number));
    bool truth = false;
    ck_assert(probe_file_bool(entry, "yes", &truth) && truth);
    ck_assert(probe_file_bool(entry, "no", &truth) && !truth);
    ck_assert(!probe_file_bool(entry, "whole", &truth));
    ck_assert(!probe_file_bool(entry, "missing", &truth));
    json_decref(entry);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("probe_file");
    TCase *tests = tcase_create("probe_file");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, long_enough_arrays_are_read);
    tcase_add_loop_test(tests, others_are_refused, 0, G_N_ELEMENTS(unusable));
    tcase_add_test(tests, a_missing_file_is_refused);
    tcase_add_test(tests, what_the_machine_can_not_read_is_told_apart);
    tcase_add_test(tests, that_a_file_is_missing_is_no_fault_of_the_machine);
    tcase_add_test(tests, a_huge_file_is_not_parsed);
    tcase_add_test(tests, entries_are_read_up_to_the_first_unusable_one);
    tcase_add_test(tests, values_have_their_type);
    suite_add_tcase(suite, tests);
    return suite;
}
