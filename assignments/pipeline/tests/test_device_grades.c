/*
 * Grading on the emulated GPU: the solutions of an assignment with messages pass there, the report says where
 * it was graded, and a device that can't be used costs nobody a point.
 */
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

#define ASSIGNMENT "pipeline"

static void setup(void)
{
    grading_begin(ASSIGNMENT);
}

static struct graded grade_on(const char *device, const char *checks)
{
    return grading_call("--assignment", ASSIGNMENT, "--submission", grading_submission, "--out",
                        grading_out, "--device", device, checks ? "--check" : NULL, checks, NULL);
}

/* One of each kind; make check-emulated looks at all, whose trainings take the emulated GPU minutes. */
static const char *const sample[] = {
    "check_arguments",
    "open_data",
    "baseline",
    "train_step_naive",
    "naive_own_stage",
    "compare_with_baseline",
    "train_step_afab",
    "afab_order",
    "afab_parallel",
    "no_luck",
    "own_stage",
    "loss_goes_down",
    "train_step_1f1b",
    "1f1b_memory",
    "train_step_interleaved",
    "interleaved_order",
    "train_step_zero_bubble",
    "train_step_pipedream",
};

START_TEST(the_solutions_pass_on_the_emulated_gpu)
{
    g_autoptr(GString) checks = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(sample); i++)
        g_string_append_printf(checks, "%s%s", i == 0 ? "" : ",", sample[i]);
    struct graded graded = grade_on("emulated", checks->str);
    ck_assert_msg(graded.status == 0, TEST_LONG, graded.printed);
    for (guint i = 0; i < G_N_ELEMENTS(sample); i++)
        graded_passes(&graded, sample[i], "");
    const json_t *extra = json_object_get(graded.results, "extra_data");
    ck_assert_str_eq(json_string_value(json_object_get(extra, "device")), "emulated");
    graded_clear(&graded);
}
END_TEST

START_TEST(a_wrong_step_is_found_there_and_told_with_the_device)
{
    static const char *const reports[] = {"report.md", "report.html"};
    grading_change("train_step_naive.c", "batch_loss_backward(pipeline->batch, 0, 1.0f)",
                   "batch_loss_backward(pipeline->batch, 0, 2.0f)");
    struct graded graded = grade_on("emulated", "train_step_naive");
    graded_fails(&graded, "train_step_naive", "DEVICE=emulated CHECK=train_step_naive SEED=");
    grading_assert_says(graded.printed, "its time counts for nothing");
    grading_assert_says(json_string_value(json_object_get(graded.results, "output")),
                        "its time counts for nothing");
    for (guint k = 0; k < G_N_ELEMENTS(reports); k++) {
        g_autofree char *path = g_build_filename(grading_out, reports[k], NULL);
        g_autofree char *text = grading_read(path);
        grading_assert_says(text, "its time counts for nothing");
    }
    graded_clear(&graded);
}
END_TEST

/* It is the line that reads, and not the one of the step that called its function. */
START_TEST(who_reads_the_gpus_memory_is_told_by_the_line_that_does)
{
    static const char *const reads = "*(const volatile float *)tensor->data > 1e30f";
    grading_change("pipeline_communicate.c", "    if (receive)\n",
                   "    if (!receive && *(const volatile float *)tensor->data > 1e30f)\n"
                   "        return false;\n    if (receive)\n");
    g_autofree char *path = grading_path("pipeline_communicate.c");
    g_autofree char *text = grading_read(path);
    int line = 1;
    for (const char *c = text; c < strstr(text, reads); c++)
        line += *c == '\n';
    g_autofree char *told = g_strdup_printf(
        "pipeline_communicate.c:%d reads the memory of the GPU on the processor", line);
    struct graded graded = grade_on("emulated", "train_step_afab,baseline");
    graded_fails(&graded, "train_step_afab", told);
    graded_fails(&graded, "train_step_afab", "called from train_step_afab.c:");
    graded_passes(&graded, "baseline", "");
    graded_clear(&graded);
}
END_TEST

START_TEST(a_gpu_that_is_not_there_is_refused_before_the_first_check)
{
    g_autofree char *flags = g_build_filename(test_build_folder(), "program.flags", NULL);
    g_autofree char *text = grading_read(flags);
    g_autofree char *copy = g_build_filename(grading_folder, "program.flags", NULL);
    ck_assert(g_file_set_contents(copy, text, -1, NULL));
    g_free(grading_build);
    grading_build = g_strdup(grading_folder);
    struct graded graded = grade_on("cuda", NULL);
    ck_assert_int_eq(graded.status, 1);
    ck_assert_ptr_null(graded.results);
    grading_assert_says(graded.printed, "nvidia-cuda-nvcc");
    graded_clear(&graded);
}
END_TEST

/* Neither is one that computes what is wrong, nor one on which nothing can be computed: nobody loses points. */
static const struct {
    const char *fault, *says;
} ill[] = {{"launch", "an illegal memory access was encountered"},
           {"blas", "failed at common/kernels/cuda/products.cu"},
           {"wrong", "it computes wrong numbers"}};

START_TEST(a_gpu_that_is_ill_is_refused_before_the_first_check)
{
    g_setenv("EMULATED_FAULT", ill[_i].fault, TRUE);
    struct graded graded = grade_on("emulated", NULL);
    ck_assert_int_eq(graded.status, 1);
    ck_assert_ptr_null(graded.results);
    grading_assert_says(graded.printed, "the device emulated can't be used in the sandbox: ");
    grading_assert_says(graded.printed, ill[_i].says);
    graded_clear(&graded);
}
END_TEST

START_TEST(a_device_that_nobody_knows_is_wrong_usage)
{
    struct graded graded = grade_on("abacus", NULL);
    ck_assert_int_eq(graded.status, 2);
    grading_assert_says(graded.printed, "cpu, cuda or emulated");
    graded_clear(&graded);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("grades on a GPU");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, grading_end);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, the_solutions_pass_on_the_emulated_gpu);
    tcase_add_test(tests, a_wrong_step_is_found_there_and_told_with_the_device);
    tcase_add_test(tests, who_reads_the_gpus_memory_is_told_by_the_line_that_does);
    tcase_add_test(tests, a_gpu_that_is_not_there_is_refused_before_the_first_check);
    tcase_add_loop_test(tests, a_gpu_that_is_ill_is_refused_before_the_first_check, 0,
                        G_N_ELEMENTS(ill));
    tcase_add_test(tests, a_device_that_nobody_knows_is_wrong_usage);
    suite_add_tcase(suite, tests);
    return suite;
}
