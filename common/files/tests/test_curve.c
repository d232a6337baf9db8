/*
 * The learning curve: what is written is compared with text, what is read with
 * numbers that stand in the test.
 */
#include "common/files/curve.h"
#include "tests/support/test.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER  "step,epoch,samples,loss,accuracy,seconds,samples_per_second,tokens_per_second\n"
#define UNTIMED "step,epoch,samples,loss,accuracy\n"
#define LINE_0  "0,0,64,2.25,0.125,0.500000,128,256\n"
#define LINE_7  "7,1,512,nan,1,1.250000,1000,1000\n"

static char path[64];
static char error[CURVE_ERROR_SIZE];

static void begin(void)
{
    strcpy(path, "/tmp/test-curve-XXXXXX");
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(close(descriptor), 0);
}

static void end(void)
{
    unlink(path);
}

static void write_text(const char *text, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static void check_text(const char *expected)
{
    char text[1024];
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_str_eq(text, expected);
}

static const struct curve_point point_0 = {0, 0, 64, 2.25, 0.125, 0.5, 128, 256};
static const struct curve_point point_7 = {7, 1, 512, NAN, 1, 1.25, 1000, 1000};

START_TEST(written_line_by_line)
{
    struct curve_writer *file = curve_create(path);
    curve_append(file, &point_0);
    check_text(HEADER LINE_0); /* whole, before the file is closed */
    curve_append(file, &point_7);
    curve_finish(file);
    check_text(HEADER LINE_0 LINE_7);
}
END_TEST

static void check_nothing_is_beside(void)
{
    char beside[80];
    snprintf(beside, sizeof beside, "%s.new", path);
    ck_assert_int_ne(access(beside, F_OK), 0);
}

/* A run that ends before its first step, finished or not, leaves what is there. */
START_TEST(an_older_curve_stays_until_there_is_a_step)
{
    write_text(HEADER LINE_7, strlen(HEADER LINE_7));
    curve_create(path); /* and never finished */
    check_text(HEADER LINE_7);
    check_nothing_is_beside();
    curve_finish(curve_create(path));
    check_text(HEADER LINE_7);
    struct curve_writer *file = curve_create(path);
    curve_append(file, &point_0);
    check_text(HEADER LINE_0);
    check_nothing_is_beside();
    curve_finish(file);
}
END_TEST

START_TEST(a_link_stays_a_link)
{
    char link_path[80];
    snprintf(link_path, sizeof link_path, "%s-link", path);
    ck_assert_int_eq(symlink(path, link_path), 0);
    struct curve_writer *file = curve_create(link_path);
    curve_append(file, &point_0);
    curve_finish(file);
    check_text(HEADER LINE_0);
    unlink(link_path);
}
END_TEST

/* A run that goes on, and then fails, too. */
START_TEST(a_curve_is_cut_off_by_its_next_step_only)
{
    write_text(HEADER LINE_0 LINE_7, strlen(HEADER LINE_0 LINE_7));
    curve_finish(curve_continue(path, 1));
    check_text(HEADER LINE_0 LINE_7);
}
END_TEST

/* What a run that goes on with step 7 finds, and what is there when it has taken that. */
static const struct {
    const char *before, *after;
} continued[] = {
    {HEADER LINE_0, HEADER LINE_0 LINE_7},
    {HEADER LINE_0 LINE_7, HEADER LINE_0 LINE_7},
    {HEADER LINE_0 "7,1,512,3,0,2,1,1\n8,1,576,3,0,2,1,1\n9,1", HEADER LINE_0 LINE_7},
    {HEADER LINE_0 "3,0,2", HEADER LINE_0 LINE_7},
    {HEADER LINE_0 "\n", HEADER LINE_0 LINE_7},
    {HEADER LINE_0 "0,0,64,9,0,2,1,1\n", HEADER LINE_0 LINE_7}, /* a step twice */
    {HEADER, HEADER LINE_7},
    {"", HEADER LINE_7},
};

START_TEST(a_curve_goes_on_where_its_run_does)
{
    write_text(continued[_i].before, strlen(continued[_i].before));
    struct curve_writer *file = curve_continue(path, 7);
    curve_keep(file);
    curve_append(file, &point_7);
    curve_finish(file);
    check_text(continued[_i].after);
}
END_TEST

START_TEST(a_curve_that_is_not_there_begins_where_its_run_goes_on)
{
    unlink(path);
    struct curve_writer *file = curve_continue(path, 7);
    curve_append(file, &point_7);
    curve_finish(file);
    check_text(HEADER LINE_7);
}
END_TEST

static void check_points(void)
{
    struct curve curve;
    ck_assert_msg(curve_read(path, &curve, error), "%s", error);
    ck_assert_int_eq(curve.count, 2);
    ck_assert_int_eq(curve.point[0].step, 0);
    ck_assert_int_eq(curve.point[1].step, 7);
    ck_assert_int_eq(curve.point[1].epoch, 1);
    ck_assert_int_eq(curve.point[0].samples, 64);
    ck_assert_double_eq(curve.point[0].loss, 2.25);
    ck_assert_double_nan(curve.point[1].loss);
    ck_assert_double_eq(curve.point[0].accuracy, 0.125);
    ck_assert_double_eq(curve.point[1].seconds, 1.25);
    ck_assert_double_eq(curve.point[0].samples_per_second, 128);
    ck_assert_double_eq(curve.point[0].tokens_per_second, 256);
    curve_destroy(&curve);
    ck_assert_int_eq(curve.count, 0);
}

START_TEST(read_back)
{
    write_text(HEADER LINE_0 LINE_7, strlen(HEADER LINE_0 LINE_7));
    check_points();
}
END_TEST

/* What is kept to compare with has no times, which differ from run to run. */
START_TEST(times_may_be_missing)
{
    static const char text[] = UNTIMED "0,0,64,2.25,0.125\n7,1,512,nan,1\n";
    write_text(text, sizeof text - 1);
    struct curve curve;
    ck_assert_msg(curve_read(path, &curve, error), "%s", error);
    ck_assert_int_eq(curve.count, 2);
    ck_assert_int_eq(curve.point[1].samples, 512);
    ck_assert_double_eq(curve.point[0].loss, 2.25);
    ck_assert_double_eq(curve.point[0].accuracy, 0.125);
    ck_assert_double_nan(curve.point[0].seconds);
    ck_assert_double_nan(curve.point[1].samples_per_second);
    ck_assert_double_nan(curve.point[1].tokens_per_second);
    curve_destroy(&curve);
}
END_TEST

START_TEST(what_is_before_a_fault_can_be_had)
{
    static const char text[] = HEADER LINE_0 "8,1,5";
    write_text(text, sizeof text - 1);
    struct curve curve;
    ck_assert(!curve_read_what_can_be(path, &curve, error));
    ck_assert_ptr_nonnull(strstr(error, ":3: the line breaks off"));
    ck_assert_int_eq(curve.count, 1);
    ck_assert_double_eq(curve.point[0].loss, 2.25);
    curve_destroy(&curve);
}
END_TEST

/* In a locale whose decimal point is a comma, where the machine has one. */
START_TEST(any_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    const char *found = NULL;
    for (int i = 0; i < 4 && found == NULL; i++)
        found = setlocale(LC_ALL, names[i]);
    struct curve_writer *file = curve_create(path);
    curve_append(file, &point_0);
    curve_append(file, &point_7);
    curve_finish(file);
    check_text(HEADER LINE_0 LINE_7);
    check_points();
}
END_TEST

START_TEST(many_lines)
{
    struct curve_writer *file = curve_create(path);
    for (int i = 0; i < 1000; i++)
        curve_append(file, &(struct curve_point){.step = i, .samples = 10L * i, .loss = 1.0 / 3});
    curve_finish(file);
    struct curve curve;
    ck_assert_msg(curve_read(path, &curve, error), "%s", error);
    ck_assert_int_eq(curve.count, 1000);
    ck_assert_int_eq(curve.point[999].samples, 9990);
    ck_assert_double_eq_tol(curve.point[999].loss, 1.0 / 3, 1e-9);
    curve_destroy(&curve);
}
END_TEST

/* Text that is refused, and what the error says behind the file's name. */
#define BAD(text, words)                                                                           \
    {                                                                                              \
        text, sizeof text - 1, words                                                               \
    }
static const struct {
    const char *text;
    size_t size;
    const char *words;
} bad[] = {
    BAD("", ": holds no step"),
    BAD(HEADER, ": holds no step"),
    BAD("step,loss\n", ":1: expected the column names"),
    BAD("step,epoch,samples,loss,accuracy,seconds\n", ":1: expected the column names"),
    BAD(UNTIMED "0,0,64,2.25\n", ":2: fewer than 5 columns"),
    BAD(UNTIMED "0,0,64,2.25,0.125,0.5\n", ":2: more than 5 columns"),
    BAD("step,epoch", ":1: the line breaks off"),
    BAD(HEADER LINE_0 "8,1,5", ":3: the line breaks off"),
    BAD(HEADER "0,0,64,2.25,0.125,0.5,128\n", ":2: fewer than 8 columns"),
    BAD(HEADER "0,0,64,2.25,0.125,0.5,128,256,1\n", ":2: more than 8 columns"),
    BAD(HEADER "\n", ":2: fewer than 8 columns"),
    BAD(HEADER "0,0,64,,0.125,0.5,128,256\n", ":2: column loss: \"\" is no number"),
    BAD(HEADER "0,0,64,2,25,0.125,0.5,128\n", ":2: column accuracy: 25, expected 0 to 1"),
    BAD(HEADER "0,0,64, 2,0.125,0.5,128,256\n", ":2: column loss: \" 2\" is no number"),
    BAD(HEADER "0,0,64,two,0.125,0.5,128,256\n", ":2: column loss: \"two\" is no number"),
    BAD(HEADER "0.5,0,64,2,0.125,0.5,128,256\n", ":2: column step: \"0.5\", expected a whole"),
    BAD(HEADER "-1,0,64,2,0.125,0.5,128,256\n", ":2: column step: \"-1\", expected a whole"),
    BAD(HEADER "3e9,0,64,2,0.125,0.5,128,256\n", ":2: column step: \"3e9\", expected a whole"),
    BAD(HEADER "nan,0,64,2,0.125,0.5,128,256\n", ":2: column step: \"nan\", expected a whole"),
    BAD(HEADER "1,0,64,2,1.5,0.5,128,256\n", ":2: column accuracy: 1.5, expected 0 to 1"),
    BAD(HEADER LINE_7 LINE_0, ":3: step 0 follows step 7"),
    BAD(HEADER LINE_7 LINE_7, ":3: step 7 follows step 7"),
    BAD(HEADER "0,0\0,64,2,0.125,0.5,128,256\n", ":2: a byte 0 in a text file"),
    BAD(HEADER "\0,0,64,2,0.125,0.5,128,256\n", ":2: a byte 0 in a text file"),
    BAD("\0\n", ":1: a byte 0 in a text file"),
};

START_TEST(refused)
{
    write_text(bad[_i].text, bad[_i].size);
    struct curve curve;
    ck_assert(!curve_read(path, &curve, error));
    ck_assert_msg(strncmp(error, path, strlen(path)) == 0, "%s", error);
    ck_assert_msg(strstr(error, bad[_i].words) != NULL, "the error \"%s\" lacks \"%s\"", error,
                  bad[_i].words);
    ck_assert_int_eq(curve.count, 0);
    ck_assert_ptr_null(curve.point);
}
END_TEST

START_TEST(no_regular_file)
{
    struct curve curve;
    ck_assert(!curve_read("/nowhere/curve.csv", &curve, error));
    ck_assert_ptr_nonnull(strstr(error, "/nowhere/curve.csv: can't be read: No such file"));
    ck_assert(!curve_read("/dev/zero", &curve, error));
    ck_assert_ptr_nonnull(strstr(error, "/dev/zero: is not a regular file"));
    ck_assert(!curve_read("/tmp", &curve, error));
    ck_assert_int_eq(truncate(path, 100 << 20), 0);
    ck_assert(!curve_read(path, &curve, error));
    ck_assert_ptr_nonnull(strstr(error, "104857600 bytes, more than"));
}
END_TEST

START_TEST(fatal_create)
{
    curve_create("/nowhere/curve.csv");
}
END_TEST

START_TEST(fatal_full_disk)
{
    curve_create("/dev/full");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("curve");
    TCase *test_case = tcase_create("curve");
    tcase_add_checked_fixture(test_case, begin, end);
    tcase_add_test(test_case, written_line_by_line);
    tcase_add_loop_test(test_case, a_curve_goes_on_where_its_run_does, 0,
                        (int)(sizeof continued / sizeof *continued));
    tcase_add_test(test_case, a_curve_that_is_not_there_begins_where_its_run_goes_on);
    tcase_add_test(test_case, an_older_curve_stays_until_there_is_a_step);
    tcase_add_test(test_case, a_link_stays_a_link);
    tcase_add_test(test_case, a_curve_is_cut_off_by_its_next_step_only);
    tcase_add_test(test_case, read_back);
    tcase_add_test(test_case, times_may_be_missing);
    tcase_add_test(test_case, what_is_before_a_fault_can_be_had);
    tcase_add_test(test_case, any_locale);
    tcase_add_test(test_case, many_lines);
    tcase_add_loop_test(test_case, refused, 0, (int)(sizeof bad / sizeof *bad));
    tcase_add_test(test_case, no_regular_file);
    tcase_add_exit_test(test_case, fatal_create, 1);
    tcase_add_exit_test(test_case, fatal_full_disk, 1);
    suite_add_tcase(suite, test_case);
    return suite;
}
