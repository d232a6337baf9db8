/*
 * Tests of a simulated cluster that charges work by rates: a platform made by hand, with
 * round numbers, and times worked out from them. Without SimGrid nothing is tested.
 */
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static char *program, *folder;
static struct test_run run; /* the last one */

/* Three ranks on two cores of 1 GFLOP/s; seconds per operation are as many powers of ten. */
static const char *const good_rates[] = {
    "fill_rows 0 1 1  1e-6 1e-6",
    "matrix_product_nt 0 1 1 1  1e-5 1e-5",
    "matrix_product_nn 0 1 1 1  1e-4 1e-4",
    "matrix_product_tn 0 1 1 1  1e-3 1e-3",
    "add_column_sums 0 1 1  1e-2 1e-2",
    "zero_gradients 0 1  1e-1 1e-1",
    "layer_call 0 1 1  10 10",
    "stage_call 0 1  1000 1000",
};
enum { RATES = sizeof good_rates / sizeof *good_rates };

static void write_platform(const char *const rates[RATES], const char *count,
                           const char *other_property)
{
    g_autofree char *path = g_strdup_printf("%s/made.xml", folder);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file,
            "<?xml version='1.0'?>\n"
            "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
            "<platform version=\"4.1\">\n"
            "<cluster id=\"made\" prefix=\"host-\" suffix=\"\" radical=\"0-3\" speed=\"1Gf\" "
            "bw=\"1EBps\" lat=\"0s\">\n"
            "%s<prop id=\"rates\" value=\"%s\"/>\n",
            other_property, count);
    for (int i = 0; i < RATES; i++)
        if (rates[i] != NULL)
            fprintf(file, "<prop id=\"rate-%d\" value=\"%s\"/>\n", i + 1, rates[i]);
    fputs("</cluster>\n</platform>\n", file);
    ck_assert_int_eq(fclose(file), 0);
}

static const char two_cores[] = "<prop id=\"cores\" value=\"2\"/>\n";

static void simulate(int ranks, const char *arguments)
{
    test_run_clear(&run);
    run =
        test_run_command("tools/simulate %d %s/made.xml %s %s", ranks, folder, program, arguments);
}

/* When a rank ended, in seconds. */
static double end_of(int rank)
{
    g_autofree char *text = g_strdup_printf("rank %d ends at ", rank);
    unsigned long nanoseconds = 0;
    const char *line = strstr(run.output, text);
    ck_assert_msg(run.status == 0 && line != NULL &&
                      sscanf(line + strlen(text), "%lu", &nanoseconds) == 1,
                  "%s", run.output);
    return 1e-9 * (double)nanoseconds;
}

/* 8 samples from 16 to 4: 512 multiplications in each product, 68 parameters. The flatten has
 * three calls, too, and so have two layers. */
START_TEST(a_step_takes_what_its_work_takes)
{
    static const char *const what[] = {"linear", "linear-on-meta"};
    write_platform(good_rates, "8", two_cores);
    simulate(1, what[_i]);
    const double expected = 8 * 4 * 1e-6 + 512 * (1e-5 + 1e-4 + 1e-3) + 8 * 4 * 1e-2 + 68 * 1e-1 +
                            2 * 3 * 10 + 2 * 1000;
    ck_assert_double_eq_tol(end_of(0), expected, 1e-8);
}
END_TEST

/* … at the platform's speed, beside what the call takes. */
START_TEST(other_layers_take_the_time_of_their_operations)
{
    write_platform(good_rates, "8", two_cores);
    simulate(1, "foreign-layer");
    ck_assert_double_eq_tol(end_of(0), 10 + 3, 1e-8);
}
END_TEST

/* Two cores. Each rank: seconds alone, seconds together; and when it must end. */
static const struct {
    int ranks;
    const char *seconds;
    double end[3];
} shared[] = {
    {1, "3 5", {3}},
    /* Rank 1 is done after 2 s; rank 0 has done one half and does the other one alone. */
    {2, "2 4 1 2", {3, 2}},
    {2, "1 1 1 1", {1, 1}},
    {2, "2 3 2 3", {3, 3}},
    /* Three on two cores take turns. */
    {3, "2 4 2 4 2 4", {6, 6, 6}},
    /* The last two are alone on their cores after 6 s, of which each rank has had two thirds. */
    {3, "4 4 4 4 8 8", {6, 6, 10}},
};

START_TEST(ranks_share_a_computer)
{
    write_platform(good_rates, "8", two_cores);
    g_autofree char *arguments = g_strdup_printf("compute %s", shared[_i].seconds);
    simulate(shared[_i].ranks, arguments);
    for (int rank = 0; rank < shared[_i].ranks; rank++)
        ck_assert_double_eq_tol(end_of(rank), shared[_i].end[rank], 1e-8);
}
END_TEST

START_TEST(runs_repeat)
{
    write_platform(good_rates, "8", two_cores);
    simulate(3, "compute 0.1 0.3 0.7 1.1 1.3 1.7");
    g_autofree char *first = g_strdup(run.output);
    simulate(3, "compute 0.1 0.3 0.7 1.1 1.3 1.7");
    ck_assert_str_eq(run.output, first);
}
END_TEST

/* ---- broken platforms ---- */

static void must_refuse(int status, const char *says)
{
    ck_assert_int_eq(run.status, status);
    ck_assert_msg(strstr(run.output, says) != NULL, "%s", run.output);
}

START_TEST(broken_rates_are_refused)
{
    const char *rates[RATES];
    memcpy(rates, good_rates, sizeof rates);
    rates[2] = "matrix_product_nn 0 1 1 1  1e-4 -1e-4";
    write_platform(rates, "8", two_cores);
    simulate(1, "linear");
    must_refuse(1, "\"rate-3\" has a number that is too small");
    must_refuse(1, "make calibrate");
    rates[2] = NULL;
    write_platform(rates, "8", two_cores);
    simulate(1, "linear");
    must_refuse(1, "\"rate-3\" is missing");
}
END_TEST

START_TEST(a_kind_without_a_rate_is_named)
{
    write_platform(good_rates, "7", two_cores);
    simulate(1, "linear");
    must_refuse(1, "no rate of stage_call");
}
END_TEST

START_TEST(cores_must_be_known)
{
    write_platform(good_rates, "8", "");
    simulate(1, "linear");
    must_refuse(1, "\"cores\"");
}
END_TEST

START_TEST(another_processor_is_refused)
{
    write_platform(good_rates, "8", "<prop id=\"processor\" value=\"Another 9000\"/>\n");
    simulate(1, "linear");
    must_refuse(2, "measured on another processor (Another 9000");
    must_refuse(2, "make calibrate");
}
END_TEST

/* The beginning of a file, as a full disk leaves it, and what is no text. */
START_TEST(half_a_platform_is_refused)
{
    write_platform(good_rates, "8", two_cores);
    const char *const spoilt[] = {"head -c 400", "head -c 0", "head -c 400 /dev/urandom; true"};
    for (size_t i = 0; i < G_N_ELEMENTS(spoilt); i++) {
        test_run_clear(&run);
        run = test_run_command(
            "(%s) <%s/made.xml >%s/half.xml && tools/simulate 1 %s/half.xml %s linear", spoilt[i],
            folder, folder, folder, program);
        must_refuse(2, "only the beginning of one");
        ck_assert_ptr_null(strstr(run.output, "null byte"));
    }
}
END_TEST

/* A kit in which nobody has calibrated. */
START_TEST(what_is_missing_is_said)
{
    test_run_clear(&run);
    run = test_run_command("mkdir -p %s/kit/tools && cp tools/simulate %s/kit/tools && "
                           "%s/kit/tools/simulate 1 this %s linear",
                           folder, folder, folder, program);
    must_refuse(2, "make calibrate");
}
END_TEST

static void begin(void)
{
    program = test_program(true, "common/tests/programs/charged_work");
    folder = test_folder_new();
}

static void end(void)
{
    test_folder_free(folder);
    g_free(program);
    test_run_clear(&run);
}

Suite *test_suite(void)
{
    if (!test_has_simulator())
        return test_skip("there is no smpirun (libsimgrid-dev)");
    Suite *suite = suite_create("charged work");
    TCase *tests = tcase_create("charged work");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, a_step_takes_what_its_work_takes, 0, 2);
    tcase_add_test(tests, other_layers_take_the_time_of_their_operations);
    tcase_add_loop_test(tests, ranks_share_a_computer, 0, sizeof shared / sizeof *shared);
    tcase_add_test(tests, runs_repeat);
    tcase_add_test(tests, broken_rates_are_refused);
    tcase_add_test(tests, a_kind_without_a_rate_is_named);
    tcase_add_test(tests, cores_must_be_known);
    tcase_add_test(tests, another_processor_is_refused);
    tcase_add_test(tests, half_a_platform_is_refused);
    tcase_add_test(tests, what_is_missing_is_said);
    suite_add_tcase(suite, tests);
    return suite;
}
