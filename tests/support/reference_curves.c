/*
 * Committed learning curves, learned again; see reference_curves.h.
 *
 * Tolerance: 1e-4, relative. Another processor's kernels add in another order,
 * and each step multiplies the difference: between one process and four ranks
 * on one machine 4e-8 was seen at step 20, so this leaves room for a factor of
 * 2,500. Numbers of 16 bits (--precision) are rounded each time anew: 2e-3 was seen
 * beside float32, and they have 1e-2. It asks whether the files are of this data,
 * model, seed and optimizer; finding small mistakes is what the tests of gradients
 * are for.
 *
 * Curves whose data set is not here, or has another number of samples, are
 * skipped, and the output says so.
 */
#include "tests/support/reference_curves.h"

#include "common/files/curve.h"
#include "common/files/dataset.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE         1e-4
#define TOLERANCE_16_BITS 1e-2
#define STEPS             20

/* A line of settings.csv. */
struct setting {
    char *name;
    char *ranks;
    char *data;
    int samples;
    char *options;
};

static const char *assignment_name, *ranks_suffix; /* as given */
static GArray *settings;                           /* of struct setting */

#define SETTING(i) (&g_array_index(settings, struct setting, i))

/* assignments/ASSIGNMENT/curves/NAME.csv; the caller's. */
static char *path_of(const char *name)
{
    return g_strdup_printf("assignments/%s/curves/%s.csv", assignment_name, name);
}

static void read_settings(void)
{
    settings = g_array_new(FALSE, TRUE, sizeof(struct setting));
    g_autofree char *text = NULL, *path = path_of("settings");
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        fprintf(stderr, "test_curves: %s can't be read\n", path);
        exit(EXIT_FAILURE);
    }
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    for (char **line = lines + 1; *line; line++) {
        char **word = g_strsplit(*line, ",", -1);
        if (g_strv_length(word) != 5) {
            fprintf(stderr,
                    "%s:%d: has to have five columns, name,ranks,data,samples,options: %s\n", path,
                    (int)(line - lines) + 1, *line);
            exit(EXIT_FAILURE);
        }
        const struct setting setting = {word[0], word[1], word[2], atoi(word[3]), word[4]};
        g_array_append_val(settings, setting);
    }
}

static bool can_be_run(const struct setting *setting)
{
    char error[DATASET_ERROR_SIZE];
    const int here = dataset_present(setting->data, error)
                         ? dataset_count(setting->data, DATASET_TRAIN, error)
                         : 0;
    if (here == setting->samples)
        return true;
    printf("skipped: %s is for %d training samples of %s, here are %d\n", setting->name,
           setting->samples, setting->data, here);
    return false;
}

/* Runs STEPS steps of a setting; the curve is the caller's. */
static struct curve train(const struct setting *setting)
{
    char *folder = test_folder_new(), error[CURVE_ERROR_SIZE];
    g_autofree char *path = g_build_filename(folder, "curve.csv", NULL);
    g_autofree char *arguments = g_strdup_printf("--data %s %s --steps %d --curve %s --quiet",
                                                 setting->data, setting->options, STEPS, path);
    g_autofree char *program = g_strdup_printf("solutions/%s", assignment_name);
    struct test_run run = test_run_program(false, atoi(setting->ranks), program, arguments);
    ck_assert_msg(run.status == 0, "%s failed: %s", arguments, run.output);
    struct curve curve = {0};
    ck_assert_msg(curve_read(path, &curve, error), "%s", error);
    test_folder_free(folder);
    test_run_clear(&run);
    return curve;
}

static struct curve read_committed(const char *name)
{
    g_autofree char *path = path_of(name);
    struct curve curve = {0};
    char error[CURVE_ERROR_SIZE];
    ck_assert_msg(curve_read(path, &curve, error), "%s", error);
    return curve;
}

static void compare(const struct setting *setting, const struct curve *curve,
                    const struct curve *expected)
{
    const bool rounds = strstr(setting->options, "--precision") != NULL;
    const double tolerance = rounds ? TOLERANCE_16_BITS : TOLERANCE;
    ck_assert_int_ge(curve->count, STEPS);
    ck_assert_int_ge(expected->count, STEPS);
    for (int i = 0; i < STEPS; i++) {
        const struct curve_point *is = &curve->point[i], *was = &expected->point[i];
        ck_assert_int_eq(is->step, was->step);
        ck_assert_int_eq(is->samples, was->samples);
        ck_assert_msg(fabs(is->loss - was->loss) <= tolerance * fabs(was->loss),
                      "%s: step %d: loss %.9g, expected %.9g", setting->name, is->step, is->loss,
                      was->loss);
    }
}

START_TEST(solutions_learn_the_committed_curve)
{
    const struct setting *setting = SETTING(_i);
    if (!can_be_run(setting))
        return;
    struct curve committed = read_committed(setting->name);
    struct curve curve = train(setting);
    compare(setting, &curve, &committed);
    curve_destroy(&curve);
    curve_destroy(&committed);
}
END_TEST

START_TEST(ranks_learn_what_one_process_learns)
{
    const char *name = SETTING(_i)->name;
    if (!g_str_has_suffix(name, ranks_suffix))
        return;
    g_autofree char *one = g_strndup(name, strlen(name) - strlen(ranks_suffix));
    struct curve ranks = read_committed(name), one_process = read_committed(one);
    ck_assert_int_le(ranks.count, one_process.count);
    compare(SETTING(_i), &ranks, &one_process);
    curve_destroy(&ranks);
    curve_destroy(&one_process);
}
END_TEST

/* Times would make each regeneration a change of every line. */
START_TEST(no_times_are_committed)
{
    g_autofree char *path = path_of(SETTING(_i)->name), *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_msg(g_str_has_prefix(text, CURVE_UNTIMED_HEADER "\n"), "%s", path);
}
END_TEST

/* Whoever trains an epoch of Fashion-MNIST, as README proposes, sees the one process beside all of it. */
START_TEST(one_process_reaches_to_the_end_of_an_epoch)
{
    const struct setting *setting = SETTING(_i);
    if (g_str_has_suffix(setting->name, ranks_suffix) ||
        !g_str_equal(setting->data, "fashion-mnist"))
        return;
    struct curve curve = read_committed(setting->name);
    ck_assert_int_ge(curve.count, setting->samples / 64);
    ck_assert_int_ge(curve.point[curve.count - 1].step + 1, setting->samples / 64);
    curve_destroy(&curve);
}
END_TEST

/* A curve of noise, or of a run that learned nothing, is no reference. */
START_TEST(the_loss_goes_down)
{
    struct curve curve = read_committed(SETTING(_i)->name);
    double last = 0;
    for (int i = curve.count - STEPS; i < curve.count; i++)
        last += curve.point[i].loss / STEPS;
    ck_assert_double_lt(last, 0.8 * curve.point[0].loss);
    curve_destroy(&curve);
}
END_TEST

Suite *reference_curves_suite(const char *assignment, const char *suffix)
{
    assignment_name = assignment;
    ranks_suffix = suffix;
    read_settings();
    Suite *suite = suite_create("curves");
    TCase *tests = tcase_create("curves");
    tcase_set_timeout(tests, 60);
    const int count = (int)settings->len;
    tcase_add_loop_test(tests, solutions_learn_the_committed_curve, 0, count);
    tcase_add_loop_test(tests, ranks_learn_what_one_process_learns, 0, count);
    tcase_add_loop_test(tests, no_times_are_committed, 0, count);
    tcase_add_loop_test(tests, one_process_reaches_to_the_end_of_an_epoch, 0, count);
    tcase_add_loop_test(tests, the_loss_goes_down, 0, count);
    suite_add_tcase(suite, tests);
    return suite;
}
