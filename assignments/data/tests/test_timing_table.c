/*
 * The timing table: its arithmetic on curves written by hand, and the whole command, small.
 */
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

#define TOOLS "assignments/data/tools"
#define HEAD  "step,epoch,samples,loss,accuracy,seconds,samples_per_second,tokens_per_second\n"

static char *folder;

static void begin(void)
{
    folder = test_folder_new();
}

static void end(void)
{
    test_folder_free(folder);
}

/* A new path in the folder, of a file with this content. */
static char *file_of(const char *name, const char *content)
{
    char *path = g_build_filename(folder, name, NULL);
    ck_assert(g_file_set_contents(path, content, -1, NULL));
    return path;
}

static void expect_number(const char *text, double expected, double tolerance)
{
    char *rest;
    const double found = g_ascii_strtod(text, &rest);
    ck_assert_msg(rest != text && fabs(found - expected) <= tolerance, "“%s” is not %.9g", text,
                  expected);
}

/* ---- one curve ----------------------------------------------------------------------------------- */

/* Two epochs of two steps of 10 samples of 16 tokens. They take 2 s and 3 s; each step by itself half a second. */
#define TWO_EPOCHS                                                                                 \
    HEAD "0,0,10,2,0,1,20,320\n1,0,20,2,0,2,20,320\n2,1,30,2,0,3.5,20,320\n3,1,40,2,0,5,20,320\n"

START_TEST(epochs_have_a_mean_and_a_deviation)
{
    g_autofree char *curve = file_of("curve.csv", TWO_EPOCHS);
    struct test_run run = test_run_command("awk -v batch=10 -f " TOOLS "/epochs.awk %s", curve);
    ck_assert_int_eq(run.status, 0);
    g_auto(GStrv) figure = g_strsplit(g_strstrip(run.output), "\t", -1);
    ck_assert_uint_eq(g_strv_length(figure), 9);
    const double expected[] = {
        2, 2, 20, 16, 2.5, sqrt(0.5), (10 + 20. / 3) / 2, (10 - 20. / 3) / sqrt(2), 0.6};
    for (int i = 0; i < 9; i++)
        expect_number(figure[i], expected[i], 1e-4);
    test_run_clear(&run);
}
END_TEST

START_TEST(epochs_to_get_warm_are_not_counted)
{
    g_autofree char *curve = file_of("curve.csv", TWO_EPOCHS);
    struct test_run run =
        test_run_command("awk -v batch=10 -v warm=1 -f " TOOLS "/epochs.awk %s", curve);
    ck_assert_str_eq(run.output, "2\t1\t20\t16\t3\t-\t6.66667\t-\t0.666667\n");
    test_run_clear(&run);
}
END_TEST

START_TEST(one_epoch_has_no_deviation)
{
    g_autofree char *curve = file_of("curve.csv", HEAD "0,0,10,2,0,1,20,20\n1,0,20,2,0,2,20,20\n");
    struct test_run run = test_run_command("awk -v batch=10 -f " TOOLS "/epochs.awk %s", curve);
    ck_assert_str_eq(run.output, "2\t1\t20\t1\t2\t-\t10\t-\t0.5\n");
    test_run_clear(&run);
}
END_TEST

START_TEST(a_simulated_step_stands_for_all)
{
    /* The first takes longer; the others 0.25 s each: 8 are an epoch of 2 s. */
    g_autofree char *curve = file_of("curve.csv", HEAD "0,0,10,0,0,1,10,20\n1,1,20,0,0,1.25,40,80\n"
                                                       "2,2,30,0,0,1.5,40,80\n");
    struct test_run run =
        test_run_command("awk -v batch=10 -v exact=1 -v steps=8 -f " TOOLS "/epochs.awk %s", curve);
    ck_assert_str_eq(run.output, "8\t1\t80\t2\t2\t-\t40\t-\t-\n");
    test_run_clear(&run);
}
END_TEST

static const struct {
    const char *curve, *options, *says;
} refused[] = {
    {HEAD, "", "it has no step"},
    {"a,b\n1,2\n", "", "not the columns of one"},
    {HEAD "0,0,10,2,0,1,20,20\n1,0,20,2,0,2,20,20\n2,1,30,2,0,3,20,20\n", "",
     "epoch 1 has 1 steps, and epoch 0 2"},
    {HEAD "0,0,1,0,0,1,1,1\n1,1,2,0,0,2,1,1\n2,2,3,0,0,3.5,1,1\n", "-v exact=1 -v steps=2",
     "they should be the same"},
    {HEAD "0,0,1,0,0,1,1,1\n1,1,2,0,0,2,1,1\n", "-v exact=1 -v steps=2", "needs three steps"},
    {HEAD "0,0,10,2,0,1,20,20\n1,0,20,2,0,2,20,20\n", "-v warm=1", "no epoch behind the first 1"},
};

START_TEST(what_is_no_curve_of_epochs_is_refused)
{
    g_autofree char *curve = file_of("curve.csv", refused[_i].curve);
    struct test_run run = test_run_command("awk -v batch=10 %s -f " TOOLS "/epochs.awk %s",
                                           refused[_i].options, curve);
    ck_assert_int_eq(run.status, 1);
    ck_assert_msg(strstr(run.output, refused[_i].says) != NULL, "it says: %s", run.output);
    test_run_clear(&run);
}
END_TEST

/* ---- the table ------------------------------------------------------------------------------------- */

#define ROWS                                                                                       \
    "one "                                                                                         \
    "process\t1\t64\tyes\t32\t5\t2048\t16\t2\t0.5\t1000\t100\t0.1\t32\t1\t2048\t16\t4\t-\t500\t-"  \
    "\t-\n"                                                                                        \
    "flat\t2\t128\tno\t16\t5\t2048\t16\t1.25\t0.25\t1500\t30\t0\t-\t-\t-\t-\t-\t-\t-\t-\t-\n"      \
    "naive\t4\t64\tno\t32\t5\t2048\t16\t4\t-\t500\t-\t0\t32\t1\t2048\t16\t5\t-\t400\t-\t-\n"

static struct test_run table_of(const char *options)
{
    g_autofree char *rows = file_of("rows", ROWS);
    struct test_run run =
        test_run_command("awk %s -f " TOOLS "/timing_table.awk %s", options, rows);
    ck_assert_int_eq(run.status, 0);
    return run;
}

START_TEST(speed_up_is_over_the_first_line)
{
    struct test_run run = table_of("-v form=csv -v unit=samples");
    g_auto(GStrv) line = g_strsplit(run.output, "\n", -1);
    ck_assert_str_eq(line[1], "\"one process\",1,64,yes,samples,2,0.5,1000,100,1000,100,1,1,0.1,4,"
                              "500,500,1,1");
    ck_assert_str_eq(line[2], "\"flat\",2,128,no,samples,1.25,0.25,1500,30,750,15,1.5,0.75,0,,,,,");
    ck_assert_str_eq(line[3],
                     "\"naive\",4,64,no,samples,4,,500,,125,,0.5,0.125,0,5,400,100,0.8,0.2");
    test_run_clear(&run);
}
END_TEST

START_TEST(tokens_are_counted_for_text)
{
    struct test_run run = table_of("-v form=csv -v unit=tokens");
    g_auto(GStrv) line = g_strsplit(run.output, "\n", -1);
    ck_assert_str_eq(line[2],
                     "\"flat\",2,128,no,tokens,1.25,0.25,24000,480,12000,240,1.5,0.75,0,,,,,");
    test_run_clear(&run);
}
END_TEST

START_TEST(ranks_that_take_turns_are_marked)
{
    struct test_run run = table_of("-v form=markdown -v unit=samples -v cores=1");
    g_auto(GStrv) line = g_strsplit(run.output, "\n", -1);
    ck_assert_str_eq(line[2],
                     "| 1 | 64 | one process | 2.000 ± 0.500 | 1,000 ± 100 | 1,000 ± 100 | "
                     "1.00 | 1.00 | 10% | 4.0000 | 500 | 500 | 1.00 | 1.00 |");
    ck_assert_str_eq(line[3], "| 2* | 128 | flat | 1.250 ± 0.250 | 1,500 ± 30 | 750 ± 15 | 1.50 | "
                              "0.75 | 0% | – | – | – | – | – |");
    ck_assert_msg(strstr(run.output, "more ranks than the 1 cores") != NULL, "%s", run.output);
    test_run_clear(&run);
}
END_TEST

/* What the chapter says about it. */
START_TEST(the_published_run_is_worked_out)
{
    struct test_run run = test_run_command(
        "awk -f " TOOLS "/published_run.awk assignments/data/docs/published-run.csv");
    ck_assert_ptr_nonnull(strstr(run.output,
                                 "| one rank | 1 | 64 | 20.64 ± 0.33 | 217,800 ± 3,163 | "
                                 "1.00 | 4,495,392 |"));
    ck_assert_ptr_nonnull(strstr(run.output, "| 1.45 | 3,111,397 |"));
    ck_assert_ptr_nonnull(strstr(run.output, "17,552 ± 4.5 | 0.57 | 639,946 |"));
    test_run_clear(&run);
}
END_TEST

/* ---- the command ------------------------------------------------------------------------------------- */

enum { FASTER = 11, SIMULATED_SECONDS = 14, SIMULATED_FASTER = 17, EFFICIENCY = 18, COLUMNS };

static char **cells_of(char **lines, const char *begin)
{
    for (int i = 0; lines[i]; i++)
        if (g_str_has_prefix(lines[i], begin))
            return g_strsplit(strchr(lines[i] + 1, '"') + 1, ",", -1);
    ck_abort_msg("no line begins with %s", begin);
    return NULL;
}

/* A folder of an odd name, as it is and as a word of the shell. */
#define ODD      "a=b c$d"
#define ODD_WORD "'" ODD "'"

/* Where messages cost nothing, work that doubles with the ranks takes as long as one process's, and layers that
 * are split naively take turns. */
START_TEST(the_command_writes_a_table_and_a_picture)
{
    const bool simulates = test_has_simulator();
    g_autofree char *program = test_program(false, "solutions/data");
    g_autofree char *simulator = simulates ? test_program(true, "solutions/data") : g_strdup("''");
    struct test_run run =
        test_run_command("env EPOCHS=2 MODEL=mlp:depth=2,width=16 DATA=synthetic:train=256 RANKS=2 "
                         "PLATFORM=free " TOOLS "/table %s %s %s/" ODD_WORD,
                         program, simulator, folder);
    ck_assert_msg(run.status == 0, "%s", run.output);
    ck_assert_ptr_nonnull(strstr(run.output, "| 2 | 128 | naive layer split |"));
    test_run_clear(&run);

    g_autofree char *path = g_build_filename(folder, ODD, "table.csv", NULL), *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) line = g_strsplit(g_strstrip(text), "\n", -1);
    ck_assert_uint_eq(g_strv_length(line), 1 + 1 + 2 * (4 + 2));
    static const char *const averages[] = {"parameters", "flat", "buckets", "overlap"};
    for (int i = 0; i < 4 && simulates; i++) {
        g_autofree char *alike = g_strdup_printf("\"data parallel: %s\",2,128", averages[i]);
        g_auto(GStrv) cell = cells_of(line, alike);
        ck_assert_uint_eq(g_strv_length(cell), COLUMNS);
        expect_number(cell[SIMULATED_FASTER], 2, 1e-3);
        expect_number(cell[EFFICIENCY], 1, 1e-3);
    }
    if (simulates) {
        g_auto(GStrv) naive = cells_of(line, "\"naive layer split\",2,64");
        expect_number(naive[SIMULATED_FASTER], 1, 0.03);
    }
    g_autofree char *svg = g_build_filename(folder, ODD, "table.svg", NULL), *picture = NULL;
    ck_assert(g_file_get_contents(svg, &picture, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(picture, "2, 128: naive layer split"));
}
END_TEST

START_TEST(what_does_not_train_is_left_out)
{
    g_autofree char *program = test_program(false, "skeleton/data");
    struct test_run run = test_run_command(
        "env EPOCHS=1 MODEL=mlp:depth=2,width=16 DATA=synthetic:train=256 RANKS=2 " TOOLS
        "/table %s '' %s",
        program, folder);
    ck_assert_int_eq(run.status, 1);
    ck_assert_ptr_nonnull(strstr(run.output, "TODO: broadcast the parameters"));
    ck_assert_ptr_nonnull(strstr(run.output, "nothing to compare with"));
    test_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("timing_table");
    TCase *cases = tcase_create("timing table");
    tcase_set_timeout(cases, 100);
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, epochs_have_a_mean_and_a_deviation);
    tcase_add_test(cases, epochs_to_get_warm_are_not_counted);
    tcase_add_test(cases, one_epoch_has_no_deviation);
    tcase_add_test(cases, a_simulated_step_stands_for_all);
    tcase_add_loop_test(cases, what_is_no_curve_of_epochs_is_refused, 0, G_N_ELEMENTS(refused));
    tcase_add_test(cases, speed_up_is_over_the_first_line);
    tcase_add_test(cases, tokens_are_counted_for_text);
    tcase_add_test(cases, ranks_that_take_turns_are_marked);
    tcase_add_test(cases, the_published_run_is_worked_out);
    tcase_add_test(cases, the_command_writes_a_table_and_a_picture);
    tcase_add_test(cases, what_does_not_train_is_left_out);
    suite_add_tcase(suite, cases);
    return suite;
}
